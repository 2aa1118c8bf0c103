/** Which bytes of the file belong to which entry, and what lies between them. */
import { readUpTo } from "../../bytes/read-file.ts";
import { END_RECORD } from "../../bytes/zip-end.ts";
import { UnzipxError } from "../../errors.ts";
import type { ZipExtent } from "./end-record.ts";
import type { List } from "../../bytes/list.ts";
import type { ZipEntry } from "./entry.ts";
import { LOCAL_HEADER, LOCAL_SIGNATURE, UNKNOWN_ROOM, virtualEnd } from "./local-header.ts";

/** "PK\7\8" begins the first part of a split archive, "PK00" one that was to be split and fitted into one part (8.5.3, 8.5.4). */
const SPLIT = 0x08074b50;
const SINGLE = 0x30304b50;

export interface Place {
  readonly fd: number;
  readonly extent: ZipExtent;
  readonly lenient: boolean;
  readonly notes: UnzipxError[];
  /** That no entry reaches into the next one, and that none leaves more room than it may need, is known already, and each has its limit. */
  readonly isInOrder: boolean;
}

/** What lies in front of the first entry: a program, a mark, or something that somebody else might read. */
export function assertBeginning(entries: List<ZipEntry>, { fd, extent, lenient, notes, isInOrder }: Place): void {
  const first = isInOrder ? entries.at(0)!.offset : firstOf(entries, extent.directoryStart);
  const unnamed = (why: string, sides: { readonly expected: string; readonly found: string }): void => {
    if (!lenient) throw new UnzipxError("AMBIGUOUS", `Refused the zip archive: ${why}`, { ...sides, hint: "--lenient" });
    notes.push(new UnzipxError("ODDITY", `About the zip archive, ${why}: that is left out`, sides));
  };
  const mark = first >= extent.prefix + 4 ? signatureAt(fd, extent.prefix) : 0;
  const hasMark = mark === SPLIT || mark === SINGLE;
  const start = virtualEnd(fd, extent.prefix + (hasMark ? 4 : 0), first);
  const expected = `the first entry at ${first} (central directory)`;
  if (first > start && signatureAt(fd, start) === LOCAL_SIGNATURE) unnamed("it begins with an entry that the central directory does not name", { expected, found: `a local header at ${start}` });
  else if (extent.prefix > 0 && first > 0 && signatureAt(fd, 0) === LOCAL_SIGNATURE) unnamed("another one lies in front of it", { expected, found: "a local header at 0" });
  else if (extent.prefix >= END_RECORD && signatureAt(fd, extent.prefix - END_RECORD) === 0x06054b50) unnamed("another one ends in front of it", { expected, found: `an end record at ${extent.prefix - END_RECORD}` });
  if (extent.prefix > 0) notes.push(new UnzipxError("ODDITY", `The zip archive begins after ${extent.prefix} bytes of something else`));
  else if (mark === SPLIT && first === start) notes.push(new UnzipxError("ODDITY", "The zip archive begins with the mark of a split set, and is one file"));
  else if (first > start) notes.push(new UnzipxError("ODDITY", `The first entry of the zip archive lies behind ${first} bytes of something else`));
}

/**
 * Gives every entry the end of its range: where the next entry, or the central directory, begins.
 * Entries that reach into each other are refused before a byte is written: that is how 42 KB become 5 GB.
 */
export function setLimits(entries: List<ZipEntry>, { fd, extent, notes, isInOrder }: Place): void {
  if (isInOrder) return;
  const ordered = isOrdered(entries) ? entries : [...entries].sort((a, b) => a.offset - b.offset);
  let unclaimed = 0;
  for (let i = 0; i < ordered.length; i++) {
    const entry = ordered.at(i)!;
    const next = ordered.at(i + 1);
    const limit = Math.min(next?.offset ?? Infinity, extent.directoryStart);
    entry.limit = limit;
    // The local header's extra field may be longer than the central one's: this is the least it needs.
    const least = entry.offset + LOCAL_HEADER + entry.nameLength + entry.packedSize;
    if (entry.offset < extent.prefix || least > extent.directoryStart) {
      setRefusal(entry, new UnzipxError("BAD_HEADER", "Cannot read an entry: its data would lie outside the archive", {
        expected: `from ${extent.prefix} to ${extent.directoryStart}`, found: `from ${entry.offset} to ${least}`,
      }));
    } else if (next !== undefined && least > next.offset) {
      const found = `"${entry.path}" from ${entry.offset} to ${least}, "${next.path}" from ${next.offset}`;
      for (const one of [entry, next]) setRefusal(one, new UnzipxError("AMBIGUOUS", "Refused an entry: its data overlaps another entry's", { found }));
    } else if (limit - least > UNKNOWN_ROOM && !isFilled(fd, entry, limit)) {
      unclaimed += limit - least;
    }
  }
  if (unclaimed > 0) notes.push(new UnzipxError("ODDITY", `About ${unclaimed} bytes between the entries belong to none that the central directory names`));
}

/** Whether all that follows the entry's data is what Android's packer fills room with. */
function isFilled(fd: number, { offset, packedSize }: ZipEntry, limit: number): boolean {
  const header = Buffer.alloc(LOCAL_HEADER);
  if (readUpTo(fd, header, offset) < LOCAL_HEADER) return false;
  // 26 - file name length, 28 - extra field length
  const end = offset + LOCAL_HEADER + header.readUInt16LE(26) + header.readUInt16LE(28) + packedSize;
  return virtualEnd(fd, end, limit) === limit;
}

function signatureAt(fd: number, position: number): number {
  const bytes = Buffer.alloc(4);
  return readUpTo(fd, bytes, position) === 4 ? bytes.readUInt32LE(0) : 0;
}

function setRefusal(entry: ZipEntry, error: UnzipxError): void {
  entry.refusal ??= error;
}

function firstOf(entries: List<ZipEntry>, directoryStart: number): number {
  let first = directoryStart;
  for (const { offset } of entries) first = Math.min(first, offset);
  return first;
}

function isOrdered(entries: List<ZipEntry>): boolean {
  let last = 0;
  for (const { offset } of entries) {
    if (offset < last) return false;
    last = offset;
  }
  return true;
}
