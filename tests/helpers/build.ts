/** Archives written byte by byte, honest by default, with any lie in any field. */
import { crc32, deflateRawSync } from "node:zlib";

type Text = string | Uint8Array;

function bytesOf(text: Text): Buffer {
  return typeof text === "string" ? Buffer.from(text) : Buffer.from(text);
}

/** Little-endian fields one behind the other: [bytes, value]. */
function pack(...fields: readonly (readonly [size: 2 | 4 | 8, value: number])[]): Buffer {
  return Buffer.concat(fields.map(([size, value]) => {
    const field = Buffer.alloc(size);
    if (size === 2) field.writeUInt16LE(value);
    else if (size === 4) field.writeUInt32LE(value);
    else field.writeBigUInt64LE(BigInt(value));
    return field;
  }));
}

// ---------------------------------------------------------------------------------------------------------------- zip

export const STORE = 0;
export const DEFLATE = 8;
export const FLAG_ENCRYPTED = 0x1;
export const FLAG_DESCRIPTOR = 0x8;
export const FLAG_UTF8 = 0x800;

/** The fields that both headers of an entry have. */
export interface ZipHeader {
  readonly name: Text;
  readonly versionNeeded: number;
  readonly flags: number;
  readonly method: number;
  readonly time: number;
  readonly date: number;
  readonly crc32: number;
  readonly packedSize: number;
  readonly size: number;
  readonly extra: Uint8Array;
  /** What the header says of these; undefined: the truth. */
  readonly signature?: number;
  readonly nameLength?: number;
  readonly extraLength?: number;
}

export interface ZipCentral extends ZipHeader {
  readonly versionMadeBy: number;
  readonly disk: number;
  readonly internalAttributes?: number;
  readonly commentLength?: number;
  readonly attributes: number;
  readonly offset: number;
  readonly comment: Text;
}

export interface ZipItem {
  readonly name: Text;
  readonly content?: Text;
  readonly method?: number;
  readonly flags?: number;
  /** st_mode with the file type; makes the entry one "made by Unix". */
  readonly mode?: number;
  /** The packed bytes, whatever `content` is. */
  readonly data?: Uint8Array;
  readonly extra?: Uint8Array;
  /** Written behind the data; the local header then carries zeros. */
  readonly descriptor?: { readonly signature: boolean; readonly long: boolean; readonly crc32?: number; readonly packedSize?: number; readonly size?: number };
  readonly local?: Partial<ZipHeader>;
  readonly central?: Partial<ZipCentral>;
  /** Only the local header and the data: the central directory keeps silent. */
  readonly hidden?: boolean;
  /** Only the central record. */
  readonly ghost?: boolean;
  /** Bytes between this entry and what follows. */
  readonly gap?: Uint8Array;
}

export interface ZipEnd {
  readonly disk: number;
  readonly directoryDisk: number;
  readonly entriesHere: number;
  readonly entries: number;
  readonly size: number;
  readonly offset: number;
  readonly commentLength: number;
}

export interface Zip64End {
  readonly recordSize: number;
  readonly versionNeeded: number;
  readonly disk: number;
  readonly directoryDisk: number;
  readonly entriesHere: number;
  readonly entries: number;
  readonly size: number;
  readonly offset: number;
  /** Extensible data behind the record, which its size counts. */
  readonly data: Uint8Array;
  /** Of the locator. */
  readonly recordDisk: number;
  readonly recordOffset: number;
  readonly disks: number;
}

export interface ZipLies {
  /** In front of the archive; the offsets count from behind it, unless `absolute`. */
  readonly prefix?: Uint8Array;
  readonly absolute?: boolean;
  readonly trailing?: Uint8Array;
  readonly comment?: Text;
  /** Between the last entry and the central directory. */
  readonly beforeDirectory?: Uint8Array;
  /** Between the central directory and the end record. */
  readonly gap?: Uint8Array;
  readonly end?: Partial<ZipEnd>;
  /** Writes the zip64 end record and its locator. */
  readonly zip64?: Partial<Zip64End>;
}

/** 2024-02-03 04:05:06 as MS-DOS has it. */
export const DOS_DATE = ((2024 - 1980) << 9) | (2 << 5) | 3;
export const DOS_TIME = (4 << 11) | (5 << 5) | (6 / 2);

export function buildZip(items: readonly ZipItem[], lies: ZipLies = {}): Buffer {
  const prefix = lies.prefix ?? new Uint8Array(0);
  const base = lies.absolute === true ? prefix.length : 0;
  const parts: Uint8Array[] = [];
  const directory: Buffer[] = [];
  let position = base;
  const put = (bytes: Uint8Array): void => {
    parts.push(bytes);
    position += bytes.length;
  };
  for (const item of items) {
    const offset = position;
    const { local, central, data, descriptor } = recordsOf(item, offset);
    if (item.ghost !== true) {
      put(localHeader(local));
      put(data);
      if (descriptor !== undefined) put(descriptor);
      if (item.gap !== undefined) put(item.gap);
    }
    if (item.hidden !== true) directory.push(centralRecord(central));
  }
  if (lies.beforeDirectory !== undefined) put(lies.beforeDirectory);
  const start = position;
  for (const record of directory) put(record);
  const size = position - start;
  if (lies.gap !== undefined) put(lies.gap);
  if (lies.zip64 !== undefined) {
    const record = position;
    const { zip64 } = lies;
    const data = zip64.data ?? new Uint8Array(0);
    put(pack(
      [4, 0x06064b50], [8, zip64.recordSize ?? 44 + data.length], [2, 45], [2, zip64.versionNeeded ?? 45], [4, zip64.disk ?? 0], [4, zip64.directoryDisk ?? 0],
      [8, zip64.entriesHere ?? zip64.entries ?? directory.length], [8, zip64.entries ?? directory.length], [8, zip64.size ?? size], [8, zip64.offset ?? start],
    ));
    put(data);
    put(pack([4, 0x07064b50], [4, zip64.recordDisk ?? 0], [8, zip64.recordOffset ?? record], [4, zip64.disks ?? 1]));
  }
  const comment = bytesOf(lies.comment ?? "");
  const unset = lies.zip64 === undefined ? undefined : { entries: 0xffff, size: 0xffffffff, offset: 0xffffffff };
  const { end = {} } = lies;
  put(pack(
    [4, 0x06054b50], [2, end.disk ?? 0], [2, end.directoryDisk ?? 0],
    [2, end.entriesHere ?? end.entries ?? unset?.entries ?? directory.length], [2, end.entries ?? unset?.entries ?? directory.length],
    [4, end.size ?? unset?.size ?? size], [4, end.offset ?? unset?.offset ?? start], [2, end.commentLength ?? comment.length],
  ));
  put(comment);
  if (lies.trailing !== undefined) put(lies.trailing);
  return Buffer.concat([prefix, ...parts]);
}

function recordsOf(item: ZipItem, offset: number): { local: ZipHeader; central: ZipCentral; data: Uint8Array; descriptor: Buffer | undefined } {
  const content = bytesOf(item.content ?? "");
  const method = item.method ?? STORE;
  const data = item.data ?? (method === DEFLATE ? deflateRawSync(content) : content);
  const both: ZipHeader = {
    name: item.name, versionNeeded: 20, flags: (item.flags ?? 0) | (item.descriptor === undefined ? 0 : FLAG_DESCRIPTOR), method, time: DOS_TIME, date: DOS_DATE,
    crc32: crc32(content), packedSize: data.length, size: content.length, extra: item.extra ?? new Uint8Array(0),
  };
  const central: ZipCentral = {
    ...both, versionMadeBy: item.mode === undefined ? 20 : (3 << 8) | 20, disk: 0,
    attributes: item.mode === undefined ? 0 : item.mode * 0x10000, offset, comment: "", ...item.central,
  };
  const later = item.descriptor === undefined ? {} : { crc32: 0, packedSize: 0, size: 0 };
  const { descriptor: said } = item;
  const descriptor = said && Buffer.concat([
    said.signature ? pack([4, 0x08074b50]) : Buffer.alloc(0),
    pack([4, said.crc32 ?? both.crc32], [said.long ? 8 : 4, said.packedSize ?? both.packedSize], [said.long ? 8 : 4, said.size ?? both.size]),
  ]);
  return { local: { ...both, ...later, ...item.local }, central, data, descriptor };
}

function localHeader(header: ZipHeader): Buffer {
  const name = bytesOf(header.name);
  return Buffer.concat([
    pack(
      [4, header.signature ?? 0x04034b50], [2, header.versionNeeded], [2, header.flags], [2, header.method], [2, header.time], [2, header.date],
      [4, header.crc32], [4, header.packedSize], [4, header.size], [2, header.nameLength ?? name.length], [2, header.extraLength ?? header.extra.length],
    ),
    name, header.extra,
  ]);
}

function centralRecord(header: ZipCentral): Buffer {
  const name = bytesOf(header.name);
  const comment = bytesOf(header.comment);
  return Buffer.concat([
    pack(
      [4, header.signature ?? 0x02014b50], [2, header.versionMadeBy], [2, header.versionNeeded], [2, header.flags], [2, header.method], [2, header.time], [2, header.date],
      [4, header.crc32], [4, header.packedSize], [4, header.size], [2, header.nameLength ?? name.length], [2, header.extraLength ?? header.extra.length], [2, header.commentLength ?? comment.length],
      [2, header.disk], [2, header.internalAttributes ?? 0], [4, header.attributes], [4, header.offset],
    ),
    name, header.extra, comment,
  ]);
}

/** One extra field. */
export function extraField(id: number, data: Uint8Array): Buffer {
  return Buffer.concat([pack([2, id], [2, data.length]), data]);
}

/** 0x0001: the sizes (and offset) that did not fit. */
export function zip64Extra(...values: readonly number[]): Buffer {
  return extraField(0x0001, Buffer.concat(values.map((value) => pack([8, value]))));
}

/** 0x5455 "UT": modification time in seconds. */
export function timeExtra(seconds: number): Buffer {
  const data = Buffer.alloc(5);
  data.writeUInt8(1);
  data.writeInt32LE(seconds, 1);
  return extraField(0x5455, data);
}

/** 0x6375 "uc": the comment in UTF-8, and the CRC-32 of the header's comment that it belongs to. */
export function unicodeCommentExtra(comment: string, headerComment: Text): Buffer {
  return extraField(0x6375, Buffer.concat([Buffer.from([1]), pack([4, crc32(bytesOf(headerComment))]), Buffer.from(comment)]));
}

/** 0x7075 "up": the name in UTF-8, and the CRC-32 of the header's name that it belongs to. */
export function unicodePathExtra(name: string, headerName: Text, crc = crc32(bytesOf(headerName))): Buffer {
  return extraField(0x7075, Buffer.concat([Buffer.from([1]), pack([4, crc]), Buffer.from(name)]));
}

// ---------------------------------------------------------------------------------------------------------------- tar

const BLOCK = 512;

export interface TarFields {
  readonly name: Text;
  /** Numbers are written in octal; strings and bytes as they are, into the field from its start. By default 0644, of a folder 0755. */
  readonly mode?: number | Text;
  readonly uid?: number | Text;
  readonly gid?: number | Text;
  readonly size?: number | Text;
  readonly mtime?: number | Text;
  readonly checksum?: number | Text;
  readonly type?: string;
  readonly link?: Text;
  /** "ustar" (POSIX), "gnu", or "v7" for none. */
  readonly dialect?: "ustar" | "gnu" | "v7";
  readonly prefix?: Text;
  /** Bytes at any place of the block, the last word before the checksum is made. */
  readonly raw?: ReadonlyMap<number, Text>;
}

export interface TarItem extends TarFields {
  readonly content?: Text;
  /** Without the zeros that fill up the last block. */
  readonly unpadded?: boolean;
}

/** 2024-02-03 04:05:06 UTC. */
export const MTIME = 1706933106;

export function tarHeader(fields: TarFields): Buffer {
  const block = Buffer.alloc(BLOCK);
  const put = (at: number, length: number, value: number | Text): void => {
    const bytes = typeof value === "number" ? Buffer.from(`${value.toString(8).padStart(length - 1, "0")}\0`) : bytesOf(value);
    if (bytes.length > length) throw new Error(`${bytes.length} bytes do not fit into the ${length} at ${at}`);
    bytes.copy(block, at);
  };
  put(0, 100, fields.name);
  put(100, 8, fields.mode ?? (fields.type === "5" ? 0o755 : 0o644));
  put(108, 8, fields.uid ?? 0);
  put(116, 8, fields.gid ?? 0);
  put(124, 12, fields.size ?? 0);
  put(136, 12, fields.mtime ?? MTIME);
  put(156, 1, fields.type ?? "0");
  put(157, 100, fields.link ?? "");
  const dialect = fields.dialect ?? "ustar";
  if (dialect === "ustar") put(257, 8, "ustar\x0000");
  if (dialect === "gnu") put(257, 8, "ustar  \0");
  if (fields.prefix !== undefined) put(345, 155, fields.prefix);
  for (const [at, bytes] of fields.raw ?? []) put(at, BLOCK - at, bytes);
  if (fields.checksum !== undefined && typeof fields.checksum !== "number") put(148, 8, fields.checksum);
  else block.write(`${(fields.checksum ?? unsignedSum(block)).toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}

function sumOf(block: Uint8Array, of: (byte: number) => number): number {
  return block.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 0x20 : of(byte)), 0);
}

export function unsignedSum(block: Uint8Array): number {
  return sumOf(block, (byte) => byte);
}

/** As some old writers summed, whose bytes were signed. */
export function signedSum(block: Uint8Array): number {
  return sumOf(block, (byte) => (byte < 128 ? byte : byte - 256));
}

export function tarEntry(item: TarItem): Buffer {
  const content = bytesOf(item.content ?? "");
  const padding = item.unpadded === true ? 0 : (BLOCK - (content.length % BLOCK)) % BLOCK;
  return Buffer.concat([tarHeader({ size: content.length, ...item }), content, Buffer.alloc(padding)]);
}

/** "<length> <key>=<value>\n" with the length that is right. */
export function paxRecord(key: string, value: Text): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), bytesOf(value), Buffer.from("\n")]);
  let length = rest.length;
  while (length !== rest.length + `${length}`.length) length = rest.length + `${length}`.length;
  return Buffer.concat([Buffer.from(`${length}`), rest]);
}

type PaxRecords = readonly (readonly [key: string, value: Text])[] | Readonly<Record<string, Text>>;

/** Type "x", or "g" for all entries that follow; a Uint8Array is the body as it is. */
export function paxHeader(records: PaxRecords | Uint8Array, type: "x" | "g" | "X" = "x"): Buffer {
  if (records instanceof Uint8Array) return tarEntry({ name: "PaxHeader", type, content: records });
  const pairs = Array.isArray(records) ? (records as readonly (readonly [string, Text])[]) : Object.entries(records as Readonly<Record<string, Text>>);
  return tarEntry({ name: "PaxHeader", type, content: Buffer.concat(pairs.map(([key, value]) => paxRecord(key, value))) });
}

/** GNU's long name ("L") or long link target ("K"). */
export function gnuLong(type: "L" | "K", text: Text): Buffer {
  return tarEntry({ name: "././@LongLink", type, dialect: "gnu", content: Buffer.concat([bytesOf(text), Buffer.alloc(1)]) });
}

/** GNU's numbers beyond octal: the top bit set, then two's complement. */
export function base256(value: bigint | number, length = 12): Buffer {
  const field = Buffer.alloc(length);
  let rest = BigInt.asUintN(length * 8, BigInt(value));
  for (let at = length - 1; at >= 0; at--, rest >>= 8n) field[at] = Number(rest & 0xffn);
  field[0]! |= 0x80;
  return field;
}

export const TAR_END = Buffer.alloc(2 * BLOCK);

export function buildTar(parts: readonly (TarItem | Uint8Array)[], end: Uint8Array = TAR_END): Buffer {
  return Buffer.concat([...parts.map((part) => (part instanceof Uint8Array ? part : tarEntry(part))), end]);
}

/** Bytes that arrive in pieces of `size`; `ended` tells whether whoever took them let go. */
export async function* inChunks(bytes: Uint8Array, size = Infinity, ended: () => void = () => {}): AsyncGenerator<Uint8Array> {
  try {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, Math.min(bytes.length, at + size));
  } finally {
    ended();
  }
}
