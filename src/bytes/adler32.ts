/** Adler-32 (RFC 1950, 8.2), the usual checksum of lzop. */

/** The largest prime below 2^16. */
const BASE = 65521;
/** So many bytes may be added before the sums must be reduced: 255·n·(n+1)/2 + (n+1)·(BASE-1) stays below 2^32 for n = 5552. */
const STEP = 5552;

export function adler32(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(at + STEP, bytes.length);
    for (; at < end; at++) b += a += bytes[at]!;
    a %= BASE;
    b %= BASE;
  }
  return b * 0x10000 + a;
}
