/**
 * ARJ's "garbling": every byte is XORed with one of the password, which keeps out nobody but is found in archives. 7-Zip
 * does not know it, so it is shown the archive without.
 * Headers are as in ARJ's own "technote" (Robert K. Jung, 1993).
 */
import { crc32 } from "../../bytes/crc32.ts";
import { readSegments, sizeOf } from "../../bytes/segments.ts";
import { UnzipxError } from "../../errors.ts";
import type { Segment, SolidSource } from "../contract.ts";

const HEADER_MAX = 2600;
const GARBLED = 0x01;
/** The ungarbled data of all entries is held in memory. */
const MOST = 256 * 1024 * 1024;

/** The same archive with its garbled entries in the clear, if the password is right. */
export function ungarble(source: SolidSource, password: string): SolidSource {
  const key = Buffer.from(password, "utf8");
  const segments: Segment[] = [];
  const size = sizeOf(source.segments);
  const block = Buffer.alloc(HEADER_MAX + 8);
  let held = 0;
  let isMain = true;
  for (let position = 0; position < size; isMain = false) {
    const found = block.subarray(0, readSegments(source.segments, block, position));
    // 0 - 60 EA; 2 - size of the basic header, 0 at the end; 4 - basic header; its CRC-32; extended headers
    const length = found.length < 4 || found.readUInt16BE(0) !== 0x60ea ? 0 : found.readUInt16LE(2);
    if (length < 30 || length > HEADER_MAX || found.length < 4 + length + 4) {
      segments.push({ bytes: slice(source, position, size - position) }); // the end, which the engine judges
      break;
    }
    const header = new Uint8Array(found.subarray(0, 4 + length + 4));
    const view = new DataView(header.buffer);
    // In the basic header: 4 - flags; 7 - what is added to each byte of the password; 12 - compressed size
    const flags = header[4 + 4]!;
    const modifier = header[4 + 7]!;
    const extended = extendedBytes(source, position + header.length);
    const packed = isMain ? 0 : view.getUint32(4 + 12, true);
    held += extended + packed;
    if (held > MOST) throw new UnzipxError("UNSUPPORTED_METHOD", "Cannot read the archive: there is more garbled data than fits into memory", { expected: `at most ${MOST} bytes` });
    const data = slice(source, position + header.length, extended + packed);
    if (!isMain && (flags & GARBLED) !== 0) {
      header[4 + 4] = flags & ~GARBLED;
      view.setUint32(4 + length, crc32(header.subarray(4, 4 + length)), true);
      for (let i = extended; i < data.length && key.length > 0; i++) data[i]! ^= (modifier + key[(i - extended) % key.length]!) & 0xff;
    }
    segments.push({ bytes: header }, { bytes: data });
    position += header.length + extended + packed;
  }
  return { ...source, segments };
}

/** Extended headers: each with its size in front and its CRC-32 behind, the last of size 0. */
function extendedBytes(source: SolidSource, position: number): number {
  const field = Buffer.alloc(2);
  for (let length = 0; ; ) {
    if (readSegments(source.segments, field, position + length) < 2) return length;
    const size = field.readUInt16LE(0);
    length += size === 0 ? 2 : 2 + size + 4;
    if (size === 0) return length;
  }
}

function slice(source: SolidSource, position: number, length: number): Uint8Array {
  const bytes = new Uint8Array(Math.min(length, MOST));
  return bytes.subarray(0, readSegments(source.segments, bytes, position));
}
