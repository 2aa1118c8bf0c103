/** Brotli (RFC 7932): one stream, on the one thread that zlib gives it. */
import { constants, createBrotliCompress } from "node:zlib";
import { CHUNK, through } from "../bytes/through.ts";
import type { Bytes, EncodeOptions } from "../formats/contract.ts";

/** 0 to 8 are brotli's own qualities; 9 is the last, which takes ten times as long. */
const QUALITIES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 11];
/** 16 MiB, the largest that the RFC has: also what brotli(1) takes. */
const WINDOW_BITS = 24;

export function encodeBrotli(input: Bytes, { level }: EncodeOptions): AsyncGenerator<Uint8Array> {
  const options = {
    chunkSize: CHUNK,
    params: { [constants.BROTLI_PARAM_QUALITY]: QUALITIES[level]!, [constants.BROTLI_PARAM_LGWIN]: WINDOW_BITS },
    // Chunks may be changed when the next one is asked for: each has to be worked on before.
    writableHighWaterMark: 1,
  };
  return through(input, createBrotliCompress(options), "what is to be compressed");
}
