/** lzip (manual, "File format"): any number of members, each an LZMA stream with its CRC-32 and sizes behind it. */
import type { Filter } from "../formats/contract.ts";

const MAGIC = [0x4c, 0x5a, 0x49, 0x50];
/** Of the first two versions; there are no others. */
const NEWEST = 1;
/** Magic and version. */
export const MAGIC_BYTES = 5;

/** Whether a member begins here. */
export function isLzip(bytes: Uint8Array, at = 0): boolean {
  return MAGIC.every((byte, index) => bytes[at + index] === byte) && (bytes[at + 4] ?? 0xff) <= NEWEST;
}

export const lzip: Filter = {
  kind: "filter",
  name: "lzip",
  extensions: [".lz"],
  tarExtensions: [".tlz"],
  about: "lzip, any number of members, each verified",
  // 4 bytes of magic, 7 bits of the version.
  bid: ({ head }) => (isLzip(head) ? 39 : 0),
  ownThread: true,
  async *decode(input, options) {
    yield* (await import("./lzip-decode.ts")).decodeLzip(input, options);
  },
};
