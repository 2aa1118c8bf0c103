/** Cuts the work on an index into batches: enough in each to be worth a message, few enough that all threads end together. */
import type { Locator } from "../formats/contract.ts";

const BATCH_BYTES = 1024 * 1024;
const BATCH_ENTRIES = 128;
/** An entry of this size is a batch of its own, and those come first: the largest must not start last. */
const LARGE = 4 * 1024 * 1024;

export function batchesOf<Item extends { readonly locator: Locator }>(items: readonly Item[]): Item[][] {
  const large: Item[][] = [];
  const small: Item[][] = [];
  let batch: Item[] = [];
  let bytes = 0;
  for (const item of items) {
    if (item.locator.size >= LARGE) {
      large.push([item]);
      continue;
    }
    batch.push(item);
    bytes += item.locator.size;
    if (bytes >= BATCH_BYTES || batch.length >= BATCH_ENTRIES) {
      small.push(batch);
      [batch, bytes] = [[], 0];
    }
  }
  if (batch.length > 0) small.push(batch);
  large.sort((a, b) => b[0]!.locator.size - a[0]!.locator.size);
  return [...large, ...small];
}

/** Whether so much work is worth the start of worker threads: measured, two threads break even at about this much. */
export function isWorthWorkers(entries: number, bytes: number): boolean {
  return entries > 2500 || bytes > 32 * 1024 * 1024;
}
