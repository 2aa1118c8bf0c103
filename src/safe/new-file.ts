/** Creating one file: exclusively, without following a link, on whatever thread the bytes are. */
import { closeSync, constants, fchownSync, ftruncateSync, futimesSync, openSync, unlinkSync, write, writeSync } from "node:fs";
import { isHole } from "../bytes/zeros.ts";
import { fsTime } from "./fs-time.ts";
import type { Ids } from "./same-owner.ts";

/** A place that SafeWriter claimed, as plain data: absolute path, final mode bits, time in milliseconds. */
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
  const fd = openSync(file.path, CREATE, file.mode);
  let open = true;
  let size = 0;
  let written = 0;
  // From the first hole on every write names its place, because the descriptor's own is no longer at the end.
  const placeOf = (done: number): number | null => (size === written ? null : size + done);
  const passed = (length: number): void => {
    size += length;
    if (size - length === written) written = size;
  };
  return {
    write(chunk) {
      if (isHole(chunk)) {
        size += chunk.length;
        return;
      }
      for (let done = 0; done < chunk.length; ) done += writeSync(fd, chunk, done, chunk.length - done, placeOf(done));
      passed(chunk.length);
    },
    writeMeanwhile(chunk) {
      return new Promise((resolve, reject) => {
        const from = (done: number): void => {
          if (done === chunk.length) {
            passed(done);
            return resolve();
          }
          write(fd, chunk, done, chunk.length - done, placeOf(done), (error, count) => (error === null ? from(done + count) : reject(error)));
        };
        from(0);
      });
    },
    close() {
      if (size !== written) ftruncateSync(fd, size);
      if (file.owner !== undefined) fchownSync(fd, file.owner.uid, file.owner.gid);
      // On the descriptor: a path could be swapped between the write and the call.
      if (file.mtime !== undefined) {
        const time = fsTime(file.mtime);
        futimesSync(fd, time, time);
      }
      open = false;
      closeSync(fd);
    },
    discard() {
      try {
        if (open) closeSync(fd);
      } finally {
        open = false;
        unlinkSync(file.path);
      }
    },
  };
}
