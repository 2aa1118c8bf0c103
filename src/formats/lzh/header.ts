/** The header of one entry: levels 0 to 3, with the extended headers of each. Times of level 0 and 1 are local, all others UTC. */
import { UnzipxError } from "../../errors.ts";
import { applyRecords, permissions, type Fields } from "./fields.ts";
import { chainOf, HEADER_CRC, type Record } from "./records.ts";
import { crcOf, FIXED, sumFits } from "./signature.ts";
import type { Window } from "./window.ts";

export const WHAT = "the LHA archive";

export interface Header extends Readonly<Fields> {
  readonly level: number;
  /** Without its hyphens: "lh5". */
  readonly method: string;
  /** Where the packed data lies, and so the next header behind it. */
  readonly offset: number;
}

/**
 * The header at `position`; undefined where the archive ends: at a zero byte, or where nothing follows.
 * @throws {UnzipxError} BAD_HEADER, TRUNCATED, LIMIT: the next header cannot be found
 */
export function readHeader(window: Window, position: number, limit: number): Header | undefined {
  const fixed = window.bytes(position, FIXED);
  if (fixed.length === 0 || fixed[0] === 0) return undefined;
  // "-lh5-" and the like: letters and digits, whatever they are. An unknown one does not hide where the next header lies.
  const method = /^-([!-~]{3})-$/.exec(fixed.toString("latin1", 2, 7))?.[1];
  if (fixed.length >= 7 && method === undefined) throw bad("something that is no header", position);
  if (method === undefined || fixed.length < FIXED) throw cut(position);
  const level = fixed[20]!;
  if (level > 3) throw new UnzipxError("BAD_HEADER", `Cannot read ${WHAT}: the header at ${position} is of a level that is not known`, { expected: "0 to 3", found: String(level) });
  const { header, records } = level < 2 ? takeShort(window, position, level, limit) : takeLong(window, position, level, limit);
  const crc = records.find(({ type }) => type === HEADER_CRC);
  if (crc !== undefined && crc.data.length >= 2 && crc.data.readUInt16LE(0) !== crcOf(header, crc.at)) throw bad("a header whose checksum does not match", position);
  const fields = level < 2 ? shortFields(header, level, method) : longFields(header);
  // 7 - packed size: in level 1 with all the extended headers, which stand between header and data
  if (level === 1) fields.packedSize -= header.length - (header[0]! + 2);
  if (fields.packedSize < 0) throw bad("a header whose extensions are longer than it says", position);
  applyRecords(fields, records);
  return { ...fields, level, method, offset: position + header.length };
}

interface Taken {
  /** All of it, with the extended headers. */
  readonly header: Buffer;
  readonly records: readonly Record[];
}

/** 0 - size of the header without these two bytes, 1 - sum of what follows; in level 1 the extended headers come behind it. */
function takeShort(window: Window, position: number, level: number, limit: number): Taken {
  const base = take(window, position, window.bytes(position, 1)[0]! + 2);
  // 21 - size of the name, 22 - name; level 1 goes on with CRC, system, and the size of the first extended header
  if (base.length < FIXED || base.length < FIXED + base[21]! + (level === 1 ? 5 : 0)) throw bad("a header that is too short for its name", position);
  if (!sumFits(base)) throw bad("a header whose checksum does not match", position);
  if (level === 0) return { header: Buffer.from(base), records: [] };
  const start = base.length;
  const first = base.readUInt16LE(start - 2);
  let length = start;
  for (let next = first; next !== 0;) {
    if (next < 3) throw bad("an extended header without room for its own size", position + length);
    length += next;
    assertSize(length, limit);
    next = take(window, position + length - 2, 2).readUInt16LE(0);
  }
  const header = Buffer.from(take(window, position, length));
  return { header, records: chainOf(header, start, first, 2)?.records ?? [] };
}

/** 0 - size of the header, 24 - size of the first extended header; level 3: 0 - bytes of a word, 24 - size, 28 - first extended header. */
function takeLong(window: Window, position: number, level: number, limit: number): Taken {
  const [start, width] = level === 2 ? ([26, 2] as const) : ([32, 4] as const);
  const fixed = take(window, position, start);
  if (level === 3 && fixed.readUInt16LE(0) !== 4) throw bad("a header whose words are not of 4 bytes", position);
  const size = level === 2 ? fixed.readUInt16LE(0) : fixed.readUInt32LE(24);
  if (size < start) throw bad("a header that is too short", position);
  assertSize(size, limit);
  const first = fixed.readUIntLE(start - width, width);
  const header = Buffer.from(take(window, position, size));
  const chain = chainOf(header, start, first, width);
  if (chain !== undefined) return { header, records: chain.records };
  // LHA for OS-9/68k ("K") leaves the two bytes of the size itself out of it.
  const longer = header[23] === 0x4b ? Buffer.from(window.bytes(position, size + 2)) : header;
  const longerChain = chainOf(longer, start, first, width);
  if (longerChain?.end !== size + 2) throw bad("extended headers that are longer than their header", position);
  return { header: longer, records: longerChain.records };
}

/** Levels 0 and 1. */
function shortFields(header: Buffer, level: number, method: string): Fields {
  const nameEnd = FIXED + header[21]!;
  const behind = header.subarray(nameEnd + 2, header[0]! + 2);
  const fields: Fields = {
    packedSize: header.readUInt32LE(7), size: header.readUInt32LE(11), mtime: dosTime(header.readUInt16LE(15), header.readUInt16LE(17)),
    // LArc wrote no CRC in front of version 3: then nothing follows the name.
    crc: nameEnd + 2 <= header[0]! + 2 ? header.readUInt16LE(nameEnd) : undefined,
    system: behind.length === 0 ? "" : String.fromCharCode(behind[0]!),
    name: header.subarray(FIXED, nameEnd),
  };
  // What LHa for Unix puts behind the CRC of level 0: 0 - 'U', 1 - version, 2 - time, then mode, owner and group; 'K' has the time twice.
  // PMarc keeps a comment there.
  if (level !== 0 || !/^[UK]$/.test(fields.system) || method.startsWith("pm") || behind.length < 12 || behind[1] !== 0) return fields;
  fields.mtime = behind.readUInt32LE(2) * 1000;
  fields.mode = permissions(behind.readUInt16LE(behind.length - 6), fields.system);
  return fields;
}

/** Levels 2 and 3: all that varies is in extended headers. */
function longFields(header: Buffer): Fields {
  return {
    packedSize: header.readUInt32LE(7), size: header.readUInt32LE(11), mtime: header.readUInt32LE(15) * 1000,
    crc: header.readUInt16LE(21), system: String.fromCharCode(header[23]!),
  };
}

/** Local time; undefined for what no calendar has. */
function dosTime(time: number, date: number): number | undefined {
  const [day, month, year] = [date & 31, (date >>> 5) & 15, 1980 + (date >>> 9)];
  if (day === 0 || month === 0 || month > 12) return undefined;
  return new Date(year, month - 1, day, time >>> 11, (time >>> 5) & 63, (time & 31) * 2).getTime();
}

function take(window: Window, position: number, length: number): Buffer {
  const bytes = window.bytes(position, length);
  if (bytes.length < length) throw cut(position);
  return bytes;
}

function assertSize(size: number, limit: number): void {
  if (size <= limit) return;
  throw new UnzipxError("LIMIT", "Stopped: a header of the LHA archive is larger than any name or attribute needs", { expected: `at most ${limit} bytes`, found: `${size} bytes` });
}

function bad(what: string, position: number): UnzipxError {
  return new UnzipxError("BAD_HEADER", `Cannot read ${WHAT}: it holds ${what}`, { found: `at ${position}` });
}

function cut(position: number): UnzipxError {
  return new UnzipxError("TRUNCATED", `Cannot read ${WHAT}: it is cut off in the header at ${position}`);
}
