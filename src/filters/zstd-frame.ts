/** Where the frames of a zstd file begin and end (RFC 8878, 3.1.1): decoders only get what is one, and all of it. */
import type { BlockReader } from "../bytes/block-reader.ts";
import { assertMemory } from "../engine/memory.ts";
import { UnzipxError } from "../errors.ts";
import type { DecodeOptions, Warn } from "../formats/contract.ts";
import { MOST_CONTENT, RLE } from "../zstd/decoder.ts";
import { damaged, endOf, truncated } from "./framing.ts";
import { isSkippable, skipSkippable } from "./skippable.ts";
import { ZSTD_MAGIC } from "./zstd.ts";

export const WHAT = "the zstd data";
/** Magic 4, descriptor 1, window 1, dictionary 4, content size 8. */
const LONGEST_HEADER = 18;
export const BLOCK_HEADER = 3;
export const CHECKSUM = 4;
/** Block_Type, 3.1.1.2.2; the others are the decoder's. */
const RESERVED = 3;

export interface ZstdFrame {
  readonly headerBytes: number;
  /** How far back its matches reach at most, in bytes. */
  readonly window: number;
  /** Bytes of content, when the header tells. */
  readonly size: number | undefined;
  readonly hasChecksum: boolean;
  /** 0x10 of the descriptor, which decoders ignore. */
  readonly hasUnusedBit: boolean;
}

/** A block as its header has it (3.1.1.2). */
export interface ZstdBlock {
  readonly isLast: boolean;
  readonly type: number;
  /** Of the content where it is not compressed, else of the packed data; bytes. */
  readonly size: number;
  /** Bytes behind the header. */
  readonly packedSize: number;
}

/** What was seen of a file so far, and is odd: valid, and made by no encoder that is known. */
export class Seen {
  /** Of any kind. */
  frames = 0;
  /** In a row: an encoder puts one in front of a frame, or several behind the last one. */
  #skippable = 0;
  #emptyFrames = 0;
  readonly #odd = new Set<string>();

  skippable(): void {
    this.frames += 1;
    this.#skippable += 1;
  }

  header(frame: ZstdFrame): void {
    if (this.#skippable > 1) this.#odd.add("Several skippable frames in a row stand in front of a frame of the zstd data: what they hold is no content");
    if (frame.hasUnusedBit) this.#odd.add("The header of a frame of the zstd data has a bit set that has no meaning");
    this.#skippable = 0;
  }

  frame(walk: FrameWalk): void {
    this.frames += 1;
    if (walk.emptyBlocks > 0) this.#odd.add("A frame of the zstd data goes on behind a block that holds nothing");
    // One may end the output of a program that had nothing to say.
    this.#emptyFrames = walk.isEmpty ? this.#emptyFrames + 1 : 0;
    if (this.#emptyFrames > 1) this.#odd.add("Several frames in a row of the zstd data hold nothing");
  }

  tell(warn: Warn): void {
    for (const odd of this.#odd) warn(new UnzipxError("ODDITY", odd));
  }
}

/** The header of the next frame of data, with the reader in front of it; undefined at the end. */
export async function nextFrame(reader: BlockReader, seen: Seen, options: DecodeOptions): Promise<ZstdFrame | undefined> {
  for (;;) {
    const start = await reader.peek(4);
    const magic = start.length < 4 ? 0 : Buffer.from(start).readUInt32LE();
    if (magic === ZSTD_MAGIC) break;
    if (!isSkippable(magic)) {
      if (start.length > 0 || seen.frames === 0) await endOf(reader, start, seen.frames, "zstd", options);
      seen.tell(options.warn);
      return undefined;
    }
    await skipSkippable(reader, WHAT);
    seen.skippable();
  }
  const frame = parseHeader(Buffer.from(await reader.peek(LONGEST_HEADER)));
  assertMemory(frame.window, options.memory, WHAT);
  seen.header(frame);
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
  return { headerBytes, window, size, hasChecksum: (descriptor & 0x04) !== 0, hasUnusedBit: (descriptor & 0x10) !== 0 };
}

/** What the blocks of a frame are, as their headers come. */
export class FrameWalk {
  readonly #frame: ZstdFrame;
  /** With others behind them: an empty last one only ends the frame. */
  emptyBlocks = 0;
  /** No block holds anything. */
  isEmpty = true;

  constructor(frame: ZstdFrame) {
    this.#frame = frame;
  }

  /** The next block, of which the header is this. Throws BAD_DATA. */
  enterBlock(header: number): ZstdBlock {
    const isLast = (header & 1) !== 0;
    const type = (header >>> 1) & 3;
    const size = header >>> 3;
    if (type === RESERVED) throw damaged(WHAT, "a block is of the reserved type");
    if (size > Math.min(MOST_CONTENT, this.#frame.window)) throw damaged(WHAT, "a block is larger than the header allows");
    if (size === 0 && !isLast) this.emptyBlocks += 1;
    this.isEmpty &&= size === 0;
    return { isLast, type, size, packedSize: type === RLE ? 1 : size };
  }
}
