/**
 * Most headers are plain: a file or folder with a name of at most 100 ASCII characters, and numbers that their fields hold. Those are written where they are to
 * lie; tarHeader() would say the same of each of them, and makes all others.
 */
import headers from "tar-stream/headers.js";
import type { InputEntry } from "../input.ts";
import { CHECKSUM_AT, MAX_ID, MAX_SIZE, MAX_TIME, NAME } from "./encode-header.ts";

const [MODE_AT, UID_AT, GID_AT, SIZE_AT, MTIME_AT, TYPE_AT] = [100, 108, 116, 124, 136, 156];
const [ZERO, SPACE, SLASH] = [0x30, 0x20, 0x2f];
const [TYPE_FILE, TYPE_FOLDER] = [0x30, 0x35];

/** What all of them have in common: nothing up to the type, and behind it what the codec writes there. */
const COMMON = headers.encode({ name: "-", mode: 0, uid: 0, gid: 0, size: 0, mtime: new Date(0), type: "file" })!.fill(0, 0, TYPE_AT + 1);
/** Its bytes, with the checksum's own counted as spaces. */
const COMMON_SUM = COMMON.reduce((sum, byte) => sum + byte, 8 * SPACE);

/** Whether it did: 512 bytes at `at`, which may hold anything before, and do where it did not. */
export function putPlainHeader(into: Uint8Array, at: number, { path, pathBytes, type, mode, mtime, uid, gid, linkTarget }: InputEntry, size: number, { preciseTimes }: { readonly preciseTimes: boolean }): boolean {
  const isFolder = type === "directory";
  const seconds = Math.floor(mtime / 1000);
  if (pathBytes !== undefined || type === "symlink" || linkTarget !== undefined || path.length === 0 || path.length + (isFolder ? 1 : 0) > NAME) return false;
  if (seconds < 0 || seconds > MAX_TIME || (preciseTimes && mtime !== seconds * 1000) || uid > MAX_ID || gid > MAX_ID || size > MAX_SIZE) return false;
  into.set(COMMON, at);
  let sum = COMMON_SUM;
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i);
    if (code === 0 || code > 0x7f) return false;
    into[at + i] = code;
    sum += code;
  }
  if (isFolder) {
    into[at + path.length] = SLASH;
    sum += SLASH;
  }
  sum += putOctal(into, at + MODE_AT, mode & 0o7777, 6) + putOctal(into, at + UID_AT, uid, 6) + putOctal(into, at + GID_AT, gid, 6);
  sum += putOctal(into, at + SIZE_AT, size, 11) + putOctal(into, at + MTIME_AT, seconds, 11);
  sum += into[at + TYPE_AT] = isFolder ? TYPE_FOLDER : TYPE_FILE;
  putOctal(into, at + CHECKSUM_AT, sum, 6);
  return true;
}

/** Digits, and a space behind them. Returns the sum of those bytes. */
function putOctal(into: Uint8Array, at: number, value: number, digits: number): number {
  let sum = SPACE;
  into[at + digits] = SPACE;
  for (let i = digits - 1; i >= 0; i--) {
    const rest = Math.floor(value / 8);
    sum += into[at + i] = ZERO + value - 8 * rest;
    value = rest;
  }
  return sum;
}
