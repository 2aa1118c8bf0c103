/** CRC-32 (the polynomial of gzip and zip), also of parts that were summed apart. */
import { nodeZlib } from "./node-modules.ts";

/** `seed` is the CRC of what came before. */
export function crc32(data: Uint8Array, seed = 0): number {
  return nodeZlib().crc32(data, seed);
}

/**
 * The CRC of A followed by B, from the CRCs of both and the length of B: appending `n` zero bytes to A multiplies its
 * CRC by x^(8n) modulo the polynomial, and CRCs of equal length add up by XOR.
 */
export function crc32Combine(a: number, b: number, lengthOfB: number): number {
  return (multiply(shiftBy(lengthOfB), a) ^ b) >>> 0;
}

/** The CRC-32 polynomial, bits reversed: the highest bit of a number is the coefficient of x^0. */
const POLYNOMIAL = 0xedb88320;
const ONE = 0x80000000;

/** a · b modulo the polynomial, over GF(2). */
function multiply(a: number, b: number): number {
  let product = 0;
  for (let bit = ONE; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) product ^= b;
    b = (b & 1) !== 0 ? (b >>> 1) ^ POLYNOMIAL : b >>> 1;
  }
  return product >>> 0;
}

/** x^(8 · 2^k) for k = 0, 1, 2 …; 53 of them cover every length a number can hold. Made when they are needed. */
let powers: readonly number[] | undefined;

function makePowers(): readonly number[] {
  const made = [ONE >>> 8];
  while (made.length < 53) made.push(multiply(made.at(-1)!, made.at(-1)!));
  return made;
}

// Blocks are of one length but for the last: the factor of the length before serves nearly always.
let lastLength = 0;
let lastFactor = ONE;

/** x^(8 · length). */
function shiftBy(length: number): number {
  if (length === lastLength) return lastFactor;
  let factor = ONE;
  powers ??= makePowers();
  // Division, not a shift: lengths beyond 2^32 are real.
  for (let rest = length, k = 0; rest > 0; rest = Math.floor(rest / 2), k++) {
    if (rest % 2 === 1) factor = multiply(powers[k]!, factor);
  }
  lastLength = length;
  lastFactor = factor;
  return factor;
}
