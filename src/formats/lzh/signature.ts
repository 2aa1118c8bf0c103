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

/** Whether an entry's header may have stood here before it was damaged: of what every method shares ("-l..-", "-p..-"), one byte may be wrong. */
export function resemblesHeader(bytes: Uint8Array, at: number): boolean {
  const letter = bytes[at + 3];
  return Number(bytes[at + 2] === HYPHEN) + Number(letter === 0x6c || letter === 0x70) + Number(bytes[at + 6] === HYPHEN) >= 2;
}

/**
 * Whether what stands in front of the header at `end` may hold one that is damaged. A program may name methods: there,
 * a header is only what gives at least one of its two sizes (+7 - packed, +11 - content) as less than the file has.
 */
export function hidesHeader(head: Uint8Array, end: number, fileSize: number): boolean {
  if (resemblesHeader(head, 0)) return true;
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.length);
  const isProgram = PROGRAM.test(bytes.toString("latin1", 0, 4));
  for (let hyphen = bytes.indexOf(HYPHEN, 2); hyphen >= 0 && hyphen - 2 < end; hyphen = bytes.indexOf(HYPHEN, hyphen + 1)) {
    const at = hyphen - 2;
    if (!hasMethod(bytes, at)) continue;
    const isLong = bytes[at + LEVEL]! > 1;
    const hasRoom = isLong || bytes[at]! + 2 >= FIXED;
    if (!isProgram || (hasRoom && Math.min(bytes.readUInt32LE(at + 7), bytes.readUInt32LE(at + 11)) < fileSize)) return true;
  }
  return false;
}

/** MS-DOS and Windows, Unix, scripts, macOS, AmigaOS, Human68k; and the jump that a .COM file begins with. */
const PROGRAM = /^(MZ|\x7fELF|#!|\xfe\xed\xfa|[\xce\xcf]\xfa\xed\xfe|\xca\xfe\xba\xbe|\0\0\x03\xf3|HU|[\xe9\xeb])/;
