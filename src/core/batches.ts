/** Cuts the work on an index into batches: enough in each to be worth a message, few enough that all threads end together. */
const BATCH_BYTES = 1024 * 1024;
const BATCH_ENTRIES = 128;
/** An entry of this size is a batch of its own, and those come first: the largest must not start last. */
const LARGE = 4 * 1024 * 1024;

/** Bytes of an entry's content, by its number in the archive. */
export type SizeOf = (entry: number) => number;

/** Of entries by their numbers: there may be a million, and an object for each would be most of what is kept. */
export function batchesOf(entries: readonly number[], sizeOf: SizeOf): number[][] {
  const batches = new Batches(sizeOf);
  const small: number[][] = [];
  for (const entry of entries) {
    const full = batches.add(entry);
    if (full !== undefined) small.push(full);
  }
  return batches.rest(small);
}

/** The same, for entries that come one by one. */
export class Batches {
  readonly #sizeOf: SizeOf;
  readonly #large: number[] = [];
  #batch: number[] = [];
  #bytes = 0;

  constructor(sizeOf: SizeOf) {
    this.#sizeOf = sizeOf;
  }

  /** A batch as soon as it is full. */
  add(entry: number): number[] | undefined {
    const size = this.#sizeOf(entry);
    if (size >= LARGE) {
      this.#large.push(entry);
      return undefined;
    }
    this.#batch.push(entry);
    this.#bytes += size;
    return this.#bytes >= BATCH_BYTES || this.#batch.length >= BATCH_ENTRIES ? this.#take() : undefined;
  }

  /** What is still to be done, in the order in which it should be, with the full batches that nobody has taken. */
  rest(small: readonly number[][]): number[][] {
    const large = this.#large.sort((a, b) => this.#sizeOf(b) - this.#sizeOf(a)).map((entry) => [entry]);
    return [...large, ...small, ...(this.#batch.length > 0 ? [this.#take()] : [])];
  }

  #take(): number[] {
    const batch = this.#batch;
    [this.#batch, this.#bytes] = [[], 0];
    return batch;
  }
}

/** Whether so much work is worth the start of worker threads: measured, two threads break even at about this much. */
export function isWorthWorkers(entries: number, bytes: number): boolean {
  return entries > 2500 || bytes > 32 * 1024 * 1024;
}
