/** Bits of bzip2: marks at any bit, and checksums. The format has no paper; this is as bzip2(1) reads it (decompress.c). */

/** Digits of pi in front of a block, of its square root behind the last one; then 32 bits of checksum. */
export const BLOCK_MARK = 0x314159265359;
export const END_MARK = 0x177245385090;
export const MARK_BITS = 48;
export const CHECKSUM_BITS = 32;

/** Up to 48 bits, the highest first. */
export function bitsAt(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let bit = at; bit < at + count; ) {
    const here = Math.min(8 - (bit % 8), at + count - bit);
    value = value * 2 ** here + ((bytes[bit >>> 3]! >>> (8 - (bit % 8) - here)) & ((1 << here) - 1));
    bit += here;
  }
  return value;
}

/** For the third byte that a mark touches, and for the one before it: the numbers of bits (as a set) that the mark may have in front of the byte before that. */
const THIRD = shiftsBy(24);
const SECOND = shiftsBy(32);

function shiftsBy(below: number): Uint8Array {
  const shifts = new Uint8Array(256);
  for (const mark of [BLOCK_MARK, END_MARK]) {
    for (let shift = 0; shift < 8; shift++) shifts[Math.floor(mark / 2 ** (below - shift)) % 256]! |= 1 << shift;
  }
  return shifts;
}

/** The first mark that begins at bit `from` or behind it, and lies in front of byte `end`; undefined: there is none. */
export function nextMark(bytes: Uint8Array, from: number, end: number): { at: number; isEnd: boolean } | undefined {
  for (let byte = (from >>> 3) + 2; byte < end; byte++) {
    const shifts = THIRD[bytes[byte]!]! & SECOND[bytes[byte - 1]!]!;
    if (shifts === 0) continue;
    for (let shift = 7; shift >= 0; shift--) { // who has more bits in front begins first
      const at = (byte - 2) * 8 - shift;
      if ((shifts & (1 << shift)) === 0 || at < from || at + MARK_BITS > end * 8) continue;
      const found = bitsAt(bytes, at, MARK_BITS);
      if (found === BLOCK_MARK || found === END_MARK) return { at, isEnd: found === END_MARK };
    }
  }
  return undefined;
}

/** The checksum of a stream, with one more block. */
export function withBlock(sum: number, block: number): number {
  return ((sum << 1) | (sum >>> 31)) ^ block;
}
