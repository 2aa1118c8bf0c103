/** lh3: the tokens of lh2, coded in blocks; what came between it and lh5, and few programs ever wrote. */
import { UnzipxError } from "../../errors.ts";
import { EXTRA_BITS, fixedLengths, LOW_BITS, POSITIONS, TOKENS } from "./adaptive-huffman.ts";
import type { Bits } from "./bits.ts";
import { PrefixCode } from "./prefix-code.ts";
import { MATCH, SHORTEST_MATCH, type Tokens } from "./tokens.ts";

/** Where a block brings no code for distances: lengths 2 to 9. */
const USUAL_POSITIONS = fixedLengths([1, 0, 2, 3, 7, 18, 47, 50], 2);

export class Lh3 implements Tokens {
  readonly #bits: Bits;
  readonly #tokens = new PrefixCode(TOKENS);
  readonly #positions = new PrefixCode(POSITIONS);
  /** Tokens that the block still has. */
  #left = 0;
  distance = 0;

  constructor(bits: Bits) {
    this.#bits = bits;
  }

  next(): number {
    const bits = this.#bits;
    if (this.#left === 0) this.#readBlock();
    this.#left--;
    const token = this.#tokens.next(bits);
    if (token < MATCH) return token;
    const length = token === TOKENS - 1 ? token + bits.take(EXTRA_BITS) : token;
    this.distance = (this.#positions.next(bits) << LOW_BITS) + bits.take(LOW_BITS) + 1;
    return length + SHORTEST_MATCH;
  }

  #readBlock(): void {
    const bits = this.#bits;
    this.#left = bits.take(16);
    if (this.#left === 0) throw new UnzipxError("BAD_DATA", "Cannot extract an entry: a block of its packed data is empty");
    // A bit whether a token is used at all, then its length less 1. Distances have the length itself.
    this.#readCode(this.#tokens, TOKENS, 9, () => (bits.take(1) === 0 ? 0 : bits.take(4) + 1));
    if (bits.take(1) === 0) this.#positions.build(USUAL_POSITIONS);
    else this.#readCode(this.#positions, POSITIONS, 7, () => bits.take(4));
  }

  /** Three codes of length 1, which is one too many, announce that there is one symbol only. */
  #readCode(code: PrefixCode, symbols: number, symbolBits: number, nextLength: () => number): void {
    const lengths = new Uint8Array(symbols);
    for (let i = 0; i < symbols; i++) {
      lengths[i] = nextLength();
      if (i !== 2 || lengths[0] !== 1 || lengths[1] !== 1 || lengths[2] !== 1) continue;
      const symbol = this.#bits.take(symbolBits);
      if (symbol >= symbols) throw new UnzipxError("BAD_DATA", "Cannot extract an entry: a table of codes in its packed data is not possible");
      code.buildSingle(symbol);
      return;
    }
    code.build(lengths);
  }
}
