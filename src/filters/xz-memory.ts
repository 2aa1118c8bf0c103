/** The memory that a block of xz needs, before a decoder sees it. Sections are those of https://tukaani.org/xz/xz-file-format.txt. */
import { dictionaryOf as dictionaryOfLzma2 } from "../lzma/properties.ts";
import { LZMA2 } from "../lzma/xz-format.ts";

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
    if (id === LZMA2) most = Math.max(most, dictionaryOfLzma2(Uint8Array.of(header[at] ?? 0)) ?? 2 ** 32 - 1); // as much as there can be where nobody knows
    at += length;
  }
  return most;
}
