/** What each byte does to a checksum of up to 32 bits, with a polynomial whose bits are reversed. To be made when it is needed, since every run loads some of those who need one. */
export function crcTable(polynomial: number): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) !== 0 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    return crc;
  });
}
