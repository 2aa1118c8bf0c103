/** Writes tar as POSIX.1-2001 has it: ustar headers, and pax records for what does not fit into them. */
import { closeSync } from "node:fs";
import { nextTurn } from "../../bytes/clock.ts";
import { openAny, sizeChanged, sizeOfRegular } from "../../bytes/input-file.ts";
import { readUpTo, readWhole } from "../../bytes/read-file.ts";
import type { Bytes } from "../contract.ts";
import type { InputEntry } from "../input.ts";
import { tarHeader, type Stored } from "./encode-header.ts";
import { putPlainHeader } from "./plain-header.ts";

export interface TarWriteOptions {
  /** Fractions of seconds, as pax records; otherwise whole seconds. */
  readonly preciseTimes: boolean;
  /** Read files through links. */
  readonly dereference: boolean;
  /** The entry is complete in the archive; `size` is what its header says. */
  readonly done: (entry: InputEntry, size: number) => void;
  /** The entry is not, or not rightly, in the archive; the rest is. */
  readonly fail: (entry: InputEntry, error: unknown) => void;
  /** Bytes of a file's content went by. */
  readonly progress: (entry: InputEntry, bytes: number) => void;
  /** TAR_CHUNK bytes that nobody uses any more, asked for when the chunk before has been taken; default: fresh ones. */
  readonly takeChunk?: () => Uint8Array;
}

/** Of headers and data (POSIX, "ustar Interchange Format"). */
const RECORD = 512;
/** Archives end on a multiple of 20 records: what tape drives wanted, and tar still does. */
const BLOCKING = 20 * RECORD;

/** As large as the blocks that deflate is given, so that a chunk becomes a block without being copied. */
export const TAR_CHUNK = 1 << 20;

/** Chunks of TAR_CHUNK bytes, but for the last; each one is the consumer's to keep unless `takeChunk` says otherwise. */
export async function* writeTar(entries: Iterable<InputEntry>, options: TarWriteOptions): Bytes {
  let total = 0;
  for (const chunk of frames(entries, options)) {
    total += chunk.length;
    yield chunk;
    await nextTurn(); // all the work here is synchronous, and signals want to be heard
  }
  yield new Uint8Array(2 * RECORD + ((BLOCKING - ((total + 2 * RECORD) % BLOCKING)) % BLOCKING));
}

function* frames(entries: Iterable<InputEntry>, options: TarWriteOptions): Generator<Uint8Array> {
  const { takeChunk = freshChunk } = options;
  let chunk = takeChunk();
  let used = 0;

  /** Takes `size` bytes from `take`, which fills what it is given. */
  function* put(size: number, take: (into: Uint8Array) => void): Generator<Uint8Array> {
    for (let left = size; left > 0; ) {
      const into = chunk.subarray(used, used + left);
      take(into);
      used += into.length;
      left -= into.length;
      if (used < TAR_CHUNK) continue;
      yield chunk;
      chunk = takeChunk();
      used = 0;
    }
  }

  function* putBytes(bytes: Uint8Array): Generator<Uint8Array> {
    let at = 0;
    yield* put(bytes.length, (into) => into.set(bytes.subarray(at, (at += into.length))));
  }

  /** Zeros up to the next record. */
  function* pad(size: number): Generator<Uint8Array> {
    yield* put((RECORD - (size % RECORD)) % RECORD, (into) => into.fill(0));
  }

  /** Throws before the header or after all of the entry: the framing is right either way. */
  function* file(entry: InputEntry, fd: number, size: number): Generator<Uint8Array> {
    yield* putBytes(tarHeader({ ...entry, size }, options));
    // The header is out, so exactly `size` bytes have to follow: zeros for those that are gone, nothing of those that came.
    let position = 0;
    let trouble: unknown;
    yield* put(size, (into) => {
      let read = 0;
      try {
        if (trouble === undefined) read = readUpTo(fd, into, position);
        if (read < into.length) trouble ??= sizeChanged(entry.source);
      } catch (error) {
        trouble = error;
      }
      into.fill(0, read);
      position += into.length;
      options.progress(entry, into.length);
    });
    yield* pad(size);
    if (trouble === undefined && readUpTo(fd, Buffer.alloc(1), position) > 0) trouble = sizeChanged(entry.source);
    if (trouble !== undefined) throw trouble;
  }

  /**
   * The same for a file that fits into what is left of the chunk, as most do, and still has just the bytes that the walk found. False where that is not so, or it needs
   * another kind of header; nothing of it counts then.
   */
  function small(entry: InputEntry, fd: number): boolean {
    const { size } = entry;
    const start = used + RECORD;
    const end = start + Math.ceil(size / RECORD) * RECORD;
    if (end >= TAR_CHUNK || !putPlainHeader(chunk, used, entry, size, options)) return false;
    if (size === 0) sizeOfRegular(entry.source, fd); // a device that gives nothing reads like an empty file
    try {
      if (readWhole(fd, chunk, start, size) !== size) return false;
    } catch {
      return false; // who looks what it is knows what to say of it
    }
    chunk.fill(0, start + size, end);
    used = end;
    options.progress(entry, size);
    return true;
  }

  /** Of files with several names: the path under which the first of them was stored. */
  const firstNames = new Map<string, Stored>();
  for (const entry of entries) {
    const first = entry.type === "file" && entry.nlink > 1 ? firstNames.get(entry.inode) : undefined;
    if (first !== undefined) {
      yield* putBytes(tarHeader({ ...entry, type: "link", size: 0, linkTarget: first }, options));
      options.done(entry, 0);
    } else if (entry.type === "file") {
      try {
        const fd = openAny(entry.source, options.dereference);
        let { size } = entry;
        try {
          if (!small(entry, fd)) {
            size = sizeOfRegular(entry.source, fd);
            yield* file(entry, fd, size);
          }
        } finally {
          closeSync(fd);
        }
        options.done(entry, size);
      } catch (error) {
        options.fail(entry, error);
        continue;
      }
      if (entry.nlink > 1) firstNames.set(entry.inode, entry.pathBytes ?? entry.path);
    } else {
      if (used + RECORD < TAR_CHUNK && putPlainHeader(chunk, used, entry, 0, options)) used += RECORD;
      else yield* putBytes(tarHeader({ ...entry, size: 0 }, options));
      options.done(entry, 0);
    }
  }
  if (used > 0) yield chunk.subarray(0, used);
}

export function freshChunk(): Uint8Array {
  return Buffer.allocUnsafeSlow(TAR_CHUNK);
}
