/** One block of a filter's output, packed by itself: a job that any thread runs. */
import { encodeLz4Block } from "../filters/lz4-block-encode.ts";
import type { BlockCodec } from "../formats/contract.ts";
import { Moved } from "../parallel/serve.ts";

export interface EncodeJob {
  readonly kind: "encode";
  readonly codec: BlockCodec;
  readonly block: Uint8Array;
  /** The codec's own. */
  readonly level: number;
  /** Not changed before `block` was read, so it may be the buffer that `block` lies in. */
  readonly into: ArrayBuffer;
}

/** What was packed, in `into` when there is room. */
export async function runEncode({ codec, block, level, into }: EncodeJob): Promise<Moved<Uint8Array<ArrayBuffer>>> {
  const packed = await encoded(codec, block, level);
  const out = new Uint8Array(packed.length <= into.byteLength ? into : new ArrayBuffer(packed.length), 0, packed.length);
  out.set(packed);
  return new Moved(out, [out.buffer]);
}

/** Valid until the next call. */
async function encoded(codec: BlockCodec, block: Uint8Array, level: number): Promise<Uint8Array> {
  switch (codec) {
    case "lz4":
      return encodeLz4Block(block, level);
    case "zstd":
      return (await import("../zstd/encoder.ts")).encodeFrame(block, level);
    case "bzip2":
      return (await import("../bzip2/encoder.ts")).encodeBzip2Stream(block, level);
  }
}
