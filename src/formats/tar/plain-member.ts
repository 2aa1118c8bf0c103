/**
 * Most members are plain: a file or folder with a name in ASCII, nothing in front of it that speaks of it, and all of it in what has arrived. Those are read where they
 * lie, without waiting and without a header's object. Of all others, and of what is in doubt, nothing is said here: readMembers() looks at them, and would say the same of the plain ones.
 */
import type { BlockReader } from "../../bytes/block-reader.ts";
import type { Owner, StreamEntry } from "../contract.ts";
import { readOctal, sumFits } from "./index.ts";

const BLOCK = 512;
const WORD = 4;
const [NAME_BYTES, MODE_AT, SIZE_AT, MTIME_AT, CHECKSUM_AT, TYPE_AT, DEVICES_AT, PREFIX_AT] = [100, 100, 124, 136, 148, 156, 329, 345];
const [ZERO, SPACE, SLASH] = [0x30, 0x20, 0x2f];
const FOLDER = 0x35;
/** Content up to here is whole (StreamEntry.whole). */
export const WHOLE_LIMIT = 1024 * 1024;

export interface PlainOptions {
  readonly reader: BlockReader;
  /** Of the block that begins there. */
  readonly ownerOf: ((block: Uint8Array) => Owner) | undefined;
}

export class PlainMembers {
  readonly #reader: BlockReader;
  readonly #ownerOf: PlainOptions["ownerOf"];
  /** What has arrived, and the same in words. */
  #arrived: Buffer = Buffer.alloc(0);
  #words: Int32Array = new Int32Array(0);
  /** Bytes of the member that was given last. */
  #given = 0;
  /** How many there were. */
  count = 0;
  /** The one given last was plain, and so the next one may be. */
  isNext = false;

  constructor({ reader, ownerOf }: PlainOptions) {
    this.#reader = reader;
    this.#ownerOf = ownerOf;
  }

  /** The member that comes next, if it is plain. It is read on from there when the next one is asked for. */
  next(): StreamEntry | undefined {
    this.#reader.trySkip(this.#given);
    this.#given = 0;
    const { arrived, at } = this.#reader;
    if (arrived.length - at < BLOCK || (arrived.byteOffset + at) % WORD !== 0) return undefined;
    if (arrived !== this.#arrived) {
      this.#arrived = arrived;
      const skew = -arrived.byteOffset & (WORD - 1);
      this.#words = new Int32Array(arrived.buffer, arrived.byteOffset + skew, (arrived.length - skew) >> 2);
    }
    return this.#read(arrived, at);
  }

  #read(bytes: Buffer, at: number): StreamEntry | undefined {
    const type = bytes[at + TYPE_AT]!;
    const isFolder = type === FOLDER;
    if ((!isFolder && type !== ZERO && type !== 0) || bytes[at + PREFIX_AT] !== 0 || !isNothing(bytes, at + DEVICES_AT, at + PREFIX_AT)) return undefined;
    const size = readOctal(bytes, at + SIZE_AT, 12);
    const mode = readOctal(bytes, at + MODE_AT, 8);
    const mtime = readOctal(bytes, at + MTIME_AT, 12);
    if (size === undefined || mode === undefined || mtime === undefined) return undefined;
    const length = BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    if (size > (isFolder ? 0 : WHOLE_LIMIT) || length > bytes.length - at) return undefined;
    const nameLength = lengthOfName(bytes, at);
    if (nameLength === 0 || (!isFolder && bytes[at + nameLength - 1] === SLASH)) return undefined;
    if (isFolder && (mode & 0o700) !== 0 && (mode & 0o100) === 0) return undefined; // there is something to note
    const stored = readOctal(bytes, at + CHECKSUM_AT, 8);
    if (stored === undefined || !sumFits(this.#words, (bytes.byteOffset + at - this.#words.byteOffset) / WORD, stored)) return undefined;
    this.#given = length;
    this.count += 1;
    const member = new PlainMember(bytes.toString("latin1", at, at + nameLength), isFolder, size, mtime * 1000, mode & 0o7777, bytes, at + BLOCK);
    if (this.#ownerOf !== undefined) member.owner = this.#ownerOf(bytes.subarray(at, at + BLOCK));
    return member;
  }
}

class PlainMember implements StreamEntry {
  readonly path: string;
  readonly type: "file" | "directory";
  readonly size: number;
  readonly packedSize = undefined;
  readonly mtime: number;
  readonly mode: number;
  owner: Owner | undefined = undefined;
  readonly linkTarget = undefined;
  readonly method = "";
  readonly crc32 = undefined;
  readonly encrypted = false;
  readonly cipher = undefined;
  readonly comment = undefined;
  readonly escaped = false;
  readonly refusal = undefined;
  readonly #arrived: Buffer;
  readonly #start: number;

  constructor(path: string, isFolder: boolean, size: number, mtime: number, mode: number, arrived: Buffer, start: number) {
    this.path = path;
    this.type = isFolder ? "directory" : "file";
    this.size = size;
    this.mtime = mtime;
    this.mode = mode;
    this.#arrived = arrived;
    this.#start = start;
  }

  /** Listings want none. */
  get whole(): Uint8Array {
    return this.#arrived.subarray(this.#start, this.#start + this.size);
  }

  async *content(): AsyncGenerator<Uint8Array> {
    if (this.size > 0) yield this.whole;
  }
}

/** 0 where it is not in ASCII. */
function lengthOfName(bytes: Buffer, at: number): number {
  let length = 0;
  let above = 0;
  for (let byte = bytes[at]!; byte !== 0 && length < NAME_BYTES; byte = bytes[at + ++length]!) above |= byte;
  return above > 0x7f ? 0 : length;
}

/** A field with no number in it, or 0. */
function isNothing(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] !== 0 && bytes[at] !== ZERO && bytes[at] !== SPACE) return false;
  return true;
}
