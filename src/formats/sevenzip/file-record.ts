/** An input as an entry of a 7z. */
import type { InputEntry } from "../input.ts";
import type { FileRecord } from "./encode-header.ts";

const READ_ONLY = 0x01;
const DIRECTORY = 0x10;
const ARCHIVE = 0x20;
/** The upper half of the attributes is a Unix mode: what p7zip began, and 7-Zip has taken over. */
const UNIX = 0x8000;
const TYPES = { file: 0o100000, directory: 0o040000, symlink: 0o120000 } as const;

/** From 1601-01-01 to 1970-01-01, in units of 100 ns: 369 years with 89 leap days. */
const EPOCH = (369n * 365n + 89n) * 86_400n * 10_000_000n;

export function fileRecord({ path, type, mode }: InputEntry, mtimeNs: bigint, hasStream: boolean): FileRecord {
  const isDirectory = type === "directory";
  const dos = isDirectory ? DIRECTORY : ARCHIVE | ((mode & 0o200) === 0 ? READ_ONLY : 0);
  return { path, isDirectory, hasStream, mtime: fileTime(mtimeNs), attributes: (((TYPES[type] | mode) << 16) | UNIX | dos) >>> 0 };
}

/** Rounded down, as 7-Zip does; what lies before 1601 becomes that. */
function fileTime(ns: bigint): bigint {
  const time = (ns < 0n ? ns - 99n : ns) / 100n + EPOCH;
  return time > 0n ? time : 0n;
}
