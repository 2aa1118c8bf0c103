/** Zstandard (RFC 8878), as a frame for each block, which zstd(1) and all that follow it read as one; each tells its size and has a checksum. */
import type { Bytes, EncodeOptions } from "../formats/contract.ts";
import { encodeBlocks, underWay } from "./encode-blocks.ts";

/** A frame of so much is 1 % larger than one of everything (measured with zstd(1)'s level 6). */
const BLOCK = 4 << 20;
/** From this level on, matches that reach farther back are worth their time. */
const FAR = 8;
const LARGE_BLOCK = 16 << 20;
const MEMORY = 1 << 30;
const ROUNDS = 2;

export function encodeZstd(input: Bytes, { level, compressor }: EncodeOptions): AsyncGenerator<Uint8Array> {
  const isLarge = level >= FAR;
  return encodeBlocks(input, {
    size: isLarge ? LARGE_BLOCK : BLOCK,
    // Of src/zstd/encode.c: the content, the frame and the tables; 123 MB at level 9.
    workspace: (isLarge ? 123 : 16) << 20,
    memory: MEMORY,
    width: underWay(compressor.width, ROUNDS),
    encode: (block) => compressor.encode("zstd", block, level),
  });
}
