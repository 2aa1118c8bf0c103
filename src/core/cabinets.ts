/** Cabinets that go on in other cabinets: each names its neighbours, whatever those are called ([MS-CAB] 2.1). */
import { closeSync, constants, openSync } from "node:fs";
import { readUpTo } from "../bytes/read-file.ts";

const PREVIOUS = 0x1;
const NEXT = 0x2;
const RESERVED = 0x4;
/** A header with its reserved area and four names of at most 255 bytes. */
const HEADER_BYTES = 36 + 4 + 60_000 + 4 * 256;

export interface Neighbours {
  readonly previous: string | undefined;
  readonly next: string | undefined;
}

/** The names in a cabinet's header; undefined for what is no cabinet, or stands alone. */
export function neighboursOf(path: string): Neighbours | undefined {
  const header = Buffer.alloc(HEADER_BYTES);
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  let found: number;
  try {
    found = readUpTo(fd, header, 0);
  } catch {
    return undefined; // a folder, a pipe
  } finally {
    closeSync(fd);
  }
  // 0 - signature; 30 - flags; 36 - size of the reserved area, if there is one; then the names, each with that of its disk
  if (found < 36 || header.toString("latin1", 0, 4) !== "MSCF") return undefined;
  const flags = header.readUInt16LE(30);
  if ((flags & (PREVIOUS | NEXT)) === 0) return undefined;
  let at = (flags & RESERVED) === 0 ? 36 : 40 + header.readUInt16LE(36);
  const text = (): string | undefined => {
    const end = header.subarray(0, found).indexOf(0, at);
    const name = end < 0 ? undefined : header.toString("latin1", at, end);
    at = end + 1;
    return name;
  };
  const pair = (flag: number): string | undefined => {
    if ((flags & flag) === 0) return undefined;
    const name = text();
    text(); // of the disk
    // The name is the archive's word: only a file beside it can be meant.
    return name === undefined || name === "" || /[/\\]/.test(name) ? undefined : name;
  };
  const previous = pair(PREVIOUS);
  return { previous, next: pair(NEXT) };
}
