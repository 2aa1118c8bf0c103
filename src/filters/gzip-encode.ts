/** gzip (RFC 1952), compressed in blocks on whatever threads there are: one member, the same bytes for any number of them. */
import { crc32Combine } from "../bytes/crc32.ts";
import { inOrder, type Task } from "../bytes/in-order.ts";
import { MOST, WINDOW } from "../deflate/encoder.ts";
import type { Bytes, DeflatedBlock, EncodeOptions, InnerFile } from "../formats/contract.ts";
import { underWay } from "./encode-blocks.ts";

/** Fixed, so that the cuts do not depend on how the input arrives. */
const BLOCK = MOST;
const ROUNDS = 3;
const IN_FLIGHT = 64 << 20;

export async function* encodeGzip(input: Bytes, options: EncodeOptions): AsyncGenerator<Uint8Array> {
  yield memberHeader(options.level, options.inner ?? {});
  let crc = 0;
  let size = 0;
  // A block is held twice: as it came, and packed.
  for await (const block of inOrder(blocks(input, options), { tasks: underWay(options.compressor.width, ROUNDS), bytes: IN_FLIGHT })) {
    crc = crc32Combine(crc, block.crc32, block.size);
    size += block.size;
    yield block.data;
  }
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc, 0); //            0 CRC32
  trailer.writeUInt32LE(size % 2 ** 32, 4); // 4 ISIZE: modulo 2^32
  yield trailer;
}

async function* blocks(input: Bytes, { level, compressor }: EncodeOptions): AsyncGenerator<Task<DeflatedBlock>> {
  let dictionary: Uint8Array | undefined;
  const task = (block: Uint8Array, last: boolean): Task<DeflatedBlock> => {
    const before = dictionary;
    dictionary = new Uint8Array(block.subarray(-WINDOW)); // a copy, which slice() of a Buffer is not: the block may be used anew
    return { bytes: 2 * BLOCK, start: () => compressor.deflate(block, before, level, last) };
  };
  // One block behind the input: only at its end is it known which block is the last.
  let ready: Uint8Array | undefined;
  for await (const block of cut(input)) {
    if (ready !== undefined) yield task(ready, false);
    ready = block;
  }
  yield task(ready ?? new Uint8Array(0), true);
}

/** Into pieces of BLOCK bytes, the last one shorter. */
async function* cut(input: Bytes): AsyncGenerator<Uint8Array> {
  let pending = new Uint8Array(0);
  let used = 0;
  for await (const chunk of input) {
    let rest = chunk;
    while (rest.length > 0) {
      if (used === 0 && rest.length === BLOCK) {
        yield rest; // cut right already, as by our own tar writer
        break;
      }
      if (used === 0) pending = new Uint8Array(BLOCK);
      const taken = rest.subarray(0, BLOCK - used);
      pending.set(taken, used);
      used += taken.length;
      rest = rest.subarray(taken.length);
      if (used < BLOCK) break;
      yield pending;
      used = 0;
    }
  }
  if (used > 0) yield pending.subarray(0, used);
}

/** Member header (2.3). */
function memberHeader(level: number, { name, mtime = 0 }: InnerFile): Uint8Array {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16LE(0x8b1f, 0); //                        0 ID1, ID2
  fixed.writeUInt8(8, 2); //                                2 CM: deflate
  fixed.writeUInt8(name === undefined ? 0 : 0x08, 3); //    3 FLG: bit 3 = FNAME
  fixed.writeUInt32LE(inRange(mtime), 4); //                4 MTIME: 0 = none
  fixed.writeUInt8(level === 9 ? 2 : level === 1 ? 4 : 0, 8); // 8 XFL: slowest, fastest
  fixed.writeUInt8(3, 9); //                                9 OS: Unix, on every system, for the sake of equal bytes
  // Latin-1 says the RFC; gzip itself stores the name's bytes as they are on disk, which is UTF-8.
  return name === undefined ? fixed : Buffer.concat([fixed, Buffer.from(`${name}\0`)]);
}

function inRange(mtime: number): number {
  const seconds = Math.floor(mtime);
  return seconds > 0 && seconds <= 0xffffffff ? seconds : 0;
}
