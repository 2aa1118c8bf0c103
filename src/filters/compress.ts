/** compress (.Z): LZW of 9 to 16 bits, as the Unix program of that name has written it since 1985. */
import type { Filter } from "../formats/contract.ts";

const FLAGS_RESERVED = 0x60;

export const compress: Filter = {
  kind: "filter",
  name: "compress",
  extensions: [".Z"],
  tarExtensions: [],
  about: "compress (.Z), 9 to 16 bits; the format has no checksum",
  bid({ head }) {
    if (head[0] !== 0x1f || head[1] !== 0x9d || head.length < 3) return 0;
    const bits = head[2]! & 0x1f;
    if ((head[2]! & FLAGS_RESERVED) !== 0 || bits < 9 || bits > 16) return 0;
    // The first code stands for itself, so the highest of its 9 bits is zero.
    if (head.length > 4 && (head[4]! & 1) !== 0) return 0;
    // 16 bits of magic, 2 reserved ones, 2 because 8 of 32 values are a number of bits, and that of the first code.
    return head.length > 4 ? 21 : 20;
  },
  async *decode(input) {
    yield* (await import("./compress-decode.ts")).decodeCompress(input);
  },
};
