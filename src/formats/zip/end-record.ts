/**
 * Finds the end of central directory record (APPNOTE 4.3.16), the zip64 one (4.3.14) and with them where the archive
 * begins and ends in its file: there may be a program in front of it and rubbish behind it.
 */
import { readExactly } from "../../bytes/read-file.ts";
import { UnzipxError } from "../../errors.ts";
import type { FileSource, ReadOptions } from "../contract.ts";

const END_RECORD = 22; // without the comment
const LOCATOR = 20; // zip64 end of central directory locator (4.3.15)
const ZIP64_RECORD = 56; // zip64 end of central directory record without its extensible data
// The comment's length has 16 bits, so the record cannot start earlier than this; behind the archive as much again is searched.
const SEARCHED = END_RECORD + 0xffff + 0xffff;

export interface ZipExtent {
  /** Bytes in front of the archive: every offset in it counts from here. */
  readonly prefix: number;
  /** Absolute, as all that follow. */
  readonly directoryStart: number;
  readonly directoryEnd: number;
  readonly endRecord: number;
  readonly entries: number;
  readonly comment: Uint8Array;
  /** Bytes behind the end record and its comment. */
  readonly trailing: number;
  /** Bytes between the central directory and the end records that belong to neither. */
  readonly gap: number;
}

export function findExtent(source: FileSource, options: Pick<ReadOptions, "lenient" | "warn">): ZipExtent {
  const length = Math.min(SEARCHED, source.size);
  const start = source.size - length;
  const tail = Buffer.alloc(length);
  readExactly(source.fd, tail, start);
  const fitting: ZipExtent[] = [];
  let unfit: UnzipxError | undefined;
  for (let at = length - END_RECORD; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== 0x06054b50) continue;
    try {
      fitting.push(readEndRecord(source, tail, at, start));
    } catch (error) {
      if (!(error instanceof UnzipxError)) throw error;
      unfit ??= error;
    }
  }
  const best = fitting.find((extent) => extent.trailing === 0) ?? fitting[0];
  if (best === undefined) {
    throw unfit ?? new UnzipxError("TRUNCATED", "Cannot read the zip archive: its end of central directory record is missing, so the file is cut off or no zip", {
      expected: "the signature PK\\5\\6 near the end",
      found: `none in the last ${length} bytes`,
    });
  }
  // Two end records that both reach to the file's end are two archives in one: which one is meant, only its maker knows.
  const rival = fitting.find((extent) => extent !== best && extent.trailing === best.trailing && extent.directoryStart !== best.directoryStart);
  if (rival !== undefined) {
    const both = { expected: `one`, found: `at ${best.endRecord} and at ${rival.endRecord}` };
    if (!options.lenient) throw new UnzipxError("AMBIGUOUS", "Refused the zip archive: it has two end of central directory records that fit", { ...both, hint: "--lenient" });
    options.warn(new UnzipxError("ODDITY", "The zip archive has two end of central directory records that fit: the last one is taken", both));
  }
  return best;
}

function readEndRecord(source: FileSource, tail: Buffer, at: number, start: number): ZipExtent {
  const endRecord = start + at;
  // 4 - number of this disk; 6 - disk where the central directory starts; 8 - entries on this disk: yauzl refuses multi-disk
  const disk = tail.readUInt16LE(at + 4);
  const directoryDisk = tail.readUInt16LE(at + 6);
  // 10 - entries in the central directory
  let entries = tail.readUInt16LE(at + 10);
  // 12 - size of the central directory
  let directorySize = tail.readUInt32LE(at + 12);
  // 16 - its offset from the start of the archive
  let directoryOffset = tail.readUInt32LE(at + 16);
  // 20 - comment length
  const commentLength = tail.readUInt16LE(at + 20);
  const behind = tail.length - at - END_RECORD;
  if (commentLength > behind) {
    throw new UnzipxError("TRUNCATED", "Cannot read the zip archive: its comment is cut off", { expected: `${commentLength} bytes of comment`, found: `${behind}` });
  }
  const comment = tail.subarray(at + END_RECORD, at + END_RECORD + commentLength);
  let directoryLimit = endRecord;
  const zip64 = readZip64(source, tail, at, start);
  if (zip64 !== undefined) {
    const fields: [string, number, number, number][] = [
      ["entries", entries, 0xffff, zip64.entries],
      ["central directory size", directorySize, 0xffffffff, zip64.directorySize],
      ["central directory offset", directoryOffset, 0xffffffff, zip64.directoryOffset],
    ];
    for (const [field, short, unset, long] of fields) {
      if (short !== unset && short !== long) {
        throw new UnzipxError("AMBIGUOUS", `Refused the zip archive: its two end records disagree about the ${field}`, { expected: `${short} (end record)`, found: `${long} (zip64 end record)` });
      }
    }
    ({ entries, directorySize, directoryOffset } = zip64);
    directoryLimit = zip64.record;
  } else if (disk !== 0 || directoryDisk !== 0) {
    throw new UnzipxError("UNSUPPORTED_FORMAT", "Cannot read the zip archive: it is one part of a split set", { found: `part ${disk + 1}` });
  }
  // Offsets count from the archive's start, which a prefix moves; and they may have been adjusted to it already.
  const expectedStart = directoryLimit - directorySize;
  if (expectedStart < 0) {
    throw new UnzipxError("TRUNCATED", "Cannot read the zip archive: its central directory is larger than the file", {
      expected: `${directorySize} bytes`, found: `${directoryLimit} bytes before its end`,
    });
  }
  const begins = (position: number): boolean => entries === 0 || (position >= 0 && position + 4 <= directoryLimit && signatureAt(source, position) === 0x02014b50);
  const shared = { directoryEnd: 0, endRecord, entries, comment, trailing: behind - commentLength };
  if (begins(expectedStart) && expectedStart >= directoryOffset) {
    return { ...shared, prefix: expectedStart - directoryOffset, directoryStart: expectedStart, directoryEnd: directoryLimit, gap: 0 };
  }
  if (directoryOffset + directorySize <= directoryLimit && begins(directoryOffset)) {
    return { ...shared, prefix: 0, directoryStart: directoryOffset, directoryEnd: directoryOffset + directorySize, gap: expectedStart - directoryOffset };
  }
  throw new UnzipxError(directoryOffset > directoryLimit ? "TRUNCATED" : "BAD_HEADER", "Cannot read the zip archive: no central directory lies where its end record says", {
    expected: `the signature PK\\1\\2 at ${directoryOffset}`, found: `none there, nor at ${expectedStart}`,
  });
}

interface Zip64Record {
  readonly record: number;
  readonly entries: number;
  readonly directorySize: number;
  readonly directoryOffset: number;
}

function readZip64(source: FileSource, tail: Buffer, at: number, start: number): Zip64Record | undefined {
  if (at < LOCATOR || tail.readUInt32LE(at - LOCATOR) !== 0x07064b50) return undefined;
  // Locator: 4 - disk of the zip64 end record; 8 - its offset; 16 - number of disks
  const disks = tail.readUInt32LE(at - LOCATOR + 16);
  if (disks > 1) throw new UnzipxError("UNSUPPORTED_FORMAT", "Cannot read the zip archive: it is one part of a split set", { found: `${disks} parts` });
  const declared = safeNumber(tail.readBigUInt64LE(at - LOCATOR + 8));
  const locator = start + at - LOCATOR;
  // A prefix moves the record; without extensible data it lies right before its locator.
  for (const record of [declared, locator - ZIP64_RECORD]) {
    if (record < 0 || record + ZIP64_RECORD > locator || signatureAt(source, record) !== 0x06064b50) continue;
    const bytes = Buffer.alloc(ZIP64_RECORD);
    readExactly(source.fd, bytes, record);
    // 4 - size of this record, without the 12 bytes up to here; 12 - versions; 16, 20 - disks; 24 - entries on this disk
    const recordEnd = record + 12 + safeNumber(bytes.readBigUInt64LE(4));
    if (recordEnd !== locator) {
      throw new UnzipxError("AMBIGUOUS", "Refused the zip archive: its zip64 end record does not end where its locator begins", { expected: String(locator), found: String(recordEnd) });
    }
    return {
      record,
      entries: safeNumber(bytes.readBigUInt64LE(32)),
      directorySize: safeNumber(bytes.readBigUInt64LE(40)),
      directoryOffset: safeNumber(bytes.readBigUInt64LE(48)),
    };
  }
  throw new UnzipxError("BAD_HEADER", "Cannot read the zip archive: no zip64 end record lies where its locator says", { expected: `the signature PK\\6\\6 at ${declared}` });
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
