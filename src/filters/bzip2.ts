/** bzip2: any number of streams, every block's and stream's CRC verified. */
import type { Filter } from "../formats/contract.ts";

const BLOCK_MAGIC = [0x31, 0x41, 0x59, 0x26, 0x53, 0x59]; // the digits of pi
const END_MAGIC = [0x17, 0x72, 0x45, 0x38, 0x50, 0x90]; // of its square root: an empty stream

export const bzip2: Filter = {
  kind: "filter",
  name: "bzip2",
  extensions: [".bz2"],
  tarExtensions: [".tbz", ".tbz2", ".tb2"],
  about: "bzip2, any number of streams",
  // "BZh" and a digit from 1 to 9: 24 + 5 bits; then the magic of a block or of the end: 47 more.
  bid({ head }) {
    const isHeader = head[0] === 0x42 && head[1] === 0x5a && head[2] === 0x68 && head[3]! >= 0x31 && head[3]! <= 0x39;
    if (!isHeader) return 0;
    return [BLOCK_MAGIC, END_MAGIC].some((magic) => magic.every((byte, i) => head[4 + i] === byte)) ? 76 : 29;
  },
  ownThread: true,
  async *decode(input, options) {
    yield* (await import("./bzip2-decode.ts")).decodeBzip2(input, options);
  },
  usualLevel: 9, // as with bzip2(1)
  async *encode(input, options) {
    yield* (await import("./bzip2-encode.ts")).encodeBzip2(input, options);
  },
};
