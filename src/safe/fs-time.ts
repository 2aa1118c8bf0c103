/** Milliseconds since 1970, with their fraction, as Node's utimes wants a time. */
export function fsTime(mtime: number): number | Date {
  return mtime >= 0 ? mtime / 1000 : new Date(mtime); // a negative number is taken for "now"
}
