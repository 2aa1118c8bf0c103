/** The zstd of node:zlib: there from Node 22.15 on, and not in the types of the oldest Node that is served. */
import type { Transform } from "node:stream";
import type { Zlib } from "node:zlib";
import { nodeZlib } from "../bytes/node-modules.ts";
import { zlibError } from "../bytes/through.ts";
import { UnzipxError } from "../errors.ts";

interface ZstdOptions {
  readonly chunkSize?: number;
  readonly maxOutputLength?: number;
  readonly params?: Readonly<Record<number, number>>;
}

export interface NodeZstd {
  createZstdDecompress(options: ZstdOptions): Transform & Zlib;
  zstdDecompressSync(bytes: Uint8Array, options: ZstdOptions): Buffer;
  zstdCompressSync(bytes: Uint8Array, options: ZstdOptions): Buffer;
  readonly constants: Readonly<Record<"ZSTD_d_windowLogMax" | "ZSTD_c_compressionLevel" | "ZSTD_c_checksumFlag", number>>;
}

export function nodeZstd(): NodeZstd | undefined {
  const zlib = nodeZlib();
  return "createZstdDecompress" in zlib ? (zlib as unknown as NodeZstd) : undefined;
}

/** Its errors as ours: a checksum that does not match, and memory that there is not, have codes of their own. */
export function zstdError(error: unknown, what: string): UnzipxError {
  const known = zlibError(error, what);
  const cause = known.details.cause as NodeJS.ErrnoException | undefined;
  switch (cause?.code) {
    case "ZSTD_error_checksum_wrong":
      return new UnzipxError("BAD_CHECKSUM", `Cannot read ${what}: its checksum does not match, so its content is damaged`, { cause });
    case "ZSTD_error_memory_allocation":
    case "ZSTD_error_frameParameter_windowTooLarge":
      return new UnzipxError("MEMORY", `Cannot read ${what}: its decoder needs more memory than there is for it`, { cause });
    default:
      return known;
  }
}
