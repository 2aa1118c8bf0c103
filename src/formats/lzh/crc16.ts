/** CRC-16 with the reversed polynomial 0xA001 (x^16 + x^15 + x^2 + 1), begun at 0: that of ARC, and so of LHA's contents and headers. */
import { crcTable } from "../../bytes/crc-table.ts";

let table: Int32Array | undefined;

/** The sum of `bytes`, going on from that of what stood before them. */
export function crc16(bytes: Uint8Array, start = 0): number {
  const sums = (table ??= crcTable(0xa001));
  let crc = start;
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ sums[(crc ^ bytes[i]!) & 0xff]!;
  return crc;
}
