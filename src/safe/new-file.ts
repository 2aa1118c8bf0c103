/** Creating one file: exclusively, without following a link, on whatever thread the bytes are. */
import { closeSync, constants, fchownSync, ftruncateSync, futimesSync, openSync, unlinkSync, write, writeSync } from "node:fs";
import { isHole } from "../bytes/zeros.ts";
import { fsTime } from "./fs-time.ts";
import type { Ids } from "./same-owner.ts";

/** A place that SafeWriter claimed, as plain data: its path for now (see Staging), final mode bits, time in milliseconds. */
export interface NewFile {
  readonly path: string;
  readonly mode: number;
  readonly mtime: number | undefined;
  /** Somebody else's it is to be. */
  readonly owner?: Ids | undefined;
}

// O_NOFOLLOW does not exist on Windows; O_EXCL alone refuses an existing link everywhere.
const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);

/** Creates the file with all its verified bytes; on an error nothing of it stays. */
export function writeWhole(file: NewFile, bytes: Uint8Array): void {
  fill(openSink(file), bytes);
}

/** All the bytes of a file that was just created; on an error nothing of it stays. */
export function fill(sink: FileSink, bytes: Uint8Array): void {
  try {
    sink.write(bytes);
    sink.close();
  } catch (error) {
    sink.discard();
    throw error;
  }
}

export interface FileSink {
  write(chunk: Uint8Array): void;
  /** The same on another thread: the chunk has to stay as it is, and nothing else be called, until the promise settles. */
  writeMeanwhile(chunk: Uint8Array): Promise<void>;
  /** The content is whole and verified: sets the time. */
  close(): void;
  /** The content is not: removes the file. */
  discard(): void;
}

export function openSink(file: NewFile): FileSink {
  return new DiskSink(file);
}

class DiskSink implements FileSink {
  readonly #file: NewFile;
  readonly #fd: number;
  #isOpen = true;
  #size = 0;
  #written = 0;

  constructor(file: NewFile) {
    this.#file = file;
    this.#fd = openSync(file.path, CREATE, file.mode);
  }

  write(chunk: Uint8Array): void {
    if (isHole(chunk)) {
      this.#size += chunk.length;
      return;
    }
    for (let done = 0; done < chunk.length; ) done += writeSync(this.#fd, chunk, done, chunk.length - done, this.#placeOf(done));
    this.#passed(chunk.length);
  }

  writeMeanwhile(chunk: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      const from = (done: number): void => {
        if (done === chunk.length) {
          this.#passed(done);
          return resolve();
        }
        write(this.#fd, chunk, done, chunk.length - done, this.#placeOf(done), (error, count) => (error === null ? from(done + count) : reject(error)));
      };
      from(0);
    });
  }

  close(): void {
    const { mtime, owner } = this.#file;
    if (this.#size !== this.#written) ftruncateSync(this.#fd, this.#size);
    if (owner !== undefined) fchownSync(this.#fd, owner.uid, owner.gid);
    // On the descriptor: a path could be swapped between the write and the call.
    if (mtime !== undefined) {
      const time = fsTime(mtime);
      futimesSync(this.#fd, time, time);
    }
    this.#isOpen = false;
    closeSync(this.#fd);
  }

  discard(): void {
    try {
      if (this.#isOpen) closeSync(this.#fd);
    } finally {
      this.#isOpen = false;
      unlinkSync(this.#file.path);
    }
  }

  /** From the first hole on every write names its place, because the descriptor's own is no longer at the end. */
  #placeOf(done: number): number | null {
    return this.#size === this.#written ? null : this.#size + done;
  }

  #passed(length: number): void {
    if (this.#size === this.#written) this.#written += length;
    this.#size += length;
  }
}
