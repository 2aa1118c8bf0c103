/** Cuts the work on an index into batches: enough in each to be worth a message, few enough that all threads end together. */
const BATCH_BYTES = 1024 * 1024;
const BATCH_ENTRIES = 128;
/** An entry of this size is a batch of its own, and those come first: the largest must not start last. */
const LARGE = 4 * 1024 * 1024;

/** An entry by its number in the archive, and the bytes of its content. */
export interface Sized {
  readonly entry: number;
  readonly size: number;
}

export function batchesOf(items: readonly Sized[]): Sized[][] {
  const batches = new Batches();
  const small: Sized[][] = [];
  for (const item of items) {
    const full = batches.add(item);
    if (full !== undefined) small.push(full);
  }
  return batches.rest(small);
}

/** The same, for items that come one by one. */
export class Batches {
  readonly #large: Sized[][] = [];
  #batch: Sized[] = [];
  #bytes = 0;

  /** A batch as soon as it is full. */
  add(item: Sized): Sized[] | undefined {
    if (item.size >= LARGE) {
      this.#large.push([item]);
      return undefined;
    }
    this.#batch.push(item);
    this.#bytes += item.size;
    return this.#bytes >= BATCH_BYTES || this.#batch.length >= BATCH_ENTRIES ? this.#take() : undefined;
  }

  /** What is still to be done, in the order in which it should be, with the full batches that nobody has taken. */
  rest(small: readonly Sized[][]): Sized[][] {
    const large = this.#large.sort((a, b) => b[0]!.size - a[0]!.size);
    return [...large, ...small, ...(this.#batch.length > 0 ? [this.#take()] : [])];
  }

  #take(): Sized[] {
    const batch = this.#batch;
    [this.#batch, this.#bytes] = [[], 0];
    return batch;
  }
}

/** Whether so much work is worth the start of worker threads: measured, two threads break even at about this much. */
export function isWorthWorkers(entries: number, bytes: number): boolean {
  return entries > 2500 || bytes > 32 * 1024 * 1024;
}
