/**
 * The records of a zip file, as bytes. Every field is listed with its offset, as APPNOTE.TXT 6.3.10 has them in the
 * sections named here. All numbers are little-endian.
 */

import { AES_EXTRA_BYTES, AES_EXTRA_ID, AES_METHOD, aesExtra } from "./crypto-aes.ts";
import type { EncryptionMethod } from "./encrypt.ts";
import { DEFLATE, STORE, ZSTD } from "./methods.ts";

/** One entry, as its local header and its central directory record tell it. */
export interface ZipRecord {
  readonly name: Uint8Array;
  readonly flags: number;
  readonly method: ZipMethodNumber;
  readonly encryption: EncryptionMethod | undefined;
  readonly dosTime: number;
  readonly dosDate: number;
  /** Seconds since 1970 for the extended timestamp; undefined where 32 bits do not hold them. */
  readonly unixTime: number | undefined;
  readonly crc32: number;
  readonly size: number;
  readonly packedSize: number;
  /** The part of a split archive that holds the local header; 0 where there is only one. */
  readonly disk: number;
  /** Of the local header, in its part. */
  readonly offset: number;
  /** st_mode in the upper 16 bits, MS-DOS attributes in the lower 8. */
  readonly attributes: number;
  /** The local header keeps 64 bits for the sizes: decided before the sizes are known. */
  readonly largeSizes: boolean;
}

/** What is written; more is read. */
export type ZipMethodNumber = typeof STORE | typeof DEFLATE | typeof ZSTD;

/** General purpose bits (4.4.4). */
export const FLAG_ENCRYPTED = 1 << 0;
export const FLAG_DESCRIPTOR = 1 << 3; // sizes and CRC follow the data
export const FLAG_UTF8 = 1 << 11;

const MAX16 = 0xffff;
export const MAX32 = 0xffffffff;

/** MS-DOS attribute "directory", for readers that do not look at Unix modes. */
export const DOS_DIRECTORY = 0x10;

// Version made by: 3 = Unix in the upper byte, so that the mode is read; 4.5 below, the specification with zip64 (4.4.2).
const MADE_BY = (3 << 8) | 45;

/** 30 fixed bytes, then name and extra field (4.3.7). */
const LOCAL_FIXED = 30;
/** 46 fixed bytes, then name, extra field and comment (4.3.12). */
const CENTRAL_FIXED = 46;
/** id 2 + length 2 + flags 1 + mtime 4: Info-ZIP's extended timestamp, with the modification time only. */
const TIMESTAMP = 9;
/** id 2 + length 2 + what AES needs to be known by. */
const AES_EXTRA = 4 + AES_EXTRA_BYTES;
/** id 2 + length 2 + both sizes, which a local header needs together (4.5.3). */
const LOCAL_ZIP64 = 20;

/** Where the CRC and the sizes of a local header lie, for patching them afterwards. */
export const LOCAL_CRC_AT = 14;

export function localHeaderSize(record: ZipRecord): number {
  return LOCAL_FIXED + record.name.length + commonExtraSize(record) + (record.largeSizes ? LOCAL_ZIP64 : 0);
}

/** Of the extra fields that both headers have. */
function commonExtraSize(record: ZipRecord): number {
  return (record.unixTime === undefined ? 0 : TIMESTAMP) + (record.encryption === "aes256" ? AES_EXTRA : 0);
}

/** Local file header (4.3.7) at `at`; returns where it ends. */
export function putLocalHeader(out: Buffer, at: number, record: ZipRecord): number {
  const extra = localHeaderSize(record) - LOCAL_FIXED - record.name.length;
  out.writeUInt32LE(0x04034b50, at); //             0 signature
  out.writeUInt16LE(versionNeeded(record), at + 4); // 4 version needed to extract
  out.writeUInt16LE(record.flags, at + 6); //       6 general purpose bits
  out.writeUInt16LE(methodField(record), at + 8); // 8 compression method
  out.writeUInt16LE(record.dosTime, at + 10); //   10 modification time
  out.writeUInt16LE(record.dosDate, at + 12); //   12 modification date
  putCrcAndSizes(out, at + LOCAL_CRC_AT, record); // 14 CRC-32, 18 compressed size, 22 uncompressed size
  out.writeUInt16LE(record.name.length, at + 26); // 26 file name length
  out.writeUInt16LE(extra, at + 28); //            28 extra field length
  out.set(record.name, at + LOCAL_FIXED); //       30 file name
  const end = putCommonExtra(out, at + LOCAL_FIXED + record.name.length, record);
  return record.largeSizes ? putLocalZip64(out, end, record) : end;
}

/** The three fields from LOCAL_CRC_AT on: 12 bytes. With zip64 the sizes stand in the extra field. */
export function putCrcAndSizes(out: Buffer, at: number, record: ZipRecord): void {
  out.writeUInt32LE(record.crc32, at);
  out.writeUInt32LE(record.largeSizes ? MAX32 : record.packedSize, at + 4);
  out.writeUInt32LE(record.largeSizes ? MAX32 : record.size, at + 8);
}

/** Where in a local header with `largeSizes` the zip64 extra field begins: it is the last one. */
export function localZip64At(record: ZipRecord): number {
  return localHeaderSize(record) - LOCAL_ZIP64;
}

/** zip64 extended information (4.5.3) of a local header. */
export function putLocalZip64(out: Buffer, at: number, record: ZipRecord): number {
  out.writeUInt16LE(0x0001, at); //      0 id
  out.writeUInt16LE(16, at + 2); //      2 length of what follows
  put64(out, at + 4, record.size); //    4 uncompressed size
  put64(out, at + 12, record.packedSize); // 12 compressed size
  return at + LOCAL_ZIP64;
}

/** Data descriptor (4.3.9); with zip64 sizes when the local header has the zip64 extra field (4.3.9.2). */
export function dataDescriptor(record: ZipRecord): Buffer {
  const out = Buffer.alloc(record.largeSizes ? 24 : 16);
  out.writeUInt32LE(0x08074b50, 0); // 0 signature: not required, but without it readers have to guess
  out.writeUInt32LE(record.crc32, 4); // 4 CRC-32
  if (record.largeSizes) {
    put64(out, 8, record.packedSize); // 8 compressed size
    put64(out, 16, record.size); //    16 uncompressed size
  } else {
    out.writeUInt32LE(record.packedSize, 8); // 8 compressed size
    out.writeUInt32LE(record.size, 12); //    12 uncompressed size
  }
  return out;
}

/** The fields of a central record that did not fit, in the order that 4.5.3 demands. */
function outgrown(record: ZipRecord): number[] {
  return [record.size, record.packedSize, record.offset].filter((value) => value >= MAX32);
}

export function centralRecordSize(record: ZipRecord): number {
  const large = outgrown(record).length;
  return CENTRAL_FIXED + record.name.length + commonExtraSize(record) + (large === 0 ? 0 : 4 + 8 * large);
}

/** Central directory file header (4.3.12) at `at`; returns where it ends. */
export function putCentralRecord(out: Buffer, at: number, record: ZipRecord): number {
  const extra = centralRecordSize(record) - CENTRAL_FIXED - record.name.length;
  out.writeUInt32LE(0x02014b50, at); //             0 signature
  out.writeUInt16LE(MADE_BY, at + 4); //            4 version made by
  out.writeUInt16LE(versionNeeded(record), at + 6); // 6 version needed to extract
  out.writeUInt16LE(record.flags, at + 8); //       8 general purpose bits
  out.writeUInt16LE(methodField(record), at + 10); // 10 compression method
  out.writeUInt16LE(record.dosTime, at + 12); //   12 modification time
  out.writeUInt16LE(record.dosDate, at + 14); //   14 modification date
  out.writeUInt32LE(record.crc32, at + 16); //     16 CRC-32
  out.writeUInt32LE(Math.min(record.packedSize, MAX32), at + 20); // 20 compressed size
  out.writeUInt32LE(Math.min(record.size, MAX32), at + 24); //       24 uncompressed size
  out.writeUInt16LE(record.name.length, at + 28); // 28 file name length
  out.writeUInt16LE(extra, at + 30); //            30 extra field length
  out.writeUInt16LE(0, at + 32); //                32 file comment length
  out.writeUInt16LE(record.disk, at + 34); //      34 disk number where the file starts
  out.writeUInt16LE(0, at + 36); //                36 internal attributes: 1 would say "text", which nobody needs
  out.writeUInt32LE(record.attributes, at + 38); // 38 external attributes
  out.writeUInt32LE(Math.min(record.offset, MAX32), at + 42); // 42 offset of the local header
  out.set(record.name, at + CENTRAL_FIXED); //     46 file name
  let end = putCommonExtra(out, at + CENTRAL_FIXED + record.name.length, record);
  const large = outgrown(record);
  if (large.length === 0) return end;
  out.writeUInt16LE(0x0001, end); //               zip64 extended information (4.5.3): id
  out.writeUInt16LE(8 * large.length, end + 2); // length of what follows
  end += 4;
  for (const value of large) {
    put64(out, end, value);
    end += 8;
  }
  return end;
}

/** Central records that lie one behind the other, each by itself. */
export function* centralRecords(records: Buffer): Generator<Buffer> {
  for (let at = 0; at < records.length; ) {
    // 28, 30, 32 - lengths of name, extra field and comment
    const end = at + CENTRAL_FIXED + records.readUInt16LE(at + 28) + records.readUInt16LE(at + 30) + records.readUInt16LE(at + 32);
    yield records.subarray(at, end);
    at = end;
  }
}

/** Adds `by` to the offset that each of our own central records tells. */
export function moveOffsets(records: Buffer, by: number): void {
  for (const record of centralRecords(records)) {
    const offset = record.readUInt32LE(42);
    if (offset < MAX32) record.writeUInt32LE(offset + by, 42);
    else put64(record, record.length - 8, Number(record.readBigUInt64LE(record.length - 8)) + by); // zip64 comes last, and the offset last in it
  }
}

/** What the end record tells of the central directory. */
export interface Directory {
  readonly entries: number;
  /** In bytes. */
  readonly size: number;
  /** The part of a split archive where it begins, and where in that part. */
  readonly disk: number;
  readonly offset: number;
}

/** Where the end record stands itself. */
export interface EndPlace {
  readonly disk: number;
  readonly offset: number;
  /** Central records that begin in the same part. */
  readonly entriesHere: number;
}

/** A field that is all ones says "look in the zip64 record", so the largest value itself needs that record as well. */
function needsZip64({ entries, size, offset }: Directory): boolean {
  return entries >= MAX16 || size >= MAX32 || offset >= MAX32;
}

/** Bytes of the end record, with what stands in front of it. */
export function endSize(directory: Directory): number {
  return (needsZip64(directory) ? 56 + 20 : 0) + 22;
}

/** The end of central directory record (4.3.16), behind its zip64 kin (4.3.14, 4.3.15) where a field outgrew it. */
export function endOfCentralDirectory(directory: Directory, place: EndPlace): Buffer {
  const { entries, size, offset } = directory;
  const out = Buffer.alloc(endSize(directory));
  let at = 0;
  if (needsZip64(directory)) {
    out.writeUInt32LE(0x06064b50, 0); // 0 signature of the zip64 end of central directory record (4.3.14)
    put64(out, 4, 44); //              4 size of the rest of this record: 56 - 12
    out.writeUInt16LE(MADE_BY, 12); // 12 version made by
    out.writeUInt16LE(45, 14); //     14 version needed to extract
    out.writeUInt32LE(place.disk, 16); //     16 number of this disk
    out.writeUInt32LE(directory.disk, 20); // 20 disk where the central directory starts
    put64(out, 24, place.entriesHere); //     24 entries on this disk
    put64(out, 32, entries); //       32 entries in total
    put64(out, 40, size); //          40 size of the central directory
    put64(out, 48, offset); //        48 offset of the central directory
    out.writeUInt32LE(0x07064b50, 56); // 0 signature of the zip64 locator (4.3.15)
    out.writeUInt32LE(place.disk, 60); //  4 disk with the zip64 end record
    put64(out, 64, place.offset); //       8 offset of that record
    out.writeUInt32LE(place.disk + 1, 72); // 16 number of disks
    at = 76;
  }
  out.writeUInt32LE(0x06054b50, at); //                    0 signature (4.3.16)
  out.writeUInt16LE(place.disk, at + 4); //                4 number of this disk
  out.writeUInt16LE(directory.disk, at + 6); //            6 disk where the central directory starts
  out.writeUInt16LE(Math.min(place.entriesHere, MAX16), at + 8); // 8 entries on this disk
  out.writeUInt16LE(Math.min(entries, MAX16), at + 10); // 10 entries in total
  out.writeUInt32LE(Math.min(size, MAX32), at + 12); //   12 size of the central directory
  out.writeUInt32LE(Math.min(offset, MAX32), at + 16); // 16 offset of the central directory
  out.writeUInt16LE(0, at + 20); //                       20 comment length
  return out;
}

/** The extra fields that are the same in both headers. */
function putCommonExtra(out: Buffer, at: number, record: ZipRecord): number {
  return putAes(out, putTimestamp(out, at, record), record);
}

/** WinZip's AES extra field: AE-2 with 256 bits. */
function putAes(out: Buffer, at: number, record: ZipRecord): number {
  if (record.encryption !== "aes256") return at;
  out.writeUInt16LE(AES_EXTRA_ID, at); //        0 id
  out.writeUInt16LE(AES_EXTRA_BYTES, at + 2); // 2 length of what follows
  out.set(aesExtra({ version: 2, strength: 3, method: record.method }), at + 4);
  return at + AES_EXTRA;
}

function methodField(record: ZipRecord): number {
  return record.encryption === "aes256" ? AES_METHOD : record.method;
}

/** Extended timestamp: Info-ZIP's extra field 0x5455 ("UT"), the same bytes in local header and central record. */
function putTimestamp(out: Buffer, at: number, record: ZipRecord): number {
  if (record.unixTime === undefined) return at;
  out.writeUInt16LE(0x5455, at); //          0 id
  out.writeUInt16LE(TIMESTAMP - 4, at + 2); // 2 length of what follows
  out.writeUInt8(1, at + 4); //              4 flags: bit 0 = modification time present
  out.writeInt32LE(record.unixTime, at + 5); // 5 seconds since 1970, UTC, signed
  return at + TIMESTAMP;
}

/** 6.3 for zstd, 5.1 for AES, 4.5 with zip64, 2.0 for deflate, folders and the traditional encryption, 1.0 for the rest (4.4.3). */
function versionNeeded(record: ZipRecord): number {
  if (record.method === ZSTD) return 63;
  if (record.encryption === "aes256") return 51;
  if (record.largeSizes || outgrown(record).length > 0) return 45;
  return record.method === DEFLATE || record.encryption !== undefined || (record.attributes & DOS_DIRECTORY) !== 0 ? 20 : 10;
}

/** Offsets stay below 2^53: two 32-bit halves are cheaper than a BigInt. */
function put64(out: Buffer, at: number, value: number): void {
  out.writeUInt32LE(value % 2 ** 32, at);
  out.writeUInt32LE(Math.floor(value / 2 ** 32), at + 4);
}

export interface DosTime {
  readonly dosTime: number;
  readonly dosDate: number;
}

/** MS-DOS date and time (4.4.6): two-second steps from 1980 to 2107; what lies outside becomes the nearest. */
export function dosTime(mtime: number, utc: boolean): DosTime {
  const date = new Date(mtime);
  const year = utc ? date.getUTCFullYear() : date.getFullYear();
  if (!(year >= 1980)) return { dosTime: 0, dosDate: (1 << 5) | 1 }; // 1 January 1980, 00:00
  if (year > 2107) return { dosTime: (23 << 11) | (59 << 5) | 29, dosDate: (127 << 9) | (12 << 5) | 31 };
  return utc
    ? {
        dosTime: (date.getUTCHours() << 11) | (date.getUTCMinutes() << 5) | (date.getUTCSeconds() >> 1),
        dosDate: ((year - 1980) << 9) | ((date.getUTCMonth() + 1) << 5) | date.getUTCDate(),
      }
    : {
        dosTime: (date.getHours() << 11) | (date.getMinutes() << 5) | (date.getSeconds() >> 1),
        dosDate: ((year - 1980) << 9) | ((date.getMonth() + 1) << 5) | date.getDate(),
      };
}
