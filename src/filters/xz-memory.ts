/** What the blocks of xz say of themselves that is needed before a decoder sees them. Sections are those of https://tukaani.org/xz/xz-file-format.txt. */
/** Bytes of the check behind each block, by the low half of the second flag byte (2.1.1.2). */
export const CHECK_BYTES = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];
const LZMA2 = 0x21;

/** Bytes of the LZMA2 dictionary that a block header, without its size byte, asks for (3.1, 5.3.1); 0 where it has no LZMA2. */
export function dictionaryOf(header: Uint8Array): number {
  let at = 1;
  let most = 0;
  const number = (): number => {
    let value = 0;
    for (let shift = 0; shift < 63; shift += 7) {
      const byte = header[at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    return value;
  };
  const flags = header[0] ?? 0;
  if ((flags & 0x40) !== 0) number(); // compressed size
  if ((flags & 0x80) !== 0) number(); // uncompressed size
  for (let filter = 0; filter <= (flags & 3) && at < header.length; filter++) {
    const id = number();
    const length = number();
    if (id === LZMA2) {
      const bits = header[at] ?? 0;
      most = Math.max(most, bits >= 40 ? 2 ** 32 - 1 : (2 | (bits & 1)) * 2 ** (Math.floor(bits / 2) + 11));
    }
    at += length;
  }
  return most;
}
