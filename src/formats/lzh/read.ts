/** Reads an LHA archive: all headers first, since names are decoded together, then what they describe, each entry on its own. */
import { nextTurn } from "../../bytes/clock.ts";
import { readSegments } from "../../bytes/segments.ts";
import { UnzipxError } from "../../errors.ts";
import type { Bytes, EntryType, SolidOptions, SolidSource, StreamEntry } from "../contract.ts";
import { HEAD_BYTES } from "../detect.ts";
import { crc16 } from "./crc16.ts";
import { readHeader, WHAT, type Header } from "./header.ts";
import { decode, isKnown } from "./methods.ts";
import { pathsOf, type Path } from "./names.ts";
import { findHeader, hasMethod, hidesHeader, resemblesHeader } from "./signature.ts";
import { Window } from "./window.ts";

/** Nothing here waits for anything: so that signals and progress get their turn, one is given to them now and then. */
const ENTRIES_PER_TURN = 256;
const BYTES_PER_TURN = 1024 * 1024;

export async function* readLzh(source: SolidSource, options: SolidOptions): AsyncGenerator<StreamEntry> {
  const window = new Window(source);
  const { headers, trouble } = readHeaders(window, startOf(window, options), options);
  const paths = pathsOf(headers, options);
  for (const [at, header] of headers.entries()) {
    if (at % ENTRIES_PER_TURN === ENTRIES_PER_TURN - 1) await nextTurn();
    const entry = describe(header, paths[at]!, source, options);
    if (entry !== undefined && (options.listing || options.wants(entry.path))) yield entry;
  }
  if (trouble !== undefined) throw trouble;
}

/** The first header: where the file begins, or behind a program that would unpack it; never behind one that is damaged. */
function startOf(window: Window, options: SolidOptions): number {
  const head = window.bytes(0, HEAD_BYTES);
  const start = hasMethod(head, 0) ? 0 : findHeader(head);
  if (start === undefined) throw new UnzipxError("BAD_HEADER", `Cannot read ${WHAT}: it does not begin like one`);
  if (start > 0 && hidesHeader(head, start, window.size)) throw new UnzipxError("BAD_HEADER", `Cannot read ${WHAT}: its first header is damaged`, { hint: `another one follows at ${start}` });
  if (start > 0) options.warn(new UnzipxError("ODDITY", `The LHA archive begins after ${start} bytes of something else`));
  return start;
}

/** All headers, and why there are no more of them where something is wrong: what stands in front of that can be read. */
function readHeaders(window: Window, start: number, options: SolidOptions): { headers: Header[]; trouble: UnzipxError | undefined } {
  const { entries, headerBytes } = options.limits;
  const headers: Header[] = [];
  let position = start;
  try {
    for (;;) {
      const header = readHeader(window, position, headerBytes);
      if (header === undefined) break;
      position = header.offset + header.packedSize;
      if (position > window.size) {
        throw new UnzipxError("TRUNCATED", `Cannot read ${WHAT}: it is cut off inside an entry`, { expected: `${position} bytes`, found: `${window.size} bytes` });
      }
      headers.push(header);
      if (entries > 0 && headers.length > entries) throw new UnzipxError("LIMIT", `Stopped: the archive holds more than ${entries} entries`, { hint: "--max-files N" });
    }
    checkEnd(window, position, headers.at(-1), options);
  } catch (error) {
    if (!(error instanceof UnzipxError) || error.code === "LIMIT") throw error;
    return { headers, trouble: error };
  }
  return { headers, trouble: undefined };
}

/**
 * A zero byte ends the archive. Behind it CP/M fills a block with its end-of-file mark, others with zeros. What looks like
 * more entries there was the archive's own before a header was damaged, or an archive that was appended: neither may vanish.
 * @throws {UnzipxError} TRUNCATED, BAD_HEADER
 */
function checkEnd(window: Window, end: number, last: Header | undefined, options: SolidOptions): void {
  if (end >= window.size) {
    // All programs write the mark but LArc, whose methods are lz and a letter.
    if (last?.method.startsWith("lz") !== true) throw new UnzipxError("TRUNCATED", `Cannot read ${WHAT}: it is cut off in front of its end marker`, { expected: `a zero at ${end}` });
    options.warn(new UnzipxError("ODDITY", "The LHA archive has no end marker: it is whole, or was cut off between two entries"));
    return;
  }
  const ending = window.bytes(end, 1 + HEAD_BYTES);
  const behind = ending.subarray(1);
  if (behind.every((byte) => byte === 0 || byte === 0x1a) && end + 1 + behind.length >= window.size) return;
  if (resemblesHeader(ending, 0) || findHeader(ending) !== undefined) {
    throw new UnzipxError("BAD_HEADER", `Cannot read ${WHAT}: what follows its end marker looks like more entries`, { found: `at ${end}` });
  }
  options.warn(new UnzipxError("TRAILING_DATA", `The LHA archive is followed by ${window.size - end - 1} bytes that were not read`));
}

/** The entry of a header; undefined for a folder that has no name, as LHA for OS-9 writes them in level 0. */
function describe(header: Header, { text, escaped, comment }: Path, source: SolidSource, options: SolidOptions): StreamEntry | undefined {
  const { method, size, packedSize, mode, mtime } = header;
  const type = typeOf(header, text);
  let path = text;
  let linkTarget: string | undefined;
  if (type === "symlink") {
    const bar = text.indexOf("|");
    [path, linkTarget] = bar < 0 ? [text, ""] : [text.slice(0, bar), text.slice(bar + 1)];
  }
  if (type === "directory") {
    path = withoutSlashes(path);
    if (path === "" && header.level === 0) {
      options.warn(new UnzipxError("ODDITY", "The LHA archive holds a folder without a name, which was left out"));
      return undefined;
    }
    if (packedSize > 0) options.warn(new UnzipxError("ODDITY", "A folder has content, which was skipped", { entry: path }));
  }
  return {
    path, escaped, type, size: type === "file" ? size : 0, packedSize, mtime, mode: mode === undefined ? undefined : mode & 0o7777, linkTarget,
    method, crc32: undefined, encrypted: false, comment, refusal: refusalOf(header, type, path, options), whole: undefined,
    content: type === "file" ? () => contentOf(header, source, path) : nothing,
  };
}

/** lhd is a folder, or with the mode of one a symlink. Programs for Amiga also write a folder as an empty file without a name. */
function typeOf({ method, mode = 0, size }: Header, path: string): EntryType {
  const format = mode & 0o170000;
  if (method === "lhd") return format === 0o120000 ? "symlink" : "directory";
  if (size === 0 && (path.endsWith("/") || format === 0o040000)) return "directory";
  return format === 0 || format === 0o100000 ? "file" : "special";
}

function refusalOf({ method, conflict, system, level }: Header, type: EntryType, path: string, options: SolidOptions): UnzipxError | undefined {
  if (conflict !== undefined && !options.lenient) return new UnzipxError("AMBIGUOUS", `Refused an entry: ${conflict}`, { entry: path, hint: "--lenient" });
  if (conflict !== undefined) options.warn(new UnzipxError("ODDITY", `An entry is read although ${conflict}: the last one counts`, { entry: path }));
  // Beyond level 0 a name may stand where no checksum covers it: then it was lost.
  if (type === "directory" && path === "") return new UnzipxError("BAD_DATA", "Refused an entry: it is a folder, and its header gives no name");
  if (type !== "file") return undefined;
  // LHark calls a method of its own lh7, and its system a space.
  if (isKnown(method) && !(method === "lh7" && level === 1 && system === " ")) return undefined;
  return new UnzipxError("UNSUPPORTED_METHOD", `Cannot extract an entry: its method is ${method}, which this version does not read`, { entry: path });
}

/** A name of slashes only stays what it is, and is refused. */
function withoutSlashes(path: string): string {
  let end = path.length;
  while (end > 0 && path[end - 1] === "/") end--;
  return end === 0 ? path : path.slice(0, end);
}

async function* nothing(): Bytes {}

async function* contentOf({ method, size, offset, packedSize, crc: expected }: Header, { segments }: SolidSource, path: string): Bytes {
  let at = offset;
  const end = offset + packedSize;
  const refill = (block: Uint8Array): number => {
    const read = readSegments(segments, block.subarray(0, Math.min(block.length, end - at)), at);
    at += read;
    return read;
  };
  let crc = 0;
  let turn = 0;
  for (const chunk of decode(method, refill, size)) {
    crc = crc16(chunk, crc);
    turn += chunk.length;
    yield chunk;
    if (turn < BYTES_PER_TURN) continue;
    turn = 0;
    await nextTurn();
  }
  if (expected !== undefined && crc !== expected) {
    const hex = (sum: number): string => sum.toString(16).padStart(4, "0");
    throw new UnzipxError("BAD_CHECKSUM", "Cannot extract an entry: its checksum does not match, so its content is damaged", { entry: path, expected: hex(expected), found: hex(crc) });
  }
}
