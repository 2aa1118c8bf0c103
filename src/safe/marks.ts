/**
 * The mark that a file came from the internet, which Windows and macOS keep beside its content and ask about before it is opened.
 * What was in a marked archive came from there as well, so it is carried on to every file, before anybody can see it.
 */
import { chmodSync, closeSync, openSync, readSync, utimesSync, writeFileSync } from "node:fs";
import { fsTime } from "./fs-time.ts";
import type { Markable } from "./markable.ts";

/** How a system keeps such marks. */
export interface Marks {
  /** The mark of a file, as the system keeps it; undefined: it has none. */
  read(path: string): Uint8Array | undefined;
  /** Gives the same mark to all; returns how many could not get it. */
  write(targets: readonly Markable[], mark: Uint8Array): number;
}

/** What of the system a test can take the place of. */
export interface MarkSystem {
  /** At most so many bytes of a file. */
  read(path: string, most: number): Uint8Array;
  write(path: string, bytes: Uint8Array): void;
  chmod(path: string, mode: number): void;
  utimes(path: string, mtime: number): void;
}

const STREAM = ":Zone.Identifier";
/** Real ones have some hundred bytes: a zone and two addresses. */
const MOST = 64 * 1024;
/** The zone alone, which is what counts. */
const INTERNET = Buffer.from("[ZoneTransfer]\r\nZoneId=3\r\n");

/** Windows: a second stream of the file, "Mark of the Web". The whole of it is copied, as Explorer does. */
export function windowsMarks(system: MarkSystem = SYSTEM): Marks {
  return {
    read(path) {
      try {
        const mark = system.read(path + STREAM, MOST + 1);
        return mark.length > MOST ? INTERNET : mark;
      } catch {
        return undefined; // none, or a file system that has no streams
      }
    },
    write(targets, mark) {
      let failed = 0;
      for (const { path, isFolder, mode, mtime } of targets) {
        if (isFolder) continue; // no program asks for it there
        const isReadOnly = (mode & 0o200) === 0; // such a file takes no stream
        try {
          if (isReadOnly) system.chmod(path, 0o666);
          system.write(path + STREAM, mark);
        } catch {
          failed += 1;
        }
        try {
          if (mtime !== undefined) system.utimes(path, mtime); // the stream counts as a change of the file
          if (isReadOnly) system.chmod(path, mode);
        } catch {
          // its content is whole all the same
        }
      }
      return failed;
    },
  };
}

const SYSTEM: MarkSystem = {
  read(path, most) {
    const fd = openSync(path, "r");
    try {
      const bytes = Buffer.alloc(most);
      return bytes.subarray(0, readSync(fd, bytes));
    } finally {
      closeSync(fd);
    }
  },
  write: (path, bytes) => writeFileSync(path, bytes),
  chmod: (path, mode) => chmodSync(path, mode),
  utimes: (path, mtime) => utimesSync(path, fsTime(mtime), fsTime(mtime)),
};
