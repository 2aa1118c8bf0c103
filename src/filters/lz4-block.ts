/** One lz4 block (lz4_Block_format.md): a row of sequences, each some literals and a match. */
import { copyLiterals, copyMatch } from "../bytes/lz-copy.ts";
import { damaged } from "./framing.ts";

const MIN_MATCH = 4;

/**
 * Decodes `block` into `out` from `start` on, never beyond `limit`; matches may reach back to `history`.
 * Returns where the content ends; throws BAD_DATA.
 */
export function decodeLz4Block(block: Uint8Array, out: Uint8Array, start: number, limit: number, history: number, what: string): number {
  const end = block.length;
  let from = 0;
  let to = start;
  // A block ends behind the literals of its last sequence, so there is always a token to come.
  while (from < end) {
    const token = block[from++]!;
    let length = token >>> 4;
    if (length === 15) {
      let more: number;
      do {
        if (from >= end) throw damaged(what, "a length has no end");
        length += more = block[from++]!;
      } while (more === 255);
    }
    if (length > end - from) throw damaged(what, "a block has fewer literals than it says");
    if (length > limit - to) throw damaged(what, "a block holds more than it may");
    to = copyLiterals(block, from, out, to, length);
    from += length;
    if (from === end) return to;

    if (end - from < 2) throw damaged(what, "a block ends within a sequence");
    const distance = block[from]! | (block[from + 1]! << 8);
    from += 2;
    length = token & 15;
    if (length === 15) {
      let more: number;
      do {
        if (from >= end) throw damaged(what, "a length has no end");
        length += more = block[from++]!;
      } while (more === 255);
    }
    length += MIN_MATCH;
    if (distance === 0 || distance > to - history) throw damaged(what, "a match reaches back to before the data");
    if (length > limit - to) throw damaged(what, "a block holds more than it may");
    to = copyMatch(out, to, distance, length);
  }
  throw damaged(what, "a block ends within a sequence");
}
