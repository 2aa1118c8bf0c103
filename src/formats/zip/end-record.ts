/**
 * Finds the end of central directory record (APPNOTE 4.3.16), the zip64 one (4.3.14) and with them where the archive
 * begins and ends in its file: there may be a program in front of it and rubbish behind it.
 */
import { addAll } from "../../bytes/add-all.ts";
import { readExactly } from "../../bytes/read-file.ts";
import { END_RECORD, endRecordsIn } from "../../bytes/zip-end.ts";
import { UnzipxError } from "../../errors.ts";
import type { FileSource } from "../contract.ts";
import { recordIn } from "./records.ts";

const LOCATOR = 20; // zip64 end of central directory locator (4.3.15)
const ZIP64_RECORD = 56; // zip64 end of central directory record without its extensible data
const BLOCK = 512;
/** So much of what should hold no record is searched for one. */
const LOOKED_AT = 1024 * 1024;
// The comment's length has 16 bits, so the record cannot start earlier than this; behind the archive as much again is searched.
const SEARCHED = END_RECORD + 0xffff + 0xffff;

export interface ZipExtent {
  /** Bytes in front of the archive: every offset in it counts from here. */
  readonly prefix: number;
  /** Absolute, as all that follow. */
  readonly directoryStart: number;
  readonly directoryEnd: number;
  /** Where the first of the end records begins. */
  readonly directoryLimit: number;
  readonly endRecord: number;
  readonly entries: number;
  readonly comment: Uint8Array;
  /** Bytes behind the end record and its comment; 0 if they are zeros up to a whole block. */
  readonly trailing: number;
  /** Bytes between the central directory and the end records that belong to neither. */
  readonly gap: number;
  readonly isZip64: boolean;
}

/** What may be taken, and where it is told; notes of an end record that is not taken are no notes. */
export interface Leniency {
  readonly lenient: boolean;
  readonly notes: UnzipxError[];
}

export function findExtent(source: FileSource, { lenient, notes }: Leniency): ZipExtent {
  const length = Math.min(SEARCHED, source.size);
  const start = source.size - length;
  const tail = Buffer.alloc(length);
  readExactly(source.fd, tail, start);
  const fitting: (ZipExtent & { readonly notes: readonly UnzipxError[] })[] = [];
  let unfit: UnzipxError | undefined;
  // What the record at the very end is refused for: an earlier one is not taken in its place.
  let refusal: UnzipxError | undefined;
  for (const at of endRecordsIn(tail)) {
    try {
      const own: UnzipxError[] = [];
      fitting.push({ ...readEndRecord({ source, tail, start, leniency: { lenient, notes: own } }, at), notes: own });
    } catch (error) {
      if (!(error instanceof UnzipxError)) throw error;
      unfit ??= error;
      if (error.code === "AMBIGUOUS" && at + END_RECORD + tail.readUInt16LE(at + 20) === length) refusal ??= error;
    }
  }
  const best = fitting.find((extent) => extent.trailing === 0) ?? fitting[0];
  if (refusal !== undefined && best?.trailing !== 0) throw refusal;
  if (best === undefined) {
    throw unfit ?? new UnzipxError("TRUNCATED", "Cannot read the zip archive: its end of central directory record is missing, so the file is cut off or no zip", {
      expected: "the signature PK\\5\\6 near the end",
      found: `none in the last ${length} bytes`,
    });
  }
  // Two end records that both reach to the file's end are two archives in one: which one is meant, only its maker knows.
  const rival = fitting.find((extent) => extent !== best && extent.trailing === best.trailing && extent.directoryStart !== best.directoryStart);
  if (rival !== undefined) {
    const both = {
      expected: `a central directory at ${best.directoryStart} (end record at ${best.endRecord})`, found: `one at ${rival.directoryStart} (end record at ${rival.endRecord})`,
    };
    if (!lenient) throw new UnzipxError("AMBIGUOUS", "Refused the zip archive: it has two end of central directory records that fit", { ...both, hint: "--lenient" });
    notes.push(new UnzipxError("ODDITY", "The zip archive has two end of central directory records that fit: the last one is taken", both));
  }
  addAll(notes, best.notes);
  return best;
}

interface Tail {
  readonly source: FileSource;
  readonly tail: Buffer;
  /** Where in the file the tail begins. */
  readonly start: number;
  readonly leniency: Leniency;
}

function readEndRecord(place: Tail, at: number): ZipExtent {
  const { source, tail, start, leniency } = place;
  const endRecord = start + at;
  const short: EndFields = {
    disk: tail.readUInt16LE(at + 4), //             4 number of this disk
    directoryDisk: tail.readUInt16LE(at + 6), //    6 disk where the central directory starts
    entriesHere: tail.readUInt16LE(at + 8), //      8 entries on this disk
    entries: tail.readUInt16LE(at + 10), //        10 entries in the central directory
    directorySize: tail.readUInt32LE(at + 12), //  12 size of the central directory
    directoryOffset: tail.readUInt32LE(at + 16), // 16 its offset from the start of the archive
  };
  // 20 - comment length
  const commentLength = tail.readUInt16LE(at + 20);
  const behind = tail.length - at - END_RECORD;
  if (commentLength > behind) {
    throw new UnzipxError("TRUNCATED", "Cannot read the zip archive: its comment is cut off", { expected: `${commentLength} bytes of comment`, found: `${behind}` });
  }
  const comment = tail.subarray(at + END_RECORD, at + END_RECORD + commentLength);
  const zip64 = readZip64(place, at);
  if (zip64 !== undefined) {
    for (const [name, field, unset] of FIELDS) {
      if (short[field] === unset || short[field] === zip64[field]) continue;
      disagree(leniency, `its two end records disagree about the ${name}`, "the zip64 end record's is taken", { expected: `${short[field]} (end record at ${endRecord})`, found: `${zip64[field]} (zip64 end record at ${zip64.record})` });
    }
  }
  const { disk, directoryDisk, entriesHere, entries, directorySize, directoryOffset } = zip64 ?? short;
  if (disk !== 0 || directoryDisk !== 0) {
    throw new UnzipxError("UNSUPPORTED_FORMAT", "Cannot read the zip archive: it is one part of a split set", { found: `part ${disk + 1}` });
  }
  if (entriesHere !== entries) {
    disagree(leniency, "its end record gives two numbers of entries", "the number of all is taken", { expected: `${entries} in all parts`, found: `${entriesHere} in this one, which is the only one` });
  }
  const directoryLimit = zip64?.record ?? endRecord;
  // Offsets count from the archive's start, which a prefix moves; and they may have been adjusted to it already.
  const expectedStart = directoryLimit - directorySize;
  if (expectedStart < 0) {
    throw new UnzipxError("TRUNCATED", "Cannot read the zip archive: its central directory is larger than the file", {
      expected: `${directorySize} bytes`, found: `${directoryLimit} bytes before its end`,
    });
  }
  const begins = (position: number): boolean => entries === 0 || (position >= 0 && position + 4 <= directoryLimit && signatureAt(source, position) === 0x02014b50);
  const behindComment = tail.subarray(at + END_RECORD + commentLength);
  // Whole blocks are what a tape gets, and bsdtar gives them to a pipe as well.
  const isPadded = source.size % BLOCK === 0 && behindComment.every((byte) => byte === 0);
  const trailing = isPadded ? 0 : behindComment.length;
  const shared = { directoryLimit, endRecord, entries, comment, trailing, isZip64: zip64 !== undefined };
  if (begins(expectedStart) && expectedStart >= directoryOffset) {
    assertLocator(zip64, expectedStart - directoryOffset, leniency);
    return { ...shared, prefix: expectedStart - directoryOffset, directoryStart: expectedStart, directoryEnd: directoryLimit, gap: 0 };
  }
  if (directoryOffset + directorySize <= directoryLimit && begins(directoryOffset)) {
    assertLocator(zip64, 0, leniency);
    const directoryEnd = directoryOffset + directorySize;
    if (directoryEnd < directoryLimit) assertNoRecord(source, { from: directoryEnd, to: directoryLimit, why: "another record lies between its central directory and its end record" }, leniency);
    return { ...shared, prefix: 0, directoryStart: directoryOffset, directoryEnd, gap: expectedStart - directoryOffset };
  }
  throw new UnzipxError(directoryOffset > directoryLimit ? "TRUNCATED" : "BAD_HEADER", "Cannot read the zip archive: no central directory lies where its end record says", {
    expected: `the signature PK\\1\\2 at ${directoryOffset}`, found: `none there, nor at ${expectedStart}`,
  });
}

/** What both end records say. */
interface EndFields {
  readonly disk: number;
  readonly directoryDisk: number;
  readonly entriesHere: number;
  readonly entries: number;
  readonly directorySize: number;
  readonly directoryOffset: number;
}

/** All ones in the end record stand for what the zip64 end record says (4.4.1.4). */
const FIELDS: readonly (readonly [name: string, field: keyof EndFields, unset: number])[] = [
  ["number of this part", "disk", 0xffff],
  ["part where the central directory starts", "directoryDisk", 0xffff],
  ["number of entries in this part", "entriesHere", 0xffff],
  ["number of entries", "entries", 0xffff],
  ["central directory size", "directorySize", 0xffffffff],
  ["central directory offset", "directoryOffset", 0xffffffff],
];

interface Zip64Record extends EndFields {
  /** Where it lies, and where its locator says it does, counted from the start of the archive. */
  readonly record: number;
  readonly declared: number;
}

function readZip64({ source, tail, start, leniency }: Tail, at: number): Zip64Record | undefined {
  if (at < LOCATOR || tail.readUInt32LE(at - LOCATOR) !== 0x07064b50) {
    const alone = at - ZIP64_RECORD;
    if (alone >= 0 && tail.readUInt32LE(alone) === 0x06064b50 && tail.readUInt32LE(alone + 4) === ZIP64_RECORD - 12) {
      disagree(leniency, "it has a zip64 end record that no locator leads to", "the end record's word is taken", { expected: `a locator at ${start + at - LOCATOR}`, found: `a zip64 end record at ${start + alone}, and none` });
    }
    return undefined;
  }
  // Locator: 4 - disk of the zip64 end record; 8 - its offset; 16 - number of disks
  const disks = tail.readUInt32LE(at - LOCATOR + 16);
  const recordDisk = tail.readUInt32LE(at - LOCATOR + 4);
  if (disks > 1 || recordDisk !== 0) throw new UnzipxError("UNSUPPORTED_FORMAT", "Cannot read the zip archive: it is one part of a split set", { found: `${disks} parts, its zip64 end record in part ${recordDisk + 1}` });
  // OneDrive counts none.
  if (disks === 0) leniency.notes.push(new UnzipxError("ODDITY", "The zip64 locator of the zip archive says that it has no part, and there is one"));
  const declared = safeNumber(tail.readBigUInt64LE(at - LOCATOR + 8));
  const locator = start + at - LOCATOR;
  // A prefix moves the record; without extensible data it lies right before its locator.
  for (const record of [declared, locator - ZIP64_RECORD]) {
    if (record < 0 || record + ZIP64_RECORD > locator || signatureAt(source, record) !== 0x06064b50) continue;
    const bytes = Buffer.alloc(ZIP64_RECORD);
    readExactly(source.fd, bytes, record);
    // 4 - size of this record, without the 12 bytes up to here; 12 - version made by; 14 - version needed
    const recordEnd = record + 12 + safeNumber(bytes.readBigUInt64LE(4));
    if (recordEnd !== locator) {
      disagree(leniency, "its zip64 end record does not end where its locator begins", "what the record says is taken", { expected: `${locator} (locator)`, found: `${recordEnd} (end of the record at ${record})` });
    }
    const data = locator - record - ZIP64_RECORD;
    // The record's second version (7.3.4) tells in its extensible data how the directory is encrypted.
    if (data >= 28 && bytes.readUInt16LE(14) >= 62) throw new UnzipxError("UNSUPPORTED_FORMAT", "Cannot read the zip archive: its central directory is encrypted, which is not supported");
    if (data > 0) {
      assertNoRecord(source, { from: record + ZIP64_RECORD, to: locator, why: "the extensible data of its zip64 end record holds another record" }, leniency);
      leniency.notes.push(new UnzipxError("ODDITY", `The zip64 end record of the zip archive holds ${data} bytes of extensible data, which are not used`));
    }
    return {
      record, declared,
      disk: bytes.readUInt32LE(16), //                              16 number of this disk
      directoryDisk: bytes.readUInt32LE(20), //                     20 disk where the central directory starts
      entriesHere: safeNumber(bytes.readBigUInt64LE(24)), //        24 entries on this disk
      entries: safeNumber(bytes.readBigUInt64LE(32)), //            32 entries in total
      directorySize: safeNumber(bytes.readBigUInt64LE(40)), //      40 size of the central directory
      directoryOffset: safeNumber(bytes.readBigUInt64LE(48)), //    48 its offset
    };
  }
  throw new UnzipxError("BAD_HEADER", "Cannot read the zip archive: no zip64 end record lies where its locator says", { expected: `the signature PK\\6\\6 at ${declared}` });
}

/** A prefix moves the record with everything else, or the locator was adjusted to it. */
function assertLocator(zip64: Zip64Record | undefined, prefix: number, leniency: Leniency): void {
  if (zip64 === undefined || zip64.declared + prefix === zip64.record || zip64.declared === zip64.record) return;
  disagree(leniency, "its zip64 end record does not lie where its locator says", "the record in front of the locator is taken", { expected: `${zip64.declared + prefix} (locator)`, found: `${zip64.record} (record)` });
}

/** Readers that look for an end record from the front of the file's last part find what lies in here first. */
function assertNoRecord(source: FileSource, { from, to, why }: { readonly from: number; readonly to: number; readonly why: string }, leniency: Leniency): void {
  const bytes = Buffer.alloc(Math.min(to - from, LOOKED_AT));
  readExactly(source.fd, bytes, from);
  const found = recordIn(bytes, from);
  if (found !== undefined) disagree(leniency, why, "that is left out", { expected: `no record from ${from} to ${to}`, found });
}

function disagree({ lenient, notes }: Leniency, why: string, taken: string, sides: { readonly expected: string; readonly found: string }): void {
  if (!lenient) throw new UnzipxError("AMBIGUOUS", `Refused the zip archive: ${why}`, { ...sides, hint: "--lenient" });
  notes.push(new UnzipxError("ODDITY", `About the zip archive, ${why}: ${taken}`, sides));
}

function signatureAt(source: FileSource, position: number): number {
  if (position + 4 > source.size) return 0;
  const bytes = Buffer.alloc(4);
  readExactly(source.fd, bytes, position);
  return bytes.readUInt32LE(0);
}

function safeNumber(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new UnzipxError("BAD_HEADER", "Cannot read the zip archive: a zip64 field is larger than any file can be", { found: String(value) });
  return Number(value);
}
