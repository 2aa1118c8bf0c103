/** Solid blocks that know nothing of each other, shared out among engines. */
import type { Described } from "./describe.ts";

/** Less than this is not worth an engine of its own: starting one takes 30 to 70 ms, in which it decodes some MiB. */
const WORTH_AN_ENGINE = 16 * 1024 * 1024;
/** Each engine has the dictionary in its memory. */
const MOST_ENGINES = 4;

/** How many engines it is worth to decode `size` bytes with. */
export function enginesFor(size: number, threads: number): number {
  return Math.max(1, Math.min(threads, MOST_ENGINES, Math.floor(size / WORTH_AN_ENGINE)));
}

/**
 * The entries in at most `threads` shares, each made of whole blocks in their order and of about the same size; one share
 * where nothing is to be gained, or where an entry does not say which block it is in.
 */
export function sharesOf(entries: readonly Described[], threads: number): readonly (readonly Described[])[] {
  const sizes = new Map<string, number>();
  let total = 0;
  for (const { block, size = 0 } of entries) {
    if (block === "" && size > 0) return [entries];
    sizes.set(block, (sizes.get(block) ?? 0) + size);
    total += size;
  }
  const count = Math.min(enginesFor(total, threads), sizes.size);
  if (count < 2) return [entries];
  const shareOf = new Map<string, number>();
  let before = 0;
  for (const [block, size] of sizes) {
    shareOf.set(block, Math.min(count - 1, Math.floor(((before + size / 2) * count) / total)));
    before += size;
  }
  const shares = Array.from({ length: count }, (): Described[] => []);
  for (const entry of entries) shares[shareOf.get(entry.block)!]!.push(entry);
  return shares.filter((share) => share.length > 0);
}
