/** xz (the .xz file format, version 1.1): any number of streams and blocks, all filters, every check verified. */
import type { Filter } from "../formats/contract.ts";
import { XZ_MAGIC } from "../lzma/magic.ts";

export const xz: Filter = {
  kind: "filter",
  name: "xz",
  extensions: [".xz"],
  tarExtensions: [".txz"],
  about: "xz, any number of streams",
  // 48 bits of magic, and a first flag byte that is zero.
  bid: ({ head }) => (XZ_MAGIC.every((byte, i) => head[i] === byte) ? (head[6] === 0 ? 56 : 48) : 0),
  ownThread: true,
  async *decode(input, options) {
    yield* (await import("./xz-decode.ts")).decodeXz(input, options);
  },
  async *encode(input, options) {
    yield* (await import("./xz-encode.ts")).encodeXz(input, options);
  },
};
