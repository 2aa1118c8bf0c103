/** The archive that is being made: under a random name beside its place until it is whole, then there at once. */
import { randomName } from "../bytes/random.ts";
import {
  closeSync, constants, fchmodSync, fstatSync, ftruncateSync, linkSync, lstatSync, openSync, renameSync, rmSync, statSync, unlinkSync,
  write as writeCallback, writeSync, type BigIntStats,
} from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { fromSystem, leftBehind, UnzipxError, withLeft } from "../errors.ts";
import { letGo } from "./held-folder.ts";

export interface Output {
  readonly seekable: boolean;
  /** Bytes written so far. */
  readonly position: number;
  /** "device:inode" of every file that must not become part of what is written here. */
  readonly inodes: ReadonlySet<string>;
  /** The chunk may be used anew once this is done. */
  write(chunk: Uint8Array): Promise<void> | void;
  /** Overwrites what was written at `offset`; only where `seekable`. */
  patch(offset: number, bytes: Uint8Array): void;
  /** Drops everything from `offset` on; only where `seekable`. */
  rewind(offset: number): void;
  /** Set where the bytes go into several files. */
  readonly parts?: OutputParts | undefined;
  /** All is written: makes it visible. Nothing may be called after it. */
  commit(options: { readonly replace: boolean }): void;
  /** Leaves nothing behind, or returns an error that names what could not be removed; may be called at any time, also twice. */
  discard(): UnzipxError | undefined;
}

export interface OutputParts {
  /** Begins a new part, unless so many bytes more fit into this one. */
  reserve(bytes: number): void;
  /** Whether so many bytes more would end in the first part. */
  isSingle(bytes: number): boolean;
  /** Where the next byte goes: the parts are counted from 0. */
  place(): { readonly disk: number; readonly offset: number };
  /** Takes bytes away at the start of the only part there is. */
  dropStart(bytes: number): Promise<void>;
}

// O_NOFOLLOW does not exist on Windows; O_EXCL alone refuses an existing link everywhere.
const CREATE = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);

/** Throws before any work when something is at `path` that may not be replaced. */
export function openOutputFile(path: string, options: { readonly replace: boolean }): Output {
  const present = lookAt(path, options.replace);
  const partial = partialBeside(path);
  const { fd, inode } = createPrivate(partial, path);
  const inodes = new Set([inode]);
  if (present !== undefined) inodes.add(inodeOf(present));
  let position = 0;
  let state: "writing" | "closed" | "gone" = "writing";

  return {
    seekable: true,
    get position() {
      return position;
    },
    inodes,
    write(chunk) {
      orThrow(() => writeAll(fd, chunk, position), path);
      position += chunk.length;
    },
    patch(offset, bytes) {
      orThrow(() => writeAll(fd, bytes, offset), path);
    },
    rewind(offset) {
      orThrow(() => ftruncateSync(fd, offset), path);
      position = offset;
    },
    commit({ replace }) {
      orThrow(() => {
        // Private until it is whole, then like any new file.
        fchmodSync(fd, 0o666 & ~process.umask());
        state = "closed";
        closeSync(fd);
        if (replace) renameSync(partial, path);
        else renameWithoutReplacing(partial, path);
        if (replace) state = "gone";
      }, path);
    },
    discard() {
      if (state === "writing") letGo(fd);
      const left = state === "gone" ? undefined : removed(partial);
      state = "gone";
      return left;
    },
  };
}

/** Removes a file of ours, if it is there; an error that names it where that fails twice. */
export function removed(file: string): UnzipxError | undefined {
  try {
    rmSync(file, { force: true });
  } catch {
    try {
      rmSync(file, { force: true });
    } catch (error) {
      return leftBehind(file, error);
    }
  }
  return undefined;
}

export function partialBeside(path: string): string {
  return join(dirname(path), `.unzipx-${randomName(9)}.partial`);
}

/** A new file that nobody else may read, which will be a part of `path`. */
export function createPrivate(partial: string, path: string): { readonly fd: number; readonly inode: string } {
  const fd = orThrow(() => openSync(partial, CREATE, 0o600), path);
  try {
    return { fd, inode: orThrow(() => inodeOf(fstatSync(fd, { bigint: true })), path) };
  } catch (error) {
    letGo(fd);
    throw withLeft(error, removed(partial));
  }
}

const writeAsync = promisify(writeCallback);

function cannotGoBack(): never {
  throw new UnzipxError("INTERNAL", "Cannot go back in a stream");
}

/** What outputs have in common in which what was written is out: nothing is taken back, and there is nothing to put in its place. */
export const FORWARD_ONLY = { seekable: false, patch: cannotGoBack, rewind: cannotGoBack, commit() {}, discard: () => undefined } as const satisfies Partial<Output>;

/** A pipe, or whatever else standard output is. */
export function openOutputStream(fd = 1): Output {
  let position = 0;
  return {
    ...FORWARD_ONLY,
    get position() {
      return position;
    },
    // When standard output was redirected to a file inside an input, that file is not packed.
    inodes: new Set([inodeOf(fstatSync(fd, { bigint: true }))]),
    // In the thread pool: a reader that is slow blocks the write there, and the event loop still sees signals.
    async write(chunk) {
      let done = 0;
      while (done < chunk.length) {
        try {
          done += (await writeAsync(fd, chunk, done, chunk.length - done, null)).bytesWritten;
        } catch (error) {
          // Another process may have made the shared descriptor non-blocking: then a full pipe answers this.
          if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw fromSystem(error, "write", "write to standard output");
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
      }
      position += chunk.length;
    },
  };
}

/** What is at `path`; throws CONFLICT when it may not be replaced. */
export function lookAt(path: string, replace: boolean): BigIntStats | undefined {
  const present = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (present === undefined) return undefined;
  const target = present.isSymbolicLink() ? statSync(path, { bigint: true, throwIfNoEntry: false }) : present;
  if (target?.isDirectory()) throw new UnzipxError("CONFLICT", `Cannot create "${path}": it is a folder`, { archive: path });
  if (target !== undefined && !target.isFile()) {
    throw new UnzipxError("CONFLICT", `Cannot create "${path}": it is there, and not a regular file`, { archive: path, hint: "unzipx c - --format zip INPUT…" });
  }
  if (!replace) throw alreadyThere(path);
  return target ?? present;
}

/** link(2) fails where something is; rename(2) would replace it. */
export function renameWithoutReplacing(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw alreadyThere(to);
    // A file system without hard links: looking first leaves a short moment, but there is nothing better.
    if (lstatSync(to, { throwIfNoEntry: false }) !== undefined) throw alreadyThere(to);
    renameSync(from, to);
    return;
  }
  try {
    unlinkSync(from);
  } catch {
    // both names lead to the same file now: whoever cleans up removes this one
  }
}

function alreadyThere(path: string): UnzipxError {
  return new UnzipxError("CONFLICT", `Cannot create "${path}": it exists already`, { archive: path, hint: "add -f to replace it" });
}

export function writeAll(fd: number, bytes: Uint8Array, position: number): void {
  let done = 0;
  while (done < bytes.length) done += writeSync(fd, bytes, done, bytes.length - done, position + done);
}

/** Exact also where a number is not: some file systems use all 64 bits. */
export function inodeOf(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}`;
}

export function orThrow<T>(action: () => T, path: string): T {
  try {
    return action();
  } catch (error) {
    throw fromSystem(error, "write", `write "${path}"`, { archive: path });
  }
}
