/**
 * Writes a zip file in the order in which entries come, to a file or a pipe. What compresses stands elsewhere:
 * contents arrive packed, small ones with all their numbers, large ones in pieces whose sum is known at the end.
 */
import { crc32 } from "../../bytes/crc32.ts";
import type { InputEntry } from "../input.ts";
import { addedBytes, encryptWhole, startEncryption, type Encryption, type EncryptionMethod } from "./encrypt.ts";
import * as headers from "./headers.ts";
import type { ZipMethodNumber, ZipRecord } from "./headers.ts";
import { STORE } from "./methods.ts";

export interface ZipOutput {
  /** Whether patch() and rewind() work. */
  readonly seekable: boolean;
  /** Bytes written so far. */
  readonly position: number;
  /** The chunk may be used anew once this is done. */
  write(chunk: Uint8Array): Promise<void> | void;
  /** Overwrites what was written at `offset`. */
  patch(offset: number, bytes: Uint8Array): void;
  /** Drops everything from `offset` on. */
  rewind(offset: number): void;
  /** Set where the archive goes into several files. */
  readonly parts?: ZipParts | undefined;
}

/** A split archive (APPNOTE 8.3): contents go across the parts, headers do not. */
export interface ZipParts {
  /** Begins a new part, unless so many bytes more fit into this one. */
  reserve(bytes: number): void;
  /** Whether so many bytes more would end in the first part. */
  isSingle(bytes: number): boolean;
  /** Where the next byte goes. */
  place(): ZipPlace;
  /** Takes bytes away at the start of the only part there is. */
  dropStart(bytes: number): Promise<void>;
}

export interface ZipPlace {
  /** The number of the part, from 0. */
  readonly disk: number;
  /** In that part. */
  readonly offset: number;
}

/** One entry's content, ready to be put down. */
export interface Packed {
  readonly method: ZipMethodNumber;
  readonly crc32: number;
  /** Before compression. */
  readonly size: number;
  readonly data: Uint8Array;
  /** How `data` was encrypted. */
  readonly encryption?: EncryptionMethod | undefined;
}

export const NOTHING: Packed = { method: STORE, crc32: 0, size: 0, data: new Uint8Array(0) };

/** A zip holds a link as an entry whose content is the target. */
export function packedLink(entry: InputEntry, encryption: Encryption | undefined): Packed {
  const target = typeof entry.linkTarget === "string" ? Buffer.from(entry.linkTarget) : (entry.linkTarget ?? NOTHING.data);
  const sum = crc32(target);
  const data = encryption === undefined ? target : encryptWhole(target, sum, encryption);
  return { method: STORE, crc32: sum, size: target.length, data, encryption: encryption?.method };
}

export interface Sums {
  readonly crc32: number;
  readonly size: number;
  readonly packedSize: number;
}

/** A large entry under way; nothing else may be written meanwhile. */
export interface LargeEntry {
  /** Encrypts in place, where the entry is encrypted. */
  write(data: Uint8Array): Promise<void>;
  finish(sums: Sums): Promise<void>;
  /** The content could not be read to its end: the entry is not in the archive. What was written is a whole stream all the same. */
  abandon(sums: Sums): Promise<void>;
}

// The directory is kept as its own bytes: about 100 an entry, where an object would take several times that.
const DIRECTORY_CHUNK = 1 << 20;

/** Deflate may grow what it cannot shrink: 5 bytes per stored block of at least 16 KiB, and a few per flush. */
const DEFLATE_SLACK = 1 / 1024;

/** In front of the first part of a split archive (8.5.3). */
const SPLIT_MARKER = Buffer.from([0x50, 0x4b, 0x07, 0x08]);

interface Item {
  readonly entry: InputEntry;
  readonly content: Packed;
}

/** For a record whose place is not known yet. */
const NOWHERE: ZipPlace = { disk: 0, offset: 0 };

export class ZipWriter {
  readonly #output: ZipOutput;
  readonly #utc: boolean;
  readonly #directory: Buffer[] = [];
  #directoryUsed = 0; // of the last chunk
  #entries = 0;
  #scratch = Buffer.alloc(0);

  /** `utc`: MS-DOS times in UTC, the same bytes in every time zone; otherwise local time, as the format has it. */
  constructor(output: ZipOutput, options: { readonly utc: boolean }) {
    this.#output = output;
    this.#utc = options.utc;
  }

  /** Entries whose contents are at hand: put down with one write, or header by header where the archive is split. */
  async put(items: readonly Item[]): Promise<void> {
    if (this.#output.parts !== undefined) {
      for (const item of items) await this.#putAlone(item);
      return;
    }
    const offset = this.#output.position;
    let room = 0;
    const records = items.map((item) => {
      const record = this.#recordOf(item, { disk: 0, offset: offset + room });
      room += headers.localHeaderSize(record) + item.content.data.length;
      return record;
    });
    if (this.#scratch.length < room) this.#scratch = Buffer.allocUnsafeSlow(room);
    let at = 0;
    records.forEach((record, index) => {
      const { data } = items[index]!.content;
      at = headers.putLocalHeader(this.#scratch, at, record);
      this.#scratch.set(data, at);
      at += data.length;
    });
    await this.#output.write(this.#scratch.subarray(0, room));
    for (const record of records) this.#remember(record);
  }

  async #putAlone(item: Item): Promise<void> {
    const record = await this.#putHeader(this.#recordOf(item, NOWHERE));
    await this.#output.write(item.content.data);
    this.#remember(record);
  }

  /** An entry of `size` bytes whose packed size and CRC are known only at its end. */
  async large(entry: InputEntry, method: ZipMethodNumber, size: number, encryption?: Encryption): Promise<LargeEntry> {
    const output = this.#output;
    const start = output.position;
    // The traditional encryption begins with a byte of the CRC, or, where a descriptor follows, of the time.
    const isPatched = output.seekable && encryption?.method !== "zipcrypto";
    const added = encryption === undefined ? 0 : addedBytes(encryption.method);
    const largeSizes = size * (1 + DEFLATE_SLACK) + added >= headers.MAX32;
    // Fields that come later are zero until then (4.4.4).
    const blank = this.#record(entry, method, NOWHERE, { crc32: 0, size: 0, packedSize: 0 }, encryption?.method);
    const first = await this.#putHeader({ ...blank, flags: blank.flags | (isPatched ? 0 : headers.FLAG_DESCRIPTOR), largeSizes });
    const headerAt = output.position - headers.localHeaderSize(first);
    const secret = encryption && startEncryption(encryption, first.dosTime >>> 8);
    if (secret !== undefined) await output.write(secret.head);
    const write = async (data: Uint8Array): Promise<void> => {
      secret?.encrypt(data);
      await output.write(data);
    };
    const end = async (sums: Sums): Promise<ZipRecord> => {
      if (secret !== undefined) await output.write(secret.tail());
      return { ...first, crc32: crcField(sums.crc32, first.encryption), size: sums.size, packedSize: sums.packedSize + added };
    };
    const putDescriptor = async (record: ZipRecord): Promise<void> => {
      const descriptor = headers.dataDescriptor(record);
      output.parts?.reserve(descriptor.length);
      await output.write(descriptor);
    };

    return {
      write,
      finish: async (sums) => {
        const record = await end(sums);
        if (isPatched) patchSizes(output, headerAt, record);
        else await putDescriptor(record);
        this.#remember(record);
      },
      abandon: async (sums) => {
        if (output.seekable) output.rewind(start);
        // What went down a pipe stays there. Without a central record it is no entry, but it must have an end for
        // readers that go by local headers.
        else await putDescriptor(await end(sums));
      },
    };
  }

  /** Central directory and end record. */
  async end(): Promise<void> {
    const output = this.#output;
    const chunks = this.#directory.map((chunk, index) => (index === this.#directory.length - 1 ? chunk.subarray(0, this.#directoryUsed) : chunk));
    const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    if (output.parts !== undefined && output.position > 0) {
      const bytes = size + headers.endSize({ entries: this.#entries, size, disk: 0, offset: output.position });
      if (!output.parts.isSingle(bytes)) return this.#endSplit(output.parts, chunks, size);
      // All of it fits into one file: that is a zip like any other.
      for (const chunk of chunks) headers.moveOffsets(chunk, -SPLIT_MARKER.length);
      await output.parts.dropStart(SPLIT_MARKER.length);
    }
    const directory = { entries: this.#entries, size, disk: 0, offset: output.position };
    for (const chunk of chunks) await output.write(chunk);
    await output.write(headers.endOfCentralDirectory(directory, { disk: 0, offset: output.position, entriesHere: this.#entries }));
  }

  async #endSplit(parts: ZipParts, chunks: readonly Buffer[], size: number): Promise<void> {
    let start: ZipPlace | undefined;
    let current = 0;
    let entriesHere = 0;
    const enter = (bytes: number): ZipPlace => {
      parts.reserve(bytes);
      const place = parts.place();
      if (place.disk !== current) [current, entriesHere] = [place.disk, 0];
      return place;
    };
    for (const chunk of chunks) {
      for (const record of headers.centralRecords(chunk)) {
        const place = enter(record.length);
        start ??= place;
        await this.#output.write(record);
        entriesHere += 1;
      }
    }
    // Without a record the directory begins where it ends, which no archive of several parts comes to.
    const directory = { entries: this.#entries, size, ...(start ?? parts.place()) };
    const place = enter(headers.endSize(directory));
    await this.#output.write(headers.endOfCentralDirectory(directory, { ...place, entriesHere }));
  }

  /** The local header at the next place; the record with that place in it. */
  async #putHeader(record: ZipRecord): Promise<ZipRecord> {
    const output = this.#output;
    const header = Buffer.alloc(headers.localHeaderSize(record));
    if (output.parts !== undefined && output.position === 0) await output.write(SPLIT_MARKER);
    output.parts?.reserve(header.length);
    const placed = { ...record, ...(output.parts?.place() ?? { disk: 0, offset: output.position }) };
    headers.putLocalHeader(header, 0, placed);
    await output.write(header);
    return placed;
  }

  #recordOf({ entry, content }: Item, place: ZipPlace): ZipRecord {
    return this.#record(entry, content.method, place, { ...content, packedSize: content.data.length }, content.encryption);
  }

  #record(entry: InputEntry, method: ZipMethodNumber, place: ZipPlace, sums: Sums, encryption: EncryptionMethod | undefined): ZipRecord {
    const path = entry.type === "directory" ? `${entry.path}/` : entry.path;
    const name = entry.pathBytes === undefined ? Buffer.from(path) : rawName(entry);
    // UTF-8 is longer than UTF-16 exactly when something is not ASCII; raw bytes claim nothing.
    const utf8 = entry.pathBytes === undefined && name.length !== path.length ? headers.FLAG_UTF8 : 0;
    const seconds = Math.floor(entry.mtime / 1000);
    return {
      name,
      flags: utf8 | (encryption === undefined ? 0 : headers.FLAG_ENCRYPTED),
      method,
      encryption,
      ...headers.dosTime(entry.mtime, this.#utc),
      // 32 bits, signed by the book, but some readers make 2106 of what is negative: then the MS-DOS time has to do.
      unixTime: seconds >= 0 && seconds <= 0x7fffffff ? seconds : undefined,
      crc32: crcField(sums.crc32, encryption),
      size: sums.size,
      packedSize: sums.packedSize,
      ...place,
      attributes: unixAttributes(entry),
      largeSizes: false,
    };
  }

  #remember(record: ZipRecord): void {
    const size = headers.centralRecordSize(record);
    let chunk = this.#directory.at(-1);
    if (chunk === undefined || this.#directoryUsed + size > chunk.length) {
      // Chunks go out whole, so the one before ends where its records end.
      if (chunk !== undefined) this.#directory[this.#directory.length - 1] = chunk.subarray(0, this.#directoryUsed);
      chunk = Buffer.allocUnsafeSlow(Math.max(DIRECTORY_CHUNK, size));
      this.#directory.push(chunk);
      this.#directoryUsed = 0;
    }
    this.#directoryUsed = headers.putCentralRecord(chunk, this.#directoryUsed, record);
    this.#entries += 1;
  }
}

/** `headerAt`: of the local header, counted from the start of the first part. */
function patchSizes(output: ZipOutput, headerAt: number, record: ZipRecord): void {
  const fields = Buffer.alloc(12);
  headers.putCrcAndSizes(fields, 0, record);
  output.patch(headerAt + headers.LOCAL_CRC_AT, fields);
  if (!record.largeSizes) return;
  const extra = Buffer.alloc(20);
  headers.putLocalZip64(extra, 0, record);
  output.patch(headerAt + headers.localZip64At(record), extra);
}

/** AE-2 keeps no CRC-32: of a short content it would tell much, and the authentication code does its work. */
function crcField(crc: number, encryption: EncryptionMethod | undefined): number {
  return encryption === "aes256" ? 0 : crc;
}

function rawName(entry: InputEntry): Uint8Array {
  return entry.type === "directory" ? Buffer.concat([entry.pathBytes!, Buffer.from("/")]) : entry.pathBytes!;
}

/** st_mode of <sys/stat.h>: the file type above the permission bits. */
const FILE_TYPE = { file: 0o100000, directory: 0o040000, symlink: 0o120000 } as const;

function unixAttributes(entry: InputEntry): number {
  const mode = FILE_TYPE[entry.type] | entry.mode;
  return ((mode << 16) | (entry.type === "directory" ? headers.DOS_DIRECTORY : 0)) >>> 0;
}
