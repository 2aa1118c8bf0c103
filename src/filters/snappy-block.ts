/** One block of raw snappy (format_description.txt): its size, then literals and matches. */
import { copyLiterals, copyMatch } from "../bytes/lz-copy.ts";
import { checkSize, damaged } from "./framing.ts";

/** Decodes `block` to at most `out.length` bytes and returns how many; throws BAD_DATA, or BAD_SIZE where it is not as long as it says. */
export function decodeSnappyBlock(block: Uint8Array, out: Uint8Array, what: string): number {
  const end = block.length;
  let from = 0;
  let to = 0;
  let size = 0;
  // 7 bits a byte, the lowest first. Three bytes cover all that a chunk may hold.
  for (let shift = 0; ; shift += 7) {
    if (from === end || shift > 14) throw damaged(what, "the size of a block has no end");
    const byte = block[from++]!;
    size |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  if (size > out.length) throw damaged(what, "a block holds more than it may");
  while (from < end) {
    const tag = block[from++]!;
    const kind = tag & 3;
    // Bytes that follow the tag: 60 to 63 of a literal are 1 to 4 of them; a match has 1, 2 or 4.
    const extra = kind === 0 ? (tag < 240 ? 0 : (tag >>> 2) - 59) : kind === 3 ? 4 : kind;
    if (extra > end - from) throw damaged(what, "a block ends within an element");
    let value = 0;
    if (extra > 0) value = block[from]!;
    if (extra > 1) value |= block[from + 1]! << 8;
    for (let at = 2; at < extra; at++) value += block[from + at]! * 2 ** (8 * at); // beyond 31 bits: no shift
    from += extra;
    if (kind === 0) {
      const length = 1 + (extra === 0 ? tag >>> 2 : value);
      if (length > end - from) throw damaged(what, "a block has fewer literals than it says");
      if (length > size - to) throw damaged(what, "a block holds more than it may");
      to = copyLiterals(block, from, out, to, length);
      from += length;
    } else {
      const length = kind === 1 ? 4 + ((tag >>> 2) & 7) : 1 + (tag >>> 2);
      const distance = kind === 1 ? value + ((tag >>> 5) << 8) : value;
      if (distance === 0 || distance > to) throw damaged(what, "a match reaches back to before the data");
      if (length > size - to) throw damaged(what, "a block holds more than it may");
      to = copyMatch(out, to, distance, length);
    }
  }
  checkSize(what, size, to);
  return size;
}
