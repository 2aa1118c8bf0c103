/** lh1 and lh2: LZ77 whose tokens have an adaptive Huffman code (Yoshizaki's LZHUF), and distances whose upper bits have a code, too. */
import { AdaptiveTree } from "./adaptive-tree.ts";
import type { Bits } from "./bits.ts";
import { PrefixCode } from "./prefix-code.ts";
import { MATCH, SHORTEST_MATCH, type Tokens } from "./tokens.ts";

/** Lower bits of a distance, which stand as they are. */
export const LOW_BITS = 6;

/** 256 bytes, and matches of 3 to 60 bytes; a window of 4 KiB. */
export class Lh1 implements Tokens {
  readonly #bits: Bits;
  readonly #tokens = new AdaptiveTree(256 + 60 - SHORTEST_MATCH + 1);
  /** Lengths 3 to 8 of the 4096 / 64 codes; small distances have the short ones. */
  readonly #positions = new PrefixCode(64).build(fixedLengths([1, 3, 8, 12, 24, 16], 3));
  distance = 0;

  constructor(bits: Bits) {
    this.#bits = bits;
  }

  next(): number {
    const token = this.#tokens.next(this.#bits);
    if (token < MATCH) return token;
    this.distance = (this.#positions.next(this.#bits) << LOW_BITS) + this.#bits.take(LOW_BITS) + 1;
    return token + SHORTEST_MATCH;
  }
}

/** The tokens of lh2 and lh3: the last one stands for all matches from 32 bytes on, and 8 bits tell which. */
export const TOKENS = 286;
export const EXTRA_BITS = 8;
/** Of a window of 8 KiB. */
export const POSITIONS = 8192 >>> LOW_BITS;

export class Lh2 implements Tokens {
  readonly #bits: Bits;
  readonly #tokens = new AdaptiveTree(TOKENS);
  /** Grows with the content: a distance that would reach in front of it has no code. */
  readonly #positions = new AdaptiveTree(1, POSITIONS);
  #known = 1;
  distance = 0;

  constructor(bits: Bits) {
    this.#bits = bits;
  }

  next(position: number): number {
    const token = this.#tokens.next(this.#bits);
    if (token < MATCH) return token;
    const length = token === TOKENS - 1 ? token + this.#bits.take(EXTRA_BITS) : token;
    while (this.#known < POSITIONS && position > this.#known << LOW_BITS) this.#positions.add(this.#known++);
    this.distance = (this.#positions.next(this.#bits) << LOW_BITS) + this.#bits.take(LOW_BITS) + 1;
    return length + SHORTEST_MATCH;
  }
}

/** So many symbols of each length, beginning with `shortest`. */
export function fixedLengths(counts: readonly number[], shortest: number): Uint8Array {
  return Uint8Array.from(counts.flatMap((count, more) => new Array<number>(count).fill(shortest + more)));
}
