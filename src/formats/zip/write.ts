/**
 * Writes a zip file in the order in which entries come, to a file or a pipe. What compresses stands elsewhere:
 * contents arrive packed, small ones with all their numbers, large ones in pieces whose sum is known at the end.
 */
import { crc32 } from "../../bytes/crc32.ts";
import type { InputEntry } from "../input.ts";
import * as headers from "./headers.ts";
import { DEFLATE, STORE, type ZipRecord } from "./headers.ts";

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
}

/** One entry's content, ready to be put down. */
export interface Packed {
  readonly method: typeof STORE | typeof DEFLATE;
  readonly crc32: number;
  readonly size: number;
  readonly data: Uint8Array;
}

export const NOTHING: Packed = { method: STORE, crc32: 0, size: 0, data: new Uint8Array(0) };

/** A zip holds a link as an entry whose content is the target. */
export function packedLink(entry: InputEntry): Packed {
  const data = typeof entry.linkTarget === "string" ? Buffer.from(entry.linkTarget) : (entry.linkTarget ?? NOTHING.data);
  return { method: STORE, crc32: crc32(data), size: data.length, data };
}

export interface Sums {
  readonly crc32: number;
  readonly size: number;
  readonly packedSize: number;
}

/** A large entry under way; nothing else may be written meanwhile. */
export interface LargeEntry {
  write(data: Uint8Array): Promise<void>;
  finish(sums: Sums): Promise<void>;
  /** The content could not be read to its end: the entry is not in the archive. */
  abandon(sums: Sums): Promise<void>;
}

// The directory is kept as its own bytes: about 100 an entry, where an object would take several times that.
const DIRECTORY_CHUNK = 1 << 20;

/** Deflate may grow what it cannot shrink: 5 bytes per stored block of at least 16 KiB, and a few per flush. */
const DEFLATE_SLACK = 1 / 1024;

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

  /** Entries whose contents are at hand: put down with one write. */
  async put(items: readonly { readonly entry: InputEntry; readonly content: Packed }[]): Promise<void> {
    let offset = this.#output.position;
    let room = 0;
    const records = items.map(({ entry, content }) => {
      const record = this.#record(entry, content.method, offset + room, { ...content, packedSize: content.data.length });
      room += headers.localHeaderSize(record) + content.data.length;
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

  /** An entry of `size` bytes whose packed size and CRC are known only at its end. */
  async large(entry: InputEntry, method: typeof STORE | typeof DEFLATE, size: number): Promise<LargeEntry> {
    const output = this.#output;
    const offset = output.position;
    const flags = output.seekable ? 0 : headers.FLAG_DESCRIPTOR;
    const largeSizes = size * (1 + DEFLATE_SLACK) >= headers.MAX32;
    // Fields that come later are zero until then (4.4.4).
    const first: ZipRecord = { ...this.#record(entry, method, offset, { crc32: 0, size: 0, packedSize: 0 }, flags), largeSizes };
    const header = Buffer.alloc(headers.localHeaderSize(first));
    headers.putLocalHeader(header, 0, first);
    await output.write(header);
    const whole = (sums: Sums): ZipRecord => ({ ...first, crc32: sums.crc32, size: sums.size, packedSize: sums.packedSize });

    return {
      write: async (data) => output.write(data),
      finish: async (sums) => {
        const record = whole(sums);
        if (output.seekable) patchSizes(output, record);
        else await output.write(headers.dataDescriptor(record));
        this.#remember(record);
      },
      abandon: async (sums) => {
        if (output.seekable) return output.rewind(offset);
        // What went down a pipe stays there. Without a central record it is no entry, but a reader that goes
        // by local headers needs its end: a last, empty block (RFC 1951, 3.2.6: fixed codes, end of block).
        const end = Buffer.from([0x03, 0x00]);
        await output.write(end);
        await output.write(headers.dataDescriptor(whole({ ...sums, packedSize: sums.packedSize + end.length })));
      },
    };
  }

  /** Central directory and end record. */
  async end(): Promise<void> {
    const offset = this.#output.position;
    for (const [index, chunk] of this.#directory.entries()) {
      await this.#output.write(index === this.#directory.length - 1 ? chunk.subarray(0, this.#directoryUsed) : chunk);
    }
    await this.#output.write(headers.endOfCentralDirectory(this.#entries, this.#output.position - offset, offset));
  }

  #record(entry: InputEntry, method: typeof STORE | typeof DEFLATE, offset: number, sums: Sums, flags = 0): ZipRecord {
    const path = entry.type === "directory" ? `${entry.path}/` : entry.path;
    const name = entry.pathBytes === undefined ? Buffer.from(path) : rawName(entry);
    // UTF-8 is longer than UTF-16 exactly when something is not ASCII; raw bytes claim nothing.
    const utf8 = entry.pathBytes === undefined && name.length !== path.length ? headers.FLAG_UTF8 : 0;
    const seconds = Math.floor(entry.mtime / 1000);
    return {
      name,
      flags: flags | utf8,
      method,
      ...headers.dosTime(entry.mtime, this.#utc),
      // 32 bits, signed by the book, but some readers make 2106 of what is negative: then the MS-DOS time has to do.
      unixTime: seconds >= 0 && seconds <= 0x7fffffff ? seconds : undefined,
      crc32: sums.crc32,
      size: sums.size,
      packedSize: sums.packedSize,
      offset,
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

function patchSizes(output: ZipOutput, record: ZipRecord): void {
  const fields = Buffer.alloc(12);
  headers.putCrcAndSizes(fields, 0, record);
  output.patch(record.offset + headers.LOCAL_CRC_AT, fields);
  if (!record.largeSizes) return;
  const extra = Buffer.alloc(20);
  headers.putLocalZip64(extra, 0, record);
  output.patch(record.offset + headers.localZip64At(record), extra);
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
