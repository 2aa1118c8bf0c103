/** xz, which the engine encodes: complete streams one behind the other, each by an engine of its own. */
import { setMaxListeners } from "node:events";
import type { Bytes, EncodeOptions } from "../formats/contract.ts";
import { encodeBlocks } from "./encode-blocks.ts";

/** Of all engines under way together. */
const MEMORY = 1 << 30;

export interface EngineEncoding {
  /** Bytes of input that become one stream. */
  readonly size: number;
  /** Bytes that one engine takes, beside its input. */
  readonly workspace: number;
  /** 7-Zip's switches for a block of so many bytes. */
  switches(length: number): readonly string[];
}

export async function* encodeOnEngines(input: Bytes, { compressor, signal }: EncodeOptions, { size, workspace, switches }: EngineEncoding): AsyncGenerator<Uint8Array> {
  const { engineEncode } = await import("../engine/codec.ts");
  // Whoever lets go of us, for an error or early, wants no engine to work on: the process would wait for it.
  const over = new AbortController();
  const either = AbortSignal.any(signal === undefined ? [over.signal] : [over.signal, signal]);
  setMaxListeners(0, either); // one for each engine: from eleven on, Node 20 would warn on standard error
  try {
    yield* encodeBlocks(input, {
      size, workspace, width: compressor.width, memory: MEMORY, isShared: false,
      encode: (block) => engineEncode(once(block), switches(block.length), either),
    });
  } finally {
    over.abort();
  }
}

async function* once(block: Uint8Array): Bytes {
  yield block;
}
