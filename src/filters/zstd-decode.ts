/** The frames of a zstd file, each decoded by itself. */
import { BlockReader } from "../bytes/block-reader.ts";
import { decodeMember } from "../bytes/member.ts";
import { CHUNK } from "../bytes/through.ts";
import type { Bytes, DecodeOptions } from "../formats/contract.ts";
import { ZstdDecoder } from "../zstd/decoder.ts";
import { checkSize, checkSum, damaged, need, truncated } from "./framing.ts";
import { BLOCK_HEADER, CHECKSUM, FrameWalk, nextFrame, Seen, WHAT, type ZstdFrame } from "./zstd-frame.ts";
import { nodeZstd, zstdError, type NodeZstd } from "./zstd-node.ts";

/** The decoder's default is 2^27, and 2^31 its most; what is allowed is `--max-memory`'s business. */
const WINDOW_LOG = 31;
/** Frames of so few blocks hold 1 MiB at most (128 KiB each) and are decoded with one call: a stream for each costs more than they do. */
const SMALL_BLOCKS = 8;
const SMALL_CONTENT = SMALL_BLOCKS * 128 * 1024;

/** One for each thread, while nothing is decoded with it. */
let idle: ZstdDecoder | undefined;

/** By Node where it can (22.15 and later), unless `isOurs`; else by our own decoder. Each chunk is valid until the next one is asked for. */
export async function* decodeZstd(input: Bytes, options: DecodeOptions, isOurs = false): AsyncGenerator<Uint8Array> {
  const reader = new BlockReader(input, WHAT);
  const seen = new Seen();
  const zstd = isOurs ? undefined : nodeZstd();
  let decoder: ZstdDecoder | undefined;
  try {
    for (let frame = await nextFrame(reader, seen, options); frame !== undefined; frame = await nextFrame(reader, seen, options)) {
      let size = 0;
      const walk = new FrameWalk(frame);
      for await (const chunk of zstd === undefined ? decodeBlocks((decoder ??= takeDecoder()), reader, walk, frame) : decodeFrame(zstd, reader, walk)) {
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

/**
 * Node's decoder is never given a file: up to Node 24 it ends silently behind the first frame, at a skippable frame and where
 * the input is cut. It gets one frame that was walked to its end, and its checksum is verified there.
 */
async function* decodeFrame(zstd: NodeZstd, reader: BlockReader, walk: FrameWalk): AsyncGenerator<Uint8Array> {
  const params = { [zstd.constants.ZSTD_d_windowLogMax]: WINDOW_LOG };
  const begin: Uint8Array[] = [];
  while (!walk.done && walk.blocks <= SMALL_BLOCKS) begin.push(new Uint8Array(await nextPiece(reader, walk)));
  try {
    if (walk.blocks > SMALL_BLOCKS) {
      const inside = new BlockReader(restOf(reader, walk, begin), WHAT);
      yield* decodeMember(inside, zstd.createZstdDecompress({ chunkSize: CHUNK, params }), WHAT);
      if ((await inside.peek(1)).length > 0) throw damaged(WHAT, "a frame goes on behind its end");
    } else {
      const content = zstd.zstdDecompressSync(Buffer.concat(begin), { chunkSize: CHUNK, maxOutputLength: SMALL_CONTENT, params });
      if (content.length > 0) yield content;
    }
  } catch (error) {
    throw zstdError(error, WHAT);
  }
}

async function* restOf(reader: BlockReader, walk: FrameWalk, begin: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* begin;
  while (!walk.done) yield await nextPiece(reader, walk);
}

/** The next bytes of the frame; what comes behind it stays in the reader. */
async function nextPiece(reader: BlockReader, walk: FrameWalk): Promise<Uint8Array> {
  const piece = await reader.piece();
  if (piece === undefined) throw truncated(WHAT);
  const length = walk.accept(piece);
  reader.giveBack(piece.subarray(length));
  return piece.subarray(0, length);
}
