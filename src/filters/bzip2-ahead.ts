/**
 * bzip2's blocks decoded before their turn. They begin at any bit, and where, only the end of the one before tells for certain; but a block
 * begins with a mark that hardly occurs elsewhere. So from each mark on a block is decoded that ends in front of the next one, and what
 * comes of that counts if the block before it ends right there. Of a mark that was none, inside a block, that block fails,
 * and is decoded once more with all the data that a block can have.
 */
import type { Block, Blocks } from "../formats/contract.ts";
import { BLOCK_MARK, MARK_BITS } from "./bzip2-bits.ts";
import type { Window } from "./bzip2-window.ts";

/** More than any block: 900,000 symbols of 20 bits, and its codes. (Codes can be written at any length, by going up and down; nobody does.) */
const MOST_BITS = 8 * (2_250_000 + 100_000);
/** For each thread, one block at work and one that waits. */
const DEPTH = 2;

interface Ahead {
  readonly at: number;
  readonly isAll: boolean;
  readonly result: Promise<Block>;
}

export class BlocksAhead {
  readonly #window: Window;
  readonly #blocks: Blocks;
  readonly #ahead: Ahead[] = [];
  /** The next block is looked for from this bit on. */
  #seen = 0;

  constructor(window: Window, blocks: Blocks) {
    this.#window = window;
    this.#blocks = blocks;
  }

  /** The block whose mark is at bit `at`, its end counted as `at` is. Throws what is wrong with it. */
  async take(at: number): Promise<Block> {
    while (this.#ahead.length > 0 && this.#ahead[0]!.at < at) this.#forget(this.#ahead.shift()!);
    if (this.#ahead.length === 0) this.#seen = Math.max(this.#seen, at);
    await this.#fill();
    const first = this.#ahead[0];
    if (first?.at === at) {
      this.#ahead.shift();
      try {
        return await first.result;
      } catch (error) {
        if (first.isAll) throw error;
      }
    }
    await this.#window.reach(at + MOST_BITS);
    return this.#decode(at, at + MOST_BITS);
  }

  async #fill(): Promise<void> {
    const window = this.#window;
    while (this.#ahead.length < (this.#blocks.width === 1 ? 1 : this.#blocks.width * DEPTH)) {
      const at = await this.#mark(this.#seen, this.#seen + MOST_BITS);
      if (at === undefined) return;
      this.#seen = at;
      if (window.bits(at, MARK_BITS) !== BLOCK_MARK) {
        this.#seen += MARK_BITS;
        continue;
      }
      const next = await this.#mark(at + MARK_BITS, at + MOST_BITS);
      const to = next ?? at + MOST_BITS;
      const result = this.#decode(at, to);
      result.catch(() => {}); // told when its turn comes
      this.#ahead.push({ at, isAll: next === undefined, result });
      this.#seen = next ?? Math.max(at + MARK_BITS, Math.min(window.unseen, to));
    }
  }

  /** The next mark from bit `from` on, if there is one in front of bit `to`. */
  async #mark(from: number, to: number): Promise<number | undefined> {
    for (let unseen = from; ; ) {
      const at = this.#window.mark(unseen);
      if (at !== undefined) return at < to ? at : undefined;
      unseen = Math.max(unseen, this.#window.unseen);
      if (unseen >= to || !(await this.#window.more())) return undefined;
    }
  }

  /** Begins at once. */
  async #decode(at: number, to: number): Promise<Block> {
    const begin = Math.floor(at / 8) * 8;
    const block = await this.#blocks.decode(this.#window.bytes(at, to), at - begin + MARK_BITS);
    return { ...block, end: begin + block.end };
  }

  #forget({ result }: Ahead): void {
    result.then(({ content }) => this.#blocks.free(content), () => {});
  }
}
