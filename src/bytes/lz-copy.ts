/** The two copies that every LZ77 decoder is made of. The caller has checked that there is room and that the source exists. */

/** From here on a call of the engine beats the loop; measured, and anything from 16 to 96 is nearly the same. */
const LONG = 32;

/** `length` bytes of `block` as they are; returns where they end in `out`. */
export function copyLiterals(block: Uint8Array, from: number, out: Uint8Array, to: number, length: number): number {
  const stop = to + length;
  if (length >= LONG) out.set(block.subarray(from, from + length), to);
  else while (to < stop) out[to++] = block[from++]!;
  return stop;
}

/** Repeats `length` bytes from `distance` back, which may be some that it writes itself; returns where they end. */
export function copyMatch(out: Uint8Array, to: number, distance: number, length: number): number {
  const stop = to + length;
  let from = to - distance;
  if (length < LONG) {
    while (to < stop) out[to++] = out[from++]!;
    return stop;
  }
  // What was copied serves again: each round doubles it.
  while (to < stop) {
    const size = Math.min(to - from, stop - to);
    out.copyWithin(to, from, from + size);
    to += size;
  }
  return stop;
}
