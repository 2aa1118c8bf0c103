/** The members of an lzop file, with every checksum that they carry verified. The format is the source of lzop 1.04. */
import { adler32 } from "../bytes/adler32.ts";
import { BlockReader } from "../bytes/block-reader.ts";
import { crc32 } from "../bytes/crc32.ts";
import { UnzipxError } from "../errors.ts";
import type { Bytes, DecodeOptions } from "../formats/contract.ts";
import { formatSize } from "../text/size.ts";
import { checkSize, checkSum, damaged, endOf, need } from "./framing.ts";
import { decodeLzo1x } from "./lzo1x.ts";
import { LZOP_MAGIC } from "./lzop.ts";

const WHAT = "the lzop data";
/** lzop writes blocks of 256 KiB; the format would allow 64 MiB, which nothing writes and which would cost twice as much to hold. */
const BLOCK_SIZE = 16 * 1024 * 1024;

/** LZO1X-1, LZO1X-1(15) and LZO1X-999: three compressors, one form. */
const METHODS = new Set([1, 2, 3]);
const OLDEST = 0x0900;
/** The first with a level, the version that is needed, and times of 64 bits. */
const WITH_LEVEL = 0x0940;
const NEWEST = 0x1040;

const FLAG_ADLER_CONTENT = 0x1;
const FLAG_ADLER_PACKED = 0x2;
const FLAG_EXTRA = 0x40;
const FLAG_CRC_CONTENT = 0x100;
const FLAG_CRC_PACKED = 0x200;
const FLAG_FILTER = 0x800;
const FLAG_HEADER_CRC = 0x1000;

export async function* decodeLzop(input: Bytes, options: DecodeOptions): AsyncGenerator<Uint8Array> {
  const reader = new BlockReader(input, WHAT);
  let buffer = new Uint8Array(256 * 1024);
  try {
    for (let members = 0; ; members++) {
      const start = await reader.peek(LZOP_MAGIC.length);
      if (start.length === 0 && members > 0) return;
      if (!LZOP_MAGIC.every((byte, at) => start[at] === byte)) return await endOf(reader, start, members, "lzop", options);
      await reader.skip(LZOP_MAGIC.length);
      const flags = await readHeader(reader);
      for (let sizes = await readSizes(reader); sizes !== undefined; sizes = await readSizes(reader)) {
        if (sizes.content > buffer.length) buffer = new Uint8Array(sizes.content);
        yield await readBlock(reader, sizes, flags, buffer.subarray(0, sizes.content));
      }
    }
  } finally {
    await reader.close();
  }
}

/** Everything between the magic and the first block; returns the flags. */
async function readHeader(reader: BlockReader): Promise<number> {
  const fields: Buffer[] = [];
  const field = async (length: number): Promise<number> => {
    const bytes = Buffer.from(await need(reader, length, WHAT)); // a copy, for the checksum
    fields.push(bytes);
    return length === 0 || length > 4 ? 0 : bytes.readUIntBE(0, length);
  };
  const version = await field(2);
  if (version < OLDEST) throw new UnzipxError("BAD_HEADER", `Cannot read ${WHAT}: its header has a version that never was`, { found: `0x${version.toString(16)}` });
  await field(2); // version of the library: no matter
  const needed = version >= WITH_LEVEL ? await field(2) : 0;
  const method = await field(1);
  if (version >= WITH_LEVEL) await field(1); // level: no matter for decoding
  const flags = await field(4);
  const filter = (flags & FLAG_FILTER) === 0 ? 0 : await field(4);
  await field(4); // mode
  await field(version >= WITH_LEVEL ? 8 : 4); // time
  await field(await field(1)); // name
  const header = Buffer.concat(fields);
  const check = (await need(reader, 4, WHAT)).readUInt32BE();
  if (check !== ((flags & FLAG_HEADER_CRC) === 0 ? adler32(header) : crc32(header))) {
    throw new UnzipxError("BAD_HEADER", `Cannot read ${WHAT}: the checksum of a member's header does not match`);
  }
  // Only now: the fields of a damaged header are no reason to speak of another version or method.
  if (needed > NEWEST) throw new UnzipxError("UNSUPPORTED_METHOD", `Cannot read ${WHAT}: it needs a newer version of lzop`, { found: `0x${needed.toString(16)}` });
  if (!METHODS.has(method)) throw new UnzipxError("UNSUPPORTED_METHOD", `Cannot read ${WHAT}: its compression method is unknown`, { expected: "1, 2 or 3: LZO1X", found: `${method}` });
  if (filter !== 0) throw new UnzipxError("UNSUPPORTED_METHOD", `Cannot read ${WHAT}: its content went through a filter before it was compressed`, { found: `filter ${filter}` });
  if ((flags & FLAG_EXTRA) !== 0) await skipExtra(reader, flags);
  return flags;
}

/** Reserved by the format, used by nobody: a size, as many bytes, and a checksum over both. */
async function skipExtra(reader: BlockReader, flags: number): Promise<void> {
  const size = (await need(reader, 4, WHAT)).readUInt32BE();
  if (size > BLOCK_SIZE) throw new UnzipxError("LIMIT", `Stopped: an extra field in the header of ${WHAT} is larger than anything it could be for`, { found: formatSize(size) });
  const length = Buffer.alloc(4);
  length.writeUInt32BE(size);
  const field = Buffer.concat([length, await need(reader, size, WHAT)]);
  checkSum(WHAT, (await need(reader, 4, WHAT)).readUInt32BE(), (flags & FLAG_HEADER_CRC) === 0 ? adler32(field) : crc32(field));
}

interface BlockSizes {
  readonly content: number;
  readonly packed: number;
}

/** Undefined at the end of the member. */
async function readSizes(reader: BlockReader): Promise<BlockSizes | undefined> {
  const content = (await need(reader, 4, WHAT)).readUInt32BE();
  if (content === 0) return undefined;
  if (content > BLOCK_SIZE) throw new UnzipxError("UNSUPPORTED_METHOD", `Cannot read ${WHAT}: a block is larger than this version reads`, { expected: `at most ${formatSize(BLOCK_SIZE)}`, found: formatSize(content) });
  const packed = (await need(reader, 4, WHAT)).readUInt32BE();
  if (packed === 0 || packed > content) throw damaged(WHAT, "the sizes of a block contradict each other");
  return { content, packed };
}

/** One block into `out`, which is as large as its content; both of its sides may carry checksums. */
async function readBlock(reader: BlockReader, { content, packed }: BlockSizes, flags: number, out: Uint8Array): Promise<Uint8Array> {
  const sum = async (flag: number): Promise<number | undefined> => ((flags & flag) === 0 ? undefined : (await need(reader, 4, WHAT)).readUInt32BE());
  const isStored = packed === content;
  const contentAdler = await sum(FLAG_ADLER_CONTENT);
  const contentCrc = await sum(FLAG_CRC_CONTENT);
  // What is stored is the content itself, so it has no sums of its own.
  const packedAdler = isStored ? undefined : await sum(FLAG_ADLER_PACKED);
  const packedCrc = isStored ? undefined : await sum(FLAG_CRC_PACKED);
  const block = await need(reader, packed, WHAT);
  if (packedAdler !== undefined) checkSum(WHAT, packedAdler, adler32(block));
  if (packedCrc !== undefined) checkSum(WHAT, packedCrc, crc32(block));
  if (isStored) out.set(block);
  else checkSize(WHAT, content, decodeLzo1x(block, out, WHAT));
  if (contentAdler !== undefined) checkSum(WHAT, contentAdler, adler32(out));
  if (contentCrc !== undefined) checkSum(WHAT, contentCrc, crc32(out));
  return out;
}
