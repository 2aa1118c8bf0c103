/**
 * Whether the headers of a rar 5 archive are intact up to its end: 7-Zip takes one that is cut between two entries for a
 * shorter one, and the first header with a wrong checksum for the end.
 * Blocks are those of RARLAB's "RAR 5.0 archive format": CRC-32 (4), size of the header from its type on, type, flags,
 * size of the extra area (flag 1), size of the data behind the header (flag 2); numbers have seven bits a byte.
 */
import { crc32 } from "../../bytes/crc32.ts";
import { readSegments, sizeOf } from "../../bytes/segments.ts";
import type { SolidSource } from "../contract.ts";
import { damaged, noEnd } from "./damage.ts";

const RAR5_MARKER = Buffer.from("Rar!\x1a\x07\x01\0", "latin1");
const TYPE = { MAIN: 1, ENCRYPTION: 4, END: 5 } as const;
const HAS_EXTRA = 0x1;
const HAS_DATA = 0x2;
const CRC_BYTES = 4;
/** The size of a header has at most three bytes of seven bits: 2 MiB. */
const SIZE_BYTES = 3;
/** Numbers have at most ten bytes: 64 bits. */
const NUMBER_BYTES = 10;

/** `offset`: where the archive begins, behind a program that unpacks it. */
export function isRar5({ segments }: SolidSource, offset = 0): boolean {
  const start = Buffer.alloc(RAR5_MARKER.length);
  return readSegments(segments, start, offset) === start.length && start.equals(RAR5_MARKER);
}

/**
 * Of every volume. Throws BAD_HEADER for a header that is damaged or out of place, TRUNCATED when a volume ends before
 * its end block. Encrypted headers are left to the engine.
 */
export function assertRar5Ends({ segments, volumes }: SolidSource, offset = 0): void {
  assertEnds(segments, offset);
  for (const volume of volumes) assertEnds(volume.segments, 0);
}

function assertEnds(segments: SolidSource["segments"], offset: number): void {
  const total = sizeOf(segments);
  const start = Buffer.alloc(CRC_BYTES + SIZE_BYTES);
  let isFirst = true;
  for (let position = offset + RAR5_MARKER.length; ; isFirst = false) {
    if (position >= total) throw noEnd();
    const head = start.subarray(0, readSegments(segments, start, position));
    const size = numberAt(head, CRC_BYTES);
    if (size === undefined) throw head.length < start.length ? noEnd() : damaged(position, "a size that is no number");
    if (position + size.end + size.value > total) throw noEnd();
    const block = Buffer.alloc(size.end + size.value);
    if (readSegments(segments, block, position) < block.length) throw noEnd();
    if (crc32(block.subarray(CRC_BYTES)) !== block.readUInt32LE(0)) throw damaged(position, "another checksum");
    const { type, data } = fields(block, size.end, position);
    if (type === TYPE.ENCRYPTION) return;
    if (isFirst !== (type === TYPE.MAIN)) throw damaged(position, `a header of type ${type}`);
    if (type === TYPE.END) return;
    position += block.length + data;
  }
}

/** Of the block at `position`, behind its size. */
function fields(block: Uint8Array, start: number, position: number): { readonly type: number; readonly data: number } {
  let at = start;
  const number = (): number => {
    const found = numberAt(block, at);
    if (found === undefined) throw damaged(position, "a header of another size");
    at = found.end;
    return found.value;
  };
  const type = number();
  const flags = number();
  if ((flags & HAS_EXTRA) !== 0) number();
  return { type, data: (flags & HAS_DATA) === 0 ? 0 : number() };
}

/** Undefined when it does not end within its bytes. Beyond 2^53 it is inexact, and beyond every file. */
function numberAt(bytes: Uint8Array, start: number): { readonly value: number; readonly end: number } | undefined {
  let value = 0;
  for (let i = 0; i < NUMBER_BYTES && start + i < bytes.length; i++) {
    const byte = bytes[start + i]!;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { value, end: start + i + 1 };
  }
  return undefined;
}
