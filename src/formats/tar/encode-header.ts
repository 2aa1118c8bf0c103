/**
 * One entry's header of a tar file: a ustar block, before it the pax records for what that block cannot hold.
 * The blocks come from tar-stream's codec, which is right within ustar's limits; past them it clips without a word
 * (times after 2038, owners above 262,143) or gives up (names that are not ASCII), so those values never reach it.
 */
import headers from "tar-stream/headers.js";
import type { InputEntry } from "../input.ts";

/** A name as it is stored: bytes where it is not UTF-8. */
export type Stored = string | Uint8Array;

export interface TarHeaderFields extends Pick<InputEntry, "path" | "pathBytes" | "size" | "mode" | "mtime" | "uid" | "gid"> {
  readonly type: "file" | "directory" | "symlink" | "link";
  readonly linkTarget: Stored | undefined;
}

/** Bytes of the fields "name" at 0 and "linkname" at 157. */
export const NAME = 100;
const LINK_AT = 157;
/** "chksum": 8 bytes at 148, counted as spaces. */
export const CHECKSUM_AT = 148;

/** What the octal digits of the fields hold: 6 for owners, 11 for the size. */
export const MAX_ID = 0o777777;
export const MAX_SIZE = 0o77777777777;
/** The codec makes a signed 32-bit number of it; 11 octal digits would reach 2242. */
export const MAX_TIME = 0x7fffffff;

export function tarHeader(entry: TarHeaderFields, options: { readonly preciseTimes: boolean }): Uint8Array {
  const path = entry.pathBytes ?? entry.path;
  const name = entry.type === "directory" ? withSlash(path) : path;
  const link = entry.linkTarget;
  const records: [key: string, value: Stored][] = [];

  const seconds = Math.floor(entry.mtime / 1000);
  const fraction = options.preciseTimes && entry.mtime !== seconds * 1000;
  if (fraction || seconds < 0 || seconds > MAX_TIME) records.push(["mtime", fraction ? precise(entry.mtime) : `${seconds}`]);
  if (entry.uid > MAX_ID) records.push(["uid", `${entry.uid}`]);
  if (entry.gid > MAX_ID) records.push(["gid", `${entry.gid}`]);
  if (entry.size > MAX_SIZE) records.push(["size", `${entry.size}`]);
  const fields = {
    mode: entry.mode,
    uid: clamp(entry.uid, MAX_ID),
    gid: clamp(entry.gid, MAX_ID),
    size: clamp(entry.size, MAX_SIZE),
    mtime: new Date(clamp(seconds, MAX_TIME) * 1000),
    type: entry.type,
  };

  const plain = isAscii(name) && (link === undefined || isAscii(link)) ? encodePlain({ ...fields, name, linkname: link ?? null }) : null;
  if (plain !== null) return records.length === 0 ? plain : Buffer.concat([paxHeader(records, fields.mtime), plain]);

  if (!fitsName(name)) records.push(["path", name]);
  if (link !== undefined && !fitsLink(link)) records.push(["linkpath", link]);
  const block = headers.encode({ ...fields, name: "-" })!;
  // Readers that know no pax get as much as fits.
  setField(block, 0, name);
  if (link !== undefined) setField(block, LINK_AT, link);
  setChecksum(block);
  return records.length === 0 ? block : Buffer.concat([paxHeader(records, fields.mtime), block]);
}

type CodecFields = Parameters<typeof headers.encode>[0];

function encodePlain(fields: CodecFields): Buffer | null {
  const block = headers.encode(fields);
  // A folder of 100 bytes and its "/" are split into a prefix and an empty name, which not every reader joins.
  return block === null || block[0] === 0 ? null : block;
}

function fitsName(name: Stored): boolean {
  if (typeof name !== "string") return name.length <= NAME;
  return isAscii(name) && encodePlain({ name, mode: 0, uid: 0, gid: 0, size: 0, mtime: new Date(0), type: "file" }) !== null;
}

function fitsLink(link: Stored): boolean {
  return link.length <= NAME && (typeof link !== "string" || isAscii(link));
}

/** Typeflag "x": records for the next entry, padded to whole blocks. */
function paxHeader(records: readonly (readonly [key: string, value: Stored])[], mtime: Date): Buffer {
  const binary = records.some(([, value]) => typeof value !== "string");
  const body = Buffer.concat([
    ...(binary ? [paxRecord("hdrcharset", "BINARY")] : []), // values are UTF-8 unless this says otherwise
    ...records.map(([key, value]) => paxRecord(key, value)),
  ]);
  const header = headers.encode({ name: "PaxHeader", mode: 0o644, uid: 0, gid: 0, size: body.length, mtime, type: "pax-header" })!;
  return Buffer.concat([header, body, Buffer.alloc((512 - (body.length % 512)) % 512)]);
}

/** "<length> <key>=<value>\n", where the length counts all of it in bytes, its own digits too. */
export function paxRecord(key: string, value: Stored): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), typeof value === "string" ? Buffer.from(value) : value, Buffer.from("\n")]);
  let length = rest.length;
  while (length !== rest.length + `${length}`.length) length = rest.length + `${length}`.length;
  return Buffer.concat([Buffer.from(`${length}`), rest]);
}

/** Into a field of NAME bytes, cut before a character that does not fit. */
function setField(block: Buffer, at: number, value: Stored): void {
  const bytes = typeof value === "string" ? Buffer.from(value) : value;
  let end = Math.min(bytes.length, NAME);
  if (typeof value === "string" && end < bytes.length) {
    while ((bytes[end]! & 0xc0) === 0x80) end -= 1; // 10xxxxxx continues a character
  }
  block.fill(0, at, at + NAME);
  block.set(bytes.subarray(0, end), at);
}

function setChecksum(block: Buffer): void {
  block.fill(" ", CHECKSUM_AT, CHECKSUM_AT + 8);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, CHECKSUM_AT, "latin1");
}

function withSlash(path: Stored): Stored {
  return typeof path === "string" ? `${path}/` : Buffer.concat([path, Buffer.from("/")]);
}

function isAscii(value: Stored): value is string {
  return typeof value === "string" && /^[\0-\x7f]*$/.test(value);
}

function clamp(value: number, max: number): number {
  return Math.min(Math.max(value, 0), max);
}

/** Seconds with as many decimals as a time in milliseconds carries. */
function precise(mtime: number): string {
  return (mtime / 1000).toFixed(6).replace(/\.?0+$/, "");
}
