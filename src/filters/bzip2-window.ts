/** What was read of bzip2 data and is still of use. Bits are counted from the beginning of the data. */
import type { Bytes } from "../formats/contract.ts";
import { bitsAt, MARK_BITS, nextMark } from "./bzip2-bits.ts";

/** Taken of the input at a time: it may come as one piece. */
const PART_BYTES = 512 * 1024;

export class Window {
  readonly #input: AsyncIterator<Uint8Array>;
  /** What came last of the input, and is not taken yet. */
  #chunk: Uint8Array = new Uint8Array(0);
  #bytes = Buffer.allocUnsafeSlow(2 * PART_BYTES);
  /** Bytes in front of #bytes that are gone. */
  #base = 0;
  #length = 0;
  #isOver = false;

  constructor(input: Bytes) {
    this.#input = input[Symbol.asyncIterator]();
  }

  /** The end of what was read. */
  get end(): number {
    return (this.#base + this.#length) * 8;
  }

  /** Reads until bit `at` is there, or the input is over: whether it is there. */
  async reach(at: number): Promise<boolean> {
    while (this.end < at && (await this.more()));
    return this.end >= at;
  }

  /** Reads what comes next; false: nothing more does. */
  async more(): Promise<boolean> {
    if (this.#isOver) return false;
    while (this.#chunk.length === 0) {
      const { done, value } = await this.#input.next();
      if (done === true) {
        this.#isOver = true;
        return false;
      }
      this.#chunk = value;
    }
    const part = this.#chunk.subarray(0, PART_BYTES);
    this.#chunk = this.#chunk.subarray(part.length);
    if (this.#length + part.length > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(2 * (this.#length + part.length));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(part, this.#length);
    this.#length += part.length;
    return true;
  }

  /** Up to 48 bits that are there. */
  bits(at: number, count: number): number {
    return bitsAt(this.#bytes, at - this.#base * 8, count);
  }

  /** The first mark of those there, from bit `from` on. */
  mark(from: number): number | undefined {
    const found = nextMark(this.#bytes, from - this.#base * 8, this.#length);
    return found === undefined ? undefined : found.at + this.#base * 8;
  }

  /** From where on a mark may still begin that is not there to its end. */
  get unseen(): number {
    return this.end - MARK_BITS + 1;
  }

  /** The bytes that the bits from `from` to `to` lie in, as far as they are there; valid until more is read. */
  bytes(from: number, to: number): Uint8Array {
    return this.#bytes.subarray(Math.floor(from / 8) - this.#base, Math.min(Math.ceil(to / 8) - this.#base, this.#length));
  }

  /** What lies in front of bit `at` is of no use any more. */
  drop(at: number): void {
    const gone = Math.floor(at / 8) - this.#base;
    if (gone < this.#length / 2) return; // moving is not for free
    this.#bytes.copyWithin(0, gone, this.#length);
    this.#base += gone;
    this.#length -= gone;
  }

  /** All from bit `at` on. */
  async *rest(at: number): AsyncGenerator<Uint8Array> {
    yield this.#bytes.subarray(Math.floor(at / 8) - this.#base, this.#length);
    for (this.#length = 0; await this.more(); this.#length = 0) yield this.#bytes.subarray(0, this.#length);
  }

  async close(): Promise<void> {
    await this.#input.return?.();
  }
}
