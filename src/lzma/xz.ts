/**
 * A file of xz whose blocks are of LZMA2 and nothing else, all of it verified. Sections are those of https://tukaani.org/xz/xz-file-format.txt.
 */
import { createHash, type Hash } from "node:crypto";
import { crc32 } from "../bytes/crc32.ts";
import { Damage } from "./damage.ts";
import { lzmaDecoder, type LzmaDecoder, type Source, type Write } from "./decoder.ts";
import { XZ_MAGIC } from "./magic.ts";
import { dictionaryOf } from "./properties.ts";
import { CHECK_BYTES, HEADER, indexOf, isHeader, LZMA2, numberOf } from "./xz-format.ts";

/** 2.1.1.2: none, CRC-32, CRC-64, SHA-256. */
const [CRC32, CRC64, SHA256] = [1, 4, 10];
const KNOWN = new Set([0, CRC32, CRC64, SHA256]);
/** 1.2: a number has at most nine bytes. */
const LONGEST_NUMBER = 9;

/** Whether decodeXz() reads streams whose second flag byte this is. */
export function isKnownCheck(flags: number): boolean {
  return KNOWN.has(flags);
}

/** Of a block header, without its size byte and its CRC-32: undefined where there is any other filter, or anything unknown. */
export function blockOf(header: Uint8Array): { readonly dictionary: number; readonly packed: number | undefined; readonly content: number | undefined } | undefined {
  let at = 1;
  const number = (): number | undefined => {
    let value = 0;
    for (let i = 0; i < LONGEST_NUMBER; i++) {
      const byte = header[at++];
      if (byte === undefined || (byte === 0 && i > 0)) return undefined;
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return value;
    }
    return undefined;
  };
  const flags = header[0] ?? 0xff;
  if ((flags & 0x3f) !== 0) return undefined; // one filter, nothing reserved
  const packed = (flags & 0x40) === 0 ? undefined : number();
  const content = (flags & 0x80) === 0 ? undefined : number();
  const isOdd = ((flags & 0x40) !== 0 && packed === undefined) || ((flags & 0x80) !== 0 && content === undefined);
  const [id, length] = [header[at], header[at + 1]];
  at += 3;
  const dictionary = dictionaryOf(header.subarray(at - 1, at));
  if (isOdd || id !== LZMA2 || length !== 1 || dictionary === undefined || header.subarray(at).some((byte) => byte !== 0)) return undefined;
  return { dictionary, packed, content };
}

/** All streams. Throws Damage; "BEHIND" where something follows that is none. */
export function decodeXz(source: Source, write: Write): void {
  const reader = new Reader(source);
  for (let isFirst = true; ; isFirst = false) {
    let start = reader.upTo(4);
    // Padding between streams comes in fours (2.2).
    while (!isFirst && start.length === 4 && start.every((byte) => byte === 0)) start = reader.upTo(4);
    if (!isFirst && start.length === 0) return;
    const header = Buffer.concat([start, reader.upTo(HEADER - start.length)]);
    const isStart = header.length > 0 && header.subarray(0, XZ_MAGIC.length).every((byte, i) => byte === XZ_MAGIC[i]);
    if (isStart && header.length < HEADER) throw new Damage("END");
    if (!isHeader(header)) throw new Damage(isFirst ? "NOTHING" : "BEHIND");
    decodeStream(reader, header, write);
  }
}

/** Behind its header. */
function decodeStream(reader: Reader, header: Buffer, write: Write): void {
  const check = header[7]!;
  if (header[6] !== 0 || !isKnownCheck(check)) throw new Damage("METHOD");
  const checkBytes = CHECK_BYTES[check]!;
  /** Of the index: for each block the bytes that it takes, without padding, and those of its content. */
  const records: number[] = [];
  for (;;) {
    const size = reader.need(1)[0]!;
    if (size === 0) break;
    const length = (size + 1) * 4; // 3.1.1
    const block = Buffer.concat([Uint8Array.of(size), reader.need(length - 1)]);
    if (block.readUInt32LE(length - 4) !== crc32(block.subarray(0, length - 4))) throw new Damage("DATA");
    const found = blockOf(block.subarray(1, length - 4));
    if (found === undefined) throw new Damage("METHOD");
    const sum = new Check(lzmaDecoder(), check);
    const { packed, content } = lzmaDecoder().lzma2(new Limited(reader, found.packed ?? Infinity), found.dictionary, (bytes) => {
      sum.add(bytes);
      write(bytes);
    }, found.content);
    if (packed !== (found.packed ?? packed) || content !== (found.content ?? content)) throw new Damage("DATA");
    if (reader.need((4 - (packed % 4)) % 4).some((byte) => byte !== 0)) throw new Damage("DATA");
    if (!sum.end().equals(reader.need(checkBytes))) throw new Damage("SUM");
    records.push(length + packed + checkBytes, content);
  }
  readIndex(reader, records, header);
}

/** Behind its first byte, which is 0 (4), and the footer (2.1.2). */
function readIndex(reader: Reader, records: readonly number[], header: Buffer): void {
  const expected = indexOf(records.length / 2, Buffer.concat(records.map(numberOf)), header);
  if (!expected.subarray(1).equals(reader.need(expected.length - 1))) throw new Damage("SUM");
}

/** Of a block's content. */
class Check {
  readonly #decoder: LzmaDecoder;
  readonly #type: number;
  readonly #hash: Hash | undefined;
  #crc32 = 0;

  constructor(decoder: LzmaDecoder, type: number) {
    this.#decoder = decoder;
    this.#type = type;
    this.#hash = type === SHA256 ? createHash("sha256") : undefined;
    decoder.sum(type === CRC64); // where the bytes lie
  }

  add(bytes: Uint8Array): void {
    if (this.#type === CRC32) this.#crc32 = crc32(bytes, this.#crc32);
    this.#hash?.update(bytes);
  }

  end(): Buffer {
    if (this.#hash !== undefined) return this.#hash.digest();
    const bytes = Buffer.alloc(CHECK_BYTES[this.#type]!);
    if (this.#type === CRC32) bytes.writeUInt32LE(this.#crc32);
    if (this.#type === CRC64) bytes.writeBigUInt64LE(this.#decoder.crc64);
    return bytes;
  }
}

/** No more than a block has, as its header tells. */
class Limited implements Source {
  readonly #source: Source;
  #left: number;

  constructor(source: Source, length: number) {
    this.#source = source;
    this.#left = length;
  }

  read(into: Uint8Array): number {
    if (this.#left === 0) throw new Damage("DATA");
    const read = this.#source.read(into.length <= this.#left ? into : into.subarray(0, this.#left));
    this.#left -= read;
    return read;
  }
}

class Reader implements Source {
  readonly #source: Source;

  constructor(source: Source) {
    this.#source = source;
  }

  read(into: Uint8Array): number {
    return this.#source.read(into);
  }

  /** Fewer only at the end. */
  upTo(length: number): Buffer {
    const bytes = Buffer.alloc(length);
    let at = 0;
    while (at < length) {
      const read = this.#source.read(bytes.subarray(at));
      if (read === 0) break;
      at += read;
    }
    return bytes.subarray(0, at);
  }

  need(length: number): Buffer {
    const bytes = this.upTo(length);
    if (bytes.length < length) throw new Damage("END");
    return bytes;
  }
}
