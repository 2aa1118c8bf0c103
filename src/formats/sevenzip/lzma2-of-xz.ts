/**
 * The LZMA2 data inside of an xz stream. Every build of 7-Zip can write an xz to a pipe, and none of them a 7z, whose start
 * header is written last; what lies inside is the same, so the 7z around it is put together by write.ts.
 *
 * The xz format: https://tukaani.org/xz/xz-file-format.txt. The chunks of LZMA2 are described where its decoder is
 * (7-Zip: Lzma2Dec.c; the Linux kernel: xz_dec_lzma2.c); there is no paper.
 */
import { UnzipxError } from "../../errors.ts";
import { XZ_MAGIC } from "../../lzma/magic.ts";
import { CHECK_BYTES, HEADER, LZMA2 } from "../../lzma/xz-format.ts";

export interface Lzma2 {
  /** The one byte of properties that the coder has in a 7z: the size of the dictionary. */
  readonly property: number;
  /** Chunks without the end mark, so that what other runs made may follow: each of them begins with a reset of everything. */
  readonly chunks: readonly Uint8Array[];
  /** Bytes before compression. */
  readonly size: number;
}

const MAGIC = Buffer.from(XZ_MAGIC);
/** The end mark of LZMA2. */
export const LZMA2_END = 0;

/** Throws INTERNAL for anything but one whole xz stream whose blocks are made by LZMA2 alone. */
export function lzma2OfXz(xz: Uint8Array): Lzma2 {
  const check = xz[7];
  if (xz.length < HEADER || check === undefined || !MAGIC.equals(xz.subarray(0, MAGIC.length))) throw odd("it has no header");
  const chunks: Uint8Array[] = [];
  let property = 0;
  let size = 0;
  let position = HEADER;
  // A byte of 0 where a block could begin is the index (4.1).
  for (let headerSize = byteAt(xz, position); headerSize !== 0; headerSize = byteAt(xz, position)) {
    property = Math.max(property, propertyOf(xz, position));
    const start = position + (headerSize + 1) * 4; // 3.1.1
    const { end, unpacked } = walkChunks(xz, start);
    chunks.push(xz.subarray(start, end));
    size += unpacked;
    const blockEnd = end + 1; // behind the end mark
    position = blockEnd + ((4 - ((blockEnd - HEADER) % 4)) % 4) + CHECK_BYTES[check & 0x0f]!;
  }
  // Index and footer are all that may follow; the footer's last two bytes are "YZ" (2.1.2.4).
  if (xz.at(-2) !== 0x59 || xz.at(-1) !== 0x5a) throw odd("it has no end");
  return { property, chunks, size };
}

/** The property byte of the one filter that the block header at `position` names (3.1). */
function propertyOf(xz: Uint8Array, position: number): number {
  const flags = byteAt(xz, position + 1);
  if ((flags & 0x03) !== 0) throw odd("there is another filter besides LZMA2");
  let at = position + 2;
  for (const present of [0x40, 0x80]) {
    if ((flags & present) === 0) continue; // the packed and the unpacked size, each as a number of 7 bits a byte (1.2)
    while ((byteAt(xz, at++) & 0x80) !== 0);
  }
  if (byteAt(xz, at) !== LZMA2 || byteAt(xz, at + 1) !== 1) throw odd("it is not made by LZMA2");
  return byteAt(xz, at + 2);
}

/** From the first chunk to the end mark. */
function walkChunks(xz: Uint8Array, start: number): { end: number; unpacked: number } {
  let unpacked = 0;
  for (let at = start; ; ) {
    const control = byteAt(xz, at);
    if (control === LZMA2_END) return { end: at, unpacked };
    const low = byteAt(xz, at + 1) * 0x100 + byteAt(xz, at + 2) + 1;
    if (control >= 0x80) {
      // 1 - five more bits of the unpacked size are in the control byte; 3 - packed size; 5 - properties, when they are new
      unpacked += (control & 0x1f) * 0x10000 + low;
      at += (control >= 0xc0 ? 6 : 5) + byteAt(xz, at + 3) * 0x100 + byteAt(xz, at + 4) + 1;
    } else {
      if (control > 2) throw odd(`there is a chunk of kind ${control}`);
      unpacked += low;
      at += 3 + low;
    }
  }
}

function byteAt(xz: Uint8Array, position: number): number {
  const byte = xz[position];
  if (byte === undefined) throw odd("it ends too early");
  return byte;
}

function odd(state: string): UnzipxError {
  return new UnzipxError("INTERNAL", `Cannot use what the compressor wrote: ${state}`);
}
