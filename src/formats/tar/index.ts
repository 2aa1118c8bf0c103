/** tar: v7, ustar (POSIX.1-1988), GNU, pax (POSIX.1-2001). Kept light: every run loads this file. */
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
  writes: true,
  bid({ head }) {
    if (head.length < BLOCK) return 0;
    // An empty archive is zero blocks only. Two of them are weak evidence: the number is small on purpose.
    if (isZero(head)) return head.length % BLOCK === 0 && head.length <= LONGEST_EMPTY ? 10 : 0;
    // 48 bits: a checksum over the block that fits. 56 more for the magic "ustar" and its terminator.
    if (!checksumFits(head)) return 0;
    return 48 + (isUstar(head) ? 56 : 0);
  },
  async *read(input, options) {
    yield* (await import("./read.ts")).readTar(input, options);
  },
};

function isZero(bytes: Uint8Array): boolean {
  return bytes.length > 0 && bytes.every((byte) => byte === 0);
}

function isUstar(block: Uint8Array): boolean {
  return "ustar".split("").every((character, i) => block[257 + i] === character.charCodeAt(0));
}

/** The sum of all bytes with the checksum field itself as spaces; some old writers added signed bytes. */
export function checksumFits(block: Uint8Array): boolean {
  let unsigned = 0;
  let signed = 0;
  for (let i = 0; i < BLOCK; i++) {
    const byte = i >= 148 && i < 156 ? 0x20 : block[i]!;
    unsigned += byte;
    signed += byte < 128 ? byte : byte - 256;
  }
  const field = Buffer.from(block.buffer, block.byteOffset + 148, 8).toString("latin1").replace(/[\0 ]+$/, "").trimStart();
  if (!/^[0-7]+$/.test(field)) return false;
  const stored = Number.parseInt(field, 8);
  return stored === unsigned || stored === signed;
}
