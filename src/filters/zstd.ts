/** Zstandard (RFC 8878): any number of frames, also skippable ones. */
import type { Filter } from "../formats/contract.ts";
import { bidOnMagic } from "./skippable.ts";

export const ZSTD_MAGIC = 0xfd2fb528;

export const zstd: Filter = {
  kind: "filter",
  name: "zstd",
  extensions: [".zst"],
  tarExtensions: [".tzst"],
  about: "zstd, any number of frames, windows up to --max-memory",
  bid: ({ head }) => bidOnMagic(head, [ZSTD_MAGIC]),
  async *decode(input, options) {
    yield* (await import("./zstd-decode.ts")).decodeZstd(input, options);
  },
  async *encode(input, options) {
    yield* (await import("./zstd-encode.ts")).encodeZstd(input, options);
  },
};
