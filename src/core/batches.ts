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
  const large: Sized[][] = [];
  const small: Sized[][] = [];
  let batch: Sized[] = [];
  let bytes = 0;
  for (const item of items) {
    if (item.size >= LARGE) {
      large.push([item]);
      continue;
    }
    batch.push(item);
    bytes += item.size;
    if (bytes >= BATCH_BYTES || batch.length >= BATCH_ENTRIES) {
      small.push(batch);
      [batch, bytes] = [[], 0];
    }
  }
  if (batch.length > 0) small.push(batch);
  large.sort((a, b) => b[0]!.size - a[0]!.size);
  return [...large, ...small];
}

/** Whether so much work is worth the start of worker threads: measured, two threads break even at about this much. */
export function isWorthWorkers(entries: number, bytes: number): boolean {
  return entries > 2500 || bytes > 32 * 1024 * 1024;
}
