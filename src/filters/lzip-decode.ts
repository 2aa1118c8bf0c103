/** The members of an lzip file (manual, "File format"), each verified, and what lies behind them. */
import { BlockReader } from "../bytes/block-reader.ts";
import { crc32 } from "../bytes/crc32.ts";
import { engineDecode } from "../engine/codec.ts";
import { assertMemory } from "../engine/memory.ts";
import { UnzipxError } from "../errors.ts";
import type { Bytes, DecodeOptions } from "../formats/contract.ts";
import { checkSize, checkSum, damaged, endOf, need } from "./framing.ts";
import { HEADER, LzipMember } from "./lzip-member.ts";
import { isLzip, MAGIC_BYTES } from "./lzip.ts";

const WHAT = "the lzip data";
/** 4 KiB to 512 MiB. */
const SMALLEST_DICTIONARY = 2 ** 12;
const LARGEST_DICTIONARY = 2 ** 29;
/** lc = 3, lp = 0, pb = 2, which lzip prescribes: (pb · 5 + lp) · 9 + lc. */
const PROPERTIES = 0x5d;

export async function* decodeLzip(input: Bytes, options: DecodeOptions): AsyncGenerator<Uint8Array> {
  const reader = new BlockReader(input, WHAT);
  try {
    for (let members = 0; ; members++) {
      const start = await reader.peek(MAGIC_BYTES);
      if (start.length === 0 && members > 0) return;
      if (!isLzip(start)) return await endOf(reader, start, members, "lzip", { ...options, bearsRemarks: true });
      yield* decodeMember(reader, options);
    }
  } finally {
    await reader.close();
  }
}

async function* decodeMember(reader: BlockReader, { memory }: DecodeOptions): AsyncGenerator<Uint8Array> {
  // 0 - magic; 4 - version; 5 - dictionary
  const header = await need(reader, HEADER, WHAT);
  const version = header[4] === 0 ? 0 : 1;
  const dictionary = roundUp(dictionaryOf(header[5]!));
  assertMemory(dictionary, memory, WHAT);
  const member = new LzipMember(reader, version);
  let crc = 0;
  let size = 0;
  let isLonger = false;
  // Bytes behind the end marker: here they are damage.
  const behind = (): void => void (isLonger = true);
  for await (const chunk of engineDecode("lzma", lzmaFile(dictionary, member.stream()), { what: WHAT, behind })) {
    crc = crc32(chunk, crc);
    size += chunk.length;
    yield chunk;
  }
  if (member.trailer === undefined && member.isAtEnd) throw new UnzipxError("TRUNCATED", `Cannot read ${WHAT}: the end of a member is missing, or its sizes are damaged`);
  if (member.trailer === undefined || isLonger) throw damaged(WHAT, "a member goes on behind its end marker");
  // 0 - CRC-32 of the content; 4 - its size; 12 - size of the member, if any: by that the end was found
  checkSum(WHAT, member.trailer.readUInt32LE(0), crc);
  checkSize(WHAT, Number(member.trailer.readBigUInt64LE(4)), size);
}

/** Bits 0 to 4 are the power of two, bits 5 to 7 the sixteenths of it that are taken off. */
function dictionaryOf(byte: number): number {
  const base = 2 ** (byte & 0x1f);
  const size = base - (base / 16) * (byte >>> 5);
  if (size < SMALLEST_DICTIONARY || size > LARGEST_DICTIONARY) {
    throw new UnzipxError("BAD_HEADER", `Cannot read ${WHAT}: its dictionary has a size that is not allowed`, { expected: "4 KiB to 512 MiB", found: `${size} bytes` });
  }
  return size;
}

/** The older form that the engine reads: properties, dictionary, and a size that is unknown, so that an end marker is demanded. */
async function* lzmaFile(dictionary: number, stream: Bytes): Bytes {
  const header = Buffer.alloc(13, 0xff);
  header.writeUInt8(PROPERTIES, 0);
  header.writeUInt32LE(dictionary, 1);
  yield header;
  yield* stream;
}

/** The engine takes for LZMA only what has a dictionary of 2^n or 2^n + 2^(n-1) bytes; a larger one than was written serves as well. */
function roundUp(dictionary: number): number {
  const power = 2 ** Math.ceil(Math.log2(dictionary));
  return dictionary <= (power / 4) * 3 ? (power / 4) * 3 : power;
}
