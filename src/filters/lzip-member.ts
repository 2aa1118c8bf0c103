/**
 * Where a member of lzip ends. The decoder cannot tell, because it takes its input in large pieces; the last field of the
 * trailer can: it is the size of the member, so it equals its own position.
 */
import type { BlockReader } from "../bytes/block-reader.ts";
import { isLzip, MAGIC_BYTES } from "./lzip.ts";

/** Magic 4, version 1, dictionary 1. */
export const HEADER = 6;
/** CRC-32 4, content size 8, and from version 1 on member size 8. */
const TRAILER = [12, 20] as const;
/** A range coder's first 5 bytes, and 5 that an end marker takes at least: a stream without content. */
const SHORTEST_STREAM = 10;
/** The last field of the trailer. */
const SIZE_BYTES = 8;
/** Content size and member size: what one says, shifted by some bytes, may by chance be the position within the other. */
const DOUBTFUL = 2 * SIZE_BYTES;
/** So much is held back: it may still be trailer, or must be seen behind it. */
const HELD = TRAILER[1] + DOUBTFUL + MAGIC_BYTES;

/** The member that the reader stands in, behind its header. */
export class LzipMember {
  readonly #reader: BlockReader;
  readonly #version: 0 | 1;
  /** What is behind the stream, as soon as the last piece of that was given; never, where the input ends before. */
  trailer: Buffer | undefined;
  /** The input is over. */
  isAtEnd = false;

  constructor(reader: BlockReader, version: 0 | 1) {
    this.#reader = reader;
    this.#version = version;
  }

  /** Its LZMA stream. The reader is behind the member when that is over. */
  async *stream(): AsyncGenerator<Uint8Array> {
    const findEnd = this.#version === 0 ? findEndWithoutSize : findEndBySize;
    let held: Uint8Array = new Uint8Array(0);
    /** Where `held` begins in the member. */
    let position = HEADER;
    while (!this.isAtEnd) {
      const piece = await this.#reader.piece();
      this.isAtEnd = piece === undefined;
      const bytes = piece === undefined ? held : held.length === 0 ? piece : Buffer.concat([held, piece]);
      const end = findEnd(bytes, position, this.isAtEnd);
      if (end !== undefined) {
        const streamEnd = end - TRAILER[this.#version];
        this.trailer = Buffer.from(bytes.subarray(streamEnd, end));
        this.#reader.giveBack(bytes.subarray(end));
        yield bytes.subarray(0, streamEnd);
        return;
      }
      const sure = this.isAtEnd ? bytes.length : Math.max(0, bytes.length - HELD);
      yield bytes.subarray(0, sure);
      held = new Uint8Array(bytes.subarray(sure));
      position += sure;
    }
  }
}

/**
 * The end of the member that begins `position` bytes before `bytes`, as an index; undefined when it is not there, or too near to
 * the end of `bytes` to be sure. That 8 bytes of anything else equal their position happens once in 2^64 times. Bytes that were made
 * to look so only make the member's stream too short, which is found out.
 */
function findEndBySize(bytes: Uint8Array, position: number, isAll: boolean): number | undefined {
  const shortest = HEADER + SHORTEST_STREAM + TRAILER[1];
  for (let end = Math.max(SIZE_BYTES, shortest - position); end <= bytes.length; end++) {
    if (!isSizeAt(bytes, end, position)) continue;
    if (isLzip(bytes, end)) return end;
    if (!isAll && bytes.length - end < DOUBTFUL) return undefined;
    // Something else follows. If that makes a size as well, this one is only a part of the trailer that happens to fit.
    let another = end + 1;
    while (another <= end + DOUBTFUL && !isSizeAt(bytes, another, position)) another++;
    if (another > end + DOUBTFUL) return end;
  }
  return undefined;
}

/** Version 0, written in 2008 and 2009, has no size: the end of the input, or what looks like another member. */
function findEndWithoutSize(bytes: Uint8Array, position: number, isAll: boolean): number | undefined {
  const shortest = HEADER + SHORTEST_STREAM + TRAILER[0];
  for (let end = Math.max(TRAILER[0], shortest - position); end < bytes.length; end++) {
    if (isLzip(bytes, end)) return end;
  }
  return isAll && position + bytes.length >= shortest && bytes.length >= TRAILER[0] ? bytes.length : undefined;
}

/** Whether the 8 bytes before `end` are the distance to the member's first byte. */
function isSizeAt(bytes: Uint8Array, end: number, position: number): boolean {
  let size = position + end;
  for (let at = end - SIZE_BYTES; at < end; at++) {
    if (bytes[at] !== size % 256) return false;
    size = Math.floor(size / 256);
  }
  return true;
}
