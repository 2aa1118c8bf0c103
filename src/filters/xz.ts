/** xz (the .xz file format, version 1.1): any number of streams and blocks, all filters, every check verified. */
import { assertMemory } from "../engine/memory.ts";
import { peek } from "../bytes/peek.ts";
import type { Filter } from "../formats/contract.ts";

const HEADER = 12;
const LZMA2 = 0x21;

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
    const { head, all } = await peek(input, HEADER + 1024);
    assertMemory(dictionaryOf(head), memory, "the xz data");
    const { engineDecode } = await import("../engine/codec.ts");
    yield* engineDecode("xz", all, { what: "the xz data", warn });
  },
};

/** Bytes of the first block's LZMA2 dictionary (3.1, 5.3.1); 0 where there is none to be seen. Later blocks have the same in all files that tools make, and the engine's own limit otherwise. */
export function dictionaryOf(head: Uint8Array): number {
  const size = (head[HEADER] ?? 0) * 4 + 4; // 3.1.1: real size = (stored + 1) * 4
  if (head[HEADER] === 0 || head.length < HEADER + 2) return 0; // an index: no blocks
  const flags = head[HEADER + 1]!;
  let at = HEADER + 2;
  const number = (): number => {
    let value = 0;
    for (let shift = 0; shift < 63; shift += 7) {
      const byte = head[at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    return value;
  };
  if ((flags & 0x40) !== 0) number(); // compressed size
  if ((flags & 0x80) !== 0) number(); // uncompressed size
  for (let filter = 0; filter <= (flags & 3) && at < HEADER + size; filter++) {
    const id = number();
    const length = number();
    if (id === LZMA2 && length === 1) {
      const bits = head[at] ?? 0;
      return bits >= 40 ? 2 ** 32 - 1 : (2 | (bits & 1)) * 2 ** (Math.floor(bits / 2) + 11);
    }
    at += length;
  }
  return 0;
}
