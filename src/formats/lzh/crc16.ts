/** CRC-16 with the reversed polynomial 0xA001 (x^16 + x^15 + x^2 + 1), begun at 0: that of ARC, and so of LHA's contents and headers. */

/** Of each byte; made when it is needed, since every run loads this file. */
let table: Uint16Array | undefined;

function makeTable(): Uint16Array {
  return Uint16Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ 0xa001;
    return crc;
  });
}

/** The sum of `bytes`, going on from that of what stood before them. */
export function crc16(bytes: Uint8Array, start = 0): number {
  const sums = (table ??= makeTable());
  let crc = start;
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ sums[(crc ^ bytes[i]!) & 0xff]!;
  return crc;
}
