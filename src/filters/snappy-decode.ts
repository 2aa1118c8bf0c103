/**
 * The chunks of a framed snappy stream (framing_format.txt), each verified.
 *
 * The format has neither sizes nor an end mark: what was cut between two chunks looks whole. So nothing behind the data
 * is taken for padding either, since zeros are what a file has that was never written to its end.
 */
import { BlockReader } from "../bytes/block-reader.ts";
import { crc32c } from "../bytes/crc32c.ts";
import { UnzipxError } from "../errors.ts";
import type { Bytes } from "../formats/contract.ts";
import { checkSum, damaged, need } from "./framing.ts";
import { decodeSnappyBlock } from "./snappy-block.ts";
import { SNAPPY_MAGIC } from "./snappy.ts";

const WHAT = "the snappy data";
/** 4.2: no chunk holds more content. */
const CONTENT = 65536;
/** What content that cannot be compressed may grow to (snappy's MaxCompressedLength): 32 + n + n/6. */
const PACKED = 32 + CONTENT + Math.floor(CONTENT / 6);
const CHECKSUM = 4;

const COMPRESSED = 0x00;
const STORED = 0x01;
const IDENTIFIER = 0xff;
/** From here on unknown chunks may be skipped; 0xfe is padding. */
const SKIPPABLE = 0x80;

export async function* decodeSnappy(input: Bytes): AsyncGenerator<Uint8Array> {
  const reader = new BlockReader(input, WHAT);
  const out = new Uint8Array(CONTENT);
  try {
    for (let chunks = 0; ; chunks++) {
      const header = await reader.take(4);
      if (header === undefined && chunks > 0) return;
      // 0 - type; 1 - length, 3 bytes
      const type = header?.[0];
      const length = header === undefined ? 0 : Buffer.from(header).readUIntLE(1, 3);
      if (type === IDENTIFIER) {
        if (length !== SNAPPY_MAGIC.length - 4 || !(await need(reader, length, WHAT)).every((byte, at) => byte === SNAPPY_MAGIC[4 + at])) {
          throw new UnzipxError("BAD_HEADER", `Cannot read ${WHAT}: its stream identifier is a different one`);
        }
      } else if (type === undefined || chunks === 0) {
        throw new UnzipxError("BAD_HEADER", `Cannot read ${WHAT}: it does not begin like snappy`);
      } else if (type === COMPRESSED || type === STORED) {
        if (length < CHECKSUM || length - CHECKSUM > (type === STORED ? CONTENT : PACKED)) throw damaged(WHAT, "a chunk is shorter or longer than it may be");
        const chunk = await need(reader, length, WHAT);
        const block = chunk.subarray(CHECKSUM);
        const content = type === STORED ? block : out.subarray(0, decodeSnappyBlock(block, out, WHAT));
        checkSum(WHAT, chunk.readUInt32LE(0), masked(crc32c(content)));
        if (content.length > 0) yield content;
      } else if (type < SKIPPABLE) {
        throw damaged(WHAT, `a chunk is of the reserved type ${type}`);
      } else {
        await reader.skip(length);
      }
    }
  } finally {
    await reader.close();
  }
}

/** 3: stored sums are rotated and shifted, because the checksum of data that holds its own checksum says little. */
function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
