/** What yauzl reads through: one large read ahead instead of two small ones an entry (22 times faster for 100,000 entries). */
import yauzl from "yauzl";
import { readUpTo } from "../../bytes/read-file.ts";
import type { ZipExtent } from "./end-record.ts";

const READ_AHEAD = 1024 * 1024;

/**
 * Shows yauzl the archive without what lies around it: position 0 is the archive's start, the end record is the last thing,
 * and the record's comment length reads as 0, because yauzl takes any "PK\5\6" in a comment for the record itself.
 */
export class ReadAheadReader extends yauzl.RandomAccessReader {
  readonly #fd: number;
  readonly #prefix: number;
  readonly #commentLength: number;
  readonly #window: Buffer;
  #start = 0;
  #length = 0;
  readonly size: number;

  constructor(fd: number, extent: ZipExtent) {
    super();
    this.#fd = fd;
    this.#prefix = extent.prefix;
    this.#commentLength = extent.endRecord + 20;
    this.size = extent.endRecord + 22 - extent.prefix;
    this.#window = Buffer.allocUnsafe(Math.min(READ_AHEAD, this.size));
  }

  override read(buffer: Buffer, offset: number, length: number, position: number, callback: (error: Error | null, bytesRead?: number) => void): void {
    const from = position + this.#prefix;
    let found: number;
    try {
      found = this.#fill(buffer.subarray(offset, offset + Math.min(length, Math.max(0, this.size - position))), from);
    } catch (error) {
      return callback(error as Error);
    }
    for (let at = this.#commentLength; at < this.#commentLength + 2; at++) {
      if (at >= from && at < from + found) buffer[offset + at - from] = 0;
    }
    callback(null, found);
  }

  #fill(target: Buffer, position: number): number {
    if (target.length > this.#window.length) return readUpTo(this.#fd, target, position);
    if (position < this.#start || position + target.length > this.#start + this.#length) {
      this.#start = position;
      this.#length = readUpTo(this.#fd, this.#window, position);
    }
    return this.#window.copy(target, 0, position - this.#start, Math.min(position - this.#start + target.length, this.#length));
  }
}
