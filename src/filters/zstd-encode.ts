/** Zstandard (RFC 8878), as a frame for each block, which zstd(1) and all that follow it read as one; each tells its size and has a checksum. */
import type { Bytes, EncodeOptions } from "../formats/contract.ts";
import { encodeBlocks, underWay } from "./encode-blocks.ts";

/** A frame of so much is 1 % larger than one of everything (measured with zstd(1)'s level 6). */
const BLOCK = 4 << 20;
/** From this level on, it is worth its time to reach back farther. */
const FAR = 8;
const LARGE_BLOCK = 16 << 20;
const MEMORY = 1 << 30;
const ROUNDS = 2;
/** Of src/zstd/encode.c, on each thread: the content, the frame and the tables. */
const [WORKSPACE, LARGE_WORKSPACE] = [12 << 20, 114 << 20];

export function encodeZstd(input: Bytes, { level, compressor }: EncodeOptions): AsyncGenerator<Uint8Array> {
  const isLarge = level >= FAR;
  return encodeBlocks(input, {
    size: isLarge ? LARGE_BLOCK : BLOCK,
    workspace: (isLarge ? LARGE_WORKSPACE : WORKSPACE) / ROUNDS, // no more than the threads are at work
    memory: MEMORY,
    width: underWay(compressor.width, ROUNDS),
    isShared: compressor.width > 1,
    encode: (block) => compressor.encode("zstd", block, level),
  });
}
