/** Zstandard (RFC 8878), as a frame for each block, which zstd(1) and all that follow it read as one; each tells its size and has a checksum. */
import type { Bytes, EncodeOptions } from "../formats/contract.ts";
import { encodeBlocks, underWay } from "./encode-blocks.ts";

/** 0 to 9 of the command line → 1 to 19 of zstd, whose own default, 3, is level 6 here. */
export const ZSTD_LEVELS: readonly number[] = [1, 1, 1, 2, 2, 3, 3, 6, 12, 19];

/** Windows are at most 2 MiB up to zstd's level 6, and a frame of twice that is 1 % larger than one of everything (measured). */
const BLOCK = 4 << 20;
/** From 12 on they have 4 and 8 MiB. */
const LARGE_BLOCK = 16 << 20;
const MEMORY = 1 << 30;
const ROUNDS = 2;

export function encodeZstd(input: Bytes, { level, compressor }: EncodeOptions): AsyncGenerator<Uint8Array> {
  const zstdLevel = ZSTD_LEVELS[level]!;
  const isLarge = zstdLevel >= 12;
  return encodeBlocks(input, {
    size: isLarge ? LARGE_BLOCK : BLOCK,
    // The tables of zstd's searches, roughly: ZSTD_estimateCCtxSize() says 81 MB for level 19.
    workspace: (isLarge ? 96 : 16) << 20,
    memory: MEMORY,
    width: underWay(compressor.width, ROUNDS),
    encode: (block) => compressor.encode("zstd", block, zstdLevel),
  });
}
