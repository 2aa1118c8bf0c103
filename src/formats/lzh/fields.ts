/** What a header says of its entry, wherever in it that stands. */
import { UnzipxError } from "../../errors.ts";
import type { Record } from "./records.ts";

export interface Fields {
  packedSize: number;
  size: number;
  /** CRC-16 of the content; the oldest archives have none. */
  crc: number | undefined;
  /** A letter for the system that the archive was made on: "M" for MS-DOS, "U" for Unix …; "" and "\0" for none. */
  system: string;
  /** Milliseconds since 1970. */
  mtime: number | undefined;
  /** As st_mode, with the type. */
  mode?: number;
  /** The name or all of the path; as bytes in a character set that is not said, or Unicode. */
  name?: Buffer | string;
  /** The path to the name, its components ended by 0xFF. */
  directory?: Buffer | string;
  /** Number of a Windows code page, of the names that are bytes. */
  codepage?: number;
  comment?: Buffer;
  /** Why the entry must be refused: its header contradicts itself. */
  conflict?: string;
}

const NAME = 0x01;
const DIRECTORY = 0x02;
const COMMENT = 0x3f;
const WINDOWS_TIMES = 0x41;
const LARGE_SIZES = 0x42;
const UNICODE_NAME = 0x44;
const UNICODE_DIRECTORY = 0x45;
const CODEPAGE = 0x46;
const UNIX_MODE = 0x50;
const UNIX_TIME = 0x54;
/** What must not stand in a header twice: the names and sizes of the same entry. */
const ONCE = new Set([NAME, DIRECTORY, UNICODE_NAME, UNICODE_DIRECTORY, CODEPAGE, LARGE_SIZES]);

/**
 * What extended headers add to the header. One that is too short, or of a type that is not listed here (0x40 - DOS attributes,
 * 0x51 to 0x53 - owner and group, 0x7F - OS/2, 0xCC - OS-9 …), says nothing that is of use.
 * @throws {UnzipxError} BAD_HEADER for a size that nobody can count with
 */
export function applyRecords(fields: Fields, records: readonly Record[]): void {
  const seen = new Set<number>();
  // OS/2 and Windows put a short name into the header, and the whole one behind it; they may also write it in two ways.
  for (const { type, data } of records) {
    if (ONCE.has(type) && seen.has(type)) fields.conflict ??= "its header gives its name or size twice";
    seen.add(type);
    if (type === NAME && data.length > 0) fields.name = pick(fields.name, data);
    else if (type === DIRECTORY) fields.directory = pick(fields.directory, data);
    else if (type === UNICODE_NAME && data.length >= 2) fields.name = utf16(data);
    else if (type === UNICODE_DIRECTORY && data.length >= 2) fields.directory = utf16(data);
    else if (type === CODEPAGE && data.length >= 4) fields.codepage = data.readUInt32LE(0);
    else if (type === COMMENT && data.length > 0) fields.comment = data;
    else if (type === WINDOWS_TIMES && data.length >= 24) fields.mtime = fileTime(data, 8); // 0 - made, 8 - modified, 16 - read
    else if (type === LARGE_SIZES && data.length >= 16) largeSizes(fields, data);
    else if (type === UNIX_MODE && data.length >= 2) fields.mode = permissions(data.readUInt16LE(0), fields.system);
    else if (type === UNIX_TIME && data.length >= 4) fields.mtime = data.readUInt32LE(0) * 1000;
  }
}

/** st_mode; on OS-9 bits of another order: 0 to 2 - read, write and execute of the owner, 3 to 5 - of everybody. */
export function permissions(mode: number, system: string): number {
  if (system !== "K" && system !== "9") return mode;
  const turned = (bits: number): number => ((bits & 1) << 2) | (bits & 2) | ((bits & 4) >>> 2);
  return (turned(mode) << 6) | (turned(mode >>> 3) * 0o11);
}

/** Unicode wins over bytes, in whatever order the two come. */
function pick(known: Buffer | string | undefined, bytes: Buffer): Buffer | string {
  return typeof known === "string" ? known : bytes;
}

function utf16(data: Buffer): string {
  return data.subarray(0, data.length & ~1).toString("utf16le");
}

/** 0 - packed, 8 - content. */
function largeSizes(fields: Fields, data: Buffer): void {
  const [packed, size] = [Number(data.readBigUInt64LE(0)), Number(data.readBigUInt64LE(8))];
  if (!Number.isSafeInteger(packed) || !Number.isSafeInteger(size)) {
    throw new UnzipxError("BAD_HEADER", "Cannot read the LHA archive: a header gives a size beyond all measure", { found: `${Math.max(packed, size)} bytes` });
  }
  [fields.packedSize, fields.size] = [packed, size];
}

/** 100 ns since 1601, which is 11644473600 s before 1970. */
function fileTime(data: Buffer, at: number): number {
  return Number(data.readBigUInt64LE(at) / 10000n) - 11644473600000;
}
