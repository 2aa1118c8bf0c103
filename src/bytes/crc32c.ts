/** CRC-32C (Castagnoli), the checksum of snappy frames: RFC 3720, appendix B.4. */
import { crcTable } from "./crc-table.ts";

/** The polynomial 0x1edc6f41, bits reversed. */
const POLYNOMIAL = 0x82f63b78;

/** TABLES[k · 256 + byte]: what `byte` does to the sum from k bytes further on, so that four bytes go in one step. */
const TABLES: Int32Array = (() => {
  const tables = new Int32Array(4 * 256);
  tables.set(crcTable(POLYNOMIAL));
  for (let at = 256; at < tables.length; at++) {
    const before = tables[at - 256]!;
    tables[at] = (before >>> 8) ^ tables[before & 0xff]!;
  }
  return tables;
})();

export function crc32c(bytes: Uint8Array): number {
  const T = TABLES;
  let crc = -1;
  let at = 0;
  for (const end = bytes.length - 3; at < end; at += 4) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc = T[768 + (crc & 0xff)]! ^ T[512 + ((crc >>> 8) & 0xff)]! ^ T[256 + ((crc >>> 16) & 0xff)]! ^ T[crc >>> 24]!;
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ T[(crc ^ bytes[at]!) & 0xff]!;
  return ~crc >>> 0;
}
