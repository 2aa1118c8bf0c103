/** The frames of a zstd file, each decoded by itself. */
import { BlockReader } from "../bytes/block-reader.ts";
import { decodeMember } from "../bytes/member.ts";
import { CHUNK } from "../bytes/through.ts";
import { engineDecode } from "../engine/codec.ts";
import type { Bytes, DecodeOptions } from "../formats/contract.ts";
import { checkSize, damaged, truncated } from "./framing.ts";
import { FrameWalk, nextFrame, Seen, WHAT, type ZstdFrame } from "./zstd-frame.ts";
import { nodeZstd, zstdError, type NodeZstd } from "./zstd-node.ts";

/** The decoder's default is 2^27, and 2^31 its most; what is allowed is `--max-memory`'s business. */
const WINDOW_LOG = 31;
/** Frames of so few blocks hold 1 MiB at most (128 KiB each) and are decoded with one call: a stream for each costs more than they do. */
const SMALL_BLOCKS = 8;
const SMALL_CONTENT = SMALL_BLOCKS * 128 * 1024;

/**
 * Node's decoder is never given a file: up to Node 24 it ends silently behind the first frame, at a skippable frame and where
 * the input is cut. It gets one frame that was walked to its end, and its checksum is verified there.
 */
export async function* decodeZstd(input: Bytes, options: DecodeOptions): AsyncGenerator<Uint8Array> {
  const reader = new BlockReader(input, WHAT);
  const seen = new Seen();
  try {
    let frame = await nextFrame(reader, seen, options);
    const zstd = nodeZstd();
    if (zstd === undefined) {
      // Nothing but skippable frames is no content, for which the engine need not be started.
      if (frame !== undefined) yield* decodeElsewhere(reader, frame, seen, options);
      return;
    }
    for (; frame !== undefined; frame = await nextFrame(reader, seen, options)) {
      let size = 0;
      const walk = new FrameWalk(frame);
      for await (const chunk of decodeFrame(zstd, reader, walk)) {
        size += chunk.length;
        yield chunk;
      }
      if (frame.size !== undefined) checkSize(WHAT, frame.size, size);
      seen.frame(walk);
    }
  } finally {
    await reader.close();
  }
}

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

/** The engine's decoder joins frames by itself; those that are skippable, and what is behind them, it need not see. */
async function* decodeElsewhere(reader: BlockReader, first: ZstdFrame, seen: Seen, options: DecodeOptions): AsyncGenerator<Uint8Array> {
  let declared: number | undefined = 0;
  let size = 0;
  const frames = async function* (): Bytes {
    for (let frame: ZstdFrame | undefined = first; frame !== undefined; frame = await nextFrame(reader, seen, options)) {
      declared = declared === undefined || frame.size === undefined ? undefined : declared + frame.size;
      const walk = new FrameWalk(frame);
      yield* restOf(reader, walk, []);
      seen.frame(walk);
    }
  };
  for await (const chunk of engineDecode("zstd", frames(), { what: WHAT })) {
    size += chunk.length;
    yield chunk;
  }
  if (declared !== undefined) checkSize(WHAT, declared, size);
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
