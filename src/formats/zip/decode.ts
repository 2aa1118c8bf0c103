/** One entry's bytes: read, decrypted, unpacked, held against the central directory. Runs on every thread. */
import { crc32 } from "../../bytes/crc32.ts";
import { nodeZlib } from "../../bytes/node-modules.ts";
import { inflateRaw } from "../../bytes/raw-inflate.ts";
import { readExactly } from "../../bytes/read-file.ts";
import { CHUNK, through, zlibError } from "../../bytes/through.ts";
import { startInflation } from "../../deflate/inflation.ts";
import { UnzipxError } from "../../errors.ts";
import type { Bytes, Decoded, EntryOptions, Locator } from "../contract.ts";
import type { AesInfo } from "./crypto-aes.ts";
import { bytesAround, isLocked, orWrongPassword, startDecryption, type Decryption } from "./decrypt.ts";
import { checkLocalHeader, checkWhatFollows, DESCRIPTOR_MAX, descriptorRoom, EXTRA_GUESS, hex, isPlainAround, LOCAL_HEADER } from "./local-header.ts";
import { DEFLATE, STORE } from "./methods.ts";

export interface ZipLocator extends Locator {
  /** Of the compression; the headers of what AES encrypts have 99 in its place. */
  readonly method: number;
  readonly flags: number;
  /** 0 and without meaning where `aes` is AE-2. */
  readonly crc32: number;
  readonly aes: AesInfo | undefined;
  /** The time of day, as MS-DOS has it; 0 and without meaning where nothing is encrypted. */
  readonly dosTime: number;
  readonly isFolder: boolean;
  /** The name's bytes, as latin1: compared, never shown. */
  readonly rawName: string;
  /** Of the central directory's Unicode path field the name's bytes, as latin1; undefined: it has none that counts. */
  readonly unicodeName: string | undefined;
  /** Where the next entry, or the central directory, begins. */
  readonly limit: number;
}

/** Up to here an entry is read, unpacked and verified in one piece: promises would cost more than the work. */
export const WHOLE_LIMIT = 4 * 1024 * 1024;
/** Of entries up to here several are read at once, and of smaller ones their headers alone. */
const NEAR = 16 * 1024;
const HEADERS_NEAR = 4096;

// One for each thread: a fresh buffer an entry would be most of the garbage.
let scratch = Buffer.allocUnsafe(256 * 1024);

function scratchOf(length: number): Buffer {
  if (scratch.length < length) scratch = Buffer.allocUnsafe(Math.ceil(length * 1.5));
  return scratch.subarray(0, length);
}

function ignore(): void {}

const NOTHING: Decoded = { whole: new Uint8Array(0) };

/** `whole` is valid until the next call on the same thread. */
export function decodeZipEntry(fd: number, plain: Locator, { lenient = false, warn = ignore, password, headersOnly, window }: EntryOptions = {}): Decoded {
  const locator = plain as ZipLocator;
  const isSmall = locator.packedSize <= WHOLE_LIMIT && locator.size <= WHOLE_LIMIT;
  const fixed = LOCAL_HEADER + locator.rawName.length;
  const wanted = fixed + EXTRA_GUESS + (isSmall && headersOnly === undefined ? locator.packedSize + DESCRIPTOR_MAX : 0);
  const available = Math.max(0, Math.min(wanted, locator.limit - locator.offset));
  // Behind a small entry the next header is near. What is decrypted is so in place, and would not be there again.
  const near = locator.packedSize > (headersOnly === undefined ? NEAR : HEADERS_NEAR) ? undefined : headersOnly ?? (isLocked(locator) ? undefined : window);
  if (near !== undefined && headersOnly !== undefined) {
    const at = near.reach(locator.offset, available);
    if (isPlainAround(near.bytes, at, at + available, locator)) return NOTHING;
  }
  const record = near?.read(locator.offset, available) ?? scratchOf(available);
  if (near === undefined) readExactly(fd, record, locator.offset);
  const telling = { lenient, warn };
  const facts = checkLocalHeader(record, locator, fd, telling);
  const { dataStart, hasDescriptor } = facts;
  const checkRest = (behind?: Buffer): void => checkWhatFollows(fd, locator, { facts, behind, telling });
  if (headersOnly !== undefined) {
    checkRest(hasDescriptor ? near?.read(dataStart + locator.packedSize, descriptorRoom(locator, dataStart)) : undefined);
    return NOTHING;
  }
  if (locator.size > 0 && locator.method !== STORE && locator.method !== DEFLATE) return unpackForeign(fd, locator, dataStart, password, checkRest);
  if (!isSmall) return { chunks: verified(unpackChunks(fd, locator, dataStart, password), locator, checkRest) };
  const room = hasDescriptor ? descriptorRoom(locator, dataStart) : 0;
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
  const whole = unpackWhole(packed, locator, password);
  checkRest(behind);
  return { whole };
}

/** Verified as far as the entry's own data goes. */
function unpackWhole(packed: Buffer, locator: ZipLocator, password: string | undefined): Uint8Array {
  try {
    const payload = isLocked(locator) ? decryptWhole(packed, locator, password) : packed;
    // A folder may be packed by a method that is not read, or encrypted; of nothing there is nothing to unpack.
    const isEmpty = locator.size === 0 && (locator.method !== DEFLATE || isSealedFolder(locator));
    const whole = isEmpty ? new Uint8Array(0) : locator.method === STORE ? payload : inflateWhole(payload, locator.size);
    checkContent(locator, whole.length, crc32(whole));
    return whole;
  } catch (error) {
    throw orWrongPassword(error, locator);
  }
}

/** In place, and authenticated before anything is made of it. */
function decryptWhole(packed: Buffer, locator: ZipLocator, password: string | undefined): Buffer {
  const { before, after } = bytesAround(locator);
  const payload = packed.subarray(before, packed.length - after);
  const decryption = startDecryption(locator, packed.subarray(0, before), password);
  decryption.decrypt(payload);
  decryption.verify(packed.subarray(packed.length - after));
  return payload;
}

/** A folder that says it is encrypted: it has no content, so nobody needs a password for it. */
function isSealedFolder(locator: ZipLocator): boolean {
  return locator.isFolder && (locator.flags & 1) !== 0;
}

/** Decrypted and unpacked by another program's code; a wrong password is found out here, before it runs. */
function unpackForeign(fd: number, locator: ZipLocator, dataStart: number, password: string | undefined, checkRest: () => void): Decoded {
  if (isLocked(locator)) readHead(fd, locator, dataStart, password);
  return { chunks: verified(foreignChunks(fd, locator, dataStart, password), locator, checkRest) };
}

/** The engine is loaded with the first entry that needs it. */
async function* foreignChunks(fd: number, locator: ZipLocator, dataStart: number, password: string | undefined): AsyncGenerator<Uint8Array> {
  yield* (await import("./foreign.ts")).decodeForeign(fd, locator, dataStart, password);
}

/** What stands in front of the ciphertext, as far as the password that it verifies. */
function readHead(fd: number, locator: ZipLocator, dataStart: number, password: string | undefined): Decryption {
  const head = Buffer.alloc(bytesAround(locator).before);
  readExactly(fd, head, dataStart);
  return startDecryption(locator, head, password);
}

function inflateWhole(packed: Buffer, size: number): Uint8Array {
  try {
    const { bytes, consumed } = inflateRaw(packed, size); // not one byte more than was promised
    checkConsumed(consumed, packed.length);
    return bytes;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooMuch(size);
    throw inData(error);
  }
}

/** The chunks, of which the last one is followed by the verification. */
async function* verified(chunks: Bytes, locator: ZipLocator, checkRest: () => void): Bytes {
  let size = 0;
  let crc = 0;
  try {
    for await (const chunk of chunks) {
      size += chunk.length;
      if (size > locator.size) throw tooMuch(locator.size);
      crc = crc32(chunk, crc);
      yield chunk;
    }
    checkContent(locator, size, crc);
  } catch (error) {
    throw orWrongPassword(error, locator);
  }
  checkRest();
}

async function* unpackChunks(fd: number, locator: ZipLocator, dataStart: number, password: string | undefined): Bytes {
  const { before, after } = bytesAround(locator);
  const length = locator.packedSize - before - after;
  const decryption = isLocked(locator) ? readHead(fd, locator, dataStart, password) : undefined;
  const packed = readChunks(fd, dataStart + before, length, decryption);
  if (locator.method === STORE) yield* packed;
  else checkConsumed(yield* inflateChunks(packed), length);
  if (decryption === undefined) return;
  const code = Buffer.alloc(after);
  readExactly(fd, code, dataStart + before + length);
  decryption.verify(code);
}

/** Returns how many of the packed bytes were the stream. */
async function* inflateChunks(packed: Iterable<Uint8Array>): AsyncGenerator<Uint8Array, number> {
  const inflation = startInflation();
  try {
    if (inflation === undefined) return yield* inflateElsewhere(packed);
    for (const piece of packed) {
      yield* inflation.push(piece);
      if (inflation.isOver) break;
    }
    inflation.end();
    return inflation.consumed;
  } catch (error) {
    throw inData(error);
  }
}

async function* inflateElsewhere(packed: Iterable<Uint8Array>): AsyncGenerator<Uint8Array, number> {
  const inflater = nodeZlib().createInflateRaw({ chunkSize: CHUNK, readableHighWaterMark: 4 * CHUNK } as { chunkSize: number });
  const copies = async function* (): Bytes {
    for (const piece of packed) yield new Uint8Array(piece); // it is read on another thread, some time
  };
  yield* through(copies(), inflater, "an entry");
  return inflater.bytesWritten;
}

/** A chunk is valid until the next but one is asked for. */
function* readChunks(fd: number, start: number, length: number, decryption: Decryption | undefined): Generator<Uint8Array> {
  const buffers = [Buffer.allocUnsafeSlow(Math.min(CHUNK, length)), Buffer.allocUnsafeSlow(Math.min(CHUNK, length))] as const;
  for (let done = 0, turn = 0; done < length; turn++) {
    const chunk = buffers[turn % 2]!.subarray(0, length - done);
    readExactly(fd, chunk, start + done);
    done += chunk.length;
    decryption?.decrypt(chunk);
    yield chunk;
  }
}

function checkConsumed(consumed: number, packedSize: number): void {
  if (consumed === packedSize) return;
  throw new UnzipxError("BAD_SIZE", "Cannot read an entry: its compressed data ends before its range does", { expected: `${packedSize} bytes`, found: `${consumed} bytes` });
}

function checkContent(locator: ZipLocator, size: number, crc: number): void {
  if (size !== locator.size) throw new UnzipxError("BAD_SIZE", "Cannot read an entry: its content is shorter than the archive says", { expected: `${locator.size} bytes`, found: `${size} bytes` });
  if (locator.aes?.version !== 2 && crc !== locator.crc32) throw new UnzipxError("BAD_CHECKSUM", "Cannot read an entry: its checksum does not match, so its content is damaged", { expected: hex(locator.crc32), found: hex(crc) });
}

function tooMuch(size: number): UnzipxError {
  return new UnzipxError("BAD_SIZE", "Cannot read an entry: its content is longer than the archive says", { expected: `${size} bytes`, found: "more" });
}

/** A truncated deflate stream inside a whole archive is damage, not a short file. */
function inData(error: unknown): UnzipxError {
  const known = zlibError(error, "an entry");
  return known.code === "TRUNCATED" ? new UnzipxError("BAD_DATA", "Cannot read an entry: its compressed data breaks off", { cause: error }) : known;
}
