/**
 * Most records of a central directory are plain: no extra fields but times and owners, an ASCII name, sizes of 32 bits. Of those nothing is made but
 * the entry. readEntry() would say the same of each of them, and gets whatever is not certain to be plain.
 */
import { CENTRAL_FIXED } from "./central-directory.ts";
import { isUnix, S_IFDIR, S_IFMT, S_IFREG, ZipEntry } from "./entry.ts";
import type { Calendar } from "./entry-time.ts";
import { arePlain, TIMESTAMP_ID } from "./extra-fields.ts";
import { DOS_DIRECTORY, MAX32 } from "./headers.ts";
import { DEFLATE, STORE } from "./methods.ts";

/** How hard deflate tried, that a data descriptor follows, and that the name is in UTF-8 (APPNOTE 4.4.4). */
const HARMLESS_FLAGS = 0x2 | 0x4 | 0x8 | 0x800;
const [SLASH, BACKSLASH] = [0x2f, 0x5c];

interface PlainReading {
  /** Bytes in front of the archive. */
  readonly prefix: number;
  readonly calendar: Calendar;
}

/** The record that lies whole at `at`; undefined: it may be anything. */
export function readPlain(bytes: Buffer, at: number, { prefix, calendar }: PlainReading): ZipEntry | undefined {
  // Offsets as in CentralDirectory.read().
  const flags = bytes.readUInt16LE(at + 8);
  const method = bytes.readUInt16LE(at + 10);
  const crc32 = bytes.readUInt32LE(at + 16);
  const packedSize = bytes.readUInt32LE(at + 20);
  const size = bytes.readUInt32LE(at + 24);
  const nameLength = bytes.readUInt16LE(at + 28);
  const offset = bytes.readUInt32LE(at + 42);
  if ((flags & ~HARMLESS_FLAGS) !== 0 || (method !== STORE && method !== DEFLATE) || (crc32 === 0 && size > 0)) return undefined;
  if (packedSize === MAX32 || size === MAX32 || offset === MAX32 || (method === STORE && packedSize !== size) || (size === 0 && packedSize > 2)) return undefined;
  // 32 - length of the comment, 34 - disk
  if (nameLength === 0 || bytes.readUInt32LE(at + 32) !== 0) return undefined;
  const mode = plainMode(bytes, at, bytes[at + CENTRAL_FIXED + nameLength - 1]!, size);
  const mtime = plainTime(bytes, at, nameLength, calendar);
  if (mode === undefined || mtime === undefined) return undefined;
  const path = asciiAt(bytes, at + CENTRAL_FIXED, nameLength);
  if (path === undefined) return undefined;
  return new ZipEntry({
    path, type: path.endsWith("/") ? "directory" : "file", mtime, mode: mode === 0 ? undefined : mode, encrypted: false,
    offset: offset + prefix, packedSize, size, flags, method, crc32, hasCrc32: true, rare: undefined,
  });
}

/** The permission bits; 0 where the record tells none. `last`: the last byte of the name. */
function plainMode(bytes: Buffer, at: number, last: number, size: number): number | undefined {
  const isFolder = last === SLASH;
  const attributes = bytes.readUInt32LE(at + 38);
  const format = (attributes >>> 16) & S_IFMT;
  const unix = isUnix(bytes[at + 5]!);
  if (isFolder && size > 0) return undefined;
  if (format !== 0 && !(unix && format === (isFolder ? S_IFDIR : S_IFREG))) return undefined;
  if (format === 0 && !isFolder && (last === BACKSLASH || (attributes & DOS_DIRECTORY) !== 0)) return undefined;
  return unix ? (attributes >>> 16) & 0o7777 : 0;
}

/** Of a record with no extra fields but plain ones. */
function plainTime(bytes: Buffer, at: number, nameLength: number, calendar: Calendar): number | undefined {
  const start = at + CENTRAL_FIXED + nameLength;
  const end = start + bytes.readUInt16LE(at + 30);
  if (!arePlain(bytes, start, end)) return undefined;
  for (let field = start; field < end; field += 4 + bytes.readUInt16LE(field + 2)) {
    // 1 flags, of which bit 0 stands for the time of change; 4 seconds since 1970, signed
    if (bytes.readUInt16LE(field) === TIMESTAMP_ID && (bytes[field + 4]! & 1) !== 0) return bytes.readInt32LE(field + 5) * 1000;
  }
  const dos = calendar(bytes.readUInt16LE(at + 14), bytes.readUInt16LE(at + 12));
  return dos.isOdd ? undefined : dos.mtime;
}

function asciiAt(bytes: Buffer, start: number, length: number): string | undefined {
  for (let at = start; at < start + length; at++) if (bytes[at]! > 0x7f) return undefined;
  return bytes.toString("latin1", start, start + length);
}
