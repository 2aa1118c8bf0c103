/** lh4 to lh7 and lhx: LZ77 whose tokens are coded in blocks, each with codes of its own in front (ar002, "Huffman coding of the codes"). */
import { UnzipxError } from "../../errors.ts";
import type { Bits } from "./bits.ts";
import { LONGEST, PrefixCode } from "./prefix-code.ts";
import { MATCH, SHORTEST_MATCH, type Tokens } from "./tokens.ts";

/** 256 bytes, and matches of 3 to 256 bytes. */
const TOKENS = 256 + 256 - SHORTEST_MATCH + 1;
/** Lengths 1 to 16 of the tokens' codes, and three numbers for runs of symbols that are not used. */
const LENGTHS = 2 + LONGEST + 1;
/** Position codes of the largest window, that of lhx: one for each number of bits, and 0. */
const MOST_POSITIONS = 20;

export class StaticHuffman implements Tokens {
  readonly #bits: Bits;
  /** One for every number of bits that a distance may have, and for the distance 1. */
  readonly #positionCodes: number;
  /** Bits that say how many of these are listed. */
  readonly #positionCountBits: number;
  readonly #lengths = new PrefixCode(LENGTHS);
  readonly #tokens = new PrefixCode(TOKENS);
  readonly #positions = new PrefixCode(MOST_POSITIONS);
  /** Tokens that the block still has. */
  #left = 0;
  distance = 0;

  /** @param windowBits how far back a match may lie, as a power of two */
  constructor(bits: Bits, windowBits: number, positionCountBits: number) {
    this.#bits = bits;
    this.#positionCodes = windowBits + 1;
    this.#positionCountBits = positionCountBits;
  }

  next(): number {
    if (this.#left === 0) this.#readBlock();
    this.#left--;
    const token = this.#tokens.next(this.#bits);
    if (token < MATCH) return token;
    const bitsOfPosition = this.#positions.next(this.#bits);
    // The highest bit is always 1, and left out. The largest distance has 18 more, which is more than take() gives.
    if (bitsOfPosition < 2) this.distance = bitsOfPosition + 1;
    else {
      const low = bitsOfPosition - 1;
      const high = low > 16 ? this.#bits.take(low - 16) << 16 : 0;
      this.distance = 2 ** low + (high | this.#bits.take(Math.min(low, 16))) + 1;
    }
    return token + SHORTEST_MATCH;
  }

  #readBlock(): void {
    this.#left = this.#bits.take(16);
    if (this.#left === 0) throw new UnzipxError("BAD_DATA", "Cannot extract an entry: a block of its packed data is empty");
    this.#readShortLengths(this.#lengths, LENGTHS, 5, true);
    this.#readTokenLengths();
    this.#readShortLengths(this.#positions, this.#positionCodes, this.#positionCountBits, false);
  }

  /** Lengths as they are: 3 bits, and a 1 for each that is more than 7. After three of the lengths of lengths, 2 bits tell how many are left out. */
  #readShortLengths(code: PrefixCode, symbols: number, countBits: number, hasGap: boolean): void {
    const bits = this.#bits;
    const count = bits.take(countBits);
    if (count > symbols) throw badTable();
    if (count === 0) {
      const symbol = bits.take(countBits);
      if (symbol >= symbols) throw badTable();
      code.buildSingle(symbol);
      return;
    }
    const lengths = new Uint8Array(symbols);
    for (let i = 0; i < count;) {
      let length = bits.take(3);
      if (length === 7) while (bits.take(1) === 1) if (++length > LONGEST) throw badTable();
      lengths[i++] = length;
      if (hasGap && i === 3) i += bits.take(2);
    }
    code.build(lengths);
  }

  /** The lengths of the tokens' codes, in a code of their own. */
  #readTokenLengths(): void {
    const bits = this.#bits;
    const count = bits.take(9);
    if (count > TOKENS) throw badTable();
    if (count === 0) {
      const symbol = bits.take(9);
      if (symbol >= TOKENS) throw badTable();
      this.#tokens.buildSingle(symbol);
      return;
    }
    const lengths = new Uint8Array(TOKENS);
    for (let i = 0; i < count;) {
      const number = this.#lengths.next(bits);
      // 0, 1 and 2: one symbol that is not used, 3 to 18, or 20 to 531.
      if (number === 0) i += 1;
      else if (number === 1) i += 3 + bits.take(4);
      else if (number === 2) i += 20 + bits.take(9);
      else lengths[i++] = number - 2;
      if (i > TOKENS) throw badTable();
    }
    this.#tokens.build(lengths);
  }
}

function badTable(): UnzipxError {
  return new UnzipxError("BAD_DATA", "Cannot extract an entry: a table of codes in its packed data is not possible");
}
