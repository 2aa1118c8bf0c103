/** The index of a zip: yauzl reads the central directory, this file says what its records mean and which contradict each other. */
import { crc32 } from "node:zlib";
import yauzl from "yauzl";
import { readUpTo } from "../../bytes/read-file.ts";
import { fromSystem, UnzipxError } from "../../errors.ts";
import { decodeCp437, decodeUtf8, decodeUtf8Escaping, isAscii } from "../../text/charset.ts";
import type { DecodedName, DecodedNames } from "../../text/names.ts";
import type { EntryType, FileSource, Index, IndexedEntry, ReadOptions } from "../contract.ts";
import { findExtent, type ZipExtent } from "./end-record.ts";
import { AES_EXTRA_ID, AES_METHOD, parseAesExtra, type AesInfo } from "./crypto-aes.ts";
import type { ZipLocator } from "./decode.ts";
import { bytesAround } from "./decrypt.ts";
import { LOCAL_HEADER } from "./local-header.ts";
import { DEFLATE, FOREIGN_METHODS, methodName, STORE } from "./methods.ts";
import { ReadAheadReader } from "./reader.ts";

const MADE_BY_UNIX = 3; // APPNOTE 4.4.2.2, and 19 for OS X
const MADE_BY_DARWIN = 19;
const FLAG_ENCRYPTED = 0x1;
const FLAG_PATCHED = 0x20;
const FLAG_STRONG_ENCRYPTION = 0x40;
const FLAG_UTF8 = 0x800;
const FLAG_MASKED_HEADERS = 0x2000;
export async function openZip(source: FileSource, options: ReadOptions): Promise<Index> {
  const extent = findExtent(source, options);
  const notes: UnzipxError[] = [];
  if (options.limits.entries > 0 && extent.entries > options.limits.entries) {
    throw new UnzipxError("LIMIT", `Stopped: the archive says it holds ${extent.entries} entries, the limit is ${options.limits.entries}`, { hint: `--max-files ${extent.entries}` });
  }
  const { entries, encoding } = await readDirectory(source, extent, options, notes);
  refuseOverlaps(source.fd, entries, extent, notes);
  if (extent.prefix > 0) notes.push(new UnzipxError("ODDITY", `The zip archive begins after ${extent.prefix} bytes of something else`));
  if (extent.trailing > 0) notes.push(new UnzipxError("TRAILING_DATA", `The zip archive is followed by ${extent.trailing} bytes that belong to nothing`));
  if (extent.gap > 0) notes.push(new UnzipxError("ODDITY", `${extent.gap} bytes between the central directory and its end record belong to nothing`));
  const comment = extent.comment.length > 0 ? await readComment(extent.comment, encoding) : undefined;
  return { entries, comment, notes };
}

async function readDirectory(source: FileSource, extent: ZipExtent, options: ReadOptions, notes: UnzipxError[]): Promise<{ entries: ZipEntry[]; encoding: string | undefined }> {
  const entries: ZipEntry[] = [];
  const undeclared: Undeclared[] = [];
  try {
    const reader = new ReadAheadReader(source.fd, extent);
    const zipfile = await yauzl.fromRandomAccessReaderPromise(reader, reader.size, { decodeStrings: false, validateEntrySizes: false, autoClose: false });
    let number = 0;
    for await (const record of zipfile.eachEntry()) {
      const name = declaredName(record, notes);
      if (name === undefined) undeclared.push({ record, number });
      else entries[number] = readEntry(record, name, extent, notes);
      number++;
    }
    const consumed = (zipfile.readEntryCursor as unknown as number) + extent.prefix; // its types say boolean
    if (consumed !== extent.directoryEnd) {
      throw new UnzipxError("AMBIGUOUS", "Refused the zip archive: its central directory is not as large as its end record says", {
        expected: `${number} entries up to ${extent.directoryEnd}`, found: `up to ${consumed}`,
      });
    }
  } catch (error) {
    if (error instanceof UnzipxError) throw error;
    if ((error as NodeJS.ErrnoException).syscall !== undefined) throw fromSystem(error, "read", "read the zip archive");
    throw damaged((error as Error).message);
  }
  if (undeclared.length === 0) return { entries, encoding: undefined };
  const names = await decodeNames(undeclared.map(({ record }) => record.fileNameRaw), options.encoding);
  undeclared.forEach(({ record, number }, at) => {
    entries[number] = readEntry(record, { text: names.texts[at]!, escaped: names.escaped[at]! }, extent, notes);
  });
  notes.push(...names.notes);
  return { entries, encoding: names.encoding };
}

/** As decodeLegacyNames(), which need not be loaded where all are UTF-8: that is how macOS packs. */
async function decodeNames(raw: readonly Buffer[], encoding: string | undefined): Promise<DecodedNames> {
  const texts = encoding === undefined ? raw.map(decodeUtf8) : [undefined];
  if (texts.every((text) => text !== undefined)) return { texts, escaped: texts.map(() => false), encoding: undefined, notes: [] };
  return (await import("../../text/names.ts")).decodeLegacyNames(raw, encoding);
}

/** An entry whose name is not in ASCII and does not say what it is in: only together do such names tell. */
interface Undeclared {
  readonly record: yauzl.Entry;
  /** Its place among the entries. */
  readonly number: number;
}

/** yauzl's messages say well what is wrong; the code has to be read out of them. */
function damaged(message: string): UnzipxError {
  if (/multi-disk/.test(message)) return new UnzipxError("UNSUPPORTED_FORMAT", "Cannot read the zip archive: it is one part of a split set");
  if (/strong encryption/.test(message)) return new UnzipxError("UNSUPPORTED_METHOD", "Cannot read the zip archive: PKWARE's strong encryption is not supported");
  if (/unexpected EOF/.test(message)) return new UnzipxError("TRUNCATED", "Cannot read the zip archive: its central directory is cut off");
  return new UnzipxError("BAD_HEADER", `Cannot read the zip archive: ${message}`);
}

interface ZipEntry extends IndexedEntry {
  readonly locator: ZipLocator;
}

function readEntry(record: yauzl.Entry, name: DecodedName, extent: ZipExtent, notes: UnzipxError[]): ZipEntry {
  const rawName = record.fileNameRaw;
  const host = record.versionMadeBy >>> 8;
  const isUnix = host === MADE_BY_UNIX || host === MADE_BY_DARWIN;
  const flags = record.generalPurposeBitFlag;
  let path = name.text;
  if (path === "") {
    notes.push(new UnzipxError("ODDITY", 'An entry has no name: it is called "unnamed"'));
    path = "unnamed";
  }
  const unixMode = isUnix ? record.externalFileAttributes >>> 16 : 0;
  const type = typeOf(path, unixMode, record, isUnix);
  noteOddities(record, path, type, notes);
  const mtime = record.getLastModDate().getTime();
  const aes = aesOf(record);
  const size = record.uncompressedSize;
  const packedSize = record.compressedSize;
  const locator: ZipLocator = {
    offset: record.relativeOffsetOfLocalHeader + extent.prefix,
    packedSize, size, flags, aes,
    method: aes?.method ?? record.compressionMethod,
    crc32: record.crc32,
    dosTime: record.lastModFileTime,
    isFolder: type === "directory",
    rawName: rawName.toString("latin1"),
    limit: 0,
  };
  return {
    path, type, size, packedSize,
    mtime: Number.isFinite(mtime) ? mtime : undefined,
    // Writers that know no modes leave 0, which nobody means: it would make an unreadable file.
    mode: (unixMode & 0o7777) === 0 ? undefined : unixMode & 0o7777,
    linkTarget: undefined,
    method: methodName(locator.method),
    crc32: aes?.version === 2 ? undefined : record.crc32,
    // A folder has nothing that a password would be needed for.
    encrypted: (flags & FLAG_ENCRYPTED) !== 0 && type !== "directory",
    ...(type === "directory" ? {} : cipherOf(record, aes)),
    comment: record.fileCommentLength > 0 ? (decodeUtf8(record.fileCommentRaw) ?? decodeCp437(record.fileCommentRaw)) : undefined,
    ...(name.escaped ? { escaped: true } : {}),
    refusal: refusalOf(type, record, locator),
    locator,
  };
}

/**
 * The name, where the entry says what it is in (APPNOTE 4.4.17 and appendix D): UTF-8 by bit 11, or by the Unicode path field (4.6.9).
 * Undefined where it says nothing. By the text that means CP437; in the files it means whatever the writer's system used.
 */
function declaredName(record: yauzl.Entry, notes: UnzipxError[]): DecodedName | undefined {
  const raw = record.fileNameRaw;
  const unicode = unicodePath(raw, record.extraFields);
  if (unicode !== undefined) {
    const other = decodeUtf8(raw);
    // Writers put an ASCII rendering into the header for readers that know nothing else: the field says what is meant.
    if (other !== undefined && other !== unicode) notes.push(new UnzipxError("ODDITY", `An entry has two names, and its Unicode path field is taken, not "${other}"`, { entry: unicode }));
    return { text: unicode, escaped: false };
  }
  if ((record.generalPurposeBitFlag & FLAG_UTF8) === 0) return isAscii(raw) ? { text: raw.toString("latin1"), escaped: false } : undefined;
  const text = decodeUtf8(raw);
  if (text !== undefined) return { text, escaped: false };
  notes.push(new UnzipxError("ODDITY", "A name is marked as UTF-8 and is not: its other bytes are written as %XX"));
  return { text: decodeUtf8Escaping(raw), escaped: true };
}

/** The archive's own comment has no mark at all: UTF-8 by its looks, else in the set of the names. */
async function readComment(bytes: Uint8Array, encoding: string | undefined): Promise<string> {
  const text = decodeUtf8(bytes);
  if (text !== undefined) return text;
  return encoding === undefined ? decodeCp437(bytes) : (await import("../../text/names.ts")).decodeName(bytes, encoding).text;
}

/** Info-ZIP Unicode Path Extra Field, 0x7075: 1 version; 4 CRC-32 of the name it stands for; the name in UTF-8. */
function unicodePath(raw: Buffer, fields: readonly yauzl.ExtraField[]): string | undefined {
  // A tool that renamed the entry and knew nothing of this field left a checksum that no longer fits.
  const fitting = fields.filter(({ id, data }) => id === 0x7075 && data.length >= 6 && data[0] === 1 && data.readUInt32LE(1) === crc32(raw));
  const names = new Set(fitting.map(({ data }) => decodeUtf8(data.subarray(5))));
  if (names.size > 1) {
    throw new UnzipxError("AMBIGUOUS", "Refused the zip archive: two Unicode path fields of one entry give it two names", { expected: [...names].join(", ") });
  }
  return names.values().next().value;
}

/** What is not as the format's text has it and changes nothing. */
function noteOddities(record: yauzl.Entry, path: string, type: EntryType, notes: UnzipxError[]): void {
  const note = (text: string): void => void notes.push(new UnzipxError("ODDITY", text, { entry: path }));
  const used = record.extraFields.reduce((sum, { data }) => sum + 4 + data.length, 0);
  if (used !== record.extraFieldLength) note("The extra fields of an entry do not fill their room");
  // Info-ZIP's timestamp: a flag byte and 4 bytes for each time; the central directory has at most the first.
  if (record.extraFields.some(({ id, data }) => id === 0x5455 && data.length !== 1 && data.length !== 5 && data.length !== 9 && data.length !== 13)) note("The timestamp field of an entry is cut off");
  if (type === "directory" && !/[/\\]$/.test(path)) note("A folder's name does not end with a slash, as it should");
}

function typeOf(path: string, unixMode: number, record: yauzl.Entry, isUnix: boolean): EntryType {
  const format = unixMode & 0o170000;
  if (format === 0o120000) return "symlink";
  if (path.endsWith("/") || (!isUnix && path.endsWith("\\")) || format === 0o040000) return "directory";
  // Info-ZIP marks what it packed from a pipe as the FIFO it came through; it has content, so it is a file.
  if (format === 0o010000 && record.uncompressedSize > 0) return "file";
  if (format !== 0 && format !== 0o100000) return "special";
  // MS-DOS directory bit (4.4.15), where no mode says otherwise.
  return format === 0 && (record.externalFileAttributes & 0x10) !== 0 && record.uncompressedSize === 0 ? "directory" : "file";
}

/** What the AES extra field says; undefined where there is none, or more than one, or none that is understood. */
function aesOf(record: yauzl.Entry): AesInfo | undefined {
  if (record.compressionMethod !== AES_METHOD) return undefined;
  const fields = record.extraFields.filter(({ id }) => id === AES_EXTRA_ID);
  return fields.length === 1 ? parseAesExtra(fields[0]!.data) : undefined;
}

/** WinZip's AES strengths 1, 2 and 3 are keys of 128, 192 and 256 bits. */
function cipherOf({ generalPurposeBitFlag: flags, compressionMethod }: yauzl.Entry, aes: AesInfo | undefined): { cipher?: string } {
  if (aes !== undefined) return { cipher: `AES-${64 + 64 * aes.strength}` };
  return (flags & FLAG_ENCRYPTED) === 0 || (flags & FLAG_STRONG_ENCRYPTION) !== 0 || compressionMethod === AES_METHOD ? {} : { cipher: "ZipCrypto" };
}

function refusalOf(type: EntryType, record: yauzl.Entry, locator: ZipLocator): UnzipxError | undefined {
  const { flags, method, packedSize, size } = locator;
  const isEncrypted = (flags & FLAG_ENCRYPTED) !== 0;
  if ((flags & (FLAG_STRONG_ENCRYPTION | FLAG_MASKED_HEADERS)) !== 0) {
    return new UnzipxError("UNSUPPORTED_METHOD", "Cannot read an entry: PKWARE's strong encryption is not supported");
  }
  if ((flags & FLAG_PATCHED) !== 0) return new UnzipxError("UNSUPPORTED_METHOD", "Cannot read an entry: it holds a patch, not data");
  if (type === "directory") {
    if (size === 0) return undefined;
    return new UnzipxError("AMBIGUOUS", "Refused an entry: its name is a folder's, and it has content", { expected: "0 bytes", found: `${size}` });
  }
  if (record.compressionMethod === AES_METHOD && (locator.aes === undefined || !isEncrypted)) return refusalOfAes(record, isEncrypted);
  if (method !== STORE && method !== DEFLATE && !FOREIGN_METHODS.has(method)) {
    return new UnzipxError("UNSUPPORTED_METHOD", "Cannot read an entry: its compression method is not supported", { found: methodName(method) });
  }
  const { before, after } = bytesAround(locator);
  if (packedSize < before + after) {
    return new UnzipxError("BAD_SIZE", "Cannot read an entry: it is shorter than its encryption needs", { expected: `${before + after} bytes at least`, found: `${packedSize}` });
  }
  if (method === STORE && packedSize !== before + size + after) {
    return new UnzipxError("AMBIGUOUS", "Refused an entry: it is stored, and its two sizes differ", { expected: String(before + size + after), found: String(packedSize) });
  }
  return undefined;
}

/** Method 99 stands for AES only together with one extra field that tells the rest. */
function refusalOfAes(record: yauzl.Entry, isEncrypted: boolean): UnzipxError {
  const fields = record.extraFields.filter(({ id }) => id === AES_EXTRA_ID).map(({ data }) => data.toString("hex"));
  if (!isEncrypted) return new UnzipxError("AMBIGUOUS", "Refused an entry: its method says that AES encrypts it, and its flags that nothing does");
  if (fields.length > 1) return new UnzipxError("AMBIGUOUS", "Refused an entry: it has more than one AES extra field", { found: fields.join(", ") });
  return new UnzipxError("UNSUPPORTED_METHOD", "Cannot read an entry: its AES encryption is of a kind that is not known", {
    expected: "WinZip's AE-1 or AE-2 with 128, 192 or 256 bits", found: fields[0] ?? "no AES extra field",
  });
}

/**
 * Gives every locator the end of its range: where the next entry, or the central directory, begins.
 * Entries that reach into each other are refused before a byte is written: that is how 42 KB become 5 GB.
 */
function refuseOverlaps(fd: number, entries: readonly ZipEntry[], extent: ZipExtent, notes: UnzipxError[]): void {
  const ordered = isOrdered(entries) ? entries : [...entries].sort((a, b) => a.locator.offset - b.locator.offset);
  let hidden = 0;
  const first = ordered[0]?.locator.offset ?? extent.directoryStart;
  if (first > extent.prefix && startsWithLocalHeader(fd, extent.prefix)) {
    throw new UnzipxError("AMBIGUOUS", "Refused the zip archive: it begins with an entry that the central directory does not name");
  }
  for (let i = 0; i < ordered.length; i++) {
    const entry = ordered[i]!;
    const next = ordered[i + 1];
    const limit = next?.locator.offset ?? extent.directoryStart;
    (entry.locator as { limit: number }).limit = limit;
    // The local header's extra field may be longer than the central one's: this is the least it needs.
    const least = entry.locator.offset + LOCAL_HEADER + entry.locator.rawName.length + entry.locator.packedSize;
    if (entry.locator.offset < extent.prefix || least > extent.directoryStart) {
      setRefusal(entry, new UnzipxError("BAD_HEADER", "Cannot read an entry: its data would lie outside the archive", { expected: `an end before ${extent.directoryStart}`, found: String(least) }));
    } else if (next !== undefined && least > limit) {
      const both = `"${entry.path}" at ${entry.locator.offset}, "${next.path}" at ${next.locator.offset}`;
      for (const one of [entry, next]) setRefusal(one, new UnzipxError("AMBIGUOUS", "Refused an entry: its data overlaps another entry's", { found: both }));
    } else if (limit - least > 0x10000 + 24) {
      hidden += limit - least;
    }
  }
  if (hidden > 0) notes.push(new UnzipxError("ODDITY", `About ${hidden} bytes between the entries belong to none that the central directory names`));
}

function startsWithLocalHeader(fd: number, position: number): boolean {
  const bytes = Buffer.alloc(4);
  return readUpTo(fd, bytes, position) === 4 && bytes.readUInt32LE(0) === 0x04034b50;
}

function setRefusal(entry: ZipEntry, error: UnzipxError): void {
  (entry as { refusal: UnzipxError | undefined }).refusal ??= error;
}

function isOrdered(entries: readonly ZipEntry[]): boolean {
  for (let i = 1; i < entries.length; i++) if (entries[i]!.locator.offset < entries[i - 1]!.locator.offset) return false;
  return true;
}
