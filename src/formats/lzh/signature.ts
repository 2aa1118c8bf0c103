/** Whether bytes look like the header of an entry. Kept light: every run loads this file. */
import { crc16 } from "./crc16.ts";
import { chainOf, HEADER_CRC } from "./records.ts";

/** Up to and with the byte behind the level, which is the length of the name, or the low byte of the content's CRC. */
export const FIXED = 22;
const HYPHEN = 0x2d;
const LEVEL = 20;

/** A method at +2: "-lh0-" to "-lhx-", "-lzs-", "-pm1-" … and a level that exists at +20. */
export function hasMethod(bytes: Uint8Array, at: number): boolean {
  if (at + FIXED > bytes.length || bytes[at + 2] !== HYPHEN || bytes[at + 6] !== HYPHEN || bytes[at + LEVEL]! > 3) return false;
  return /^(lh[0-9a-z]|lz[0-9s]|pm[0-9s])$/.test(String.fromCharCode(bytes[at + 3]!, bytes[at + 4]!, bytes[at + 5]!));
}

/** Levels 0 and 1: the sum of all bytes behind the first two (+0 - their number, +1 - the sum). */
export function sumFits(header: Uint8Array): boolean {
  let sum = 0;
  for (let i = 2; i < header.length; i++) sum += header[i]!;
  return (sum & 0xff) === header[1];
}

/** Whether what the header says of itself is right: undefined where it says nothing, as level 2 may. */
export function verify(bytes: Uint8Array, at: number): boolean | undefined {
  const header = Buffer.from(bytes.buffer, bytes.byteOffset + at, bytes.length - at);
  if (header[LEVEL]! < 2) {
    const size = header[0]! + 2;
    return size >= FIXED && size <= header.length && sumFits(header.subarray(0, size));
  }
  const [start, width] = header[LEVEL] === 2 ? ([26, 2] as const) : ([32, 4] as const);
  if (header.length < start) return false;
  const whole = header.subarray(0, width === 2 ? header.readUInt16LE(0) : header.readUInt32LE(24));
  if (whole.length < start) return false;
  const crc = chainOf(whole, start, header.readUIntLE(start - width, width), width)?.records.find(({ type }) => type === HEADER_CRC);
  return crc === undefined || crc.data.length < 2 ? undefined : crcOf(whole, crc.at) === crc.data.readUInt16LE(0);
}

/** The header's CRC-16, for which the CRC itself, at `at`, counts as zero. */
export function crcOf(header: Uint8Array, at: number): number {
  const copy = new Uint8Array(header);
  copy[at] = copy[at + 1] = 0;
  return crc16(copy);
}

/** A program that unpacks itself names a few methods; a file with more of what looks like headers was made to keep us busy. */
const MOST_CANDIDATES = 256;

/** Where the first header lies that is right by its own word, behind a program, say; undefined for nowhere. */
export function findHeader(head: Uint8Array): number | undefined {
  let candidates = 0;
  for (let hyphen = head.indexOf(HYPHEN); hyphen >= 0; hyphen = head.indexOf(HYPHEN, hyphen + 1)) {
    const at = hyphen - 2;
    if (at < 0 || !hasMethod(head, at)) continue;
    if (verify(head, at) === true) return at;
    if (++candidates === MOST_CANDIDATES) return undefined;
  }
  return undefined;
}
