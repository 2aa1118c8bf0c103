/** xz (the .xz file format, version 1.1): any number of streams and blocks, all filters, every check verified. */
import type { Filter } from "../formats/contract.ts";

export const xz: Filter = {
  kind: "filter",
  name: "xz",
  extensions: [".xz"],
  tarExtensions: [".txz"],
  about: "xz, any number of streams",
  // Magic (2.1.1.1): 48 bits, and a first flag byte that is zero.
  bid: ({ head }) => ([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00].every((byte, i) => head[i] === byte) ? (head[6] === 0 ? 56 : 48) : 0),
  ownThread: true,
  async *decode(input, { warn, memory }) {
    const { engineDecode } = await import("../engine/codec.ts");
    const { withinMemory } = await import("./xz-memory.ts");
    yield* engineDecode("xz", withinMemory(input, memory), { what: "the xz data", warn });
  },
  async *encode(input, options) {
    yield* (await import("./xz-encode.ts")).encodeXz(input, options);
  },
};
