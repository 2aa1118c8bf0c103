/**
 * bzip2's CRC-32 takes the highest bit first. Over bytes whose bits are turned around it is the one of gzip, turned around, and that one is
 * part of Node and many times as fast as a table; turning four bytes around takes a dozen operations.
 */
import { crc32 } from "../bytes/crc32.ts";

const words = new Int32Array(4096);
const bytes = new Uint8Array(words.buffer);

/** The CRC so far, turned around; of nothing it is 0. */
export function addTurned(sum: number, content: Uint8Array): number {
  for (let at = 0; at < content.length; at += bytes.length) {
    const part = content.subarray(at, at + bytes.length);
    bytes.set(part);
    turnWords(words, (part.length + 3) >>> 2);
    sum = crc32(bytes.subarray(0, part.length), sum);
  }
  return sum;
}

/** The CRC as bzip2 writes it. */
export function turned(sum: number): number {
  let found = 0;
  for (let bit = 0; bit < 32; bit++) found = (found << 1) | ((sum >>> bit) & 1);
  return found >>> 0;
}

/** The bits of each byte, the last one first. */
function turnWords(words: Int32Array, count: number): void {
  for (let i = 0; i < count; i++) {
    let word = words[i]!;
    word = ((word >>> 1) & 0x55555555) | ((word & 0x55555555) << 1);
    word = ((word >>> 2) & 0x33333333) | ((word & 0x33333333) << 2);
    words[i] = ((word >>> 4) & 0x0f0f0f0f) | ((word & 0x0f0f0f0f) << 4);
  }
}
