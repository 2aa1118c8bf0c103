/** bzip2, as a stream for each block: bzip2(1) and all that follow it read any number of streams as one. */
import type { Bytes, EncodeOptions } from "../formats/contract.ts";
import { encodeBlocks, underWay } from "./encode-blocks.ts";

/** What bzip2(1) puts into a block: 19 bytes less than its name says; and a byte and what it may cost to count a run take up to three, so the last two may be left. */
const SPARE = 19 + 2;
/** Of one byte over and over, a block would be 46 MB long. */
const MOST = 4 << 20;
/** The sort's memory (src/bzip2/encode.c), and what it is made of. */
const WORKSPACE = 24 << 20;
const MEMORY = 1 << 30;
const ROUNDS = 2;

/** Runs of 4 to 255 equal bytes become four and their number. */
const [LEAST_RUN, MOST_RUN] = [4, 255];

/** The level is that of bzip2(1): blocks of 100 to 900 kB. Level 0 is taken for 1. */
export function encodeBzip2(input: Bytes, { level, compressor }: EncodeOptions): AsyncGenerator<Uint8Array> {
  const blockLevel = Math.max(1, level);
  return encodeBlocks(input, {
    size: MOST,
    fill: new Filling(blockLevel * 100_000 - SPARE),
    workspace: WORKSPACE / ROUNDS, // each thread has one, and no more than the threads are at work
    memory: MEMORY,
    width: underWay(compressor.width, ROUNDS),
    isShared: compressor.width > 1,
    encode: (block) => compressor.encode("bzip2", block, blockLevel),
  });
}

/** Counts what a block's bytes become once their runs are counted: cut by their own number, blocks of a tar with its many zeros would be a tenth too small, and the whole 0.8 % larger (measured). */
class Filling {
  readonly #most: number;
  #room: number;
  /** Of the last byte, how often it was there in a row. */
  #byte = -1;
  #run = 0;

  /** A block holds `most` bytes. */
  constructor(most: number) {
    this.#most = this.#room = most;
  }

  begin(): void {
    this.#room = this.#most;
    this.#byte = -1;
    this.#run = 0;
  }

  take(bytes: Uint8Array): number {
    let [byte, run, limit, at] = [this.#byte, this.#run, this.#room, 0];
    for (; at < limit && at < bytes.length; at++) {
      const next = bytes[at]!;
      if (next !== byte) {
        if (run >= LEAST_RUN) limit -= 1;
        byte = next;
        run = 1;
        continue;
      }
      run += 1;
      if (run <= LEAST_RUN) continue;
      limit += 1; // it takes no room
      if (run < MOST_RUN) continue;
      limit -= 1;
      byte = -1;
      run = 0;
    }
    [this.#byte, this.#run, this.#room] = [byte, run, limit - at];
    return at;
  }
}
