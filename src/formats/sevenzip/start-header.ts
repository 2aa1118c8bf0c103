/** The first bytes of a 7z: where its header lies, which is at the end. */
import { crc32 } from "../../bytes/crc32.ts";
import { readSegments } from "../../bytes/segments.ts";
import type { Segment } from "../contract.ts";

export const START_HEADER_BYTES = 32;
/** What is written can be read since 7-Zip 9.04; all versions of the format bear these two numbers. */
const VERSION = [0, 4] as const;

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

export interface StoredHeader {
  readonly bytes: Uint8Array;
  /** Counted from the end of the start header. */
  readonly offset: number;
  /** It is whole, the start header has a version that is known, and both their checksums match. */
  readonly isSound: boolean;
}

/** The header as it is stored, or its first `most` bytes; undefined where there is none, or not all of it. 7zFormat.txt: 6 - version; 8 - checksum of what follows; 12 - the header's offset, from 32 on; 20 - its size; 28 - its checksum. */
export function storedHeader(segments: readonly Segment[], most: number): StoredHeader | undefined {
  const start = Buffer.alloc(START_HEADER_BYTES);
  if (readSegments(segments, start, 0) < start.length) return undefined;
  const [offset, size] = [Number(start.readBigUInt64LE(12)), Number(start.readBigUInt64LE(20))];
  const bytes = Buffer.alloc(Math.min(size, most));
  if (!Number.isSafeInteger(START_HEADER_BYTES + offset) || readSegments(segments, bytes, START_HEADER_BYTES + offset) < bytes.length) return undefined;
  const isSound = size <= most && start[6] === VERSION[0] && start[7]! <= VERSION[1]! && crc32(start.subarray(12)) === start.readUInt32LE(8) && crc32(bytes) === start.readUInt32LE(28);
  return { bytes, offset, isSound };
}
