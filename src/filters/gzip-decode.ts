/** The members of a gzip file (RFC 1952), each verified, and what lies behind them. */
import { crc32, createInflateRaw } from "node:zlib";
import { BlockReader } from "../bytes/block-reader.ts";
import { decodeMember } from "../bytes/member.ts";
import { startInflation, type Inflation } from "../deflate/inflation.ts";
import { zlibError } from "../bytes/through.ts";
import { UnzipxError } from "../errors.ts";
import type { Bytes, DecodeOptions } from "../formats/contract.ts";
import { checkSum, endOf, need } from "./framing.ts";

const WHAT = "the gzip data";
// Where Node's stream has to do: large chunks, and several of them ahead, because it decodes on another thread.
const CHUNK = 512 * 1024;
const AHEAD = 4 * CHUNK;
/** From the second member on: files of many members (bgzip) have small ones. */
const SMALL_CHUNK = 64 * 1024;
const NAME_BYTES = 64 * 1024;

const FLAG_HEADER_CRC = 0x02;
const FLAG_EXTRA = 0x04;
const FLAG_NAME = 0x08;
const FLAG_COMMENT = 0x10;
const FLAGS_RESERVED = 0xe0;

/**
 * node:zlib's Gunzip is not used, because it cannot tell a second member from rubbish behind the first,
 * and loses what it had decoded when it meets the latter.
 */
export async function* decodeGzip(input: Bytes, options: DecodeOptions): AsyncGenerator<Uint8Array> {
  const reader = new BlockReader(input, WHAT);
  const inflation = startInflation();
  try {
    for (let member = 0; ; member++) {
      const start = await reader.peek(3);
      if (start.length === 0 && member > 0) return;
      if (start[0] !== 0x1f || start[1] !== 0x8b || start[2] !== 8) return await endOf(reader, start, member, "gzip", { ...options, bearsRemarks: true });
      await skipHeader(reader);
      let crc = 0;
      let size = 0;
      for await (const chunk of inflation === undefined ? elsewhere(reader, member) : inflateMember(reader, inflation)) {
        crc = crc32(chunk, crc);
        size += chunk.length;
        yield chunk;
      }
      // 2.3.1: CRC-32 of the content, and its size modulo 2^32
      const trailer = await need(reader, 8, WHAT);
      checkSum(WHAT, trailer.readUInt32LE(0), crc);
      if (trailer.readUInt32LE(4) !== size % 2 ** 32) {
        throw new UnzipxError("BAD_SIZE", `Cannot read ${WHAT}: its content is not as long as it says`, { expected: `${trailer.readUInt32LE(4)} bytes modulo 2^32`, found: `${size} bytes` });
      }
    }
  } finally {
    await reader.close();
  }
}

/** The deflate stream of one member; the reader is left right behind it. */
async function* inflateMember(reader: BlockReader, inflation: Inflation): AsyncGenerator<Uint8Array> {
  inflation.restart();
  try {
    while (!inflation.isOver) {
      const piece = await reader.piece();
      if (piece === undefined) return inflation.end();
      const before = inflation.consumed;
      yield* inflation.push(piece);
      reader.giveBack(piece.subarray(inflation.consumed - before));
    }
  } catch (error) {
    throw zlibError(error, WHAT);
  }
}

/** The same by Node's stream. */
function elsewhere(reader: BlockReader, member: number): AsyncGenerator<Uint8Array> {
  return decodeMember(reader, createInflateRaw({ chunkSize: member === 0 ? CHUNK : SMALL_CHUNK, readableHighWaterMark: AHEAD } as { chunkSize: number }), WHAT);
}

/** RFC 1952, 2.3. */
async function skipHeader(reader: BlockReader): Promise<void> {
  // 0 - magic, 2 - method: seen; 3 - flags; 4 - time; 8 - extra flags; 9 - operating system
  const fixed = await need(reader, 10, WHAT);
  const flags = fixed[3]!;
  if ((flags & FLAGS_RESERVED) !== 0) throw new UnzipxError("BAD_HEADER", `Cannot read ${WHAT}: its header has flags that no version defines`);
  if ((flags & FLAG_EXTRA) !== 0) {
    await reader.skip((await need(reader, 2, WHAT)).readUInt16LE(0));
  }
  for (const flag of [FLAG_NAME, FLAG_COMMENT]) {
    if ((flags & flag) === 0) continue;
    for (let length = 0; (await need(reader, 1, WHAT))[0] !== 0; length++) {
      if (length > NAME_BYTES) throw new UnzipxError("LIMIT", `Stopped: a name in the header of ${WHAT} is longer than any system allows`);
    }
  }
  if ((flags & FLAG_HEADER_CRC) !== 0) await need(reader, 2, WHAT);
}
