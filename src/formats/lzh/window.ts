/** Small reads one behind the other from a source that can seek, with few calls of the system. */
import { readSegments } from "../../bytes/segments.ts";
import type { SolidSource } from "../contract.ts";

const BLOCK = 16 * 1024;

export class Window {
  readonly #source: SolidSource;
  #block = Buffer.alloc(0);
  #start = 0;

  constructor(source: SolidSource) {
    this.#source = source;
  }

  get size(): number {
    return this.#source.size;
  }

  /** `length` bytes from `position` on, fewer only at the end; valid until the next call. */
  bytes(position: number, length: number): Buffer {
    const from = position - this.#start;
    if (from >= 0 && from + length <= this.#block.length) return this.#block.subarray(from, from + length);
    const wanted = Math.min(Math.max(length, BLOCK), Math.max(this.size - position, 0));
    this.#block = Buffer.allocUnsafe(wanted);
    this.#block = this.#block.subarray(0, readSegments(this.#source.segments, this.#block, position));
    this.#start = position;
    return this.#block.subarray(0, length);
  }
}
