/** lz4 frames (lz4_Frame_format.md, version 1.6): any number of them, also skippable ones and those of the legacy format. */
import type { Filter } from "../formats/contract.ts";
import { bidOnMagic } from "./skippable.ts";

export const LZ4_MAGIC = 0x184d2204;
export const LZ4_LEGACY_MAGIC = 0x184c2102;

export const lz4: Filter = {
  kind: "filter",
  name: "lz4",
  extensions: [".lz4"],
  tarExtensions: [".tlz4"],
  about: "lz4, any number of frames, all checksums verified",
  bid: ({ head }) => bidOnMagic(head, [LZ4_MAGIC, LZ4_LEGACY_MAGIC]),
  async *decode(input, options) {
    yield* (await import("./lz4-decode.ts")).decodeLz4(input, options);
  },
  usualLevel: 1, // as with lz4(1)
  async *encode(input, options) {
    yield* (await import("./lz4-encode.ts")).encodeLz4(input, options);
  },
};
