/** Where the frames of a zstd file begin and end (RFC 8878, 3.1.1): decoders only get what is one, and all of it. */
import type { BlockReader } from "../bytes/block-reader.ts";
import { assertMemory } from "../engine/memory.ts";
import { UnzipxError } from "../errors.ts";
import type { DecodeOptions } from "../formats/contract.ts";
import { damaged, endOf, truncated } from "./framing.ts";
import { isSkippable, skipSkippable } from "./skippable.ts";
import { ZSTD_MAGIC } from "./zstd.ts";

export const WHAT = "the zstd data";
/** 3.1.1.2.3: no block holds more content. */
const BLOCK_CONTENT = 128 * 1024;
/** Magic 4, descriptor 1, window 1, dictionary 4, content size 8. */
const LONGEST_HEADER = 18;
const BLOCK_HEADER = 3;
const CHECKSUM = 4;
/** Block_Type, 3.1.1.2.2. */
const RLE = 1;
const RESERVED = 3;

export interface ZstdFrame {
  readonly headerBytes: number;
  /** How far back its matches reach at most, in bytes. */
  readonly window: number;
  /** Bytes of content, when the header tells. */
  readonly size: number | undefined;
  readonly hasChecksum: boolean;
}

/** The header of the next frame of data, with the reader in front of it; undefined at the end. `frames` of any kind came before. */
export async function nextFrame(reader: BlockReader, frames: number, { warn, memory }: DecodeOptions): Promise<ZstdFrame | undefined> {
  for (let seen = frames; ; seen++) {
    const start = await reader.peek(4);
    if (start.length === 0 && seen > 0) return undefined;
    const magic = start.length < 4 ? 0 : Buffer.from(start).readUInt32LE();
    if (magic === ZSTD_MAGIC) break;
    if (!isSkippable(magic)) {
      await endOf(reader, start, seen, "zstd", warn);
      return undefined;
    }
    await skipSkippable(reader, WHAT);
  }
  const frame = parseHeader(Buffer.from(await reader.peek(LONGEST_HEADER)));
  assertMemory(frame.window, memory, WHAT);
  return frame;
}

/** 3.1.1.1. */
function parseHeader(bytes: Buffer): ZstdFrame {
  const descriptor = bytes[4] ?? 0;
  const sizeFlag = descriptor >>> 6;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  // 0x10 is unused and without meaning; 0x08 is reserved for what must not be ignored.
  if ((descriptor & 0x08) !== 0) throw new UnzipxError("BAD_HEADER", `Cannot read ${WHAT}: the header of a frame has a flag that no version defines`);
  const windowBytes = isSingleSegment ? 0 : 1;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
  const sizeBytes = sizeFlag === 0 ? (isSingleSegment ? 1 : 0) : 1 << sizeFlag;
  const headerBytes = 5 + windowBytes + dictionaryBytes + sizeBytes;
  if (bytes.length < headerBytes) throw truncated(WHAT);
  const dictionaryAt = 5 + windowBytes;
  const dictionary = dictionaryBytes === 0 ? 0 : bytes.readUIntLE(dictionaryAt, dictionaryBytes);
  if (dictionary !== 0) throw new UnzipxError("UNSUPPORTED_METHOD", `Cannot read ${WHAT}: it was compressed with a dictionary, which is not part of it`, { found: `dictionary ${dictionary}` });
  const sizeAt = dictionaryAt + dictionaryBytes;
  let size: number | undefined;
  if (sizeBytes === 8) size = Number(bytes.readBigUInt64LE(sizeAt));
  // A size of two bytes begins at 256.
  else if (sizeBytes > 0) size = bytes.readUIntLE(sizeAt, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
  // 3.1.1.1.2: a mantissa of 3 bits counts eighths of 2^(10 + exponent); with a single segment all of the content is the window.
  const base = 2 ** (10 + (bytes[5]! >>> 3));
  const window = isSingleSegment ? size! : base + (base / 8) * (bytes[5]! & 7);
  return { headerBytes, window, size, hasChecksum: (descriptor & 0x04) !== 0 };
}

/** Follows a frame from its first byte to its last through pieces of any size. */
export class FrameWalk {
  readonly #frame: ZstdFrame;
  /** Bytes that may pass before there is something to look at. */
  #left: number;
  /** What is known of the next block header, and how much of it. */
  #header = 0;
  #headerBytes = 0;
  #wasLast = false;
  /** Of all kinds, so far; no content is longer than 128 KiB for each. */
  blocks = 0;
  done = false;

  constructor(frame: ZstdFrame) {
    this.#frame = frame;
    this.#left = frame.headerBytes;
  }

  /** How many of these bytes are the frame's: all, unless it is done. Throws BAD_DATA. */
  accept(bytes: Uint8Array): number {
    for (let at = 0; ; ) {
      const passed = Math.min(this.#left, bytes.length - at);
      at += passed;
      this.#left -= passed;
      if (this.#left === 0 && this.#wasLast) this.done = true;
      if (this.done || at === bytes.length) return at;
      this.#header |= bytes[at++]! << (8 * this.#headerBytes);
      if (++this.#headerBytes === BLOCK_HEADER) this.#enterBlock();
    }
  }

  /** 3.1.1.2. */
  #enterBlock(): void {
    const isLast = (this.#header & 1) !== 0;
    const type = (this.#header >>> 1) & 3;
    const size = this.#header >>> 3;
    if (type === RESERVED) throw damaged(WHAT, "a block is of the reserved type");
    if (size > Math.min(BLOCK_CONTENT, this.#frame.window)) throw damaged(WHAT, "a block is larger than the header allows");
    this.#left = (type === RLE ? 1 : size) + (isLast && this.#frame.hasChecksum ? CHECKSUM : 0);
    this.#wasLast = isLast;
    this.#header = this.#headerBytes = 0;
    this.blocks += 1;
  }
}
