/** The headers of cpio, as fields. What they say of sizes decides where the next one is, so nothing that is no number passes. */
import { UnzipxError } from "../../errors.ts";

type Dialect = "newc" | "crc" | "odc" | "afio" | "binary";

export interface CpioHeader {
  readonly dialect: Dialect;
  /** Equal for the names of one file, within one archive. */
  readonly inode: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly nlink: number;
  /** Seconds. */
  readonly mtime: number;
  /** With the NUL at its end. */
  readonly nameSize: number;
  readonly size: number;
  /** Of crc: the sum of the content's bytes, modulo 2^32. */
  readonly check: number;
  /** Zeros behind header and name, and behind the content. */
  readonly namePadding: number;
  readonly padding: number;
}

/** The name of the entry that ends an archive. */
export const TRAILER = "TRAILER!!!";
export const MAGIC_LENGTH = 6;

/** Field widths in characters, in their order; the magic comes first. */
interface Layout {
  readonly dialect: Dialect;
  readonly radix: 8 | 16;
  /** Header and name, and content, are filled up to a multiple of this. */
  readonly align: number;
  readonly fields: readonly (readonly [name: string, width: number])[];
}

/** cpio(5), "New ASCII Format": 13 fields of 8 hexadecimal digits. */
const NEWC: Layout["fields"] = [
  "ino", "mode", "uid", "gid", "nlink", "mtime", "filesize", "devmajor", "devminor", "rdevmajor", "rdevminor", "namesize", "check",
].map((name) => [name, 8] as const);

const LAYOUTS = new Map<string, Layout>([
  ["070701", { dialect: "newc", radix: 16, align: 4, fields: NEWC }],
  ["070702", { dialect: "crc", radix: 16, align: 4, fields: NEWC }],
  // POSIX.1-1990, 10.1.2, "portable ASCII": octal, no padding
  ["070707", { dialect: "odc", radix: 8, align: 1, fields: [
    ["dev", 6], ["ino", 6], ["mode", 6], ["uid", 6], ["gid", 6], ["nlink", 6], ["rdev", 6], ["mtime", 11], ["namesize", 6], ["filesize", 11],
  ] }],
  // afio's own for what odc cannot count: hexadecimal with letters in between, the mode octal all the same
  ["070727", { dialect: "afio", radix: 16, align: 1, fields: [
    ["dev", 8], ["ino", 16], ["m", 1], ["mode", 6], ["uid", 8], ["gid", 8], ["nlink", 8], ["rdev", 8], ["mtime", 16], ["n", 1],
    ["namesize", 4], ["flag", 4], ["xsize", 4], ["s", 1], ["filesize", 16], [":", 1],
  ] }],
]);

const DIGITS = { 8: /^[0-7]+$/, 16: /^[0-9a-f]+$/i } as const;

/** 13 words of 16 bits: cpio(5), "Old Binary Format". */
const BINARY_LENGTH = 26;

/** Bytes of the header that begins with these six; throws BAD_HEADER where none does. */
export function headerLength(magic: Uint8Array, position: number): number {
  if (byteOrder(magic) !== undefined) return BINARY_LENGTH;
  const text = latin1(magic);
  const layout = LAYOUTS.get(text);
  if (layout !== undefined) return layout.fields.reduce((sum, [, width]) => sum + width, MAGIC_LENGTH);
  if (text === "07070X") {
    throw new UnzipxError("UNSUPPORTED_FORMAT", "Cannot read the cpio archive: it is the payload of an rpm, whose names and sizes stay behind in the rpm's own header", { hint: "unzipx x PACKAGE.rpm" });
  }
  throw bad(position, "begins like none", Buffer.from(magic).toString("hex"));
}

/** A whole header; `position` is where it begins. */
export function decodeHeader(bytes: Uint8Array, position: number): CpioHeader {
  const order = byteOrder(bytes);
  return order === undefined ? decodeAscii(bytes, position) : decodeBinary(bytes, order);
}

function decodeAscii(bytes: Uint8Array, position: number): CpioHeader {
  const text = latin1(bytes);
  const { dialect, radix, align, fields } = LAYOUTS.get(text.slice(0, MAGIC_LENGTH))!;
  const values: Record<string, number> = {};
  let at = MAGIC_LENGTH;
  for (const [name, width] of fields) {
    const field = text.slice(at, (at += width));
    if (width === 1) {
      if (field !== name) throw bad(position, "lacks a mark between its fields", field);
      continue;
    }
    const base = name === "mode" && dialect === "afio" ? 8 : radix;
    if (!DIGITS[base].test(field)) throw bad(position, `has a field "${name}" that is no number`, field);
    values[name] = parseInt(field, base);
  }
  const { filesize = 0, namesize = 0, devmajor, devminor, dev, ino } = values;
  // 16 hexadecimal digits can say more than a double counts exactly, and more than any file holds.
  if (filesize > Number.MAX_SAFE_INTEGER) throw bad(position, "has a size larger than any file can be", String(filesize));
  return {
    dialect, inode: `${devmajor ?? dev}:${devminor ?? ""}:${ino}`, mode: values["mode"]!, uid: values["uid"]!, gid: values["gid"]!, nlink: values["nlink"]!, mtime: values["mtime"]!, nameSize: namesize, size: filesize,
    check: values["check"] ?? 0, namePadding: paddingTo(align, at + namesize), padding: paddingTo(align, filesize),
  };
}

/** dev, ino, mode, uid, gid, nlink, rdev, mtime (2 words), namesize, filesize (2 words): of two words the more significant comes first. */
function decodeBinary(bytes: Uint8Array, order: "big" | "little"): CpioHeader {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (offset: number): number => (order === "big" ? buffer.readUInt16BE(offset) : buffer.readUInt16LE(offset));
  const long = (offset: number): number => word(offset) * 0x10000 + word(offset + 2);
  const [nameSize, size] = [word(20), long(22)];
  return {
    dialect: "binary", inode: `${word(2)}::${word(4)}`, mode: word(6), uid: word(8), gid: word(10), nlink: word(12), mtime: long(16), nameSize, size, check: 0,
    namePadding: paddingTo(2, BINARY_LENGTH + nameSize), padding: paddingTo(2, size),
  };
}

/** The byte order of an old binary header; undefined for another one. */
function byteOrder(magic: Uint8Array): "big" | "little" | undefined {
  if (magic[0] === 0x71 && magic[1] === 0xc7) return "big";
  return magic[0] === 0xc7 && magic[1] === 0x71 ? "little" : undefined;
}

function paddingTo(align: number, length: number): number {
  return (align - (length % align)) % align;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

function bad(position: number, why: string, found: string): UnzipxError {
  return new UnzipxError("BAD_HEADER", `Cannot read the cpio archive: the header at ${position} ${why}`, { found });
}
