/** bzip2 data bit by bit: files that no program writes. */

const BLOCK_MARK = 0x314159265359;
const END_MARK = 0x177245385090;
/** Of a stream's first block: behind "BZh9" and the mark. */
const SUM_AT = 32 + 48;

/** Bits one behind the other, the highest first. */
export class Bits {
  readonly #bytes: number[] = [];
  length = 0;

  add(value: number, count: number): this {
    for (let bit = count - 1; bit >= 0; bit--, this.length++) {
      if (this.length % 8 === 0) this.#bytes.push(0);
      if (Math.floor(value / 2 ** bit) % 2 === 1) this.#bytes[this.#bytes.length - 1]! |= 0x80 >>> (this.length % 8);
    }
    return this;
  }

  all(other: Bits): this {
    for (let bit = 0; bit < other.length; bit++) this.add(other.at(bit), 1);
    return this;
  }

  at(bit: number): number {
    return (this.#bytes[bit >>> 3]! >>> (7 - (bit % 8))) & 1;
  }

  bytes(): Buffer {
    return Buffer.from(this.#bytes);
  }
}

export interface Crafted {
  readonly level?: number;
  readonly randomised?: boolean;
  readonly origin?: number;
  /** Selectors more than are needed. */
  readonly surplus?: number;
}

/** 258 symbols have codes of 8 bits, but for the last four: 9. So any bits are symbols, and 0x1ff is the end. */
const LONGEST = 4;

/** A block whose symbols are `symbols`, as bits: it may hold what is no mark. Its checksum is 0. */
export function blockOf(symbols: Bits, { randomised = false, origin = 0, surplus = 0 }: Crafted = {}): Bits {
  let count = 1;
  const rest = new Bits().all(symbols);
  // The codes run on to the end of one, which must not be the symbol of the end.
  let at = 0;
  for (; at < symbols.length; count++) {
    while (rest.length < at + 9) rest.add(0, 1);
    const isLong = [0, 1, 2, 3, 4, 5, 6].every((bit) => rest.at(at + bit) === 1);
    at += isLong ? 9 : 8;
  }
  const selectors = Math.ceil(count / 50) + surplus;
  const bits = new Bits().add(BLOCK_MARK, 48).add(0, 32).add(randomised ? 1 : 0, 1).add(origin, 24);
  bits.add(0xffff, 16);
  for (let row = 0; row < 16; row++) bits.add(0xffff, 16);
  bits.add(2, 3).add(selectors, 15).add(0, Math.min(selectors, 18_002));
  for (let i = 18_002; i < selectors; i++) bits.add(0, 1);
  for (let table = 0; table < 2; table++) {
    bits.add(8, 5);
    for (let symbol = 0; symbol < 258; symbol++) {
      if (symbol === 258 - LONGEST) bits.add(0b10, 2);
      bits.add(0, 1);
    }
  }
  for (let bit = 0; bit < at; bit++) bits.add(rest.at(bit), 1);
  return bits.add(0x1ff, 9);
}

/** For blockOfLongCodes(): the place of each byte that moves to the front, from 1 on. */
export const LONG_CODE_PLACES = 18;

/** A block whose codes are from 1 to 20 bits long: 19 bytes, which are moved to the front from these places one by one. The farther away, the longer the code. */
export function blockOfLongCodes(places: readonly number[]): Bits {
  const selectors = Math.ceil((places.length + 1) / 50);
  const bits = new Bits().add(BLOCK_MARK, 48).add(0, 32).add(0, 1).add(0, 24);
  bits.add(0xc000, 16).add(0xffff, 16).add(0xe000, 16);
  bits.add(2, 3).add(selectors, 15).add(0, selectors);
  for (let table = 0; table < 2; table++) {
    bits.add(1, 5).add(0, 1);
    for (let symbol = 1; symbol < 20; symbol++) bits.add(0b100, 3);
    bits.add(0, 1);
  }
  // Of the symbols 0 and 1 runs are made, and that at place n is n + 1: as many ones, and a zero.
  for (const place of places) bits.add(2 ** (place + 2) - 2, place + 2);
  return bits.add(2 ** 20 - 1, 20);
}

/** Streams of these blocks; their checksums are found by `sumOf`, which is shown a stream of one block and tells what it found. */
export async function streamOf(blocks: readonly Bits[], level: number, sumOf: (stream: Buffer) => Promise<number>): Promise<Buffer> {
  const bits = new Bits().add(0x425a6830 + level, 32);
  let all = 0;
  for (const block of blocks) {
    const sum = await sumOf(new Bits().add(0x425a6830 + level, 32).all(block).add(END_MARK, 48).add(0, 32).bytes());
    bits.add(BLOCK_MARK, 48).add(sum, 32);
    for (let bit = 80; bit < block.length; bit++) bits.add(block.at(bit), 1);
    all = (((all << 1) | (all >>> 31)) ^ sum) >>> 0;
  }
  return bits.add(END_MARK, 48).add(all, 32).bytes();
}

/** A stream of one block, with the checksum `sum`. */
export function withSum(stream: Uint8Array, sum: number): Buffer {
  const changed = Buffer.from(stream);
  changed.writeUInt32BE(sum, SUM_AT / 8);
  for (let at = changed.length * 8 - 80; at > changed.length * 8 - 88; at--) {
    if (bitsOf(changed, at, 48) === END_MARK) return setBits(changed, at + 48, 32, sum);
  }
  throw new Error("no end");
}

/** Sets the flag of a stream's first block. */
export function randomised(stream: Uint8Array): Buffer {
  return setBits(Buffer.from(stream), SUM_AT + 32, 1, 1);
}

function bitsOf(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let bit = at; bit < at + count; bit++) value = value * 2 + ((bytes[bit >>> 3]! >>> (7 - (bit % 8))) & 1);
  return value;
}

function setBits(bytes: Buffer, at: number, count: number, value: number): Buffer {
  for (let i = 0; i < count; i++) {
    const mask = 0x80 >>> ((at + i) % 8);
    const isOne = Math.floor(value / 2 ** (count - 1 - i)) % 2 === 1;
    bytes[(at + i) >>> 3] = isOne ? bytes[(at + i) >>> 3]! | mask : bytes[(at + i) >>> 3]! & ~mask;
  }
  return bytes;
}
