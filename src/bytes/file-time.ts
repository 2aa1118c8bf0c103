/** Windows' FILETIME: units of 100 ns since 1601, UTC, in two halves of 32 bits. */

/** From 1 January 1601 to 1970, in milliseconds. */
const EPOCH = 11_644_473_600_000;

/** Milliseconds since 1970, with fractions. */
export function fromFileTime(low: number, high: number): number {
  return (high * 2 ** 32 + low) / 10_000 - EPOCH;
}
