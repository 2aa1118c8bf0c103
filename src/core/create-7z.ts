/**
 * Making a 7z: files are read one behind the other into blocks, each block is compressed by a run of its own, and its result is
 * one solid folder of the archive. A file that is larger than a block is a folder by itself, made of several runs.
 *
 * The cuts are at fixed places, so the bytes do not depend on the number of threads.
 */
import { closeSync, fstatSync, lstatSync } from "node:fs";
import { nextTurn, now } from "../bytes/clock.ts";
import { crc32, crc32Combine } from "../bytes/crc32.ts";
import { inOrder, type Task } from "../bytes/in-order.ts";
import { forFs, openInput, sizeChanged } from "../bytes/input-file.ts";
import { readUpTo } from "../bytes/read-file.ts";
import { UnzipxError } from "../errors.ts";
import type { InputEntry } from "../formats/input.ts";
import type { Substream } from "../formats/sevenzip/encode-header.ts";
import { newArchiveKey } from "../formats/sevenzip/encrypt.ts";
import type { Lzma2 } from "../formats/sevenzip/lzma2-of-xz.ts";
import { fileRecord } from "../formats/sevenzip/file-record.ts";
import { SevenZipWriter, type SevenZipOutput } from "../formats/sevenzip/write.ts";
import type { Output } from "../safe/output.ts";
import { openOutputSpool } from "../safe/output-spool.ts";
import { lzma2Encoder, type Lzma2Encoder } from "./lzma2-encoder.ts";
import type { Packing } from "./packing.ts";

/** What all blocks that are under way may take together, with their compressors. */
const IN_FLIGHT = 1 << 30;
/** Read and handed on at once. */
const SLAB = 1 << 20;
/** Reading goes on for so long before anything else has its turn, in milliseconds. */
const PAUSE = 20;
/** Bytes of a block that is stored. */
const STORED_BLOCK = 16 << 20;

export interface SevenZipChoices {
  readonly threads: number;
  readonly signal: AbortSignal | undefined;
  /** The same bytes on every machine. */
  readonly reproducible: boolean;
  readonly encryption?: { readonly password: string } | undefined;
  /** Encrypts the header too. */
  readonly encryptNames: boolean;
}

/** Puts down what a finished run gave. */
type PutDown = () => Promise<void>;

/** `packing.level` 0 stores. */
export async function createSevenZip(entries: Iterable<InputEntry>, output: Output, packing: Packing, choices: SevenZipChoices): Promise<void> {
  if (output.seekable) return writeSevenZip(entries, output, packing, choices);
  // Where the header lies stands in front of everything, and is known last.
  const spool = openOutputSpool();
  try {
    await writeSevenZip(entries, spool, packing, choices);
    for (const chunk of spool.chunks()) {
      packing.check();
      await output.write(chunk);
    }
  } finally {
    spool.discard();
  }
}

async function writeSevenZip(entries: Iterable<InputEntry>, output: SevenZipOutput, packing: Packing, choices: SevenZipChoices): Promise<void> {
  const { threads, signal, reproducible, encryption, encryptNames } = choices;
  const writer = new SevenZipWriter(output, {
    key: encryption === undefined ? undefined : newArchiveKey(encryption.password),
    encryptNames,
  });
  const encoder = packing.level === 0 ? undefined : lzma2Encoder({ level: packing.level, threads, portable: reproducible, signal });
  try {
    await writer.begin();
    const window = { tasks: threads, bytes: IN_FLIGHT };
    for await (const putDown of inOrder(new Plan(writer, encoder, packing).tasks(entries), window)) {
      packing.check();
      await putDown();
    }
    await writer.end(encoder === undefined ? undefined : (header) => encoder.encode([header], () => {}));
  } finally {
    await encoder?.close();
  }
}

/** An entry with what was read of it. */
interface Item {
  readonly entry: InputEntry;
  readonly mtimeNs: bigint;
  /** undefined: it has no content. */
  readonly content: Substream | undefined;
}

/** Content in pieces, and the entry that the last byte of each belongs to. */
class Block {
  readonly slabs: Buffer[] = [];
  readonly owners: InputEntry[] = [];
  readonly items: Item[] = [];
  size = 0;

  /** Up to `length` bytes more, that `fill` puts into one slab after the other; less than there is room for is its last. The bytes that came. */
  append(length: number, entry: InputEntry, fill: (into: Buffer) => number): number {
    let done = 0;
    while (done < length) {
      const used = this.size % SLAB;
      if (used === 0) this.slabs.push(Buffer.allocUnsafeSlow(SLAB));
      const room = this.slabs.at(-1)!.subarray(used, Math.min(SLAB, used + length - done));
      const filled = fill(room);
      this.owners[this.slabs.length - 1] = entry;
      this.size += filled;
      done += filled;
      if (filled < room.length) break;
    }
    return done;
  }

  /** Takes back everything behind the first `size` bytes. */
  cut(size: number): void {
    this.size = size;
    this.slabs.length = Math.ceil(size / SLAB);
    this.owners.length = this.slabs.length;
  }

  pieces(): Buffer[] {
    return this.slabs.map((slab, i) => slab.subarray(0, Math.min(SLAB, this.size - i * SLAB)));
  }
}

class Plan {
  readonly #writer: SevenZipWriter;
  readonly #encoder: Lzma2Encoder | undefined;
  readonly #packing: Packing;
  readonly #blockBytes: number;

  constructor(writer: SevenZipWriter, encoder: Lzma2Encoder | undefined, packing: Packing) {
    this.#writer = writer;
    this.#encoder = encoder;
    this.#packing = packing;
    this.#blockBytes = encoder?.blockBytes ?? STORED_BLOCK;
  }

  /** The work of the whole archive, block by block. */
  async *tasks(entries: Iterable<InputEntry>): AsyncGenerator<Task<PutDown>> {
    let block = new Block();
    let since = now();
    for (const entry of entries) {
      this.#packing.check();
      let opened: { fd: number; size: number } | undefined;
      try {
        assertStorable(entry);
        if (entry.type === "file") opened = openInput(entry.source, this.#packing.dereference);
      } catch (error) {
        this.#packing.fail(entry, error);
        continue;
      }
      try {
        const size = opened?.size ?? 0;
        if (block.size > 0 && block.size + size > this.#blockBytes) {
          yield this.#whole(block);
          block = new Block();
        }
        if (opened !== undefined && size > this.#blockBytes) {
          if (block.items.length > 0) yield this.#whole(block);
          block = new Block();
          yield* this.#large(entry, opened.fd, size);
        } else {
          this.#read(block, entry, opened);
        }
      } finally {
        if (opened !== undefined) closeSync(opened.fd);
      }
      if (now() - since < PAUSE) continue;
      await nextTurn(); // signals want to be heard
      since = now();
    }
    yield this.#whole(block);
  }

  /** All of an entry; nothing of it where something is wrong with it. */
  #read(block: Block, entry: InputEntry, opened: { fd: number; size: number } | undefined): void {
    const before = block.size;
    try {
      const mtimeNs = exactTime(entry, opened?.fd);
      const content = opened !== undefined ? this.#content(block, entry, opened.fd, 0, opened.size, true) : this.#target(block, entry);
      block.items.push({ entry, mtimeNs, content });
    } catch (error) {
      block.cut(before);
      this.#packing.fail(entry, error);
    }
  }

  /** `length` bytes of a file from `position` on; behind the last of them it has to end. */
  #content(block: Block, entry: InputEntry, fd: number, position: number, length: number, isLast: boolean): Substream | undefined {
    let sum = 0;
    const size = block.append(length, entry, (into) => {
      const read = readUpTo(fd, into, position);
      sum = crc32(into.subarray(0, read), sum);
      position += read;
      return read;
    });
    if (size < length || (isLast && readUpTo(fd, Buffer.alloc(1), position) > 0)) throw sizeChanged(entry.source);
    return size === 0 ? undefined : { size, crc32: sum };
  }

  /** What a link points at is its content. */
  #target(block: Block, entry: InputEntry): Substream | undefined {
    const { linkTarget } = entry;
    if (linkTarget === undefined) return undefined; // a folder
    const bytes = typeof linkTarget === "string" ? Buffer.from(linkTarget) : linkTarget;
    let at = 0;
    block.append(bytes.length, entry, (into) => {
      into.set(bytes.subarray(at, (at += into.length)));
      return into.length;
    });
    return { size: bytes.length, crc32: crc32(bytes) };
  }

  /** A folder of the archive in one run. */
  #whole(block: Block): Task<PutDown> {
    return {
      bytes: this.#encoder?.memory ?? block.size,
      start: async () => {
        const put = await this.#pack(block);
        return async () => {
          if (block.size > 0) {
            this.#writer.beginFolder();
            await put();
            await this.#writer.endFolder(block.items.flatMap(({ content }) => content ?? []));
          }
          for (const item of block.items) this.#add(item);
        };
      },
    };
  }

  /** A folder of the archive in several runs, for one file. */
  async *#large(entry: InputEntry, fd: number, size: number): AsyncGenerator<Task<PutDown>> {
    let trouble: unknown;
    let sum = 0;
    const mtimeNs = exactTime(entry, fd);
    yield { bytes: 0, start: async () => async () => this.#writer.beginFolder() };
    for (let position = 0; position < size && trouble === undefined; position += this.#blockBytes) {
      const block = new Block();
      const length = Math.min(this.#blockBytes, size - position);
      try {
        for (let at = 0; at < length; at += SLAB) {
          const part = Math.min(SLAB, length - at);
          const content = this.#content(block, entry, fd, position + at, part, position + at + part === size)!;
          sum = crc32Combine(sum, content.crc32, part);
          this.#packing.check();
          await nextTurn(); // signals want to be heard
        }
      } catch (error) {
        this.#packing.check();
        trouble = error;
        break;
      }
      yield { bytes: this.#encoder?.memory ?? block.size, start: () => this.#pack(block) };
    }
    const finish: PutDown = async () => {
      if (trouble !== undefined) {
        this.#writer.dropFolder();
        return this.#packing.fail(entry, trouble);
      }
      const content = { size, crc32: sum };
      await this.#writer.endFolder([content]);
      this.#add({ entry, mtimeNs, content });
    };
    yield { bytes: 0, start: async () => finish };
  }

  /** Compresses a block; what is returned writes it into the folder that is open. */
  async #pack(block: Block): Promise<PutDown> {
    const pieces = block.pieces();
    let piece = 0;
    const taken = (bytes: number): void => this.#packing.progress(block.owners[piece++]!, bytes);
    if (this.#encoder === undefined) {
      return async () => {
        for (const bytes of pieces) {
          await this.#writer.store(bytes);
          taken(bytes.length);
        }
      };
    }
    const lzma2: Lzma2 | undefined = block.size === 0 ? undefined : await this.#encoder.encode(pieces, taken);
    block.slabs.length = 0; // room for the next one
    return async () => {
      if (lzma2 !== undefined) await this.#writer.compressed(lzma2);
    };
  }

  #add({ entry, mtimeNs, content }: Item): void {
    this.#writer.add(fileRecord(entry, mtimeNs, content !== undefined));
    this.#packing.done(entry, entry.type === "file" ? (content?.size ?? 0) : 0);
  }
}

/** Names are UTF-16 in a 7z. */
export function assertStorable(entry: InputEntry): void {
  if (entry.pathBytes === undefined) return;
  throw new UnzipxError("READ_FAILED", `Cannot pack "${entry.path}": its name is not UTF-8, and a 7z holds Unicode names only`, { entry: entry.path, hint: "unzipx c OUT.tar.gz INPUT…" });
}

/** Nanoseconds since 1970. A number of milliseconds does not hold them; where the entry has the time of its file, that is asked once more. */
function exactTime(entry: InputEntry, fd: number | undefined): bigint {
  const given = BigInt(Math.round(entry.mtime * 1000)) * 1000n;
  if (entry.timeIsGiven) return given;
  const { mtimeNs } = fd === undefined ? lstatSync(forFs(entry.source), { bigint: true }) : fstatSync(fd, { bigint: true });
  const apart = mtimeNs - given;
  return apart > -2000n && apart < 2000n ? mtimeNs : given;
}
