/** rpm: headers in front of a compressed cpio; what comes out is the latter. Kept light: every run loads this file. */
import type { Filter } from "../formats/contract.ts";

const LEAD_MAGIC = [0xed, 0xab, 0xee, 0xdb];
/** Of the header structures, of which the first one follows the lead. */
const HEADER_MAGIC = [0x8e, 0xad, 0xe8, 0x01];
export const LEAD = 96;

export const rpm: Filter = {
  kind: "filter",
  name: "rpm",
  extensions: [".rpm"],
  tarExtensions: [],
  about: "RPM packages, down to their files",
  // 32 bits of magic, and as many again where the first header begins
  bid: ({ head }) => (!isAt(head, 0, LEAD_MAGIC) ? 0 : isAt(head, LEAD, HEADER_MAGIC) ? 64 : 32),
  isPackage: true,
  ownThread: true, // the payload is cut out and summed: less work than handing it to a thread
  async *decode(input, options) {
    yield* (await import("./rpm-decode.ts")).decodeRpm(input, options);
  },
};

function isAt(bytes: Uint8Array, offset: number, magic: readonly number[]): boolean {
  return magic.every((byte, i) => bytes[offset + i] === byte);
}
