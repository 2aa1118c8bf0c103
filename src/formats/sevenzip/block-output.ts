/** What comes out of a block, in pieces of the sizes that are asked for. */
import type { Events } from "./events.ts";

export class BlockOutput {
  readonly #events: Events;
  #rest: Uint8Array = new Uint8Array(0);
  #isClosed = false;

  /** Of the file that was just opened. */
  constructor(events: Events) {
    this.#events = events;
  }

  /** Whether another byte follows. */
  async hasMore(): Promise<boolean> {
    while (this.#rest.length === 0) {
      if (this.#isClosed) return false;
      const event = await this.#events.next();
      if (event.kind === "data") this.#rest = event.bytes;
      else if (event.kind === "close") this.#isClosed = true;
    }
    return true;
  }

  /** At least one byte and at most `most`, valid until the next call; undefined at the end. */
  async some(most: number): Promise<Uint8Array | undefined> {
    if (this.#rest.length === 0 && !(await this.hasMore())) return undefined;
    return this.next(Math.min(most, this.#rest.length));
  }

  /** Whether the next `size` bytes are there already. */
  holds(size: number): boolean {
    return size <= this.#rest.length;
  }

  /** Those bytes. What was taken before stays valid. */
  next(size: number): Uint8Array {
    const piece = this.#rest.subarray(0, size);
    this.#rest = this.#rest.subarray(size);
    return piece;
  }

  /** The next `size` bytes, valid until the next call; undefined if they do not come. */
  async whole(size: number): Promise<Uint8Array | undefined> {
    if (size === 0) return new Uint8Array(0);
    const first = await this.some(size);
    if (first === undefined || first.length === size) return first;
    const bytes = new Uint8Array(size);
    bytes.set(first);
    for (let at = first.length; at < size; ) {
      const more = await this.some(size - at);
      if (more === undefined) return undefined;
      bytes.set(more, at);
      at += more.length;
    }
    return bytes;
  }

  /** Whether there were so many bytes. */
  async skip(size: number): Promise<boolean> {
    for (let rest = size; rest > 0; ) {
      const piece = await this.some(rest);
      if (piece === undefined) return false;
      rest -= piece.length;
    }
    return true;
  }

  /** Up to and with the closing of the file. */
  async end(): Promise<void> {
    await this.skip(Infinity);
  }
}
