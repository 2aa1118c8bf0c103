/** A brotli stream, decoded by node:zlib, and what lies behind it. */
import { createBrotliDecompress } from "node:zlib";
import { BlockReader } from "../bytes/block-reader.ts";
import { decodeMember } from "../bytes/member.ts";
import { CHUNK } from "../bytes/through.ts";
import type { Bytes, DecodeOptions } from "../formats/contract.ts";
import { endOf, truncated } from "./framing.ts";

const WHAT = "the brotli data";

/**
 * The window is at most 16 MiB (RFC 7932, 9.1); "large window" brotli, which is not of the RFC, stays off.
 * Node's stream would ignore what lies behind the end.
 */
export async function* decodeBrotli(input: Bytes, options: DecodeOptions): AsyncGenerator<Uint8Array> {
  const reader = new BlockReader(input, WHAT);
  try {
    if ((await reader.peek(1)).length === 0) throw truncated(WHAT);
    yield* decodeMember(reader, createBrotliDecompress({ chunkSize: CHUNK }), WHAT);
    const behind = await reader.peek(1);
    if (behind.length > 0) await endOf(reader, behind, 1, "brotli", options);
  } finally {
    await reader.close();
  }
}
