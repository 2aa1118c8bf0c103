/**
 * xz data cut between its blocks, which know nothing of each other. Each piece is a file of its own: whole streams in it are as they
 * were; of one that goes on in other pieces it has the header, some blocks, and an index that fits those. Then the stream's own index is
 * verified here. Sections are those of https://tukaani.org/xz/xz-file-format.txt.
 */
import { createHash, type Hash } from "node:crypto";
import type { BlockReader } from "../bytes/block-reader.ts";
import { Channel } from "../bytes/channel.ts";
import { crc32 } from "../bytes/crc32.ts";
import type { Room } from "../bytes/room.ts";
import { assertMemory } from "../engine/memory.ts";
import { UnzipxError } from "../errors.ts";
import { CHECK_BYTES, endOfIndex, FOOTER, footerOf, HEADER, indexOf, indexSizeOf, isHeader, numberOf } from "../lzma/xz-format.ts";
import { blockOf, isKnownCheck } from "../lzma/xz.ts";
import type { Start } from "./decode-pieces.ts";
import { dictionaryOf } from "./xz-memory.ts";

/** A piece has at least so many bytes, packed or not: sending one off takes as long as decoding some kilobytes. */
const LEAST_BYTES = 4 << 20;
/** Handed to the engine at once. */
const BUFFER = 256 * 1024;

export interface XzCutting {
  readonly start: Start;
  readonly room: Room;
  /** As in DecodeOptions. */
  readonly memory: number;
  readonly behind: () => void;
}

/** Reads all, and starts the pieces one after the other. Where something is damaged it goes to the piece that is under way as it is, with all that follows. */
export async function cutXz(reader: BlockReader, cutting: XzCutting): Promise<void> {
  const cut = new Cut(reader, cutting);
  try {
    await cut.streams();
    await cut.end();
  } catch (error) {
    cut.fail(error);
    throw error;
  }
}

/** Of the blocks of a stream, as its index tells of them (4.3). */
class Records {
  readonly #hash: Hash | undefined;
  readonly #bytes: Uint8Array[] = [];
  /** In bytes. */
  size = 0;
  count = 0;

  /** Kept, or only summed. */
  constructor(isKept: boolean) {
    this.#hash = isKept ? undefined : createHash("sha256");
  }

  add(record: Uint8Array): void {
    this.size += record.length;
    this.count += 1;
    if (this.#hash === undefined) this.#bytes.push(record);
    else this.#hash.update(record);
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#bytes);
  }

  digest(): Buffer {
    return this.#hash!.digest();
  }
}

interface Stream {
  readonly header: Uint8Array;
  readonly checkBytes: number;
  /** Of all its blocks. */
  readonly all: Records;
  /** Of those in the piece that is under way. */
  own: Records;
  /** It began in that piece. */
  isWhole: boolean;
}

class Cut {
  readonly #reader: BlockReader;
  readonly #cutting: XzCutting;
  #piece: Channel | undefined;
  /** The largest dictionary in the piece. */
  #memory = 0;
  /** As in Piece. */
  #isPlain = true;
  /** In the piece, packed or not, whichever is more. */
  #packed = 0;
  #content = 0;
  #buffer = Buffer.allocUnsafeSlow(BUFFER);
  #used = 0;

  constructor(reader: BlockReader, cutting: XzCutting) {
    this.#reader = reader;
    this.#cutting = cutting;
  }

  async streams(): Promise<void> {
    const { dictionary, isPlain } = await this.#first();
    await this.#begin(dictionary, isPlain);
    for (;;) {
      const header = await this.#reader.peek(HEADER);
      if (header.length >= 4 && header.subarray(0, 4).every((byte) => byte === 0)) {
        await this.#pass(4); // padding between streams comes in fours (2.2)
        continue;
      }
      if (!isHeader(header) || !(await this.#blocks(new Uint8Array(header)))) return this.#passAll();
    }
  }

  /** What the first block needs, as far as it says so where one expects it. */
  async #first(): Promise<{ dictionary: number; isPlain: boolean }> {
    const start = await this.#reader.peek(HEADER + 1);
    const size = start[HEADER] ?? 0;
    if (size === 0) return { dictionary: 0, isPlain: isKnownCheck(start[7]!) };
    const length = (size + 1) * 4;
    const block = (await this.#reader.peek(HEADER + length)).subarray(HEADER);
    if (block.length < length || crc32(block.subarray(0, length - 4)) !== Buffer.from(block).readUInt32LE(length - 4)) return { dictionary: 0, isPlain: true };
    return { dictionary: Math.min(dictionaryOf(block.subarray(1)), this.#cutting.memory === 0 ? Infinity : this.#cutting.memory), isPlain: isPlainBlock(block, start[7]!) };
  }

  /** What is left of the piece that is under way. */
  async end(): Promise<void> {
    await this.#flush();
    this.#piece?.end();
    this.#piece = undefined;
  }

  fail(error: unknown): void {
    this.#piece?.end({ error });
  }

  /** A stream to its end; false where it is damaged. */
  async #blocks(header: Uint8Array): Promise<boolean> {
    const stream: Stream = { header, checkBytes: CHECK_BYTES[header[7]! & 0x0f]!, all: new Records(false), own: new Records(true), isWhole: true };
    let passed = false; // its header
    for (;;) {
      const first = await this.#reader.peek(passed ? 1 : HEADER + 1);
      const size = first[passed ? 0 : HEADER];
      if (size === undefined) return false;
      if (size === 0) break; // no block, but the index
      const length = (size + 1) * 4; // 3.1.1
      const block = (await this.#reader.peek((passed ? 0 : HEADER) + length)).subarray(passed ? 0 : HEADER);
      if (block.length < length || crc32(block.subarray(0, length - 4)) !== Buffer.from(block).readUInt32LE(length - 4)) return false;
      const dictionary = dictionaryOf(block.subarray(1));
      if (dictionary === 0) return false;
      assertMemory(dictionary, this.#cutting.memory, "the xz data");
      const isPlain = isPlainBlock(block, header[7]!);
      if (Math.max(this.#packed, this.#content) >= LEAST_BYTES || (dictionary > this.#memory && this.#content > 0) || (this.#isPlain && !isPlain)) {
        if (passed) {
          await this.#write(indexOf(stream.own.count, stream.own.bytes(), header));
          stream.isWhole = false;
          stream.own = new Records(true);
        }
        await this.end();
        await this.#begin(dictionary, isPlain);
        if (passed) await this.#write(header);
      }
      if (!passed) await this.#pass(HEADER);
      passed = true;
      this.#memory = Math.max(this.#memory, dictionary);
      await this.#pass(length);
      const data = await this.#chunks();
      if (data === undefined || !(await this.#pass(((4 - (data.packed % 4)) % 4) + stream.checkBytes))) return false;
      const record = Buffer.concat([numberOf(length + data.packed + stream.checkBytes), numberOf(data.content)]);
      stream.all.add(record);
      stream.own.add(record);
    }
    if (!passed && this.#isPlain && !isKnownCheck(header[7]!)) {
      await this.end();
      await this.#begin(0, false);
    }
    if (!passed) await this.#pass(HEADER);
    const indexSize = indexSizeOf(stream.all.count, stream.all.size);
    if (stream.isWhole) return this.#pass(indexSize + FOOTER);
    await this.#write(indexOf(stream.own.count, stream.own.bytes(), header));
    await this.#verify(stream, indexSize).catch(async (error: unknown) => {
      await this.end(); // all blocks are whole
      throw error;
    });
    return true;
  }

  /** The data of a block, chunk by chunk as the decoders of LZMA2 read them; undefined for what is none. */
  async #chunks(): Promise<{ packed: number; content: number } | undefined> {
    let packed = 0;
    const before = this.#content;
    for (;;) {
      const [control, a = 0, b = 0, c = 0, d = 0] = await this.#reader.peek(5);
      if (control === undefined) return undefined;
      if (control === 0) {
        await this.#pass(1);
        return { packed: packed + 1, content: this.#content - before };
      }
      if (control > 2 && control < 0x80) return undefined;
      // Stored: size less one. Compressed: the content's size less one, of which the highest bits are in the control byte; packed size less one; from 0xc0 on properties follow.
      const isStored = control < 0x80;
      const length = isStored ? 3 + a * 256 + b + 1 : 5 + c * 256 + d + 1 + (control >= 0xc0 ? 1 : 0);
      if (!(await this.#pass(length))) return undefined;
      packed += length;
      this.#content += (isStored ? 0 : (control & 0x1f) << 16) + a * 256 + b + 1;
    }
  }

  /** The index and the footer of a stream that is in several pieces: the engine, which sees none whole, says the same of them (4, 2.1.2). */
  async #verify({ all, header }: Stream, size: number): Promise<void> {
    const start = Buffer.concat([Uint8Array.of(0), numberOf(all.count)]);
    let isRight = start.equals(await this.#need(start.length));
    let sum = crc32(start);
    const hash = createHash("sha256");
    for (let left = all.size; left > 0; ) {
      const part = await this.#need(Math.min(left, BUFFER));
      hash.update(part);
      sum = crc32(part, sum);
      left -= part.length;
    }
    isRight &&= hash.digest().equals(all.digest());
    const end = endOfIndex(size - start.length - all.size - 4, sum);
    isRight &&= end.equals(await this.#need(end.length));
    if (!isRight) throw wrong();
    if (!footerOf(size, header).equals(await this.#need(FOOTER))) throw wrong();
  }

  async #need(length: number): Promise<Uint8Array> {
    const bytes = await this.#reader.peek(length);
    if (bytes.length < length) throw new UnzipxError("TRUNCATED", "Cannot read the xz data: the data ends too early");
    return (await this.#reader.take(length))!;
  }

  async #begin(memory: number, isPlain: boolean): Promise<void> {
    const { start, room, behind } = this.#cutting;
    const piece = new Channel(room);
    this.#piece = piece;
    this.#memory = memory;
    this.#isPlain = isPlain;
    this.#packed = this.#content = 0;
    await start({ input: piece, memory, isPlain, behind });
  }

  /** Hands on the next bytes as they are; false where the input ends before. */
  async #pass(length: number): Promise<boolean> {
    for (let left = length; left > 0; ) {
      const bytes = this.#reader.tryTake(left) ?? (await this.#reader.upTo(left));
      if (bytes === undefined) return false;
      left -= bytes.length;
      await this.#write(bytes);
    }
    return true;
  }

  async #passAll(): Promise<void> {
    for await (const bytes of this.#reader.rest()) await this.#write(bytes);
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.#packed += bytes.length;
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + BUFFER - this.#used);
      this.#buffer.set(part, this.#used);
      this.#used += part.length;
      at += part.length;
      if (this.#used === BUFFER) await this.#flush();
    }
  }

  async #flush(): Promise<void> {
    const bytes = this.#buffer.subarray(0, this.#used);
    this.#buffer = Buffer.allocUnsafeSlow(BUFFER);
    this.#used = 0;
    await this.#piece?.put(bytes);
  }
}

/** Whether the decoder of our own reads it: `block` is its whole header, `flags` the second byte of the stream's. */
function isPlainBlock(block: Uint8Array, flags: number): boolean {
  return isKnownCheck(flags) && blockOf(block.subarray(1, -4)) !== undefined;
}

function wrong(): UnzipxError {
  return new UnzipxError("BAD_CHECKSUM", "Cannot read the xz data: its checksum does not match, so its content is damaged");
}
