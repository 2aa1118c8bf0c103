/** The packed data of one entry as bits, the highest bit of each byte first. */
import { UnzipxError } from "../../errors.ts";

/** Fills a block from the packed data, in order; returns how many bytes it gave, 0 at the end. */
export type Refill = (block: Uint8Array) => number;

/** Enough for few calls of the system, and little to allocate for each of many small entries. */
const BLOCK = 16 * 1024;

export class Bits {
  readonly #refill: Refill;
  readonly #block = new Uint8Array(BLOCK);
  #at = 0;
  #end = 0;
  /** Bits that were read ahead, from the highest bit down; zeros below them. */
  #ahead = 0;
  #count = 0;
  /** How many of them are made up: a code of the last bits may be looked up with more bits than there are. */
  #padding = 0;

  constructor(refill: Refill) {
    this.#refill = refill;
  }

  /** The next 16 bits without taking them; zeros behind the end. */
  peek16(): number {
    if (this.#count < 16) this.#fill();
    return this.#ahead >>> 16;
  }

  /** Takes up to 16 bits that peek16() showed. @throws {UnzipxError} BAD_DATA behind the end */
  skip(count: number): void {
    this.#ahead <<= count;
    this.#count -= count;
    if (this.#count < this.#padding) throw new UnzipxError("BAD_DATA", "Cannot extract an entry: its packed data ends before its content does");
  }

  /** Takes up to 16 bits as a number. @throws {UnzipxError} BAD_DATA behind the end */
  take(count: number): number {
    const value = this.peek16() >>> (16 - count);
    this.skip(count);
    return value;
  }

  /** How many whole bytes were not taken, of which it reads no more than a block. Nothing can be taken any more. */
  left(): number {
    const held = ((this.#count - this.#padding) >>> 3) + this.#end - this.#at;
    return held + this.#refill(this.#block);
  }

  #fill(): void {
    while (this.#count <= 24) {
      if (this.#at === this.#end) {
        this.#end = this.#refill(this.#block);
        this.#at = 0;
      }
      if (this.#end === 0) this.#padding += 8;
      else this.#ahead |= this.#block[this.#at++]! << (24 - this.#count);
      this.#count += 8;
    }
  }
}
