/** .lzma, the format before .xz (LZMA_Alone): one stream, without a magic and without a checksum. */
import { assertMemory } from "../engine/memory.ts";
import type { Bytes, Filter } from "../formats/contract.ts";
import { judgeBehind } from "./behind.ts";

const HEADER = 13;

export const lzma: Filter = {
  kind: "filter",
  name: "lzma",
  extensions: [".lzma"],
  tarExtensions: [".tlzma"],
  about: "lzma (LZMA_Alone)",
  bid({ head }) {
    // 0 - properties: (pb * 5 + lp) * 9 + lc; every tool writes 0x5d, lc=3 lp=0 pb=2, if not told otherwise
    // 1 - dictionary size, in practice 2^n or 2^n + 2^(n-1); 5 - size, all ones where unknown
    // 13 - the range coder's first byte is always zero
    if (head.length < HEADER + 5 || head[0]! >= 9 * 5 * 5 || head[HEADER] !== 0) return 0;
    const view = new DataView(head.buffer, head.byteOffset, HEADER);
    const dictionary = view.getUint32(1, true);
    const size = view.getBigUint64(5, true);
    const unknown = size === 0xffff_ffff_ffff_ffffn;
    if (!unknown && size >= 1n << 40n) return 0;
    if (!isUsual(dictionary)) return 0;
    // 8 for the properties, 26 for one of 60 dictionary sizes of 2^32, 8 for the zero byte; the size has 24 zero bits, or is all ones.
    // Other properties are allowed, but then with a size it is only zeros that speak for it: the name has to decide.
    if (head[0] !== 0x5d) return unknown && head[0]! % 9 <= 4 ? 26 + 8 : 8;
    return 8 + 26 + 8 + (unknown ? 64 : 24);
  },
  ownThread: true,
  async *decode(input, options) {
    const { engineDecode } = await import("../engine/codec.ts");
    // Nothing tells where the data ends.
    const behind = (): void => judgeBehind({ name: "lzma", offset: undefined, size: undefined, start: new Uint8Array(0), isText: false }, options);
    yield* engineDecode("lzma", withinMemory(input, options.memory), { what: "the lzma data", behind });
  },
};

/** Passes on what comes. Throws MEMORY instead, when the header asks for a dictionary of more than `memory` bytes. */
async function* withinMemory(input: Bytes, memory: number): AsyncGenerator<Uint8Array> {
  const header = Buffer.alloc(HEADER);
  let found = 0;
  for await (const chunk of input) {
    if (found < HEADER) {
      header.set(chunk.subarray(0, HEADER - found), found);
      found += Math.min(chunk.length, HEADER - found);
      if (found === HEADER) assertMemory(header.readUInt32LE(1), memory, "the lzma data");
    }
    yield chunk;
  }
}

/** 2^n or 2^n + 2^(n-1), or the largest there is: what liblzma accepts of a file that says nothing else of itself. */
function isUsual(dictionary: number): boolean {
  if (dictionary === 0xffff_ffff) return true;
  for (let n = 12; n < 32; n++) if (dictionary === 2 ** n || dictionary === 2 ** n + 2 ** (n - 1)) return true;
  return false;
}
