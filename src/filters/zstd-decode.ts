/** The frames of a zstd file, each decoded by itself. */
import { BlockReader } from "../bytes/block-reader.ts";
import type { Bytes, DecodeOptions } from "../formats/contract.ts";
import { ZstdDecoder } from "../zstd/decoder.ts";
import { checkSize, checkSum, need, truncated } from "./framing.ts";
import { BLOCK_HEADER, CHECKSUM, FrameWalk, nextFrame, Seen, WHAT, type ZstdFrame } from "./zstd-frame.ts";

/** One for each thread, while nothing is decoded with it. */
let idle: ZstdDecoder | undefined;

/**
 * Each chunk is valid until the next one is asked for. Node has a decoder from 22.15 on, which is not used: it takes longer with its streams around it, and 70 MB more; and up to Node 24
 * it ends silently behind the first frame, at a skippable frame and where the input is cut.
 */
export async function* decodeZstd(input: Bytes, options: DecodeOptions): AsyncGenerator<Uint8Array> {
  const reader = new BlockReader(input, WHAT);
  const seen = new Seen();
  let decoder: ZstdDecoder | undefined;
  try {
    for (let frame = await nextFrame(reader, seen, options); frame !== undefined; frame = await nextFrame(reader, seen, options)) {
      let size = 0;
      const walk = new FrameWalk(frame);
      for await (const chunk of decodeBlocks((decoder ??= takeDecoder()), reader, walk, frame)) {
        size += chunk.length;
        yield chunk;
      }
      if (frame.size !== undefined) checkSize(WHAT, frame.size, size);
      seen.frame(walk);
    }
    // One that failed is not used again.
    if (decoder?.isLarge === false) idle = decoder;
  } finally {
    await reader.close();
  }
}

function takeDecoder(): ZstdDecoder {
  const decoder = idle ?? new ZstdDecoder(WHAT);
  idle = undefined;
  return decoder;
}

async function* decodeBlocks(decoder: ZstdDecoder, reader: BlockReader, walk: FrameWalk, frame: ZstdFrame): AsyncGenerator<Uint8Array> {
  await need(reader, frame.headerBytes, WHAT);
  decoder.open(frame.window, frame.size);
  let size = 0;
  for (let isLast = false; !isLast; ) {
    const block = walk.enterBlock((await need(reader, BLOCK_HEADER, WHAT)).readUIntLE(0, BLOCK_HEADER));
    for (let at = 0; at < block.packedSize; ) {
      const piece = await reader.upTo(block.packedSize - at);
      if (piece === undefined) throw truncated(WHAT);
      decoder.put(piece, at);
      at += piece.length;
    }
    size += decoder.block(block.type, block.size);
    if (frame.size !== undefined && size > frame.size) checkSize(WHAT, frame.size, size);
    isLast = block.isLast;
    if (!isLast && !decoder.isFull) continue;
    const content = decoder.take(frame.hasChecksum);
    if (content.length > 0) yield content;
  }
  if (frame.hasChecksum) checkSum(WHAT, (await need(reader, CHECKSUM, WHAT)).readUInt32LE(), decoder.sum);
}
