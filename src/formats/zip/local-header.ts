/** What lies around the data of an entry: its local header, its data descriptor, and each held against the central directory. */
import { readExactly, readUpTo } from "../../bytes/read-file.ts";
import { UnzipxError, type ErrorDetails } from "../../errors.ts";
import { decodeUtf8, isAscii } from "../../text/charset.ts";
import type { Warn } from "../contract.ts";
import { AES_EXTRA_ID, AES_METHOD, aesExtra } from "./crypto-aes.ts";
import type { ZipLocator } from "./decode.ts";
import { fitsName } from "./entry-name.ts";
import { arePlain, isPadding, misshapen, UNICODE_COMMENT_ID, UNICODE_PATH_ID, ZIP64_ID } from "./extra-fields.ts";
import { MAX32 } from "./headers.ts";
import { methodName } from "./methods.ts";
import { recordIn } from "./records.ts";
import { longValues } from "./zip64.ts";

export const LOCAL_HEADER = 30;
/** A guess at how much longer the local extra field is than nothing; more costs a second read. */
export const EXTRA_GUESS = 64;
export const DESCRIPTOR_MAX = 24;
/** The most that a local extra field and a data descriptor take: what lies beyond belongs to no entry. */
export const UNKNOWN_ROOM = 0xffff + DESCRIPTOR_MAX;
const FLAG_DESCRIPTOR = 0x8;
const FLAG_UTF8 = 0x800;
/** What changes how the data are read, or whether the header can be believed (4.4.4). */
const FLAGS: readonly (readonly [bit: number, name: string])[] = [[0x1, "encryption"], [0x20, "patch"], [0x40, "strong encryption"], [0x2000, "masked headers"]];

/** "PK\\3\\4" */
export const LOCAL_SIGNATURE = 0x04034b50;

/** Who is told what is odd and harmless; `lenient`: one of two readings is taken, and told, where it would be an error otherwise. */
export interface Telling {
  readonly lenient: boolean;
  readonly warn: Warn;
}

export interface LocalFacts {
  readonly dataStart: number;
  readonly hasDescriptor: boolean;
  /** Only one of the two headers says that there is a descriptor. */
  readonly halfDescribed: boolean;
  /** The sizes have 64 bits here, and in the descriptor with them (4.3.9.2). */
  readonly isZip64: boolean;
}

/**
 * Where the data begins, if the local header at `start` of `bytes`, of which nothing is known behind `end`, is as plain as most are and says what the central one does;
 * 0: compareHeaders() has to look at it, which would say the same of this one. It takes a third of the time, and there may be a million.
 */
export function plainDataStart(bytes: Buffer, start: number, end: number, locator: ZipLocator): number {
  const { rawName, flags } = locator;
  const nameStart = start + LOCAL_HEADER;
  const nameEnd = nameStart + rawName.length;
  if (end < nameEnd || bytes.readUInt32LE(start) !== LOCAL_SIGNATURE) return 0;
  if (locator.aes !== undefined || locator.unicodeName !== undefined) return 0;
  if (bytes.readUInt16LE(start + 6) !== flags || bytes.readUInt16LE(start + 8) !== locator.method || bytes.readUInt16LE(start + 26) !== rawName.length) return 0;
  const crc = bytes.readUInt32LE(start + 14);
  const packedSize = bytes.readUInt32LE(start + 18);
  const size = bytes.readUInt32LE(start + 22);
  const isLater = (flags & FLAG_DESCRIPTOR) !== 0 && crc === 0 && packedSize === 0 && size === 0;
  if (!isLater && (crc !== locator.crc32 || packedSize !== locator.packedSize || size !== locator.size)) return 0;
  const extraEnd = nameEnd + bytes.readUInt16LE(start + 28);
  const dataStart = locator.offset + extraEnd - start;
  if (extraEnd > end || dataStart + locator.packedSize > locator.limit || !arePlain(bytes, nameEnd, extraEnd)) return 0;
  for (let at = 0; at < rawName.length; at++) if (bytes[nameStart + at] !== rawName.charCodeAt(at)) return 0;
  return dataStart;
}

/** Whether the local header is plain, and the next one follows the data at once: then there is nothing to say of what lies around them. */
export function isPlainAround(bytes: Buffer, start: number, end: number, locator: ZipLocator): boolean {
  if ((locator.flags & FLAG_DESCRIPTOR) !== 0) return false;
  const dataStart = plainDataStart(bytes, start, end, locator);
  return dataStart !== 0 && dataStart + locator.packedSize === locator.limit;
}

/** APPNOTE 4.3.7. Throws where the local header tells another story than the central one. */
export function checkLocalHeader(record: Buffer, locator: ZipLocator, fd: number, telling: Telling): LocalFacts {
  const plain = plainDataStart(record, 0, record.length, locator);
  if (plain === 0) return compareHeaders(record, locator, fd, telling);
  return { dataStart: plain, hasDescriptor: (locator.flags & FLAG_DESCRIPTOR) !== 0, halfDescribed: false, isZip64: false };
}

export function compareHeaders(record: Buffer, locator: ZipLocator, fd: number, telling: Telling): LocalFacts {
  // 0 - local file header signature
  if (record.length < LOCAL_HEADER || record.readUInt32LE(0) !== LOCAL_SIGNATURE) {
    throw new UnzipxError("BAD_HEADER", "Cannot read an entry: no local header lies where the central directory says", {
      expected: `the signature PK\\3\\4 at ${locator.offset}`, found: record.length < 4 ? "the end of its range" : record.toString("hex", 0, 4),
    });
  }
  // 4 - version needed to extract: ignored, writers lie about it
  // 6 - general purpose bit flag
  const flags = record.readUInt16LE(6);
  const changed = flags ^ locator.flags;
  for (const [bit, name] of FLAGS) if ((changed & bit) !== 0) disagree(telling, `${name} flag`, locator.flags & bit ? 1 : 0, flags & bit ? 1 : 0);
  // 8 - compression method
  const method = record.readUInt16LE(8);
  const expected = locator.aes === undefined ? locator.method : AES_METHOD;
  if (method !== expected) disagree(telling, "compression method", named(expected), named(method));
  // 10, 12 - time and date: the central directory's are taken
  // 14 - CRC-32, 18 - compressed size, 22 - uncompressed size: may be 0 where a data descriptor follows
  const crc = record.readUInt32LE(14);
  const packedSize = record.readUInt32LE(18);
  const size = record.readUInt32LE(22);
  // 26 - file name length, 28 - extra field length
  const nameLength = record.readUInt16LE(26);
  const extraLength = record.readUInt16LE(28);
  const dataStart = locator.offset + LOCAL_HEADER + nameLength + extraLength;
  if (dataStart + locator.packedSize > locator.limit) {
    throw new UnzipxError("AMBIGUOUS", "Refused an entry: its data reaches into what follows it", {
      expected: `an end at ${locator.limit} at most, where something else begins`, found: `${dataStart + locator.packedSize} (from ${dataStart}, ${locator.packedSize} bytes)`,
    });
  }
  let variable = record.subarray(LOCAL_HEADER);
  if (variable.length < nameLength + extraLength) {
    variable = Buffer.allocUnsafe(nameLength + extraLength);
    readExactly(fd, variable, locator.offset + LOCAL_HEADER);
  }
  const name = variable.toString("latin1", 0, nameLength);
  if (name !== locator.rawName) disagree(telling, "name", JSON.stringify(locator.rawName), JSON.stringify(name));
  else if ((changed & FLAG_UTF8) !== 0 && !isAscii(variable.subarray(0, nameLength))) telling.warn(oddity("The two headers of an entry disagree about whether its name is in UTF-8: the central directory is believed"));
  const later = (flags & FLAG_DESCRIPTOR) !== 0;
  if (crc !== locator.crc32 && !(later && crc === 0)) disagree(telling, "CRC-32", hex(locator.crc32), hex(crc));
  const isZip64 = checkSizes(size, packedSize, { locator, later, telling, extra: extraLength === 0 ? undefined : variable.subarray(nameLength, nameLength + extraLength) });
  return { dataStart, hasDescriptor: later || (locator.flags & FLAG_DESCRIPTOR) !== 0, halfDescribed: (changed & FLAG_DESCRIPTOR) !== 0, isZip64 };
}

interface Around {
  readonly locator: ZipLocator;
  readonly later: boolean;
  readonly telling: Telling;
  /** Undefined: there is none. */
  readonly extra: Buffer | undefined;
}

/** The sizes, and whatever else the extra fields repeat. Returns whether they keep 64 bits for the sizes. */
function checkSizes(size: number, packedSize: number, { locator, later, telling, extra }: Around): boolean {
  const zip64 = extra === undefined ? [] : checkExtra(extra, locator, telling);
  if (zip64.length === 0 && locator.aes !== undefined && extra === undefined) disagree(telling, "AES extra field", aesExtra(locator.aes).toString("hex"), "none");
  // Without its field, all ones stand for something that is said nowhere.
  const unsaid = later && zip64.length === 0 ? MAX32 : -1;
  const long = zip64.length === 0 ? { size, packedSize } : longSizes(size, packedSize, zip64, telling);
  if (long.size !== locator.size && !(later && long.size === 0) && size !== unsaid) disagree(telling, "size", locator.size, long.size);
  if (long.packedSize !== locator.packedSize && !(later && long.packedSize === 0) && packedSize !== unsaid) disagree(telling, "compressed size", locator.packedSize, long.packedSize);
  return zip64.length > 0;
}

function longSizes(size: number, packedSize: number, zip64: readonly Buffer[], telling: Telling): { size: number; packedSize: number } {
  const long = longValues({ size, packedSize }, zip64);
  if (long.conflict !== undefined) refuse(telling, "its local header and the zip64 field in it disagree", "the central directory is taken", long.conflict);
  if (long.oddity !== undefined) telling.warn(oddity(long.oddity));
  return long;
}

/** Returns the zip64 fields. */
function checkExtra(extra: Buffer, locator: ZipLocator, telling: Telling): Buffer[] {
  const zip64: Buffer[] = [];
  let aes = 0;
  let comments = 0;
  let left = extra.length;
  for (let start = 4; start <= extra.length; ) {
    // 2 id; 2 length of what follows (4.5.1)
    const id = extra.readUInt16LE(start - 4);
    const end = start + extra.readUInt16LE(start - 2);
    if (end > extra.length) break;
    const name = misshapen(id, extra, start, end, "local");
    if (name !== undefined) telling.warn(oddity(`The ${name} field in the local header of an entry has not the form it should have`));
    if (id === ZIP64_ID) zip64.push(extra.subarray(start, end));
    else if (id === AES_EXTRA_ID && locator.aes !== undefined) {
      aes++;
      const [central, local] = [aesExtra(locator.aes).toString("hex"), extra.toString("hex", start, end)];
      if (local !== central) disagree(telling, "AES extra field", central, local);
    } else if (id === UNICODE_PATH_ID) checkUnicodePath(extra.subarray(start, end), locator, telling);
    else if (id === UNICODE_COMMENT_ID) {
      comments++;
      if (comments === 2) telling.warn(oddity("The local header of an entry has two Unicode comment fields"));
    }
    left = extra.length - end;
    start = end + 4;
  }
  if (locator.aes !== undefined && aes === 0) disagree(telling, "AES extra field", aesExtra(locator.aes).toString("hex"), "none");
  if (!isPadding(extra, left)) telling.warn(oddity("The extra fields in the local header of an entry do not fill their room"));
  return zip64;
}

/** The name in UTF-8 once more. Where the central directory has none of these, its name has to say the same by itself. */
function checkUnicodePath(field: Buffer, locator: ZipLocator, telling: Telling): void {
  const raw = Buffer.from(locator.rawName, "latin1");
  if (!fitsName(field, raw)) return telling.warn(oddity("The Unicode path field in the local header of an entry belongs to another name"));
  const local = decodeUtf8(field.subarray(5));
  if (local === undefined) return telling.warn(oddity("The Unicode path field in the local header of an entry is no UTF-8"));
  const central = locator.unicodeName === undefined ? decodeUtf8(raw) : decodeUtf8(Buffer.from(locator.unicodeName, "latin1"));
  if (central === undefined) telling.warn(oddity("Only the local header of an entry tells its name in Unicode, and it is not used"));
  else if (local.normalize("NFC") !== central.normalize("NFC")) disagree(telling, "name in Unicode", JSON.stringify(central), JSON.stringify(local));
}

function named(method: number): string {
  return `${method}, ${methodName(method)}`;
}

function disagree(telling: Telling, field: string, central: string | number, local: string | number): void {
  refuse(telling, `its local header and the central directory disagree about its ${field}`, "the central directory's is taken", {
    expected: `${central} (central directory)`, found: `${local} (local header)`,
  });
}

/** Two readings of the same bytes: an error, or with --lenient a note that says which one was taken. */
function refuse({ lenient, warn }: Telling, why: string, taken: string, details: ErrorDetails): void {
  if (!lenient) throw new UnzipxError("AMBIGUOUS", `Refused an entry: ${why}`, { ...details, hint: "--lenient" });
  warn(new UnzipxError("ODDITY", `About an entry, ${why}: ${taken}`, details));
}

function oddity(text: string): UnzipxError {
  return new UnzipxError("ODDITY", text);
}

/** Bytes behind the data that a descriptor may take. */
export function descriptorRoom(locator: ZipLocator, dataStart: number): number {
  return Math.max(0, Math.min(DESCRIPTOR_MAX, locator.limit - dataStart - locator.packedSize));
}

interface Following {
  readonly facts: LocalFacts;
  /** As many as descriptorRoom() says; undefined: not read yet. */
  readonly behind: Buffer | undefined;
  readonly telling: Telling;
}

/** The data descriptor, and that no entry hides behind this one. */
export function checkWhatFollows(fd: number, locator: ZipLocator, { facts, behind, telling }: Following): void {
  const end = facts.dataStart + locator.packedSize;
  let descriptor = 0;
  if (facts.hasDescriptor) {
    const bytes = behind ?? Buffer.alloc(descriptorRoom(locator, facts.dataStart));
    if (behind === undefined) readUpTo(fd, bytes, end);
    descriptor = checkDescriptor(bytes, locator, facts, telling);
  }
  if (locator.limit > end + descriptor) checkGap(fd, locator, end + descriptor, telling);
}

/** APPNOTE 4.3.9: CRC-32 and both sizes again, with or without a signature, in 32 or in 64 bits: nothing says which, so one must fit. Returns its length. */
function checkDescriptor(behind: Buffer, locator: ZipLocator, facts: LocalFacts, telling: Telling): number {
  const { crc32, packedSize, size } = locator;
  for (const start of [4, 0]) {
    if (start === 4 && (behind.length < 4 || behind.readUInt32LE(0) !== 0x08074b50)) continue;
    if (behind.length < start + 12 || behind.readUInt32LE(start) !== crc32) continue;
    const isShort = behind.readUInt32LE(start + 4) === packedSize && behind.readUInt32LE(start + 8) === size;
    const isLong = behind.length >= start + 20 && behind.readBigUInt64LE(start + 4) === BigInt(packedSize) && behind.readBigUInt64LE(start + 12) === BigInt(size);
    if (!isShort && !isLong) continue;
    const takesLong = isLong && (!isShort || facts.isZip64); // of nothing the short form fits as well
    const isNeeded = facts.isZip64 || packedSize > MAX32 || size > MAX32;
    if (facts.halfDescribed) telling.warn(oddity("The two headers of an entry disagree about whether a data descriptor follows it: one does, and it is right"));
    if (start === 0) telling.warn(oddity("The data descriptor of an entry has no signature, so where it begins is a guess"));
    if (takesLong && !isNeeded) telling.warn(oddity("The data descriptor of an entry has 64 bits for its sizes, which nothing announces"));
    return start + (takesLong ? 20 : 12);
  }
  refuse(telling, "its data descriptor and the central directory disagree", "the central directory is taken", {
    expected: `CRC-32 ${hex(crc32)}, ${packedSize} and ${size} bytes (central directory)`, found: `${said(behind)} (data descriptor)`,
  });
  return behind.length;
}

/** What most descriptors would say that begin like this. */
function said(behind: Buffer): string {
  const start = behind.length >= 4 && behind.readUInt32LE(0) === 0x08074b50 ? 4 : 0;
  return behind.length < start + 12 ? `only ${behind.length} bytes` : `CRC-32 ${hex(behind.readUInt32LE(start))}, ${behind.readUInt32LE(start + 4)} and ${behind.readUInt32LE(start + 8)} bytes`;
}

/** So much behind an entry is searched for what somebody else might read. */
const SEARCHED = 1024 * 1024;
/** The signatures of Android's packages lie in front of the central directory, and end with this. */
const APK_SIGNATURES = Buffer.from("APK Sig Block 42");

/**
 * Where the virtual entries end that begin at `start`; `start` itself where there is none. Android's packer fills room with them:
 * local headers without name and data, whose extra field is zeros, so nothing can hide in there.
 */
export function virtualEnd(fd: number, start: number, limit: number): number {
  const header = Buffer.alloc(LOCAL_HEADER);
  for (let at = start; ; ) {
    if (at + LOCAL_HEADER > limit || readUpTo(fd, header, at) < LOCAL_HEADER || !isVirtual(header)) return at;
    const extra = Buffer.alloc(header.readUInt16LE(28)); // 28 - extra field length
    const end = at + LOCAL_HEADER + extra.length;
    if (end > limit || readUpTo(fd, extra, at + LOCAL_HEADER) < extra.length || !extra.every((byte) => byte === 0)) return at;
    at = end;
  }
}

/** 6, 8 - flags and method: none; 10, 12 - time and date: nobody's; 14, 18, 22, 26 - CRC-32, sizes and name length: 0 */
function isVirtual(header: Buffer): boolean {
  return header.readUInt32LE(0) === LOCAL_SIGNATURE && header.readUInt32LE(6) === 0 && header.subarray(14, 28).every((byte) => byte === 0);
}

/** Between an entry and the next one there may be padding, but no entry that the central directory keeps silent about. */
function checkGap(fd: number, locator: ZipLocator, behind: number, telling: Telling): void {
  const end = virtualEnd(fd, behind, locator.limit);
  const length = locator.limit - end;
  if (length === 0) return;
  const bytes = Buffer.alloc(Math.min(length, SEARCHED));
  readUpTo(fd, bytes, end);
  const record = recordIn(bytes, end);
  if (record !== undefined) return refuse(telling, "something follows it that the central directory does not name", "that is left out", { expected: `nothing from ${end} to ${locator.limit} (central directory)`, found: record });
  const last = Buffer.alloc(Math.min(length, APK_SIGNATURES.length));
  readUpTo(fd, last, locator.limit - last.length);
  // Of more than this the index has told already.
  if (!last.equals(APK_SIGNATURES) && length <= UNKNOWN_ROOM) telling.warn(oddity(`${length} bytes behind an entry belong to nothing`));
}

export function hex(value: number): string {
  return value.toString(16).padStart(8, "0");
}
