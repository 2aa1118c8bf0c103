/** One entry's bytes: local header, data, data descriptor, each held against the central directory. Runs on every thread. */
import { crc32, createInflateRaw, inflateRawSync, type Zlib } from "node:zlib";
import { readExactly, readUpTo } from "../../bytes/read-file.ts";
import { CHUNK, through, zlibError } from "../../bytes/through.ts";
import { UnzipxError, type ErrorDetails } from "../../errors.ts";
import type { Bytes, Decoded, EntryOptions, Locator, Warn } from "../contract.ts";

export interface ZipLocator extends Locator {
  readonly method: number;
  readonly flags: number;
  readonly crc32: number;
  /** The name's bytes, as latin1: compared, never shown. */
  readonly rawName: string;
  /** Where the next entry, or the central directory, begins. */
  readonly limit: number;
}

const STORE = 0;
const DEFLATE = 8;
const LOCAL_HEADER = 30;
const FLAG_ENCRYPTED = 0x1;
const FLAG_DESCRIPTOR = 0x8;
/** Up to here an entry is read, inflated and verified in one piece: promises would cost more than the work. */
export const WHOLE_LIMIT = 4 * 1024 * 1024;
/** A guess at how much longer the local extra field is than nothing; more costs a second read. */
const EXTRA_GUESS = 64;
const DESCRIPTOR_MAX = 24;

// One for each thread: a fresh buffer an entry would be most of the garbage.
let scratch = Buffer.allocUnsafe(256 * 1024);

function scratchOf(length: number): Buffer {
  if (scratch.length < length) scratch = Buffer.allocUnsafe(Math.ceil(length * 1.5));
  return scratch.subarray(0, length);
}

/** `whole` is valid until the next call on the same thread. */
export function decodeZipEntry(fd: number, plain: Locator, { lenient }: EntryOptions = {}): Decoded {
  const locator = plain as ZipLocator;
  const isSmall = locator.packedSize <= WHOLE_LIMIT && locator.size <= WHOLE_LIMIT;
  const fixed = LOCAL_HEADER + locator.rawName.length;
  const wanted = fixed + EXTRA_GUESS + (isSmall ? locator.packedSize + DESCRIPTOR_MAX : 0);
  const available = Math.max(0, Math.min(wanted, locator.limit - locator.offset));
  const record = scratchOf(available);
  readExactly(fd, record, locator.offset);
  const { dataStart, hasDescriptor } = checkLocalHeader(record, locator, fd, lenient);
  const room = hasDescriptor ? descriptorRoom(locator, dataStart) : 0;
  if (!isSmall) return { chunks: decodeChunks(fd, locator, dataStart, hasDescriptor, lenient) };
  const inRecord = dataStart - locator.offset;
  let packed: Buffer;
  let behind: Buffer;
  if (inRecord + locator.packedSize + room <= record.length) {
    packed = record.subarray(inRecord, inRecord + locator.packedSize);
    behind = record.subarray(inRecord + locator.packedSize, inRecord + locator.packedSize + room);
  } else {
    const rest = scratchOf(locator.packedSize + room);
    readExactly(fd, rest, dataStart);
    packed = rest.subarray(0, locator.packedSize);
    behind = rest.subarray(locator.packedSize);
  }
  // A folder may be packed by a method that is not read; of nothing there is nothing to unpack.
  const isEmpty = locator.size === 0 && locator.method !== DEFLATE;
  const whole = locator.method === STORE ? packed : isEmpty ? new Uint8Array(0) : inflateWhole(packed, locator.size);
  checkContent(locator, whole.length, crc32(whole));
  const descriptor = hasDescriptor ? checkDescriptor(behind, locator, lenient) : 0;
  refuseHiddenEntry(fd, locator, dataStart + locator.packedSize + descriptor, lenient);
  return { whole };
}

/** APPNOTE 4.3.7. Returns where the data starts; throws where the local header tells another story than the central one. */
function checkLocalHeader(record: Buffer, locator: ZipLocator, fd: number, lenient: Warn | undefined): { dataStart: number; hasDescriptor: boolean } {
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
  if (method !== locator.method) disagree(lenient, "compression method", locator.method, method);
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
  const long = size === 0xffffffff || packedSize === 0xffffffff ? zip64Sizes(variable.subarray(nameLength, nameLength + extraLength)) : undefined;
  const sizes: [string, number, number | undefined][] = [
    ["size", locator.size, size === 0xffffffff ? long?.size : size],
    ["compressed size", locator.packedSize, packedSize === 0xffffffff ? long?.packedSize : packedSize],
  ];
  for (const [field, central, local] of sizes) {
    if (local !== undefined && local !== central && !(later && local === 0)) disagree(lenient, field, central, local);
  }
  return { dataStart, hasDescriptor: later || (locator.flags & FLAG_DESCRIPTOR) !== 0 };
}

/** Zip64 extended information in a local header (4.5.3): both sizes, uncompressed first. */
function zip64Sizes(extra: Buffer): { size: number; packedSize: number } | undefined {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 0x0001 || at + 20 > extra.length || extra.readUInt16LE(at + 2) < 16) continue;
    return { size: Number(extra.readBigUInt64LE(at + 4)), packedSize: Number(extra.readBigUInt64LE(at + 12)) };
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

function inflateWhole(packed: Buffer, size: number): Uint8Array {
  try {
    // The buffer that fits, and not one byte more than was promised.
    const { buffer, engine } = inflateRawSync(packed, { chunkSize: Math.max(64, size), maxOutputLength: Math.max(1, size), info: true }) as unknown as { buffer: Buffer; engine: Zlib };
    checkConsumed(engine.bytesWritten, packed.length);
    return buffer;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooMuch(size);
    throw inData(error);
  }
}

async function* decodeChunks(fd: number, locator: ZipLocator, dataStart: number, hasDescriptor: boolean, lenient: Warn | undefined): Bytes {
  let size = 0;
  let crc = 0;
  const packed = readChunks(fd, dataStart, locator.packedSize);
  const inflater = locator.method === 0 ? undefined : createInflateRaw({ chunkSize: CHUNK, readableHighWaterMark: 4 * CHUNK } as { chunkSize: number });
  try {
    for await (const chunk of inflater === undefined ? packed : through(packed, inflater, "an entry")) {
      size += chunk.length;
      if (size > locator.size) throw tooMuch(locator.size);
      crc = crc32(chunk, crc);
      yield chunk;
    }
  } catch (error) {
    throw inData(error);
  }
  if (inflater !== undefined) checkConsumed(inflater.bytesWritten, locator.packedSize);
  checkContent(locator, size, crc);
  const behind = Buffer.alloc(hasDescriptor ? descriptorRoom(locator, dataStart) : 0);
  readUpTo(fd, behind, dataStart + locator.packedSize);
  const descriptor = hasDescriptor ? checkDescriptor(behind, locator, lenient) : 0;
  refuseHiddenEntry(fd, locator, dataStart + locator.packedSize + descriptor, lenient);
}

async function* readChunks(fd: number, start: number, length: number): AsyncGenerator<Uint8Array> {
  for (let done = 0; done < length; ) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK, length - done));
    readExactly(fd, chunk, start + done);
    done += chunk.length;
    yield chunk;
  }
}

function checkConsumed(consumed: number, packedSize: number): void {
  if (consumed === packedSize) return;
  throw new UnzipxError("BAD_SIZE", "Cannot read an entry: its compressed data ends before its range does", { expected: `${packedSize} bytes`, found: `${consumed} bytes` });
}

function checkContent(locator: ZipLocator, size: number, crc: number): void {
  if (size !== locator.size) throw new UnzipxError("BAD_SIZE", "Cannot read an entry: its content is shorter than the archive says", { expected: `${locator.size} bytes`, found: `${size} bytes` });
  if (crc !== locator.crc32) throw new UnzipxError("BAD_CHECKSUM", "Cannot read an entry: its checksum does not match, so its content is damaged", { expected: hex(locator.crc32), found: hex(crc) });
}

function tooMuch(size: number): UnzipxError {
  return new UnzipxError("BAD_SIZE", "Cannot read an entry: its content is longer than the archive says", { expected: `${size} bytes`, found: "more" });
}

/** A truncated deflate stream inside a whole archive is damage, not a short file. */
function inData(error: unknown): UnzipxError {
  const known = zlibError(error, "an entry");
  return known.code === "TRUNCATED" ? new UnzipxError("BAD_DATA", "Cannot read an entry: its compressed data breaks off", { cause: error }) : known;
}

function descriptorRoom(locator: ZipLocator, dataStart: number): number {
  return Math.max(0, Math.min(DESCRIPTOR_MAX, locator.limit - dataStart - locator.packedSize));
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

function hex(value: number): string {
  return value.toString(16).padStart(8, "0");
}
