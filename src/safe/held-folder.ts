/** Folders that are held open: what is done in one reaches what was opened, whatever its name leads to meanwhile. */
import { closeSync, constants, existsSync, lstatSync, openSync, readlinkSync, realpathSync, statSync, type Stats } from "node:fs";
import { join } from "node:path";
import { UnzipxError } from "../errors.ts";

/** lstat, with undefined for a place where nothing is. */
export function statOrUndefined(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

// Only Linux gives a descriptor a path. Elsewhere each folder is looked at once more before it is used.
export const DESCRIPTORS = process.platform === "linux" && existsSync("/proc/self/fd") ? "/proc/self/fd" : undefined;

/** Linux, <asm-generic/fcntl.h>: the place only, for which a folder need not be readable; Node does not name it. */
const O_PATH = 0o10000000;

export interface HeldFolder {
  /** For system calls: on Linux it leads to what was opened. It means nothing once the folder is closed. */
  readonly path: string;
  /** For people. */
  readonly shown: string;
  /** A folder in it; throws when that is a link, or no folder. */
  child(name: string): HeldFolder;
  close(): void;
}

/** Throws when `path` is a link, or no folder; `shown` is the same for people. */
export function holdFolder(path: string, shown = path): HeldFolder {
  if (DESCRIPTORS === undefined) {
    if (!lstatSync(path).isDirectory()) throw new UnzipxError("UNSAFE_LINK", `Stopped: "${shown}" was a folder and is one no more`);
    return { path, shown, child: (name) => holdFolder(join(path, name), join(shown, name)), close() {} };
  }
  return held(openSync(path, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW), shown);
}

/** A folder that the user named, by way of links where they are; `shown` is where it really lies. Throws what the system says. */
export function holdNamed(path: string): HeldFolder {
  if (DESCRIPTORS === undefined) {
    const real = realpathSync(path);
    if (!statSync(real).isDirectory()) throw Object.assign(new Error("not a directory"), { code: "ENOTDIR" });
    return holdFolder(real);
  }
  // Opened by the very words: "." is the folder that the user is in, whatever it is called meanwhile.
  const fd = openSync(path, O_PATH | constants.O_DIRECTORY);
  return held(fd, readlinkSync(`${DESCRIPTORS}/${fd}`));
}

function held(fd: number, shown: string): HeldFolder {
  const path = `${DESCRIPTORS}/${fd}`;
  return { path, shown, child: (name) => holdFolder(`${path}/${name}`, join(shown, name)), close: () => letGo(fd) };
}

/** Nothing was written through it, so a close that fails loses nothing. */
export function letGo(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // it is closed all the same
  }
}
