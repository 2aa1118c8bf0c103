/** A user's file that is to be packed. */
import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { sep } from "node:path";
import { UnzipxError } from "../errors.ts";

/** A path whose name need not be UTF-8; as plain data, so that it crosses threads. */
export type DiskPath = string | Uint8Array;

// Neither flag exists on Windows. O_NONBLOCK: a FIFO that took the file's place must not hold the program up.
const READ_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;

/** Opens a regular file and nothing else; `follow` a link in the last component or not. */
export function openInput(path: DiskPath, follow: boolean): { fd: number; size: number } {
  const fd = openAny(path, follow);
  try {
    return { fd, size: sizeOfRegular(path, fd) };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Opens whatever lies there; what it is the caller finds out. */
export function openAny(path: DiskPath, follow: boolean): number {
  return openSync(forFs(path), follow ? READ_FLAGS : READ_FLAGS | NO_FOLLOW);
}

/** Throws where it is no regular file. */
export function sizeOfRegular(path: DiskPath, fd: number): number {
  const stats = fstatSync(fd);
  if (stats.isFile()) return stats.size;
  throw new UnzipxError("READ_FAILED", `Cannot read "${showPath(path)}": it is not a regular file any more`);
}

export function sizeChanged(path: DiskPath): UnzipxError {
  return new UnzipxError("READ_FAILED", `Cannot pack "${showPath(path)}": its size changed while it was read`);
}

/** Buffer where node:fs wants one: what crossed a thread is a plain Uint8Array. */
export function forFs(path: DiskPath): string | Buffer {
  return typeof path === "string" ? path : Buffer.from(path.buffer, path.byteOffset, path.byteLength);
}

/** For a message; not exact where the name is not UTF-8. */
export function showPath(path: DiskPath): string {
  return typeof path === "string" ? path : Buffer.from(path).toString();
}

/** `child`: a single name, as a folder's list has it. */
export function childOf(folder: DiskPath, child: DiskPath): DiskPath {
  if (typeof folder === "string" && typeof child === "string") return folder.endsWith(sep) ? folder + child : folder + sep + child;
  return joinBytes(folder, child);
}

/** Only where names are bytes, so the separator is "/". */
export function joinBytes(folder: DiskPath, child: DiskPath): Uint8Array {
  return Buffer.concat([toBytes(folder), Buffer.from("/"), toBytes(child)]);
}

function toBytes(path: DiskPath): Uint8Array {
  return typeof path === "string" ? Buffer.from(path) : path;
}
