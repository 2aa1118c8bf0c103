/** What a record of the central directory says of its entry. */
import { wholeSeconds } from "../../bytes/whole-seconds.ts";
import { UnzipxError } from "../../errors.ts";
import { decodeCp437, decodeUtf8, isAscii } from "../../text/charset.ts";
import type { DecodedName } from "../../text/names.ts";
import type { EntryType, IndexedEntry } from "../contract.ts";
import type { CentralRecord } from "./central-directory.ts";
import { AES_METHOD, parseAesExtra, type AesInfo } from "./crypto-aes.ts";
import type { ZipLocator } from "./decode.ts";
import { bytesAround } from "./decrypt.ts";
import { fitsName, type EntryName } from "./entry-name.ts";
import { entryTime } from "./entry-time.ts";
import { DOS_DIRECTORY } from "./headers.ts";
import { DEFLATE, FOREIGN_METHODS, methodName, STORE } from "./methods.ts";
import { longValues, type LongValues } from "./zip64.ts";

const MADE_BY_UNIX = 3; // APPNOTE 4.4.2.2, and 19 for OS X
const MADE_BY_DARWIN = 19;
const FLAG_ENCRYPTED = 0x1;
const FLAG_PATCHED = 0x20;
const FLAG_STRONG_ENCRYPTION = 0x40;
const FLAG_MASKED_HEADERS = 0x2000;
export const S_IFMT = 0o170000;
const S_IFLNK = 0o120000;
export const S_IFDIR = 0o040000;
export const S_IFREG = 0o100000;
const S_IFIFO = 0o010000;
/** No method packs nothing into more bytes (xz: 32), with what encryption adds (28). Nothing is not unpacked, so more could hide in there. */
const MOST_OF_NOTHING = 64;

/** As numbers; there are no hard links in a zip. */
const TYPES = ["file", "directory", "symlink", "special"] as const satisfies readonly EntryType[];
/** Where each lies in the number of an entry: the type in the lowest two bits, a bit each, and the mode. */
const ENCRYPTED = 1 << 2;
const HAS_CRC32 = 1 << 3;
const IN_SECONDS = 1 << 4;
const HAS_MODE = 1 << 5;
const MODE_AT = 6;

/** What few entries have. */
interface Rare {
  readonly aes?: AesInfo | undefined;
  readonly unicodeName?: string | undefined;
  /** Where it is not the path. */
  readonly rawName?: string | undefined;
  readonly cipher?: string | undefined;
  readonly dosTime?: number | undefined;
  readonly comment?: string | undefined;
  readonly escaped?: boolean | undefined;
  refusal?: UnzipxError | undefined;
}

/** What a record tells, with what few have under a key of its own. */
interface Told {
  readonly path: string;
  readonly type: EntryTypeOfZip;
  readonly mtime: number | undefined;
  readonly mode: number | undefined;
  readonly encrypted: boolean;
  readonly offset: number;
  readonly packedSize: number;
  readonly size: number;
  readonly flags: number;
  readonly method: number;
  readonly crc32: number;
  /** It means something. */
  readonly hasCrc32: boolean;
  readonly rare: Rare | undefined;
}

export type EntryTypeOfZip = (typeof TYPES)[number];

/** An entry of a zip's index: what all of the format know of it. */
export interface ZipEntry extends IndexedEntry {
  readonly type: EntryTypeOfZip;
  refusal: UnzipxError | undefined;
  /** Of the local header. */
  readonly offset: number;
  /** Bytes of the name in the central directory. */
  readonly nameLength: number;
  /** Where the next entry, or the central directory, begins; set when all entries are known. */
  set limit(limit: number);
  readonly locator: ZipLocator;
}

/**
 * Whatever its record says; of a plain one see plain-entries.ts. There may be a million: what is small lies in one number, what few have beside them, the locator is
 * made when it is asked for, and what V8 would make another object of (numbers of more than 32 bits) is stored as one that is none. So an entry takes 104 bytes and its path.
 */
class AnyEntry implements ZipEntry {
  readonly path: string;
  readonly size: number;
  readonly packedSize: number;
  /** Milliseconds; seconds where IN_SECONDS says so. */
  readonly #time: number | undefined;
  /** With a sign. */
  readonly #crc32: number;
  readonly #offset: number;
  #limit = 0;
  /** Flags and, above them, the method: both have 16 bits. */
  readonly #how: number;
  readonly #bits: number;
  #rare: Rare | undefined;

  constructor({ path, type, mtime, mode, encrypted, offset, packedSize, size, flags, method, crc32, hasCrc32, rare }: Told) {
    this.path = path;
    this.size = size;
    this.packedSize = packedSize;
    const seconds = wholeSeconds(mtime);
    this.#time = seconds ?? mtime;
    this.#crc32 = crc32 | 0;
    this.#offset = offset;
    this.#how = flags | (method << 16);
    this.#bits = TYPES.indexOf(type) | (encrypted ? ENCRYPTED : 0) | (hasCrc32 ? HAS_CRC32 : 0) | (seconds === undefined ? 0 : IN_SECONDS) | (mode === undefined ? 0 : HAS_MODE | (mode << MODE_AT));
    this.#rare = rare;
  }

  get type(): EntryTypeOfZip {
    return TYPES[this.#bits & 3]!;
  }

  get mtime(): number | undefined {
    return this.#time !== undefined && (this.#bits & IN_SECONDS) !== 0 ? this.#time * 1000 : this.#time;
  }

  get mode(): number | undefined {
    return (this.#bits & HAS_MODE) === 0 ? undefined : this.#bits >>> MODE_AT;
  }

  get linkTarget(): undefined {
    return undefined;
  }

  get method(): string {
    return methodName(this.#how >>> 16);
  }

  get crc32(): number | undefined {
    return (this.#bits & HAS_CRC32) === 0 ? undefined : this.#crc32 >>> 0;
  }

  get encrypted(): boolean {
    return (this.#bits & ENCRYPTED) !== 0;
  }

  get cipher(): string | undefined {
    return this.#rare?.cipher;
  }

  get comment(): string | undefined {
    return this.#rare?.comment;
  }

  get escaped(): boolean | undefined {
    return this.#rare?.escaped;
  }

  get refusal(): UnzipxError | undefined {
    return this.#rare?.refusal;
  }

  set refusal(refusal: UnzipxError | undefined) {
    (this.#rare ??= {}).refusal = refusal;
  }

  get offset(): number {
    return this.#offset;
  }

  get nameLength(): number {
    return this.#rawName.length;
  }

  set limit(limit: number) {
    this.#limit = limit;
  }

  get #rawName(): string {
    return this.#rare?.rawName ?? this.path;
  }

  get locator(): ZipLocator {
    return {
      offset: this.#offset, packedSize: this.packedSize, size: this.size, flags: this.#how & 0xffff, method: this.#how >>> 16,
      crc32: this.#crc32 >>> 0, aes: this.#rare?.aes, unicodeName: this.#rare?.unicodeName,
      dosTime: this.#rare?.dosTime ?? 0, isFolder: this.type === "directory", rawName: this.#rawName, limit: this.#limit,
    };
  }
}

export interface Reading {
  /** Bytes in front of the archive. */
  readonly prefix: number;
  readonly lenient: boolean;
  readonly notes: UnzipxError[];
}

/** Whether the host of an entry says that its attributes hold a Unix mode. */
export function isUnix(host: number): boolean {
  return host === MADE_BY_UNIX || host === MADE_BY_DARWIN;
}

/** `called`: what its headers say of its name; `name`: what was made of that. */
export function readEntry(record: CentralRecord, called: EntryName, name: DecodedName, reading: Reading): ZipEntry {
  const { notes } = reading;
  const unix = isUnix(record.versionMadeBy >>> 8);
  const { flags } = record;
  let path = name.text;
  if (called.oddity !== undefined) notes.push(called.oddity.in({ entry: path }));
  if (path === "") {
    notes.push(new UnzipxError("ODDITY", 'An entry has no name: it is called "unnamed"'));
    path = "unnamed";
  }
  const values = longValues(record, record.extra.zip64);
  const { size, packedSize } = values;
  const unixMode = unix ? record.attributes >>> 16 : 0;
  const type = typeOf(path, unixMode, record.attributes, size, unix);
  const aes = record.method === AES_METHOD ? aesOf(record) : undefined;
  const time = entryTime(record);
  if (time.isOdd) notes.push(new UnzipxError("ODDITY", "An entry has a time that is in no calendar", { entry: path }));
  if (values.oddity !== undefined) notes.push(new UnzipxError("ODDITY", values.oddity, { entry: path }));
  if (record.crc32 === 0 && size > 0 && aes?.version !== 2) notes.push(new UnzipxError("ODDITY", "An entry with content has the checksum 0, which some readers take for none", { entry: path }));
  noteOddities(record, path, type, notes);
  const how = { flags, aes, packedSize, size, method: aes?.method ?? record.method, isFolder: type === "directory" };
  const rawName = isAscii(record.name) && !called.unicode ? name.text : record.name.toString("latin1");
  return new AnyEntry({
    path, type, packedSize, size, flags,
    mtime: time.mtime,
    // Writers that know no modes leave 0, which nobody means: it would make an unreadable file.
    mode: (unixMode & 0o7777) === 0 ? undefined : unixMode & 0o7777,
    // A folder has nothing that a password would be needed for.
    encrypted: (flags & FLAG_ENCRYPTED) !== 0 && type !== "directory",
    offset: values.offset + reading.prefix,
    method: how.method,
    crc32: record.crc32,
    hasCrc32: aes?.version !== 2,
    rare: anyOf({
      aes,
      unicodeName: called.unicode?.toString("latin1"),
      rawName: rawName === path ? undefined : rawName,
      dosTime: (flags & FLAG_ENCRYPTED) === 0 ? undefined : record.time,
      cipher: type === "directory" ? undefined : cipherOf(record, flags, aes),
      comment: commentOf(record),
      escaped: name.escaped || undefined,
      refusal: conflictOf(record, called, values, { path, reading }) ?? refusalOf(type, record, how),
    }),
  });
}

function anyOf(rare: Rare): Rare | undefined {
  return Object.values(rare).some((value) => value !== undefined) ? rare : undefined;
}

/** WinZip's AES strengths 1, 2 and 3 are keys of 128, 192 and 256 bits. */
function cipherOf({ method }: CentralRecord, flags: number, aes: AesInfo | undefined): string | undefined {
  if (aes !== undefined) return `AES-${64 + 64 * aes.strength}`;
  return (flags & FLAG_ENCRYPTED) === 0 || (flags & FLAG_STRONG_ENCRYPTION) !== 0 || method === AES_METHOD ? undefined : "ZipCrypto";
}

/** In UTF-8 by the Unicode comment field (4.6.8) or by its looks. */
function commentOf({ comment, extra: { unicodeComment } }: CentralRecord): string | undefined {
  if (comment.length === 0) return undefined;
  const field = unicodeComment !== undefined && fitsComment(unicodeComment, comment) ? decodeUtf8(unicodeComment.subarray(5)) : undefined;
  return field ?? decodeUtf8(comment) ?? decodeCp437(comment);
}

/** As the Unicode path field's; WinZip writes 0 for the CRC-32. */
function fitsComment(field: Buffer, comment: Buffer): boolean {
  return fitsName(field, comment) || (field.length >= 5 && field[0] === 1 && field.readUInt32LE(1) === 0);
}

/** What is not as the format's text has it and changes nothing. */
function noteOddities({ comment, extra, method, attributes, versionMadeBy }: CentralRecord, path: string, type: EntryType, notes: UnzipxError[]): void {
  const note = (text: string): void => void notes.push(new UnzipxError("ODDITY", text, { entry: path }));
  if (extra.oddity !== undefined) note(extra.oddity);
  if (extra.unicodeComment !== undefined && !fitsComment(extra.unicodeComment, comment)) note("The Unicode comment field of an entry belongs to another comment, so it is not used");
  if (extra.aes.length > 0 && method !== AES_METHOD) note("An entry has an AES extra field, and its method says that AES does not encrypt it");
  const format = (attributes >>> 16) & S_IFMT;
  if (type === "directory") {
    if (!path.endsWith("/") && !path.endsWith("\\")) note("A folder's name does not end with a slash, as it should");
    if (format === S_IFREG) note("An entry is a folder by its name and a file by its mode: it is taken as a folder");
  } else if (format === 0 && (attributes & DOS_DIRECTORY) !== 0) note("An entry is a folder by its attributes and has content: it is taken as a file");
  else if (format === S_IFLNK && type !== "symlink") note(`An entry has the mode of a symlink, but was not made by Unix (${versionMadeBy >>> 8}): it is taken as a file`);
}

function typeOf(path: string, unixMode: number, attributes: number, size: number, isUnix: boolean): ZipEntry["type"] {
  const format = unixMode & S_IFMT;
  if (format === S_IFLNK) return "symlink";
  if (path.endsWith("/") || (!isUnix && path.endsWith("\\")) || format === S_IFDIR) return "directory";
  // Info-ZIP marks what it packed from a pipe as the FIFO it came through; it has content, so it is a file.
  if (format === S_IFIFO && size > 0) return "file";
  if (format !== 0 && format !== S_IFREG) return "special";
  return format === 0 && (attributes & DOS_DIRECTORY) !== 0 && size === 0 ? "directory" : "file";
}

/** What the AES extra field says; undefined where there is none, or more than one, or none that is understood. */
function aesOf({ extra }: CentralRecord): AesInfo | undefined {
  return extra.aes.length === 1 ? parseAesExtra(extra.aes[0]!) : undefined;
}

/** Two readings of one record; with --lenient one is taken, and told. */
function conflictOf({ extra }: CentralRecord, called: EntryName, values: LongValues, { path, reading }: { readonly path: string; readonly reading: Reading }): UnzipxError | undefined {
  if (extra.overrun) return new UnzipxError("BAD_HEADER", "Cannot read an entry: one of its extra fields in the central directory is longer than the room for all of them");
  const part = values.disk === 0 || values.disk === 0xffff ? undefined : { expected: "part 1, the only one (end record)", found: `part ${values.disk + 1} (central directory)` };
  if (called.conflict === undefined && values.conflict === undefined && part === undefined) return undefined;
  return settle(part, "it says that it begins in a part that there is not", "it is looked for in the one there is", { path, reading })
    ?? settle(called.conflict, "it has two names", "the Unicode path field's is taken", { path, reading })
    ?? settle(values.conflict, "its header and its zip64 field in the central directory disagree", "what the header needs is taken", { path, reading });
}

function settle(conflict: EntryName["conflict"], why: string, taken: string, { path, reading }: { readonly path: string; readonly reading: Reading }): UnzipxError | undefined {
  if (conflict === undefined) return undefined;
  if (!reading.lenient) return new UnzipxError("AMBIGUOUS", `Refused an entry: ${why}`, { ...conflict, hint: "--lenient" });
  reading.notes.push(new UnzipxError("ODDITY", `About an entry, ${why}: ${taken}`, { ...conflict, entry: path }));
  return undefined;
}

function refusalOf(type: EntryType, record: CentralRecord, how: Omit<ZipLocator, "offset" | "crc32" | "dosTime" | "rawName" | "unicodeName" | "limit">): UnzipxError | undefined {
  const { flags, method, packedSize, size } = how;
  const isEncrypted = (flags & FLAG_ENCRYPTED) !== 0;
  if ((flags & (FLAG_STRONG_ENCRYPTION | FLAG_MASKED_HEADERS)) !== 0) {
    return new UnzipxError("UNSUPPORTED_METHOD", "Cannot read an entry: PKWARE's strong encryption is not supported");
  }
  if ((flags & FLAG_PATCHED) !== 0) return new UnzipxError("UNSUPPORTED_METHOD", "Cannot read an entry: it holds a patch, not data");
  const empty = size === 0 && packedSize > MOST_OF_NOTHING ? new UnzipxError("AMBIGUOUS", "Refused an entry: it says that it is empty, and its compressed data are too many for that", { expected: `${MOST_OF_NOTHING} bytes at most (size 0)`, found: `${packedSize} bytes (compressed size)` }) : undefined;
  if (type === "directory") {
    if (size === 0) return empty;
    return new UnzipxError("AMBIGUOUS", "Refused an entry: its name is a folder's, and it has content", { expected: "0 bytes", found: `${size}` });
  }
  if (record.method === AES_METHOD && (how.aes === undefined || !isEncrypted)) return refusalOfAes(record, isEncrypted);
  if (method !== STORE && method !== DEFLATE && !FOREIGN_METHODS.has(method)) {
    return new UnzipxError("UNSUPPORTED_METHOD", "Cannot read an entry: its compression method is not supported", { found: methodName(method) });
  }
  const { before, after } = bytesAround(how);
  if (packedSize < before + after) {
    return new UnzipxError("BAD_SIZE", "Cannot read an entry: it is shorter than its encryption needs", { expected: `${before + after} bytes at least`, found: `${packedSize}` });
  }
  if (method === STORE && packedSize !== before + size + after) {
    return new UnzipxError("AMBIGUOUS", "Refused an entry: it is stored, and its two sizes differ", { expected: `${before + size + after} bytes (from the size)`, found: `${packedSize} bytes (compressed size)` });
  }
  return empty;
}

/** Method 99 stands for AES only together with one extra field that tells the rest. */
function refusalOfAes({ extra }: CentralRecord, isEncrypted: boolean): UnzipxError {
  const fields = extra.aes.map((data) => data.toString("hex"));
  if (!isEncrypted) return new UnzipxError("AMBIGUOUS", "Refused an entry: its method says that AES encrypts it, and its flags that nothing does");
  if (fields.length > 1) return new UnzipxError("AMBIGUOUS", "Refused an entry: it has more than one AES extra field", { expected: `${fields[0]} (first)`, found: `${fields[1]} (second)` });
  return new UnzipxError("UNSUPPORTED_METHOD", "Cannot read an entry: its AES encryption is of a kind that is not known", {
    expected: "WinZip's AE-1 or AE-2 with 128, 192 or 256 bits", found: fields[0] ?? "no AES extra field",
  });
}
