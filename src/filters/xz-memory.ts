/**
 * The memory that xz data ask for, found out before a decoder sees it: any block of any stream may name a dictionary of its own.
 * Sections are those of https://tukaani.org/xz/xz-file-format.txt; LZMA2's chunks are as its decoders read them (the Linux
 * kernel: xz_dec_lzma2.c), because there is no paper.
 */
import { assertMemory } from "../engine/memory.ts";
import type { Bytes } from "../formats/contract.ts";

const MAGIC = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]);
/** Bytes of the check behind each block, by the low half of the second flag byte (2.1.1.2). */
export const CHECK_BYTES = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];
const LZMA2 = 0x21;

/** Passes on what comes. Throws MEMORY instead of a chunk in which a block asks for more than `memory` bytes. */
export async function* withinMemory(input: Bytes, memory: number): AsyncGenerator<Uint8Array> {
  const walk = blockHeaders((header) => assertMemory(dictionaryOf(header), memory, "the xz data"));
  const wanted = new Uint8Array(1024); // the longest header, of a block, has 1024 bytes (3.1.1)
  let found = 0;
  let step = walk.next();
  for await (const chunk of input) {
    for (let at = 0; step.done !== true && at < chunk.length; ) {
      const { skip, take } = step.value;
      const part = chunk.subarray(at, at + skip + take - found);
      if (take > 0) wanted.set(part, found);
      found += part.length;
      at += part.length;
      if (found < skip + take) continue;
      found = 0;
      step = walk.next(wanted.subarray(0, take));
    }
    yield chunk;
  }
}

/** What the walk wants next: bytes to pass over, or bytes to see. One of them is 0. */
interface Step {
  readonly skip: number;
  readonly take: number;
}
type Walk<Result> = Generator<Step, Result, Uint8Array>;

function take(bytes: number): Walk<Uint8Array> {
  return one({ skip: 0, take: bytes });
}

function skip(bytes: number): Walk<Uint8Array> {
  return one({ skip: bytes, take: 0 });
}

function* one(step: Step): Walk<Uint8Array> {
  return step.skip + step.take === 0 ? new Uint8Array(0) : yield step;
}

/** Shows every block header, and ends where the data is damaged: any decoder ends there as well, and says why. */
function* blockHeaders(show: (header: Uint8Array) => void): Walk<void> {
  for (;;) {
    const start = new Uint8Array(yield* take(4));
    if (start.every((byte) => byte === 0)) continue; // padding between streams comes in fours (2.2)
    const rest = yield* take(8); // the magic's end, flags, CRC-32 (2.1.1)
    if (!MAGIC.equals(Buffer.concat([start, rest.subarray(0, 2)]))) return;
    const check = CHECK_BYTES[rest[3]! & 0x0f]!;
    for (;;) {
      const [size] = yield* take(1);
      if (size === 0) break; // no block, but the index
      const header = new Uint8Array(yield* take(size! * 4 + 3)); // 3.1.1: the whole has (size + 1) * 4 bytes
      show(header);
      const packed = yield* lzma2Chunks();
      if (packed === undefined) return;
      yield* skip(((4 - (packed % 4)) % 4) + check);
    }
    yield* index();
    yield* skip(12); // the footer (2.1.2)
  }
}

/** Their bytes, the end mark among them; undefined for what is no LZMA2. */
function* lzma2Chunks(): Walk<number | undefined> {
  for (let size = 0; ; ) {
    const control = (yield* take(1))[0]!;
    if (control === 0) return size + 1;
    if (control > 2 && control < 0x80) return undefined;
    // Stored: 1 - size less one. Compressed: 1 - low half of the content's size; 3 - packed size less one; from 0xc0 on properties follow.
    const lengths = yield* take(control < 0x80 ? 2 : 4);
    const data = lengths.at(-2)! * 0x100 + lengths.at(-1)! + 1 + (control >= 0xc0 ? 1 : 0);
    yield* skip(data);
    size += 1 + lengths.length + data;
  }
}

/** Number of records; for each two sizes; padding; CRC-32 (4). Its first byte, the zero, is behind us. */
function* index(): Walk<void> {
  let size = 1;
  const number = function* (): Walk<number> {
    for (let value = 0, shift = 0; ; shift += 7) {
      const [byte] = yield* take(1);
      size += 1;
      value += (byte! & 0x7f) * 2 ** shift;
      if (byte! < 0x80 || shift === 56) return value; // at most nine bytes (1.2)
    }
  };
  for (let records = yield* number(); records > 0; records--) {
    yield* number();
    yield* number();
  }
  yield* skip(((4 - (size % 4)) % 4) + 4);
}

/** Bytes of the LZMA2 dictionary that a block header, without its size byte, asks for (3.1, 5.3.1); 0 where it has no LZMA2. */
export function dictionaryOf(header: Uint8Array): number {
  let at = 1;
  let most = 0;
  const number = (): number => {
    let value = 0;
    for (let shift = 0; shift < 63; shift += 7) {
      const byte = header[at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    return value;
  };
  const flags = header[0] ?? 0;
  if ((flags & 0x40) !== 0) number(); // compressed size
  if ((flags & 0x80) !== 0) number(); // uncompressed size
  for (let filter = 0; filter <= (flags & 3) && at < header.length; filter++) {
    const id = number();
    const length = number();
    if (id === LZMA2) {
      const bits = header[at] ?? 0;
      most = Math.max(most, bits >= 40 ? 2 ** 32 - 1 : (2 | (bits & 1)) * 2 ** (Math.floor(bits / 2) + 11));
    }
    at += length;
  }
  return most;
}
