/** cpio, ar and rpm, byte by byte: what other programs would not write as well. */
import { createHash } from "node:crypto";

export interface CpioItem {
  readonly dialect?: "newc" | "crc" | "odc" | "afio" | "big" | "little";
  readonly name: string | Uint8Array;
  /** With the type: 0o100644 unless told. */
  readonly mode?: number;
  readonly content?: string | Uint8Array;
  readonly inode?: number;
  readonly nlink?: number;
  readonly mtime?: number;
  /** What the header says instead of the truth. */
  readonly size?: number;
  readonly nameSize?: number;
  readonly check?: number;
  readonly terminated?: boolean;
}

export function cpioEntry(item: CpioItem): Buffer {
  const { dialect = "newc", mode = 0o100644, inode = 1, nlink = 1, mtime = 981173106 } = item;
  const content = Buffer.from(item.content ?? "");
  const name = Buffer.concat([Buffer.from(item.name), Buffer.alloc(item.terminated === false ? 0 : 1)]);
  const [size, nameSize] = [item.size ?? content.length, item.nameSize ?? name.length];
  const check = item.check ?? (dialect === "crc" ? content.reduce((sum, byte) => sum + byte, 0) : 0);
  const digits = (radix: number) => (value: number, width: number): string => value.toString(radix).padStart(width, "0");
  const [octal, hex] = [digits(8), digits(16)];
  const padded = (bytes: Buffer, align: number): Buffer => Buffer.concat([bytes, Buffer.alloc((align - (bytes.length % align)) % align)]);
  let header: Buffer;
  let align = 1;
  if (dialect === "newc" || dialect === "crc") {
    align = 4;
    header = Buffer.from((dialect === "crc" ? "070702" : "070701") + [inode, mode, 0, 0, nlink, mtime, size, 0, 0, 0, 0, nameSize, check].map((value) => hex(value, 8)).join(""));
  } else if (dialect === "odc") {
    header = Buffer.from("070707" + [1, inode, mode, 0, 0, nlink, 0].map((value) => octal(value, 6)).join("") + octal(mtime, 11) + octal(nameSize, 6) + octal(size, 11));
  } else if (dialect === "afio") {
    header = Buffer.from(`070727${hex(1, 8)}${hex(inode, 16)}m${octal(mode, 6)}${hex(0, 8)}${hex(0, 8)}${hex(nlink, 8)}${hex(0, 8)}${hex(mtime, 16)}n${hex(nameSize, 4)}${hex(0, 4)}${hex(0, 4)}s${hex(size, 16)}:`);
  } else {
    align = 2;
    header = Buffer.alloc(26);
    const words = [0o070707, 1, inode, mode, 0, 0, nlink, 0, mtime >>> 16, mtime & 0xffff, nameSize, size >>> 16, size & 0xffff];
    words.forEach((word, i) => (dialect === "big" ? header.writeUInt16BE(word, 2 * i) : header.writeUInt16LE(word, 2 * i)));
  }
  return Buffer.concat([padded(Buffer.concat([header, name]), align), padded(content, align)]);
}

export function cpioEnd(dialect: CpioItem["dialect"] = "newc"): Buffer {
  return cpioEntry({ dialect, name: "TRAILER!!!", mode: 0, mtime: 0 });
}

export function buildCpio(items: readonly CpioItem[], dialect: CpioItem["dialect"] = "newc"): Buffer {
  return Buffer.concat([...items.map((item) => cpioEntry({ dialect, ...item })), cpioEnd(dialect)]);
}

export interface ArItem {
  /** As it stands in the field, with its slash if it has one. */
  readonly name: string;
  readonly content?: string | Uint8Array;
  readonly fields?: { readonly mtime?: string; readonly uid?: string; readonly gid?: string; readonly mode?: string; readonly size?: string; readonly end?: string };
  readonly padding?: string;
}

export const AR_START = Buffer.from("!<arch>\n");

export function buildAr(items: readonly ArItem[]): Buffer {
  return Buffer.concat([AR_START, ...items.map(({ name, content = "", fields = {}, padding = "\n" }) => {
    const bytes = Buffer.from(content);
    const { mtime = "981173106", uid = "0", gid = "0", mode = "100644", size = String(bytes.length), end = "`\n" } = fields;
    const header = name.padEnd(16) + mtime.padEnd(12) + uid.padEnd(6) + gid.padEnd(6) + mode.padEnd(8) + size.padEnd(10) + end;
    return Buffer.concat([Buffer.from(header, "latin1"), bytes, Buffer.from(bytes.length % 2 === 1 ? padding : "")]);
  })]);
}

/** A tag's type and value: numbers for 3, 4 and 5, text for 6, bytes for 7, texts for 8. */
export type RpmTag = readonly [tag: number, type: 3 | 4 | 5, value: readonly number[]] | readonly [tag: number, type: 6, value: string] | readonly [tag: number, type: 7, value: Uint8Array] | readonly [tag: number, type: 8, value: readonly string[]];

export function rpmHeader(tags: readonly RpmTag[]): Buffer {
  const entries: Buffer[] = [];
  let store = Buffer.alloc(0);
  for (const [tag, type, value] of tags) {
    const entry = Buffer.alloc(16);
    let bytes: Buffer;
    let align = 1;
    if (type === 6) bytes = Buffer.from(`${value}\0`);
    else if (type === 7) bytes = Buffer.from(value);
    else if (type === 8) bytes = Buffer.from(value.map((text) => `${text}\0`).join(""));
    else {
      align = type === 3 ? 2 : type === 4 ? 4 : 8;
      bytes = Buffer.alloc(value.length * align);
      value.forEach((number, i) => (align === 8 ? bytes.writeBigUInt64BE(BigInt(number), 8 * i) : bytes.writeUIntBE(number, align * i, align)));
    }
    store = Buffer.concat([store, Buffer.alloc((align - (store.length % align)) % align)]);
    entry.writeUInt32BE(tag, 0);
    entry.writeUInt32BE(type, 4);
    entry.writeUInt32BE(store.length, 8);
    entry.writeUInt32BE(type === 6 ? 1 : value.length, 12);
    entries.push(entry);
    store = Buffer.concat([store, bytes]);
  }
  const preamble = Buffer.from([0x8e, 0xad, 0xe8, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  preamble.writeUInt32BE(entries.length, 8);
  preamble.writeUInt32BE(store.length, 12);
  return Buffer.concat([preamble, ...entries, store]);
}

export function rpmLead(major = 3, signatureType = 5): Buffer {
  const lead = Buffer.alloc(96);
  lead.writeUInt32BE(0xedabeedb, 0);
  lead[4] = major;
  lead.writeUInt16BE(signatureType, 78);
  return lead;
}

/** A package with every digest and size right, unless `signature` says otherwise. */
export function buildRpm(payload: Uint8Array, { tags = [], signature, lead = rpmLead() }: { tags?: readonly RpmTag[]; signature?: readonly RpmTag[]; lead?: Buffer } = {}): Buffer {
  const hex = (algorithm: string, ...parts: readonly Uint8Array[]): string => createHash(algorithm).update(Buffer.concat(parts)).digest("hex");
  const own: readonly RpmTag[] = [[1124, 6, "cpio"], [5092, 8, [hex("sha256", payload)]], [5093, 4, [8]]];
  const main = rpmHeader([...own.filter(([tag]) => !tags.some(([other]) => other === tag)), ...tags]);
  const signed = rpmHeader(signature ?? [
    [269, 6, hex("sha1", main)], [273, 6, hex("sha256", main)], [1000, 4, [main.length + payload.length]], [1004, 7, Buffer.from(hex("md5", main, payload), "hex")],
  ]);
  return Buffer.concat([lead, signed, Buffer.alloc((8 - (signed.length % 8)) % 8), main, payload]);
}
