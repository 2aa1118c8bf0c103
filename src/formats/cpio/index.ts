/** cpio: new ASCII (newc, crc), portable ASCII (odc), afio's large ASCII, old binary of both byte orders. Kept light: every run loads this file. */
import { lazily } from "../../bytes/lazily.ts";
import type { StreamContainer } from "../contract.ts";

/** newc, crc, odc, afio's; and the headers of an rpm's stripped payload, which are refused with a better word than "unknown". */
const ASCII = new Set(["070701", "070702", "070707", "070727", "07070X"]);
/** Octal 070707 as one 16-bit word. */
const WORD = [0x71, 0xc7] as const;
/** Offsets in the old binary header: c_mode, c_namesize, and where the name begins. */
const [MODE, NAME_SIZE, NAME] = [6, 20, 26];

export const cpio: StreamContainer = {
  kind: "container",
  needs: "stream",
  name: "cpio",
  extensions: [".cpio"],
  about: "cpio: newc, crc, odc, old binary",
  bid({ head }) {
    if (ASCII.has(String.fromCharCode(...head.subarray(0, 6)))) return 48; // 6 characters
    return bidBinary(head);
  },
  read(input, options) {
    return lazily(async () => (await import("./read.ts")).readCpio(input, options));
  },
};

/** 16 bits of magic are little, so the rest of the header has to make sense: a name that ends where its size says. */
function bidBinary(head: Uint8Array): number {
  const big = head[0] === WORD[0] && head[1] === WORD[1];
  if (!big && !(head[0] === WORD[1] && head[1] === WORD[0])) return 0;
  const word = (offset: number): number => (big ? head[offset]! * 256 + head[offset + 1]! : head[offset]! + 256 * head[offset + 1]!);
  if (head.length < NAME + 2) return 0;
  const end = NAME + word(NAME_SIZE) - 1;
  if (end < NAME || head[end] !== 0) return 0;
  // 8 bits of the NUL, and 2 of the type: 9 of 16 exist, 0 is that of the end marker
  const type = word(MODE) >> 12;
  return [0, 1, 2, 4, 6, 8, 9, 10, 12].includes(type) ? 26 : 0;
}
