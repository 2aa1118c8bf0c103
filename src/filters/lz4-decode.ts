/** The frames of an lz4 file (lz4_Frame_format.md), each with all of its checksums verified, and what lies behind them. */
import { BlockReader } from "../bytes/block-reader.ts";
import { Xxh32, xxh32 } from "../bytes/xxhash32.ts";
import { UnzipxError } from "../errors.ts";
import type { Bytes, DecodeOptions } from "../formats/contract.ts";
import { checkSize, checkSum, damaged, endOf, need } from "./framing.ts";
import { decodeLz4Block } from "./lz4-block.ts";
import { LZ4_LEGACY_MAGIC, LZ4_MAGIC } from "./lz4.ts";
import { isSkippable, skipSkippable } from "./skippable.ts";

const WHAT = "the lz4 data";
/** A match reaches back 65,535 bytes at most: so much of the content stays. */
const HISTORY = 64 * 1024;
/** Block Maximum Size 4 to 7: 64 KiB, 256 KiB, 1 MiB, 4 MiB. */
const BLOCK_SIZES: readonly (number | undefined)[] = [undefined, undefined, undefined, undefined, 1 << 16, 1 << 18, 1 << 20, 1 << 22];
/** Room for so much at least: what must stay is moved to the front once for it, not for every block. */
const LITTLE = 256 * 1024;
const LEGACY_BLOCK = 8 * 1024 * 1024;
/** What 8 MiB that cannot be compressed become: one more byte for every 255, and 16. More than that is the magic number of another frame. */
const LEGACY_PACKED = LEGACY_BLOCK + Math.floor(LEGACY_BLOCK / 255) + 16;
/** In a block's size: its content is stored. */
const STORED = 0x80000000;

const FLAG_INDEPENDENT = 0x20;
const FLAG_BLOCK_CHECKSUM = 0x10;
const FLAG_SIZE = 0x08;
const FLAG_CONTENT_CHECKSUM = 0x04;
const FLAG_RESERVED = 0x02;
const FLAG_DICTIONARY = 0x01;

export async function* decodeLz4(input: Bytes, options: DecodeOptions): AsyncGenerator<Uint8Array> {
  const reader = new BlockReader(input, WHAT);
  const window = new Window();
  try {
    for (let frames = 0; ; frames++) {
      const start = await reader.peek(4);
      if (start.length === 0 && frames > 0) return;
      const magic = start.length < 4 ? 0 : Buffer.from(start).readUInt32LE();
      if (magic === LZ4_MAGIC) yield* decodeFrame(reader, window);
      else if (magic === LZ4_LEGACY_MAGIC) yield* decodeLegacyFrame(reader, window);
      else if (isSkippable(magic)) await skipSkippable(reader, WHAT);
      else return await endOf(reader, start, frames, "lz4", options);
    }
  } finally {
    await reader.close();
  }
}

async function* decodeFrame(reader: BlockReader, window: Window): AsyncGenerator<Uint8Array> {
  const { flags, blockSize, size } = await readHeader(reader);
  const sum = (flags & FLAG_CONTENT_CHECKSUM) === 0 ? undefined : new Xxh32();
  const checkBytes = (flags & FLAG_BLOCK_CHECKSUM) === 0 ? 0 : 4;
  window.begin(blockSize);
  let found = 0;
  for (;;) {
    const field = (await need(reader, 4, WHAT)).readUInt32LE();
    if (field === 0) break; // EndMark
    const length = field % STORED;
    // A block that compression would not shrink is stored, so none is larger than its content may be.
    if (length > blockSize) throw damaged(WHAT, "a block is larger than the header allows");
    const packed = await need(reader, length + checkBytes, WHAT);
    const block = packed.subarray(0, length);
    if (checkBytes > 0) checkSum(WHAT, packed.readUInt32LE(length), xxh32(block));
    const content = window.decode(block, field >= STORED, (flags & FLAG_INDEPENDENT) !== 0);
    found += content.length;
    sum?.update(content);
    if (content.length > 0) yield content;
  }
  if (size !== undefined) checkSize(WHAT, size, found);
  if (sum !== undefined) checkSum(WHAT, (await need(reader, 4, WHAT)).readUInt32LE(), sum.digest());
}

interface Lz4Header {
  readonly flags: number;
  readonly blockSize: number;
  /** Bytes of content, when the header tells. */
  readonly size: number | undefined;
}

async function readHeader(reader: BlockReader): Promise<Lz4Header> {
  // 0 - magic: seen; 4 - flags; 5 - block descriptor; then the fields that the flags announce, and the header's checksum
  const fixed = await need(reader, 6, WHAT);
  const flags = fixed[4]!;
  const descriptor = fixed[5]!;
  const fields = ((flags & FLAG_SIZE) === 0 ? 0 : 8) + ((flags & FLAG_DICTIONARY) === 0 ? 0 : 4);
  const header = Buffer.concat([Buffer.from([flags, descriptor]), await need(reader, fields, WHAT)]);
  // The second byte of the hash, over everything between the magic number and itself.
  const check = (await need(reader, 1, WHAT))[0]!;
  if (check !== ((xxh32(header) >>> 8) & 0xff)) throw new UnzipxError("BAD_HEADER", `Cannot read ${WHAT}: the checksum of a frame's header does not match`);
  const blockSize = BLOCK_SIZES[(descriptor >>> 4) & 7];
  // Version 1 in the two highest bits; reserved bits in both bytes are to be zero.
  if (flags >>> 6 !== 1 || (flags & FLAG_RESERVED) !== 0 || (descriptor & 0x8f) !== 0 || blockSize === undefined) {
    throw new UnzipxError("BAD_HEADER", `Cannot read ${WHAT}: the header of a frame has values that no version defines`, { found: `flags ${flags}, descriptor ${descriptor}` });
  }
  const dictionary = (flags & FLAG_DICTIONARY) === 0 ? 0 : header.readUInt32LE(fields - 2);
  if (dictionary !== 0) throw new UnzipxError("UNSUPPORTED_METHOD", `Cannot read ${WHAT}: it was compressed with a dictionary, which is not part of it`, { found: `dictionary ${dictionary}` });
  return { flags, blockSize, size: (flags & FLAG_SIZE) === 0 ? undefined : Number(header.readBigUInt64LE(2)) };
}

/** Blocks of 8 MiB but for the last, to the end of the input or to the next frame; no checksums. */
async function* decodeLegacyFrame(reader: BlockReader, window: Window): AsyncGenerator<Uint8Array> {
  await reader.skip(4);
  window.begin(LEGACY_BLOCK);
  for (let wasLast = false; ; ) {
    const start = Buffer.from(await reader.peek(4));
    if (start.length === 0) return;
    // Another frame, or padding: for the caller to judge.
    const field = start.length < 4 ? 0 : start.readUInt32LE();
    if (field > LEGACY_PACKED || (wasLast && field === 0)) return;
    if (wasLast) throw damaged(WHAT, "a block of the legacy format is shorter than 8 MiB and not the last");
    const length = (await need(reader, 4, WHAT)).readUInt32LE();
    const content = window.decode(await need(reader, length, WHAT), false, true);
    wasLast = content.length < LEGACY_BLOCK;
    if (content.length > 0) yield content;
  }
}

/** Where content is decoded to, with what matches may still reach back to in front of it. */
class Window {
  #bytes = new Uint8Array(0);
  #blockSize = 0;
  /** Where the frame's content begins, as far as it is still here; and where it ends. */
  #start = 0;
  #end = 0;

  /** A new frame, whose blocks hold up to `blockSize` bytes. What was given out is void. */
  begin(blockSize: number): void {
    const room = HISTORY + Math.max(blockSize, LITTLE);
    if (this.#bytes.length < room) this.#bytes = new Uint8Array(room);
    this.#blockSize = blockSize;
    this.#start = this.#end = 0;
  }

  /** The content of the next block, valid until the one after it. */
  decode(block: Uint8Array, stored: boolean, independent: boolean): Uint8Array {
    if (this.#end + this.#blockSize > this.#bytes.length) {
      const kept = Math.min(HISTORY, this.#end - this.#start);
      this.#bytes.copyWithin(0, this.#end - kept, this.#end);
      this.#start = 0;
      this.#end = kept;
    }
    const from = this.#end;
    if (stored) {
      this.#bytes.set(block, from);
      this.#end += block.length;
    } else {
      this.#end = decodeLz4Block(block, this.#bytes, from, from + this.#blockSize, independent ? from : this.#start, WHAT);
    }
    return this.#bytes.subarray(from, this.#end);
  }
}
