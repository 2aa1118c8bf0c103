/** One lz4 frame (lz4_Frame_format.md, version 1.6): independent blocks, which any thread packs, and a checksum of the content. */
import { Xxh32, xxh32 } from "../bytes/xxhash32.ts";
import type { Bytes, EncodeOptions } from "../formats/contract.ts";
import { encodeBlocks, underWay } from "./encode-blocks.ts";
import { LZ4_MAGIC } from "./lz4.ts";

const BLOCK = 4 << 20;
const IN_FLIGHT = 128 << 20;
const ROUNDS = 2;

/** Version 01, blocks independent, content checksum; no block checksums, no content size, no dictionary. */
const FLAGS = 0b0110_0100;
/** Bits 4 to 6: 7 = blocks of at most 4 MiB. */
const BLOCK_MAXIMUM = 7 << 4;

export async function* encodeLz4(input: Bytes, { level, compressor }: EncodeOptions): AsyncGenerator<Uint8Array> {
  yield frameHeader();
  const sum = new Xxh32();
  const blocks = encodeBlocks(input, {
    size: BLOCK, workspace: BLOCK, width: underWay(compressor.width, ROUNDS), memory: IN_FLIGHT, isShared: compressor.width > 1,
    async encode(block) {
      if (block.length === 0) return block; // a size of 0 would be the end mark
      sum.update(block);
      return compressor.encode("lz4", block, level);
    },
  });
  for await (const block of blocks) if (block.length > 0) yield block;
  const end = Buffer.alloc(8);
  end.writeUInt32LE(sum.digest(), 4); // 0 - end mark: zero; 4 - content checksum
  yield end;
}

function frameHeader(): Uint8Array {
  const header = Buffer.alloc(7);
  header.writeUInt32LE(LZ4_MAGIC, 0);
  header.writeUInt8(FLAGS, 4);
  header.writeUInt8(BLOCK_MAXIMUM, 5);
  header.writeUInt8((xxh32(header.subarray(4, 6)) >>> 8) & 0xff, 6); // of the descriptor, its second byte
  return header;
}
