/** tar: v7, ustar (POSIX.1-1988), GNU, pax (POSIX.1-2001). Kept light: every run loads this file. */
import { lazily } from "../../bytes/lazily.ts";
import type { StreamContainer } from "../contract.ts";

const BLOCK = 512;
/** Two zero blocks, padded to a whole record of 20. */
const LONGEST_EMPTY = 20 * BLOCK;

export const tar: StreamContainer = {
  kind: "container",
  needs: "stream",
  name: "tar",
  extensions: [".tar"],
  about: "tar: v7, ustar, GNU, pax",
  bid({ head }) {
    if (head.length < BLOCK) return 0;
    // An empty archive is zero blocks only. Two of them are weak evidence: the number is small on purpose.
    if (isZero(head)) return head.length % BLOCK === 0 && head.length <= LONGEST_EMPTY ? 10 : 0;
    // 48 bits: a checksum over the block that fits. 56 more for the magic "ustar" and its terminator.
    // The magic alone: a tar whose first header is damaged, which is a better error than "unknown".
    if (!checksumFits(head)) return isUstar(head) ? 40 : 0;
    return 48 + (isUstar(head) ? 56 : 0);
  },
  read(input, options) {
    return lazily(async () => (await import("./read.ts")).readTar(input, options));
  },
};

/** Octal digits with spaces in front and a space, a NUL or the field's end behind; undefined for anything else. Nothing is 0. */
export function readOctal(block: Uint8Array, offset: number, length: number): number | undefined {
  const end = offset + length;
  let at = offset;
  while (at < end && block[at] === 0x20) at++;
  let value = 0;
  for (; at < end; at++) {
    const digit = block[at]! - 0x30;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  if (at < end && block[at] !== 0 && block[at] !== 0x20) return undefined;
  return value;
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.length > 0 && bytes.every((byte) => byte === 0);
}

function isUstar(block: Uint8Array): boolean {
  return "ustar".split("").every((character, i) => block[257 + i] === character.charCodeAt(0));
}

const WORDS = new Int32Array(BLOCK / 4);
const WORD_BYTES = new Uint8Array(WORDS.buffer);
/** The checksum field, in words. */
const [FIELD, BEHIND_FIELD] = [148 / 4, 156 / 4];

/** Whether the first 512 bytes are a header with the checksum that it should have. */
export function checksumFits(block: Uint8Array): boolean {
  WORD_BYTES.set(block.length === BLOCK ? block : block.subarray(0, BLOCK));
  return sumFits(WORDS, 0, readOctal(block, 148, 8));
}

/** Whether `stored` is the sum of the header that begins at `from`, with the checksum field itself as spaces; some old writers added signed bytes. */
export function sumFits(words: Int32Array, from: number, stored: number | undefined): boolean {
  let pairs = 0; // two sums of 16 bits, which 128 words cannot make overflow
  let signs = 0; // four of 8 bits: how many bytes are negative when they are signed
  for (let i = 0; i < BLOCK / 4; i++) {
    if (i === FIELD) i = BEHIND_FIELD;
    const word = words[from + i]!;
    pairs = (pairs + (word & 0x00ff00ff) + ((word >>> 8) & 0x00ff00ff)) | 0;
    signs += (word >>> 7) & 0x01010101;
  }
  const sum = 8 * 0x20 + (pairs & 0xffff) + (pairs >>> 16);
  const high = (signs & 0xff) + ((signs >>> 8) & 0xff) + ((signs >>> 16) & 0xff) + (signs >>> 24);
  return stored === sum || stored === sum - 256 * high;
}
