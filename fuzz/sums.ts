/**
 * Makes the checksums of headers fit what is there: a changed header is otherwise refused by its sum, and nothing behind
 * that check would ever be tried. Whatever does not look like the format is left as it is.
 */
import { crc32, inflateRawSync } from "node:zlib";
import { crc16 } from "../src/formats/lzh/crc16.ts";
import { xxh32 } from "../src/bytes/xxhash32.ts";

const FIXERS: Readonly<Record<string, (bytes: Buffer) => void>> = { tar, zip, gzip, xz, "7z": sevenZip, rar, lzh, cpio, arj, lz4, cab };

export function fixSums(format: string, bytes: Buffer): Buffer {
  const fixed = Buffer.from(bytes);
  try {
    FIXERS[format]?.(fixed);
  } catch (error) {
    if (!(error instanceof RangeError) && !(error instanceof Error && "errno" in error)) throw error; // it ended early, or does not inflate
  }
  return fixed;
}

/** The sum of a header block's bytes, with its own field taken as blanks. */
function tar(bytes: Buffer): void {
  for (let at = 0; at + 512 <= bytes.length; ) {
    const block = bytes.subarray(at, at + 512);
    if (block.every((byte) => byte === 0)) {
      at += 512;
      continue;
    }
    const sum = block.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 0x20 : byte), 0);
    block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
    const size = parseInt(block.toString("latin1", 124, 136), 8);
    at += 512 + (size > 0 && size < bytes.length ? Math.ceil(size / 512) * 512 : 0);
  }
}

/** Each entry's CRC-32 and sizes from its data, in the central record and in the local header, which agree then in all else as well. */
function zip(bytes: Buffer): void {
  for (let at = bytes.indexOf("PK\x01\x02", 0, "latin1"); at >= 0 && at + 46 <= bytes.length; at = bytes.indexOf("PK\x01\x02", at + 4, "latin1")) {
    const offset = bytes.readUInt32LE(at + 42);
    if (offset + 30 > bytes.length || bytes.readUInt32LE(offset) !== 0x04034b50) continue;
    const data = offset + 30 + bytes.readUInt16LE(offset + 26) + bytes.readUInt16LE(offset + 28);
    const packed = bytes.subarray(data, data + bytes.readUInt32LE(at + 20));
    const [flags, method] = [bytes.readUInt16LE(at + 8), bytes.readUInt16LE(at + 10)];
    if ((flags & 1) === 0 && (method === 0 || method === 8)) {
      const content = method === 0 ? packed : inflated(packed);
      if (content !== undefined) {
        bytes.writeUInt32LE(crc32(content), at + 16);
        bytes.writeUInt32LE(content.length, at + 24);
      }
    }
    bytes.copy(bytes, offset + 4, at + 6, at + 28); // version, flags, method, time, date, sums and sizes
    const name = Math.min(bytes.readUInt16LE(offset + 26), bytes.readUInt16LE(at + 28));
    bytes.copy(bytes, offset + 30, at + 46, at + 46 + name);
  }
}

function inflated(packed: Uint8Array): Buffer | undefined {
  try {
    return inflateRawSync(packed, { maxOutputLength: 1024 * 1024 });
  } catch {
    return undefined;
  }
}

/** RFC 1952: the CRC-32 and the size of the content, at the end. One member only. */
function gzip(bytes: Buffer): void {
  const flags = bytes[3]!;
  let at = 10;
  if ((flags & 4) !== 0) at += 2 + bytes.readUInt16LE(at);
  for (const bit of [8, 16]) if ((flags & bit) !== 0) at = bytes.indexOf(0, at) + 1;
  if ((flags & 2) !== 0) {
    bytes.writeUInt16LE(crc32(bytes.subarray(0, at)) & 0xffff, at);
    at += 2;
  }
  const content = inflated(bytes.subarray(at, -8));
  if (content === undefined) return;
  bytes.writeUInt32LE(crc32(content), bytes.length - 8);
  bytes.writeUInt32LE(content.length, bytes.length - 4);
}

/** The headers of the stream and of its first block, the index, the footer. */
function xz(bytes: Buffer): void {
  bytes.writeUInt32LE(crc32(bytes.subarray(6, 8)), 8);
  const block = (bytes[12]! + 1) * 4;
  if (bytes[12] !== 0) bytes.writeUInt32LE(crc32(bytes.subarray(12, 12 + block - 4)), 12 + block - 4);
  const footer = bytes.length - 12;
  bytes.writeUInt32LE(crc32(bytes.subarray(footer + 4, footer + 10)), footer);
  const index = footer - (bytes.readUInt32LE(footer + 4) + 1) * 4;
  if (index > 12) bytes.writeUInt32LE(crc32(bytes.subarray(index, footer - 4)), footer - 4);
}

/** The end header's sum stands in the start header, whose own sum covers it. */
function sevenZip(bytes: Buffer): void {
  const [offset, size] = [Number(bytes.readBigUInt64LE(12)), Number(bytes.readBigUInt64LE(20))];
  if (32 + offset + size <= bytes.length) bytes.writeUInt32LE(crc32(bytes.subarray(32 + offset, 32 + offset + size)), 28);
  bytes.writeUInt32LE(crc32(bytes.subarray(12, 32)), 8);
}

function rar(bytes: Buffer): void {
  if (bytes[6] === 1) rar5(bytes);
  else for (let at = 7; at + 7 <= bytes.length; ) {
    const [flags, size] = [bytes.readUInt16LE(at + 3), bytes.readUInt16LE(at + 5)];
    if (size < 7) return;
    bytes.writeUInt16LE(crc32(bytes.subarray(at + 2, at + size)) & 0xffff, at);
    at += size + ((flags & 0x8000) !== 0 ? bytes.readUInt32LE(at + 7) : 0);
  }
}

function rar5(bytes: Buffer): void {
  for (let at = 8; at + 7 <= bytes.length; ) {
    const size = vint(bytes, at + 4);
    const end = size.next + size.value;
    if (end > bytes.length) return;
    bytes.writeUInt32LE(crc32(bytes.subarray(at + 4, end)), at);
    const flags = vint(bytes, vint(bytes, size.next).next);
    const extra = (flags.value & 1) !== 0 ? vint(bytes, flags.next) : flags;
    at = end + ((flags.value & 2) !== 0 ? vint(bytes, extra.next).value : 0);
  }
}

function vint(bytes: Buffer, at: number): { value: number; next: number } {
  let value = 0;
  for (let shift = 0; shift < 49; shift += 7) {
    const byte = bytes.readUInt8(at++);
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
  }
  return { value, next: at };
}

/** Levels 0 and 1: a sum of eight bits; from level 1 on also a CRC-16 in a record, with its own bytes taken as zeros. */
function lzh(bytes: Buffer): void {
  for (let at = 0; at + 26 <= bytes.length && bytes[at] !== 0; ) {
    const level = bytes[at + 20]!;
    const packed = bytes.readUInt32LE(at + 7);
    if (level > 2) return;
    const size = level === 2 ? bytes.readUInt16LE(at) : bytes[at]! + 2;
    let next = level === 2 ? at + 26 : at + size;
    let record = level === 0 ? 0 : bytes.readUInt16LE(level === 2 ? at + 24 : at + size - 2);
    let sum: number | undefined;
    while (record >= 3 && next + record <= bytes.length) {
      if (bytes[next] === 0) sum = next + 1;
      next += record;
      record = bytes.readUInt16LE(next - 2);
    }
    if (level < 2) bytes[at + 1] = bytes.subarray(at + 2, at + size).reduce((total, byte) => total + byte, 0) & 0xff;
    const end = level === 2 ? at + size : next;
    if (sum !== undefined) {
      bytes.writeUInt16LE(0, sum);
      bytes.writeUInt16LE(crc16(bytes.subarray(at, end)), sum);
    }
    at = level === 1 ? at + size + packed : end + packed;
  }
}

/** newc with sums (070702): the bytes of the content added up. */
function cpio(bytes: Buffer): void {
  for (let at = 0; at + 110 <= bytes.length && bytes.toString("latin1", at, at + 5) === "07070"; ) {
    const [size, name] = [parseInt(bytes.toString("latin1", at + 54, at + 62), 16), parseInt(bytes.toString("latin1", at + 94, at + 102), 16)];
    const data = at + Math.ceil((110 + name) / 4) * 4;
    if (!(size >= 0) || !(name >= 0) || data + size > bytes.length) return;
    if (bytes[at + 5] === 0x32) bytes.write((bytes.subarray(data, data + size).reduce((total, byte) => total + byte, 0) >>> 0).toString(16).padStart(8, "0"), at + 102, "latin1");
    at = data + Math.ceil(size / 4) * 4;
  }
}

/** 60 EA, size, header, its CRC-32; then data, whose size the header tells at 12. */
function arj(bytes: Buffer): void {
  let isFirst = true;
  for (let at = 0; at + 4 <= bytes.length && bytes[at] === 0x60 && bytes[at + 1] === 0xea; ) {
    const size = bytes.readUInt16LE(at + 2);
    if (size === 0) return;
    bytes.writeUInt32LE(crc32(bytes.subarray(at + 4, at + 4 + size)), at + 4 + size);
    at += 4 + size + 4 + 2 + (isFirst ? 0 : bytes.readUInt32LE(at + 4 + 12));
    isFirst = false;
  }
}

/** One byte of the descriptor's xxHash-32. */
function lz4(bytes: Buffer): void {
  const flags = bytes[4]!;
  const end = 6 + ((flags & 8) !== 0 ? 8 : 0) + ((flags & 1) !== 0 ? 4 : 0);
  bytes[end] = (xxh32(bytes.subarray(4, end)) >>> 8) & 0xff;
}

/** A sum of zero says that there is none. */
function cab(bytes: Buffer): void {
  const folders = bytes.readUInt16LE(26);
  for (let folder = 0; folder < folders; folder++) {
    let at = bytes.readUInt32LE(36 + 8 * folder);
    for (let blocks = bytes.readUInt16LE(36 + 8 * folder + 4); blocks > 0; blocks--) {
      bytes.writeUInt32LE(0, at);
      at += 8 + bytes.readUInt16LE(at + 4);
    }
  }
}
