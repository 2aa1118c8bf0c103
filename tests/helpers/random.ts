/** The same numbers for a seed every time; each call gives one below `most`. */
export function randomFrom(seed: number): (most: number) => number {
  let state = seed;
  return (most) => (state = (state * 48271) % 0x7fffffff) % most;
}
