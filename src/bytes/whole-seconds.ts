/** Milliseconds as seconds, where they are whole ones and no more than 32 bits: V8 keeps such a number beside its pointers, and makes an object of a larger one. */
export function wholeSeconds(milliseconds: number | undefined): number | undefined {
  const seconds = ((milliseconds ?? 0) / 1000) | 0;
  return seconds * 1000 === milliseconds ? seconds : undefined;
}
