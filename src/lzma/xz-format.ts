/** What an xz file is made of around its blocks. Sections are those of https://tukaani.org/xz/xz-file-format.txt. */
import { crc32 } from "../bytes/crc32.ts";
import { XZ_MAGIC } from "./magic.ts";

/** Bytes of a stream's header and of its footer (2.1.1, 2.1.2). */
export const HEADER = 12;
export const FOOTER = 12;
/** The filter (5.3.1). */
export const LZMA2 = 0x21;
/** Bytes of the check behind each block, by the low half of the second flag byte (2.1.1.2). */
export const CHECK_BYTES: readonly number[] = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];

/** 2.1.1: magic, two bytes of flags, their CRC-32. */
export function isHeader(bytes: Uint8Array): boolean {
  return bytes.length === HEADER && XZ_MAGIC.every((byte, i) => bytes[i] === byte) && Buffer.from(bytes).readUInt32LE(8) === crc32(bytes.subarray(6, 8));
}

/** 1.2: seven bits in each byte, the lowest first. */
export function numberOf(value: number): Uint8Array {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) | 0x80);
  return Uint8Array.from([...bytes, value]);
}

/** Bytes of an index (4): a zero, the number of records, `size` bytes of records, padding to a multiple of four, CRC-32. */
export function indexSizeOf(count: number, size: number): number {
  return Math.ceil((1 + numberOf(count).length + size) / 4) * 4 + 4;
}

/** `sum`: the CRC-32 of what is in front of the padding. */
export function endOfIndex(padding: number, sum: number): Buffer {
  const end = Buffer.alloc(padding + 4);
  end.writeUInt32LE(crc32(end.subarray(0, padding), sum), padding);
  return end;
}

/** The index of `count` records, and the footer of the stream with this header. */
export function indexOf(count: number, records: Uint8Array, header: Uint8Array): Buffer {
  const start = Buffer.concat([Uint8Array.of(0), numberOf(count), records]);
  const size = indexSizeOf(count, records.length);
  return Buffer.concat([start, endOfIndex(size - start.length - 4, crc32(start)), footerOf(size, header)]);
}

/** CRC-32 of the next two fields; size of the index in fours, less one; the flags of the header; magic. */
export function footerOf(indexSize: number, header: Uint8Array): Buffer {
  const footer = Buffer.alloc(FOOTER);
  footer.writeUInt32LE(indexSize / 4 - 1, 4);
  footer.set(header.subarray(6, 8), 8);
  footer.writeUInt32LE(crc32(footer.subarray(4, 10)), 0);
  footer.set([0x59, 0x5a], 10); // "YZ"
  return footer;
}
