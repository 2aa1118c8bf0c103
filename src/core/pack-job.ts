/** The compressing side of `create`, as jobs that any thread runs: a batch of small files, or one block of a large stream. */
import { closeSync } from "node:fs";
import { constants, deflateRawSync } from "node:zlib";
import { crc32 } from "../bytes/crc32.ts";
import { openInput, showPath, sizeChanged, type DiskPath } from "../bytes/input-file.ts";
import { readUpTo } from "../bytes/read-file.ts";
import { fromSystem, toPlain, type PlainError } from "../errors.ts";
import type { DeflatedBlock } from "../formats/contract.ts";
import { Moved } from "../parallel/serve.ts";

/** Files up to this size are read and packed in one go. */
export const SMALL_FILE = 1 << 20;

export interface PackJob {
  readonly kind: "pack";
  readonly files: readonly FileToPack[];
  /** 0 (store) to 9. */
  readonly level: number;
}

export interface FileToPack {
  readonly path: DiskPath;
  /** Follow a link in the last component. */
  readonly follow: boolean;
}

export interface PackResult {
  /** The packed contents, one behind the other in the order of the files. */
  readonly data: Uint8Array;
  readonly files: readonly PackedFile[];
}

export type PackedFile =
  | { readonly stored: boolean; readonly crc32: number; readonly size: number; readonly packedSize: number; readonly error?: undefined }
  | { readonly error: PlainError };

export function runPack(job: PackJob): Moved<PackResult> {
  const parts: Uint8Array[] = [];
  let total = 0;
  const files = job.files.map((file): PackedFile => {
    try {
      const content = readSmall(file);
      const packed = job.level === 0 ? undefined : deflateIfSmaller(content, job.level);
      const data = packed ?? new Uint8Array(content); // a copy: the read buffer is used again
      parts.push(data);
      total += data.length;
      return { stored: packed === undefined, crc32: crc32(content), size: content.length, packedSize: data.length };
    } catch (error) {
      return { error: toPlain(fromSystem(error, "read", `read "${showPath(file.path)}"`)) };
    }
  });
  const data = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  return new Moved({ data, files }, [data.buffer]);
}

// One byte more than the largest file, so that one read tells whether the file ends where it should. One per thread.
let readBuffer: Buffer | undefined;

/** All of the file; the bytes are valid until the next call. */
function readSmall(file: FileToPack): Uint8Array {
  const { fd, size } = openInput(file.path, file.follow);
  try {
    readBuffer ??= Buffer.allocUnsafeSlow(SMALL_FILE + 1);
    if (size > SMALL_FILE || readUpTo(fd, readBuffer.subarray(0, size + 1), 0) !== size) throw sizeChanged(file.path);
    return readBuffer.subarray(0, size);
  } finally {
    closeSync(fd);
  }
}

/** undefined when deflate does not shrink it. */
function deflateIfSmaller(content: Uint8Array, level: number): Uint8Array | undefined {
  if (content.length === 0) return undefined;
  // One output buffer that fits: the default of 16 KiB is too much for most files and too little for some.
  const packed = deflateRawSync(content, { level, chunkSize: content.length + 64 });
  return packed.length < content.length ? packed : undefined;
}

/** A deflate stream is cut into blocks of this size, whatever the number of threads: so the bytes are always the same. */
export const BLOCK = 1 << 20;

/** The farthest that a match reaches back (RFC 1951, 2). */
const WINDOW = 1 << 15;

export interface DeflateJob {
  readonly kind: "deflate";
  readonly block: BlockBytes | BlockOfFile;
  /** 0 to 9; "store": no deflate stream, only the bytes and their sum. */
  readonly level: number | "store";
  readonly last: boolean;
}

export interface BlockBytes {
  readonly bytes: Uint8Array;
  /** The up to 32 KiB before, which matches may reach back into. */
  readonly dictionary: Uint8Array | undefined;
}

/** Read on the thread that packs it: descriptors belong to the process. */
export interface BlockOfFile {
  readonly fd: number;
  readonly path: DiskPath;
  readonly offset: number;
  readonly length: number;
}

export function runDeflate(job: DeflateJob): Moved<DeflatedBlock> {
  const { bytes, dictionary } = "fd" in job.block ? readBlock(job.block, job.last, job.level !== "store") : job.block;
  const data = job.level === "store" ? bytes : deflateBlock(bytes, dictionary, job.level, job.last);
  // What lies in the pool that Buffers share cannot be moved; it is small, and copied.
  const own = data.buffer.byteLength > Buffer.poolSize;
  return new Moved({ data, crc32: crc32(bytes), size: bytes.length }, own ? [data.buffer as ArrayBuffer] : []);
}

function deflateBlock(bytes: Uint8Array, dictionary: Uint8Array | undefined, level: number, last: boolean): Uint8Array {
  return deflateRawSync(bytes, {
    level,
    chunkSize: bytes.length + (bytes.length >> 8) + 64,
    finishFlush: last ? constants.Z_FINISH : constants.Z_SYNC_FLUSH,
    ...(dictionary === undefined || dictionary.length === 0 ? {} : { dictionary }),
  });
}

function readBlock(block: BlockOfFile, last: boolean, withDictionary: boolean): BlockBytes {
  const before = withDictionary ? Math.min(block.offset, WINDOW) : 0;
  const wanted = before + block.length;
  const buffer = Buffer.allocUnsafeSlow(wanted + (last ? 1 : 0)); // behind the last block the file has to end
  try {
    if (readUpTo(block.fd, buffer, block.offset - before) !== wanted) throw sizeChanged(block.path);
  } catch (error) {
    throw fromSystem(error, "read", `read "${showPath(block.path)}"`);
  }
  return { bytes: buffer.subarray(before, wanted), dictionary: before === 0 ? undefined : buffer.subarray(0, before) };
}
