/** LZO1X, the compression inside lzop. The stream is described in the Linux kernel's Documentation/staging/lzo.rst. */
import { copyLiterals, copyMatch } from "../bytes/lz-copy.ts";
import { damaged } from "./framing.ts";

/** The end marker: an instruction of 0x11 with the distance of exactly this. */
const END_DISTANCE = 16384;

/** Decodes `block`, which must end with its end marker, to at most `out.length` bytes; returns how many. Throws BAD_DATA. */
export function decodeLzo1x(block: Uint8Array, out: Uint8Array, what: string): number {
  const end = block.length;
  let from = 0;
  let to = 0;
  /** Literals that the last instruction copied, 4 for any number above 3: the meaning of the instructions below 16. */
  let state = 0;

  // The first byte may be a number of literals plus 17.
  if (end > 0 && block[0]! > 17) {
    const count = block[from++]! - 17;
    literals(count);
    state = Math.min(count, 4);
  }
  while (from < end) {
    const op = block[from++]!;
    let length: number;
    let distance: number;
    let next: number; // its lowest two bits: literals to follow
    if (op >= 64) {
      // LLLD DDSS  HHHH HHHH, with LLL from 2 on
      length = (op >>> 5) + 1;
      distance = (byte() << 3) + ((op >>> 2) & 7) + 1;
      next = op;
    } else if (op >= 32) {
      // 001L LLLL  DDDD DDSS  DDDD DDDD
      length = 2 + ((op & 31) || long(31));
      next = byte();
      distance = (byte() << 6) + (next >>> 2) + 1;
    } else if (op >= 16) {
      // 0001 HLLL  DDDD DDSS  DDDD DDDD
      length = 2 + ((op & 7) || long(7));
      next = byte();
      distance = END_DISTANCE + ((op & 8) << 11) + (byte() << 6) + (next >>> 2);
      if (distance === END_DISTANCE) {
        if (from !== end || op !== 17 || next !== 0) throw damaged(what, "a block does not end where it says");
        return to;
      }
    } else if (state === 0) {
      // 0000 LLLL: many literals
      literals(3 + (op || long(15)));
      state = 4;
      continue;
    } else {
      // 0000 DDSS  HHHH HHHH: nearby behind a few literals, from 2 KiB on behind many
      length = state === 4 ? 3 : 2;
      distance = (byte() << 2) + (op >>> 2) + (state === 4 ? 2049 : 1);
      next = op;
    }
    if (distance > to) throw damaged(what, "a match reaches back to before the data");
    if (length > out.length - to) throw damaged(what, "a block holds more than it may");
    to = copyMatch(out, to, distance, length);
    state = next & 3;
    if (state > 0) literals(state);
  }
  throw damaged(what, "a block ends within an instruction");

  function byte(): number {
    if (from >= end) throw damaged(what, "a block ends within an instruction");
    return block[from++]!;
  }

  /** A length that does not fit its field: 255 for every zero byte, then the first other one. */
  function long(field: number): number {
    let length = field;
    for (;;) {
      const more = byte();
      if (more !== 0) return length + more;
      length += 255;
    }
  }

  function literals(count: number): void {
    if (count > end - from) throw damaged(what, "a block has fewer literals than it says");
    if (count > out.length - to) throw damaged(what, "a block holds more than it may");
    to = copyLiterals(block, from, out, to, count);
    from += count;
  }
}
