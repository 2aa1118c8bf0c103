/** Skippable frames, which zstd (RFC 8878, 3.1.2) and lz4 share down to the magic number: 0x184D2A50 to 0x184D2A5F, a size, and whatever. */
import type { BlockReader } from "../bytes/block-reader.ts";
import { need } from "./framing.ts";

/** Magic number and size. */
const HEADER = 8;

/** Whether these 4 bytes, little-endian, begin one; the lowest 4 bits are the user's. */
export function isSkippable(magic: number): boolean {
  return (magic & 0xfffffff0) === 0x184d2a50;
}

/** The first magic number that begins no skippable frame; undefined when it lies behind what is seen, or nowhere. */
function magicBehindSkippable(head: Uint8Array): number | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  for (let at = 0; at + 4 <= head.length; ) {
    const magic = view.getUint32(at, true);
    if (!isSkippable(magic)) return magic;
    if (at + HEADER > head.length) return undefined;
    at += HEADER + view.getUint32(at + 4, true);
  }
  return undefined;
}

/** Bits of evidence for a format whose frames have this magic of 32 bits, and skippable ones in front of them. */
export function bidOnMagic(head: Uint8Array, magics: readonly number[]): number {
  if (head.length < 4) return 0;
  const first = magicBehindSkippable(head.subarray(0, 4));
  const next = first ?? magicBehindSkippable(head);
  if (next !== undefined) return magics.includes(next) ? 32 : 0;
  // 28 bits say that it is one of the two, but none which: below 16, the name decides.
  return 15;
}

/** The reader stands in front of one. */
export async function skipSkippable(reader: BlockReader, what: string): Promise<void> {
  await reader.skip((await need(reader, HEADER, what)).readUInt32LE(4));
}
