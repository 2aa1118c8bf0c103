/** Brotli (RFC 7932): one stream, without magic number, size or checksum. */
import type { Filter } from "../formats/contract.ts";

export const brotli: Filter = {
  kind: "filter",
  name: "brotli",
  extensions: [".br"],
  tarExtensions: [".tbr"],
  about: "brotli, known by its name only; the format has no checksum",
  // No evidence at all, so the name decides.
  bid: ({ head }) => (head.length > 0 ? 1 : 0),
  async *decode(input, options) {
    yield* (await import("./brotli-decode.ts")).decodeBrotli(input, options);
  },
  async *encode(input, options) {
    yield* (await import("./brotli-encode.ts")).encodeBrotli(input, options);
  },
};
