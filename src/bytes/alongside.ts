/** Where bytes are to be copied to in shared memory. */

const WORD = 8;

/**
 * The first place from `at` on that lies within a word as the bytes do, counted from a place where a word begins. V8 copies to and from shared memory word by
 * word only then, and else each byte by itself, at a sixth of the speed.
 */
export function alongside(at: number, bytes: Uint8Array): number {
  return at + ((bytes.byteOffset - at) & (WORD - 1));
}
