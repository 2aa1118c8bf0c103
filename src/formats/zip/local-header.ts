/** What lies around the data of an entry: its local header, its data descriptor, and each held against the central directory. */
import { readExactly, readUpTo } from "../../bytes/read-file.ts";
import { UnzipxError, type ErrorDetails } from "../../errors.ts";
import type { Warn } from "../contract.ts";
import { AES_EXTRA_ID, AES_METHOD, aesExtra, type AesInfo } from "./crypto-aes.ts";
import type { ZipLocator } from "./decode.ts";

export const LOCAL_HEADER = 30;
export const DESCRIPTOR_MAX = 24;
const FLAG_ENCRYPTED = 0x1;
const FLAG_DESCRIPTOR = 0x8;

/** APPNOTE 4.3.7. Returns where the data starts; throws where the local header tells another story than the central one. */
export function checkLocalHeader(record: Buffer, locator: ZipLocator, fd: number, lenient: Warn | undefined): { dataStart: number; hasDescriptor: boolean } {
  // 0 - local file header signature
  if (record.length < LOCAL_HEADER || record.readUInt32LE(0) !== 0x04034b50) {
    throw new UnzipxError("BAD_HEADER", "Cannot read an entry: no local header lies where the central directory says", { expected: `the signature PK\\3\\4 at ${locator.offset}` });
  }
  // 4 - version needed to extract: ignored, writers lie about it
  // 6 - general purpose bit flag
  const flags = record.readUInt16LE(6);
  if (((flags ^ locator.flags) & FLAG_ENCRYPTED) !== 0) disagree(lenient, "encryption flag", locator.flags & 1, flags & 1);
  // 8 - compression method
  const method = record.readUInt16LE(8);
  const expected = locator.aes === undefined ? locator.method : AES_METHOD;
  if (method !== expected) disagree(lenient, "compression method", expected, method);
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
    throw new UnzipxError("AMBIGUOUS", "Refused an entry: its data reaches into what follows it", { expected: `an end before ${locator.limit}`, found: String(dataStart + locator.packedSize) });
  }
  let variable = record.subarray(LOCAL_HEADER);
  if (variable.length < nameLength + extraLength) {
    variable = Buffer.allocUnsafe(nameLength + extraLength);
    readExactly(fd, variable, locator.offset + LOCAL_HEADER);
  }
  const name = variable.toString("latin1", 0, nameLength);
  if (name !== locator.rawName) disagree(lenient, "name", JSON.stringify(locator.rawName), JSON.stringify(name));
  const later = (flags & FLAG_DESCRIPTOR) !== 0;
  if (crc !== locator.crc32 && !(later && crc === 0)) disagree(lenient, "CRC-32", hex(locator.crc32), hex(crc));
  const extra = variable.subarray(nameLength, nameLength + extraLength);
  if (locator.aes !== undefined) checkAes(extra, locator.aes, lenient);
  const long = size === 0xffffffff || packedSize === 0xffffffff ? zip64Sizes(extra) : undefined;
  const sizes: [string, number, number | undefined][] = [
    ["size", locator.size, size === 0xffffffff ? long?.size : size],
    ["compressed size", locator.packedSize, packedSize === 0xffffffff ? long?.packedSize : packedSize],
  ];
  for (const [field, central, local] of sizes) {
    if (local !== undefined && local !== central && !(later && local === 0)) disagree(lenient, field, central, local);
  }
  return { dataStart, hasDescriptor: later || (locator.flags & FLAG_DESCRIPTOR) !== 0 };
}

function checkAes(extra: Buffer, central: AesInfo, lenient: Warn | undefined): void {
  const local = findField(extra, AES_EXTRA_ID)?.toString("hex");
  const expected = aesExtra(central).toString("hex");
  if (local !== expected) disagree(lenient, "AES extra field", expected, local ?? "none");
}

/** Zip64 extended information in a local header (4.5.3): both sizes, uncompressed first. */
function zip64Sizes(extra: Buffer): { size: number; packedSize: number } | undefined {
  const data = findField(extra, 0x0001);
  return data === undefined || data.length < 16 ? undefined : { size: Number(data.readBigUInt64LE(0)), packedSize: Number(data.readBigUInt64LE(8)) };
}

/** The data of the first extra field (4.5.1) with this id. */
function findField(extra: Buffer, id: number): Buffer | undefined {
  for (let at = 0; at + 4 <= extra.length; ) {
    const end = at + 4 + extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === id && end <= extra.length) return extra.subarray(at + 4, end);
    at = end;
  }
  return undefined;
}

function disagree(lenient: Warn | undefined, field: string, central: string | number, local: string | number): void {
  refuse(lenient, `its local header and the central directory disagree about its ${field}`, "the central directory's is taken", {
    expected: `${central} (central directory)`, found: `${local} (local header)`,
  });
}

/** Two readings of the same bytes: an error, or with --lenient a note that says which one was taken. */
function refuse(lenient: Warn | undefined, why: string, taken: string, details: ErrorDetails): void {
  if (lenient === undefined) throw new UnzipxError("AMBIGUOUS", `Refused an entry: ${why}`, { ...details, hint: "--lenient" });
  lenient(new UnzipxError("ODDITY", `About an entry, ${why}: ${taken}`, details));
}

/** Bytes behind the data that a descriptor may take. */
export function descriptorRoom(locator: ZipLocator, dataStart: number): number {
  return Math.max(0, Math.min(DESCRIPTOR_MAX, locator.limit - dataStart - locator.packedSize));
}

interface Following {
  readonly hasDescriptor: boolean;
  /** As many as descriptorRoom() says; undefined: not read yet. */
  readonly behind: Buffer | undefined;
  readonly lenient: Warn | undefined;
}

/** The data descriptor, and that no entry hides behind this one. */
export function checkWhatFollows(fd: number, locator: ZipLocator, dataStart: number, { hasDescriptor, behind, lenient }: Following): void {
  const end = dataStart + locator.packedSize;
  let descriptor = 0;
  if (hasDescriptor) {
    const bytes = behind ?? Buffer.alloc(descriptorRoom(locator, dataStart));
    if (behind === undefined) readUpTo(fd, bytes, end);
    descriptor = checkDescriptor(bytes, locator, lenient);
  }
  refuseHiddenEntry(fd, locator, end + descriptor, lenient);
}

/** APPNOTE 4.3.9: CRC-32 and both sizes again, with or without a signature, in 32 or in 64 bits: nothing says which, so one must fit. Returns its length. */
function checkDescriptor(behind: Buffer, locator: ZipLocator, lenient: Warn | undefined): number {
  for (const start of [4, 0]) {
    if (start === 4 && (behind.length < 4 || behind.readUInt32LE(0) !== 0x08074b50)) continue;
    if (behind.length < start + 12 || behind.readUInt32LE(start) !== locator.crc32) continue;
    if (behind.readUInt32LE(start + 4) === locator.packedSize && behind.readUInt32LE(start + 8) === locator.size) return start + 12;
    if (behind.length < start + 20) continue;
    if (behind.readBigUInt64LE(start + 4) === BigInt(locator.packedSize) && behind.readBigUInt64LE(start + 12) === BigInt(locator.size)) return start + 20;
  }
  refuse(lenient, "its data descriptor and the central directory disagree", "the central directory is taken", {
    expected: `CRC-32 ${hex(locator.crc32)}, ${locator.packedSize} and ${locator.size} bytes`, found: "no descriptor that says so",
  });
  return behind.length;
}

/** Between an entry and the next one there may be padding, but no entry that the central directory keeps silent about. */
function refuseHiddenEntry(fd: number, locator: ZipLocator, end: number, lenient: Warn | undefined): void {
  if (locator.limit - end < LOCAL_HEADER) return;
  const start = Buffer.alloc(4);
  readUpTo(fd, start, end);
  if (start.readUInt32LE(0) !== 0x04034b50) return;
  refuse(lenient, "it is followed by another one that the central directory does not name", "that one is left out", { found: `a local header at ${end}` });
}

export function hex(value: number): string {
  return value.toString(16).padStart(8, "0");
}
