/** The zstd of node:zlib, to encode with: there from Node 22.15 on, and not in the types of the oldest Node that is served. */
import { nodeZlib } from "../bytes/node-modules.ts";

interface ZstdOptions {
  readonly chunkSize: number;
  readonly params: Readonly<Record<number, number>>;
}

export interface NodeZstd {
  zstdCompressSync(bytes: Uint8Array, options: ZstdOptions): Buffer;
  readonly constants: Readonly<Record<"ZSTD_c_compressionLevel" | "ZSTD_c_checksumFlag", number>>;
}

export function nodeZstd(): NodeZstd | undefined {
  const zlib = nodeZlib();
  return "zstdCompressSync" in zlib ? (zlib as unknown as NodeZstd) : undefined;
}
