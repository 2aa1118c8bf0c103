/** Snappy in its framing format (framing_format.txt), as snzip and others write it. */
import type { Filter } from "../formats/contract.ts";

/** The stream identifier: type 0xff, length 6 in three bytes, "sNaPpY". */
export const SNAPPY_MAGIC: readonly number[] = [0xff, 0x06, 0x00, 0x00, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59];

export const snappy: Filter = {
  kind: "filter",
  name: "snappy",
  extensions: [".sz"],
  tarExtensions: [".tsz"],
  about: "snappy in frames, any number of streams, checksums verified",
  // 10 bytes of magic.
  bid: ({ head }) => (SNAPPY_MAGIC.every((byte, at) => head[at] === byte) ? 80 : 0),
  async *decode(input) {
    yield* (await import("./snappy-decode.ts")).decodeSnappy(input);
  },
};
