/** The one compression of SquashFS that the engine does not know: it fails on it without saying why. */
import { readSegments } from "../../bytes/segments.ts";
import { UnzipxError } from "../../errors.ts";
import type { SolidSource } from "../contract.ts";

/** Superblock of version 4: 0 - "hsqs", 20 - compression, 16 bits: 1 gzip, 2 lzma, 3 lzo, 4 xz, 5 lz4, 6 zstd; 28 - version, 16 bits. */
const COMPRESSION = 20;
const VERSION = 28;
const LZ4 = 5;

/** The image as it is. @throws {UnzipxError} UNSUPPORTED_METHOD where its compression is lz4 */
export async function assertReadable(source: SolidSource): Promise<SolidSource> {
  const { segments } = source;
  const head = Buffer.alloc(VERSION + 2);
  if (readSegments(segments, head, 0) < head.length || head.toString("latin1", 0, 4) !== "hsqs") return source;
  // Versions 1 to 3 know gzip only, and have something else there.
  if (head.readUInt16LE(VERSION) !== 4 || head.readUInt16LE(COMPRESSION) !== LZ4) return source;
  throw new UnzipxError("UNSUPPORTED_METHOD", "Cannot read the SquashFS image: it is compressed with lz4, which this version does not read", { hint: "unsquashfs reads it" });
}
