/** What stands in front of the symbols of a bzip2 block: which bytes there are, and the codes. As bzip2(1) 1.0.8 reads it (decompress.c). */
import type { UnzipxError } from "../errors.ts";
import { damaged, truncated } from "./framing.ts";

export const WHAT = "the bzip2 data";
/** Bytes of memory behind the data of a block: what is read there is told before it is used. */
export const SLACK = 256;
export const LONGEST_CODE = 20;
/** Codes of up to so many bits are looked up at once. */
export const LOOKUP_BITS = 10;
/** The lengths of codes, with 0. */
export const LENGTHS = LONGEST_CODE + 1;
/** 256 bytes, of which the first is written as runs of two symbols, and the end. */
export const MOST_SYMBOLS = 258;

const LEAST_CODES = 2;
const MOST_CODES = 6;
/** For the 900,000 symbols of a block, 50 with one code, and two to spare. bzip2 ignores further ones, since there are encoders that write them. */
const MOST_SELECTORS = 18_002;

export interface BlockHeader {
  /** CRC of the content. */
  readonly sum: number;
  readonly isRandomised: boolean;
  /** Which one of the sorted rotations the text is. */
  readonly origin: number;
  /** The symbol of the end. */
  readonly last: number;
  readonly selectorCount: number;
  /** Where the symbols begin, in bits. */
  readonly at: number;
}

/** The codes of one block; the next one gets the same memory. */
export class Codes {
  /** For each code, by the next LOOKUP_BITS: a symbol, and in the lowest five bits its length; 0: the code is longer, or none. */
  readonly lookup = new Uint16Array(MOST_CODES << LOOKUP_BITS);
  /** For each code, by length: from there on, as a number of so many bits, codes are longer. */
  readonly limits = new Int32Array(MOST_CODES * LENGTHS);
  /** For each code, by length: what is to be added for the place in `symbols`. */
  readonly offsets = new Int32Array(MOST_CODES * LENGTHS);
  /** For each code: from the shortest to the longest. */
  readonly symbols = new Uint16Array(MOST_CODES * MOST_SYMBOLS);
  /** The code of each 50 symbols. */
  readonly selectors = new Uint8Array(MOST_SELECTORS);
  /** The bytes that there are. */
  readonly order = new Uint8Array(256);
  readonly #lengths = new Uint8Array(MOST_SYMBOLS);

  /** Reads on behind a block's mark, at bit `at`; the data ends in front of byte `end`. */
  read(bytes: Uint8Array, at: number, end: number): BlockHeader {
    const bits = new HeaderBits(bytes, at, end);
    const sum = ((bits.take(16) << 16) | bits.take(16)) >>> 0;
    const isRandomised = bits.take(1) === 1;
    const origin = bits.take(24);
    const used = this.#readOrder(bits);
    const count = bits.take(3);
    if (count < LEAST_CODES || count > MOST_CODES) throw bits.fail("it has an impossible number of codes");
    const selectorCount = this.#readSelectors(bits, count);
    for (let code = 0; code < count; code++) {
      this.#readLengths(bits, used + 2);
      this.#build(code, used + 2);
    }
    bits.check();
    return { sum, isRandomised, origin, last: used + 1, selectorCount, at: bits.at };
  }

  /** Which rows of 16 bytes there are, and which bytes of those. */
  #readOrder(bits: HeaderBits): number {
    const rows = bits.take(16);
    let used = 0;
    for (let row = 0; row < 16; row++) {
      if ((rows & (0x8000 >>> row)) === 0) continue;
      const columns = bits.take(16);
      for (let column = 0; column < 16; column++) if ((columns & (0x8000 >>> column)) !== 0) this.order[used++] = row * 16 + column;
    }
    if (used === 0) throw bits.fail("a block has no bytes at all");
    return used;
  }

  #readSelectors(bits: HeaderBits, count: number): number {
    const written = bits.take(15);
    if (written === 0) throw bits.fail("a block chooses no code");
    const order = [0, 1, 2, 3, 4, 5];
    for (let i = 0; i < written; i++) {
      const place = bits.ones();
      if (place >= count) throw bits.fail("a block chooses a code that it does not have");
      const code = order[place]!;
      for (let k = place; k > 0; k--) order[k] = order[k - 1]!; // moved to the front
      order[0] = code;
      if (i < MOST_SELECTORS) this.selectors[i] = code;
    }
    return Math.min(written, MOST_SELECTORS);
  }

  /** The first one in five bits; from one to the next by steps. */
  #readLengths(bits: HeaderBits, alphabet: number): void {
    let length = bits.take(5);
    for (let symbol = 0; symbol < alphabet; symbol++) {
      for (;;) {
        if (length < 1 || length > LONGEST_CODE) throw bits.fail("a code is longer than codes are");
        if (bits.take(1) === 0) break;
        length += bits.take(1) === 0 ? 1 : -1;
      }
      this.#lengths[symbol] = length;
    }
  }

  /** Nobody demands that the codes make a whole tree: what is none is met by a block that uses it, and of too many the first ones count. */
  #build(code: number, alphabet: number): void {
    const { lookup, limits, offsets, symbols } = this;
    const lengths = this.#lengths;
    const [table, row, list] = [code << LOOKUP_BITS, code * LENGTHS, code * MOST_SYMBOLS];
    lookup.fill(0, table, table + (1 << LOOKUP_BITS));
    let next = 0;
    let count = 0;
    for (let length = 1; length <= LONGEST_CODE; length++) {
      offsets[row + length] = list + count - next;
      for (let symbol = 0; symbol < alphabet; symbol++) {
        if (lengths[symbol] !== length) continue;
        symbols[list + count++] = symbol;
        const first = next++ << (LOOKUP_BITS - length);
        if (length <= LOOKUP_BITS && first < 1 << LOOKUP_BITS) lookup.fill((symbol << 5) | length, table + first, table + first + (1 << (LOOKUP_BITS - length)));
      }
      limits[row + length] = next;
      next <<= 1;
    }
  }
}

/** The highest bit first. */
class HeaderBits {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  at: number;

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.#bytes = bytes;
    this.#end = end * 8;
    this.at = at;
  }

  /** Up to 24. */
  take(count: number): number {
    this.check();
    const value = this.#next() >>> (32 - count);
    this.at += count;
    return value;
  }

  /** How many bits are ones in front of the next zero, which is taken as well; more than there can be codes are as good as any number. */
  ones(): number {
    this.check();
    const count = Math.min(Math.clz32(~this.#next()), MOST_CODES);
    this.at += count + 1;
    return count;
  }

  check(): void {
    if (this.at > this.#end) throw truncated(WHAT);
  }

  fail(state: string): UnzipxError {
    return blockFailure(this.at, this.#end, state);
  }

  /** At least 25 of them count. */
  #next(): number {
    const [bytes, byte] = [this.#bytes, this.at >>> 3];
    return ((bytes[byte]! << 24) | (bytes[byte + 1]! << 16) | (bytes[byte + 2]! << 8) | bytes[byte + 3]!) << (this.at & 7);
  }
}

/** What is read behind the end of the data says nothing of it, but that it is cut off. */
export function blockFailure(at: number, end: number, state: string): UnzipxError {
  return at > end ? truncated(WHAT) : damaged(WHAT, state);
}
