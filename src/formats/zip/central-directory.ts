/** The records of the central directory (APPNOTE 4.3.12), in order and as they stand. What they mean is for others to say. */
import { readUpTo } from "../../bytes/read-file.ts";
import { UnzipxError } from "../../errors.ts";
import { AES_EXTRA_ID } from "./crypto-aes.ts";
import { misshapen, NTFS_ID, TIMESTAMP_ID, UNICODE_COMMENT_ID, UNICODE_PATH_ID, ZIP64_ID } from "./extra-fields.ts";

/** Read in one go: two small reads for each entry would take 20 times as long. */
const WINDOW = 1024 * 1024;
/** Bytes of a record in front of its name. */
export const CENTRAL_FIXED = 46;
const SIGNATURE = 0x02014b50;
/** Digital signature of the directory (4.3.13): 4 signature; 2 length; the data. */
const DIGITAL_SIGNATURE = 0x05054b50;

export interface CentralRecord {
  /** In bytes. */
  readonly length: number;
  readonly versionMadeBy: number;
  readonly flags: number;
  readonly method: number;
  readonly time: number;
  readonly date: number;
  readonly crc32: number;
  /** The sizes and the offset as the header has them: all ones stand for what the zip64 field says. */
  readonly packedSize: number;
  readonly size: number;
  readonly disk: number;
  readonly attributes: number;
  readonly offset: number;
  readonly name: Buffer;
  readonly extra: ExtraFields;
  readonly comment: Buffer;
}

/** The extra fields that are looked at; those of one kind in their order. */
interface ExtraFields {
  readonly zip64: readonly Buffer[];
  readonly aes: readonly Buffer[];
  readonly unicodePath: readonly Buffer[];
  /** What Info-ZIP's timestamp field says: milliseconds since 1970, UTC. */
  readonly mtime: number | undefined;
  readonly ntfs: Buffer | undefined;
  readonly unicodeComment: Buffer | undefined;
  /** What has not the form it should, in words. */
  readonly oddity: string | undefined;
  /** A field says that it is longer than the room that is left. */
  readonly overrun: boolean;
}

/** In the order of the lists in ExtraFields. */
const KINDS = [ZIP64_ID, AES_EXTRA_ID, UNICODE_PATH_ID];
const NOTHING = Buffer.alloc(0);
const NONE: readonly Buffer[] = [];
const NO_EXTRA: ExtraFields = { zip64: NONE, aes: NONE, unicodePath: NONE, mtime: undefined, ntfs: undefined, unicodeComment: undefined, oddity: undefined, overrun: false };

/** Where the directory lies; `end`: where the end records begin, whatever they say of its size. */
export interface DirectoryPlace {
  readonly fd: number;
  readonly start: number;
  readonly end: number;
}

/** Walks the records one by one; knows where the next one begins. */
export class CentralDirectory {
  readonly #place: DirectoryPlace;
  #window = NOTHING;
  #windowStart = 0;
  /** Where the next record begins. */
  at: number;

  constructor(place: DirectoryPlace) {
    this.#place = place;
    this.at = place.start;
  }

  /** Whether a record begins here; past the end there is none. */
  get hasNext(): boolean {
    return this.#signature() === SIGNATURE;
  }

  /** The bytes around the next record, which begins at what reach() returned. */
  get bytes(): Buffer {
    return this.#window;
  }

  /** Makes sure that the whole next record lies in `bytes`, and returns where. Throws where there is none. */
  reach(): number {
    if (!this.hasNext) {
      const cut = this.at + 4 > this.#place.end;
      throw new UnzipxError(cut ? "TRUNCATED" : "BAD_HEADER", `Cannot read the zip archive: its central directory ${cut ? "is cut off" : "holds something else than records"}`, {
        expected: `the signature PK\\1\\2 at ${this.at}`, found: cut ? `an end at ${this.#place.end}` : (this.#signature() ?? 0).toString(16).padStart(8, "0"),
      });
    }
    return this.#reach(recordLength(this.#window, this.#reach(CENTRAL_FIXED)));
  }

  /** Goes on to what begins so many bytes behind the beginning of the record that reach() returned. */
  pass(bytes: number): void {
    this.at += bytes;
  }

  /** The record that reach() returned. */
  read(at: number): CentralRecord {
    const nameLength = this.#window.readUInt16LE(at + 28);
    const extraLength = this.#window.readUInt16LE(at + 30);
    const commentLength = this.#window.readUInt16LE(at + 32);
    const bytes = this.#window;
    const nameEnd = at + CENTRAL_FIXED + nameLength;
    const extraEnd = nameEnd + extraLength;
    return {
      length: extraEnd + commentLength - at,
      versionMadeBy: bytes.readUInt16LE(at + 4), //  4 version made by
      flags: bytes.readUInt16LE(at + 8), //          8 general purpose bits; 6 - version needed: writers lie about it
      method: bytes.readUInt16LE(at + 10), //       10 compression method
      time: bytes.readUInt16LE(at + 12), //         12 modification time
      date: bytes.readUInt16LE(at + 14), //         14 modification date
      crc32: bytes.readUInt32LE(at + 16), //        16 CRC-32
      packedSize: bytes.readUInt32LE(at + 20), //   20 compressed size
      size: bytes.readUInt32LE(at + 24), //         24 uncompressed size
      disk: bytes.readUInt16LE(at + 34), //         34 disk number where the file starts; 36 - internal attributes: nobody needs them
      attributes: bytes.readUInt32LE(at + 38), //   38 external attributes
      offset: bytes.readUInt32LE(at + 42), //       42 offset of the local header
      name: bytes.subarray(at + CENTRAL_FIXED, nameEnd),
      extra: extraLength === 0 ? NO_EXTRA : extraFields(bytes.subarray(nameEnd, extraEnd)),
      comment: commentLength === 0 ? NOTHING : bytes.subarray(extraEnd, extraEnd + commentLength),
    };
  }

  /** Bytes of a digital signature that fills the rest of the directory up to `end`; 0: there is none. */
  signatureLength(end: number): number {
    if (this.#signature() !== DIGITAL_SIGNATURE || this.at + 6 > end) return 0;
    const at = this.#reach(6);
    const length = 6 + this.#window.readUInt16LE(at + 4);
    return this.at + length === end ? length : 0;
  }

  #signature(): number | undefined {
    if (this.at + 4 > this.#place.end) return undefined;
    const at = this.#reach(4); // may put another window in place
    return this.#window.readUInt32LE(at);
  }

  /** Where in the window the next `length` bytes lie. A window is never written over, so what was given out stays. */
  #reach(length: number): number {
    const from = this.at - this.#windowStart;
    if (from >= 0 && from + length <= this.#window.length) return from;
    const { fd, end } = this.#place;
    const window = Buffer.allocUnsafe(Math.min(WINDOW, Math.max(0, end - this.at)));
    this.#window = window.subarray(0, readUpTo(fd, window, this.at));
    this.#windowStart = this.at;
    if (length > this.#window.length) throw new UnzipxError("TRUNCATED", "Cannot read the zip archive: its central directory is cut off", { expected: `${length} bytes at ${this.at}`, found: `an end at ${end}` });
    return 0;
  }
}

/** 28, 30, 32 - lengths of name, extra field and comment */
function recordLength(bytes: Buffer, at: number): number {
  return CENTRAL_FIXED + bytes.readUInt16LE(at + 28) + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
}

function extraFields(extra: Buffer): ExtraFields {
  const found: Buffer[][] = [];
  let ntfs: Buffer | undefined;
  let unicodeComment: Buffer | undefined;
  let mtime: number | undefined;
  let oddity: string | undefined;
  let left = extra.length;
  for (let start = 4; start <= extra.length; ) {
    const id = extra.readUInt16LE(start - 4);
    const end = start + extra.readUInt16LE(start - 2);
    if (end > extra.length) break;
    const name = misshapen(id, extra, start, end, "central");
    if (name !== undefined) oddity ??= `The ${name} field of an entry has not the form it should have`;
    const kind = KINDS.indexOf(id);
    if (kind >= 0) (found[kind] ??= []).push(extra.subarray(start, end));
    // 1 flags, of which bit 0 stands for the time of change; 4 seconds since 1970, signed
    else if (id === TIMESTAMP_ID) {
      if (end - start >= 5 && (extra[start]! & 1) !== 0) mtime ??= extra.readInt32LE(start + 1) * 1000;
    } else if (id === NTFS_ID) ntfs ??= extra.subarray(start, end);
    else if (id === UNICODE_COMMENT_ID) unicodeComment ??= extra.subarray(start, end);
    left = extra.length - end;
    start = end + 4;
  }
  if (left > 0) oddity ??= "The extra fields of an entry do not fill their room";
  return { zip64: found[0] ?? NONE, aes: found[1] ?? NONE, unicodePath: found[2] ?? NONE, mtime, ntfs, unicodeComment, oddity, overrun: left >= 4 };
}
