/** The first bytes of a 7z: where its header lies, which is at the end. */
import { crc32 } from "../../bytes/crc32.ts";
import { readSegments } from "../../bytes/segments.ts";
import type { Segment } from "../contract.ts";

export const START_HEADER_BYTES = 32;
/** What is written can be read since 7-Zip 9.04; all versions of the format bear these two numbers. */
const VERSION = [0, 4];

/** `offset`: of the header, counted from the end of this one. */
export function startHeader(offset: number, header: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(START_HEADER_BYTES);
  bytes.set([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c, ...VERSION]); // "7z" and four bytes; major and minor version
  bytes.writeBigUInt64LE(BigInt(offset), 12);
  bytes.writeBigUInt64LE(BigInt(header.length), 20);
  bytes.writeUInt32LE(crc32(header), 28);
  bytes.writeUInt32LE(crc32(bytes.subarray(12)), 8); // of the three above
  return bytes;
}

/** The header as it is stored, or its first `most` bytes; undefined where there is none, or not all of it. 7zFormat.txt: 12 - its offset, from 32 on; 20 - its size. */
export function storedHeader(segments: readonly Segment[], most: number): Uint8Array | undefined {
  const start = Buffer.alloc(START_HEADER_BYTES);
  if (readSegments(segments, start, 0) < start.length) return undefined;
  const position = START_HEADER_BYTES + Number(start.readBigUInt64LE(12));
  const header = Buffer.alloc(Math.min(Number(start.readBigUInt64LE(20)), most));
  if (!Number.isSafeInteger(position) || readSegments(segments, header, position) < header.length) return undefined;
  return header;
}
