/**
 * LZW in the form of compress(1). Nowhere but in its source is it specified; what is odd about it is told where it is handled.
 *
 * There is no checksum, no size and no end mark: damage is found only where a code cannot be, and data that was cut
 * between two codes looks whole.
 */
import { BlockReader } from "../bytes/block-reader.ts";
import { UnzipxError } from "../errors.ts";
import type { Bytes } from "../formats/contract.ts";
import { damaged, need, truncated } from "./framing.ts";

const WHAT = "the compress data";
const FLAG_BLOCK_MODE = 0x80;
const FLAGS_RESERVED = 0x60;
const FIRST_WIDTH = 9;
/** In block mode: forget the table. */
const CLEAR = 256;
/** Codes are written in groups of so many, so that each group is a whole number of bytes. */
const GROUP = 8;
/** More than any string: each is one byte longer than another one, and there are 65,280. */
const OUTPUT = 256 * 1024;

export async function* decodeCompress(input: Bytes): AsyncGenerator<Uint8Array> {
  const reader = new BlockReader(input, WHAT);
  try {
    const header = await need(reader, 3, WHAT);
    const flags = header[2]!;
    const bits = flags & 0x1f;
    if (header[0] !== 0x1f || header[1] !== 0x9d || (flags & FLAGS_RESERVED) !== 0 || bits < FIRST_WIDTH || bits > 16) {
      throw new UnzipxError("BAD_HEADER", `Cannot read ${WHAT}: it does not begin like compress`, { found: header.toString("hex") });
    }
    const lzw = new Lzw(bits, (flags & FLAG_BLOCK_MODE) !== 0);
    for await (const piece of reader.rest()) yield* lzw.decode(piece);
    yield* lzw.end();
  } finally {
    await reader.close();
  }
}

class Lzw {
  readonly #bits: number;
  readonly #blockMode: boolean;
  // The string of a code is that of its prefix and one more byte. The first 256 are single bytes.
  readonly #prefix = new Uint16Array(1 << 16);
  readonly #suffix = new Uint8Array(1 << 16);
  readonly #length = new Uint16Array(1 << 16);
  readonly #out = new Uint8Array(OUTPUT);
  #filled = 0;
  /** The next code to be given a string. */
  #free: number;
  #width = FIRST_WIDTH;
  /** The width grows when `#free` is above this. */
  #most = (1 << FIRST_WIDTH) - 1;
  /** Codes of the current group that were read. */
  #inGroup = 0;
  /** Bits to be ignored: when the width changes, the rest of the group is filled with rubbish. */
  #skip = 0;
  /** -1 before the first code. */
  #previous = -1;
  /** The first byte of the previous string. */
  #first = 0;
  /** Bits that were read and are in no code yet, the next one lowest. */
  #held = 0;
  #heldBits = 0;

  constructor(bits: number, blockMode: boolean) {
    this.#bits = bits;
    this.#blockMode = blockMode;
    this.#free = blockMode ? CLEAR + 1 : CLEAR;
    for (let code = 0; code < 256; code++) {
      this.#suffix[code] = code;
      this.#length[code] = 1;
    }
  }

  /** The content of these bytes in buffers that are used again; what does not fill one waits for end(). */
  *decode(input: Uint8Array): Generator<Uint8Array> {
    const [prefix, suffix, lengths, out] = [this.#prefix, this.#suffix, this.#length, this.#out];
    const capacity = 1 << this.#bits;
    let [held, heldBits, width, skip, inGroup] = [this.#held, this.#heldBits, this.#width, this.#skip, this.#inGroup];
    let [free, most, previous, first, filled] = [this.#free, this.#most, this.#previous, this.#first, this.#filled];
    for (let at = 0; ; ) {
      if (free > most) {
        skip = ((GROUP - inGroup) % GROUP) * width;
        inGroup = 0;
        width += 1;
        // At its widest it stays. Where 9 bits are the most it becomes 10 all the same: so every reader has it, compress itself included.
        most = width === this.#bits ? capacity : (1 << width) - 1;
      }
      while (heldBits < width && at < input.length) {
        held |= input[at++]! << heldBits;
        heldBits += 8;
      }
      if (skip > 0) {
        const dropped = Math.min(skip, heldBits);
        held >>>= dropped;
        heldBits -= dropped;
        skip -= dropped;
        if (dropped === 0) break;
        continue;
      }
      if (heldBits < width) break;
      const code = held & ((1 << width) - 1);
      held >>>= width;
      heldBits -= width;
      inGroup = (inGroup + 1) % GROUP;

      if (code === CLEAR && this.#blockMode && previous >= 0) {
        skip = ((GROUP - inGroup) % GROUP) * width;
        inGroup = 0;
        width = FIRST_WIDTH;
        most = (1 << FIRST_WIDTH) - 1;
        // The next code still makes an entry out of the string before: 256, which nobody can refer to.
        free = CLEAR;
        continue;
      }
      if (previous < 0 ? code >= 256 : code > free || code >= capacity) throw damaged(WHAT, "a code stands for nothing yet");
      // The code that is only now defined is the previous string and its own first byte.
      const isNew = code === free;
      const length = isNew ? lengths[previous]! + 1 : lengths[code]!;
      if (length > OUTPUT - filled) {
        yield out.subarray(0, filled);
        filled = 0;
      }
      filled += length;
      let to = filled;
      let one = code;
      if (isNew) {
        out[--to] = first;
        one = previous;
      }
      for (; one >= 256; one = prefix[one]!) out[--to] = suffix[one]!;
      out[--to] = first = one;
      if (previous >= 0 && free < capacity) {
        prefix[free] = previous;
        suffix[free] = first;
        lengths[free] = lengths[previous]! + 1;
        free += 1;
      }
      previous = code;
    }
    [this.#held, this.#heldBits, this.#width, this.#skip, this.#inGroup] = [held, heldBits, width, skip, inGroup];
    [this.#free, this.#most, this.#previous, this.#first, this.#filled] = [free, most, previous, first, filled];
  }

  /** The rest of the content. What is left of the input is less than a byte of zeros, unless a code was cut. */
  *end(): Generator<Uint8Array> {
    if (this.#skip === 0 && (this.#heldBits >= 8 || this.#held !== 0)) throw truncated(WHAT);
    if (this.#filled > 0) yield this.#out.subarray(0, this.#filled);
  }
}
