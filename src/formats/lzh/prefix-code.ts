/** A prefix code that is given by the lengths of its codes alone: shorter codes first, equal ones in the order of their symbols. */
import { UnzipxError } from "../../errors.ts";
import type { Bits } from "./bits.ts";

export const LONGEST = 16;
/** Codes up to this length are found with one look. A table for all 16 bits would take longer to fill than many a block to decode. */
const QUICK = 11;
const NONE = -1;

export class PrefixCode {
  /** At the next QUICK bits: symbol << 5 | length. */
  readonly #quick = new Int16Array(1 << QUICK);
  /** By length: the first code, and how many there are. */
  readonly #first = new Uint32Array(LONGEST + 1);
  readonly #counts = new Uint32Array(LONGEST + 1);
  /** The symbols in the order of their codes, and where those of a length begin. */
  readonly #symbols: Uint16Array;
  readonly #starts = new Uint16Array(LONGEST + 1);

  /** Up to 512 symbols: nine bits beside the length have room in 15. */
  constructor(symbols: number) {
    this.#symbols = new Uint16Array(symbols);
  }

  /**
   * The code of these lengths, 0 for a symbol that is not used. One that leaves bits without a symbol is taken: they may never come.
   * @throws {UnzipxError} BAD_DATA for more codes than there is room for
   */
  build(lengths: Uint8Array): this {
    const counts = this.#counts.fill(0);
    for (const length of lengths) counts[length]!++;
    counts[0] = 0;
    let code = 0;
    let start = 0;
    for (let length = 1; length <= LONGEST; length++) {
      code = (code + counts[length - 1]!) << 1;
      if (code + counts[length]! > 1 << length) throw new UnzipxError("BAD_DATA", "Cannot extract an entry: a table of codes in its packed data has too many of them");
      this.#first[length] = code;
      this.#starts[length] = start;
      start += counts[length]!;
    }
    this.#quick.fill(NONE);
    const used = new Uint16Array(LONGEST + 1);
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      const length = lengths[symbol]!;
      if (length === 0) continue;
      const number = used[length]!++;
      this.#symbols[this.#starts[length]! + number] = symbol;
      if (length > QUICK) continue;
      const from = (this.#first[length]! + number) << (QUICK - length);
      this.#quick.fill((symbol << 5) | length, from, from + (1 << (QUICK - length)));
    }
    return this;
  }

  /** The code with one symbol, which takes no bits at all. */
  buildSingle(symbol: number): this {
    this.#quick.fill(symbol << 5);
    return this;
  }

  /** Takes the next symbol. @throws {UnzipxError} BAD_DATA for bits that are no code, and behind the end */
  next(bits: Bits): number {
    const ahead = bits.peek16();
    const found = this.#quick[ahead >>> (16 - QUICK)]!;
    if (found !== NONE) {
      bits.skip(found & 31);
      return found >>> 5;
    }
    for (let length = QUICK + 1; length <= LONGEST; length++) {
      const number = (ahead >>> (16 - length)) - this.#first[length]!;
      if (number < 0 || number >= this.#counts[length]!) continue;
      bits.skip(length);
      return this.#symbols[this.#starts[length]! + number]!;
    }
    throw new UnzipxError("BAD_DATA", "Cannot extract an entry: its packed data holds a code that its table lacks");
  }
}
