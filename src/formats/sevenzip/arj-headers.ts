/**
 * Whether the headers of an ARJ archive are intact up to its end: 7-Zip takes one that is damaged for the end.
 * Headers are as in ARJ's own "technote" (Robert K. Jung, 1993): 60 EA, size of the basic header, basic header, its
 * CRC-32; extended headers, each with its size in front and its CRC-32 behind, the last of size 0. A basic header of
 * size 0 ends the archive.
 */
import { crc32 } from "../../bytes/crc32.ts";
import { readSegments, sizeOf } from "../../bytes/segments.ts";
import type { Segment, SolidSource } from "../contract.ts";
import { damaged, noEnd } from "./damage.ts";

const MAGIC = 0x60ea;
const SMALLEST = 30;
const LARGEST = 2600;
/** In the basic header: the size of the data behind the headers. */
const COMPRESSED_SIZE = 12;

/**
 * Throws BAD_HEADER for a header that is damaged, TRUNCATED when the archive ends without an end mark. Data that is cut
 * is left to the engine: it tells of that entry, and gives those before it.
 */
export function assertArjEnds({ segments }: SolidSource): void {
  const size = sizeOf(segments);
  let isMain = true; // the archive's own header, which no data follows
  for (let position = 0; position <= size; isMain = false) {
    if (bytesAt(segments, position, 2).readUInt16BE(0) !== MAGIC) throw damaged(position, "other bytes than 60 EA");
    const header = checked(segments, position + 2);
    if (header.length === 0 && !isMain) return;
    if (header.length < SMALLEST || header.length > LARGEST) throw damaged(position, `a header of ${header.length} bytes`);
    position += 2 + 2 + header.length + 4;
    for (let isLast = false; !isLast; ) {
      const extended = checked(segments, position);
      isLast = extended.length === 0;
      position += 2 + (isLast ? 0 : extended.length + 4);
    }
    if (!isMain) position += header.readUInt32LE(COMPRESSED_SIZE);
  }
}

/** A header whose size is at `position`, without size and checksum. */
function checked(segments: readonly Segment[], position: number): Buffer {
  const length = bytesAt(segments, position, 2).readUInt16LE(0);
  if (length === 0) return Buffer.alloc(0);
  const found = bytesAt(segments, position + 2, length + 4);
  const header = found.subarray(0, length);
  if (crc32(header) !== found.readUInt32LE(length)) throw damaged(position, "another checksum");
  return header;
}

function bytesAt(segments: readonly Segment[], position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  if (readSegments(segments, bytes, position) < length) throw noEnd();
  return bytes;
}
