/**
 * The headers of a rar 1.5 to 4 archive, read beside the engine: 7-Zip tells neither Unix modes nor links of these, and
 * takes a header whose checksum is wrong for the end of the archive.
 * The fields are those of RARLAB's "technote.txt", which came with rar 4.
 */
import { addAll } from "../../bytes/add-all.ts";
import { readSegments, sizeOf } from "../../bytes/segments.ts";
import { crc32 } from "../../bytes/crc32.ts";
import type { SolidSource, Warn } from "../contract.ts";
import { damaged, noEnd } from "./damage.ts";
import { UnzipxError } from "../../errors.ts";
import type { Described } from "./describe.ts";
import { assertRar5Ends, isRar5 } from "./rar-end.ts";

const MARKER = 7;
const FIRST_TYPE = 0x72;
const MAIN = 0x73;
const FILE = 0x74;
const SERVICE = 0x7a;
const END = 0x7b;
const MAIN_ENCRYPTED = 0x80;
const MAIN_COMMENT = 0x02;
const FILE_COMMENT = 0x08;
const SPLIT_BEFORE = 0x01;
const LARGE = 0x100;
const UNICODE = 0x200;
const SALT = 0x400;
const LONG_BLOCK = 0x8000;
/** Checksum, type, flags and size: every header has these. */
const SMALLEST = 7;
/** And reserved bytes, 2 and 4. */
const MAIN_FIELDS = 13;
/** Up to the attributes: what follows depends on the flags. */
const FILE_FIELDS = 32;
const UNIX = 3;
/** Files that rar 2.9 or a later one is needed for are in archives that have an end block. */
const WITH_END = 29;

interface FileHeader {
  readonly isUnix: boolean;
  readonly attributes: number;
}

/** The entries with their modes, and links as links. Throws BAD_HEADER for a header that is damaged, TRUNCATED when the archive has no end. */
export function refineRar(entries: readonly Described[], source: SolidSource, offset: number, warn: Warn): readonly Described[] {
  const headers: FileHeader[] = [];
  if (isRar5(source, offset)) {
    assertRar5Ends(source, offset);
    return entries;
  }
  let isEndless = false;
  for (const { segments } of [source, ...source.volumes]) {
    const found = fileHeaders(segments, sizeOf(segments), segments === source.segments ? offset : 0, () => (isEndless = true));
    if (found === undefined) return entries; // encrypted
    addAll(headers, found);
  }
  if (isEndless) warn(new UnzipxError("ODDITY", "The rar archive has no end block: it is of before rar 2.9, or was cut off between two entries"));
  if (headers.length !== entries.length) return entries;
  return entries.map((entry, i) => {
    const { isUnix, attributes } = headers[i]!;
    if (!isUnix) return entry;
    const format = attributes & 0o170000;
    const type = format === 0o120000 ? "symlink" : format === 0 || format === 0o100000 || format === 0o040000 ? entry.type : "special";
    return { ...entry, type, mode: attributes & 0o7777 };
  });
}

/** In the order of the archive; undefined when the headers are encrypted. */
function fileHeaders(segments: SolidSource["segments"], size: number, offset: number, endless: () => void): FileHeader[] | undefined {
  const headers: FileHeader[] = [];
  const buffer = Buffer.alloc(0xffff);
  let needsEnd: boolean | undefined; // undefined while there was no file
  for (let position = offset + MARKER; ; ) {
    // 0 - low half of the CRC-32 of the rest of the header; 2 - type; 3 - flags; 5 - size of the header; 7 - size of the data behind it
    const start = buffer.subarray(0, readSegments(segments, buffer.subarray(0, SMALLEST), position));
    const type = start[2] ?? 0;
    if (start.length < SMALLEST || type < FIRST_TYPE || type > END) {
      // Before rar 2.9 there is no end block: the archive ends with its file. Zeros behind it lose no entry: the engine judges them.
      if (needsEnd === false && isZero(segments, position, size)) {
        // Stored files are for rar 2 to this day: an archive of nothing else, without its end block, is no other than one that was cut.
        endless();
        return headers;
      }
      throw start.length < SMALLEST || isZero(segments, position, size) ? noEnd() : damaged(position, "no header");
    }
    const flags = start.readUInt16LE(3);
    const length = start.readUInt16LE(5);
    const isFile = type === FILE;
    const hasSize = isFile || (flags & LONG_BLOCK) !== 0;
    if (length < (isFile ? FILE_FIELDS : SMALLEST + (hasSize && type !== END ? 4 : 0))) throw damaged(position, "a header of another size");
    const block = buffer.subarray(0, readSegments(segments, buffer.subarray(0, length), position));
    if (block.length < length) throw noEnd();
    if ((crc32(block.subarray(2, summed(block, type, flags))) & 0xffff) !== block.readUInt16LE(0)) throw damaged(position, "another checksum");
    if (type === END) return headers;
    if (type === MAIN && (flags & MAIN_ENCRYPTED) !== 0) return undefined;
    let data = hasSize ? block.readUInt32LE(7) : 0;
    // 15 - host system; 24 - version needed; 28 - attributes; 32 - high half of the size of the data
    if ((isFile || type === SERVICE) && (flags & LARGE) !== 0) {
      if (length < FILE_FIELDS + 8) throw damaged(position, "a header of another size");
      data += block.readUInt32LE(32) * 2 ** 32;
    }
    if (isFile) {
      if ((flags & UNICODE) !== 0 && !isNameWhole(block, flags)) throw damaged(position, "a name whose Unicode form breaks off");
      needsEnd = needsEnd === true || block[24]! >= WITH_END;
      if ((flags & SPLIT_BEFORE) === 0) headers.push({ isUnix: block[15] === UNIX, attributes: block.readUInt32LE(28) });
    }
    position += length + data;
    if (position > size) throw noEnd();
  }
}

/** The bytes of a header that its checksum is of. Until rar 2 a comment's header lies inside, and is not summed. */
function summed(block: Buffer, type: number, flags: number): number {
  if (type === MAIN && (flags & MAIN_COMMENT) !== 0) return Math.min(block.length, MAIN_FIELDS);
  if (type !== FILE || (flags & FILE_COMMENT) === 0) return block.length;
  const name = block.readUInt16LE(26);
  return Math.min(block.length, FILE_FIELDS + name + ((flags & LARGE) === 0 ? 0 : 8) + ((flags & SALT) === 0 ? 0 : 8));
}

/**
 * Whether the Unicode form of a name has all the bytes that it announces. It stands behind the plain name and a NUL: the high byte that
 * most characters have, then pairs of bits, four to a byte, each with what it says of the next character.
 */
function isNameWhole(block: Buffer, flags: number): boolean {
  const start = FILE_FIELDS + ((flags & LARGE) === 0 ? 0 : 8);
  const name = block.subarray(start, start + block.readUInt16LE(26));
  const nul = name.indexOf(0);
  if (nul < 0) return true; // the name is UTF-8
  let characters = 0;
  let at = nul + 2;
  for (let flag = 0, bits = 0; at < name.length; bits -= 2) {
    if (bits === 0) {
      flag = name[at++]!;
      bits = 8;
      if (at === name.length) break; // what fills up the last byte says nothing
    }
    const kind = (flag >>> (bits - 2)) & 3;
    if (kind === 3) at += (name[at]! & 0x80) === 0 ? 1 : 2; // a run of the plain name, some with a correction
    else at += kind === 2 ? 2 : 1;
    characters += 1;
  }
  return characters > 0 && at === name.length;
}

/** Whether nothing but zeros comes from `position` on, or nothing at all. */
function isZero(segments: SolidSource["segments"], position: number, size: number): boolean {
  const piece = Buffer.alloc(0xffff);
  for (let at = position; at < size; ) {
    const found = piece.subarray(0, readSegments(segments, piece, at));
    if (found.length === 0 || found.some((byte) => byte !== 0)) return false;
    at += found.length;
  }
  return true;
}
