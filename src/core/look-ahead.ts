/** How much there is to pack, found out without keeping the work waiting and without keeping everything in memory. */
import { nextTurn } from "../bytes/clock.ts";
import type { InputEntry } from "../formats/input.ts";

/** Below both, threads take longer to start than they save. */
const MANY_BYTES = 8 << 20;
const MANY_FILES = 500;

/** Entries known before their turn: enough to have the total of nearly every input, and not too many to keep. */
const LOOK_AHEAD = 50_000;

/** So many entries are found at once: a few milliseconds. */
const AT_ONCE = 256;

/** Entries in order, of which some are known before their turn. */
export class LookAhead implements Iterable<InputEntry> {
  readonly #entries: Iterator<InputEntry>;
  #known: InputEntry[] = [];
  #ended = false;
  #error: unknown;
  /** Of all that were found. */
  #count = 0;
  #files = 0;
  #bytes = 0;

  constructor(entries: Iterable<InputEntry>) {
    this.#entries = entries[Symbol.iterator]();
  }

  /** Whether there is work for several threads. */
  isMuch(): boolean {
    const much = (): boolean => this.#files >= MANY_FILES || this.#bytes >= MANY_BYTES;
    while (!much() && this.#more()) {}
    return much();
  }

  /** Bytes of all contents; undefined when there are too many entries to know. Whoever takes entries meanwhile can go on with that; `isOver`: nobody wants to know any more. */
  async total(isOver: () => boolean = () => false): Promise<number | undefined> {
    while (this.#count < LOOK_AHEAD && !isOver() && this.#more()) if (this.#count % AT_ONCE === 0) await nextTurn();
    return this.#ended ? this.#bytes : undefined;
  }

  *[Symbol.iterator](): Generator<InputEntry> {
    for (let at = 0; at < this.#known.length || this.#more(); ) {
      yield this.#known[at++]!;
      if (at < 1024 && at < this.#known.length) continue;
      this.#known.splice(0, at);
      at = 0;
    }
    if (this.#error !== undefined) throw this.#error;
  }

  /** An error waits for its turn: what comes before it is in order. */
  #more(): boolean {
    if (this.#ended) return false;
    try {
      const next = this.#entries.next();
      this.#ended = next.done === true;
      if (next.done === true) return false;
      this.#known.push(next.value);
      this.#count += 1;
      if (next.value.type === "file") this.#files += 1;
      this.#bytes += next.value.size;
      return true;
    } catch (error) {
      this.#ended = true;
      this.#error = error;
      return false;
    }
  }
}
