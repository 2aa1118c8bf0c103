/** Zstandard, which Node has since 22.15 and 23.8. */
import type { Transform } from "node:stream";
import * as zlib from "node:zlib";
import { UnzipxError } from "../errors.ts";
import { ZSTD_LEVELS } from "../filters/zstd-encode.ts";

/** What the types of the oldest Node that is supported do not know yet. */
interface NodeZstd {
  zstdCompressSync(data: Uint8Array, options: ZstdOptions): Buffer;
  createZstdCompress(options: ZstdOptions): Transform & zlib.Zlib;
}

interface ZstdOptions {
  readonly params: Readonly<Record<number, number>>;
  readonly chunkSize?: number;
}

/** Throws UNSUPPORTED_METHOD where this Node cannot. */
export function zstdOfNode(): NodeZstd {
  const known = zlib as Partial<NodeZstd>;
  if (known.zstdCompressSync !== undefined && known.createZstdCompress !== undefined) return known as NodeZstd;
  throw new UnzipxError("UNSUPPORTED_METHOD", "Cannot compress with zstd: this version of Node.js does not know it", {
    expected: "Node.js 22.15 or later", found: process.version, hint: "--method deflate",
  });
}

/** ZSTD_c_compressionLevel of zstd.h; Node has it as constants.ZSTD_c_compressionLevel where it has zstd at all. */
const COMPRESSION_LEVEL = 100;


export function zstdLevel(level: number): ZstdOptions {
  return { params: { [COMPRESSION_LEVEL]: ZSTD_LEVELS[level]! } };
}
