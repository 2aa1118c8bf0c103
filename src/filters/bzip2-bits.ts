/** Bits of bzip2: marks at any bit, checksums, and a block of our own. The format has no paper; this is as bzip2(1) reads it (decompress.c). */

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

/** Bits one behind the other. */
export class Bits {
  readonly #bytes: number[];
  /** Bits so far. */
  length: number;

  /** Goes on behind the first `bits` bits of `byte`. */
  constructor(byte = 0, bits = 0) {
    this.#bytes = bits === 0 ? [] : [byte & (0xff00 >>> bits)];
    this.length = bits;
  }

  add(value: number, count: number): this {
    for (let bit = count - 1; bit >= 0; bit--, this.length++) {
      if (this.length % 8 === 0) this.#bytes.push(0);
      if (Math.floor(value / 2 ** bit) % 2 === 1) this.#bytes[this.#bytes.length - 1]! |= 0x80 >>> (this.length % 8);
    }
    return this;
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

/** Bytes of content that primer() has. */
export const PRIMER_CONTENT = 4;

/**
 * The beginning of a stream whose checksum is `sum` after this, and which has PRIMER_CONTENT bytes of content so far: so a decoder can be
 * sent in the middle of a stream, and verifies the checksum of all of it. It ends `phase` bits behind a whole number of bytes.
 */
export function primer(level: number, sum: number, phase: number): Bits {
  const content = contentOf(sum);
  // Four equal bytes are followed by a number of further ones.
  const text = content.every((byte) => byte === content[0]) ? [...content, 0] : content;
  const rotations = text.map((_, start) => [...text.slice(start), ...text.slice(0, start)]);
  const sorted = [...rotations].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const origin = sorted.findIndex((one) => one.every((byte, i) => byte === text[i]));
  const used = [...new Set(text)].sort((a, b) => a - b);
  const symbols = symbolsOf(sorted.map((one) => one.at(-1)!), used);
  const most = used.length + 1; // the symbol of the end
  const bits = new Bits().add(0x425a6830 + level, 32).add(BLOCK_MARK, MARK_BITS).add(sum >>> 0, CHECKSUM_BITS).add(0, 1).add(origin, 24);
  for (let row = 0; row < 16; row++) bits.add(used.some((byte) => byte >>> 4 === row) ? 1 : 0, 1);
  for (let row = 0; row < 16; row++) {
    if (!used.some((byte) => byte >>> 4 === row)) continue;
    for (let column = 0; column < 16; column++) bits.add(used.includes(row * 16 + column) ? 1 : 0, 1);
  }
  // Two tables, as the format wants at least, and alike. What is still to come has a fixed number of bits, and more selectors than needed do no harm.
  const codes = symbols.map((symbol) => ({ value: symbol === most ? 2 ** most - 1 : 2 ** (symbol + 1) - 2, length: Math.min(symbol + 1, most) }));
  const table = new Bits().add(1, 5);
  for (let symbol = 0, length = 1; symbol <= most; symbol++, table.add(0, 1)) {
    for (; length < Math.min(symbol + 1, most); length++) table.add(0b10, 2);
  }
  const rest = 2 * table.length + codes.reduce((sum, { length }) => sum + length, 0);
  const selectors = 1 + (((phase - (bits.length + 3 + 15 + 1 + rest)) % 8) + 8) % 8;
  bits.add(2, 3).add(selectors, 15).add(0, selectors);
  for (let i = 0; i < 2; i++) bits.add(bitsAt(table.bytes(), 0, table.length), table.length);
  for (const { value, length } of codes) bits.add(value, length);
  return bits;
}

/** Four bytes with this checksum: CRC-32, the highest bit first. It runs backwards as well as forwards. */
function contentOf(sum: number): number[] {
  let state = ~sum;
  for (let bit = 0; bit < 32; bit++) state = (state & 1) === 1 ? ((state ^ 0x04c11db7) >>> 1) | 0x80000000 : state >>> 1;
  const word = (state ^ -1) >>> 0;
  return [word >>> 24, (word >>> 16) & 0xff, (word >>> 8) & 0xff, word & 0xff];
}

/** Moved to the front, runs of zeros as numbers of the digits 1 and 2, the lowest first; the end. */
function symbolsOf(text: readonly number[], used: readonly number[]): number[] {
  const order = [...used];
  const symbols: number[] = [];
  let zeros = 0;
  const flush = (): void => {
    for (; zeros > 0; zeros = (zeros - 1) >>> 1) symbols.push((zeros - 1) & 1);
    zeros = 0;
  };
  for (const byte of text) {
    const at = order.indexOf(byte);
    order.unshift(...order.splice(at, 1));
    if (at === 0) {
      zeros += 1;
      continue;
    }
    flush();
    symbols.push(at + 1);
  }
  flush();
  return [...symbols, used.length + 1];
}
