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
  const encode = await encoderOf(codec);
  // From here on without waiting: another job of this thread would write over what is packed.
  const packed = encode(block, level);
  const out = new Uint8Array(packed.length <= into.byteLength ? into : new ArrayBuffer(packed.length), 0, packed.length);
  out.set(packed);
  return new Moved(out, [out.buffer]);
}

/** A block and a level to what is packed, valid until the next call. */
async function encoderOf(codec: BlockCodec): Promise<(block: Uint8Array, level: number) => Uint8Array> {
  switch (codec) {
    case "lz4":
      return encodeLz4Block;
    case "zstd":
      return (await import("../zstd/encoder.ts")).encodeFrame;
    case "bzip2":
      return (await import("../bzip2/encoder.ts")).encodeBzip2Stream;
  }
}
