/** What stands before a header and speaks of it: pax records and GNU's long names, joined as they come, within limits. */
import { addAll } from "../../bytes/add-all.ts";
import { UnzipxError } from "../../errors.ts";
import { decodeUtf8Escaping } from "../../text/charset.ts";
import type { ReadOptions } from "../contract.ts";
import type { TarHeader } from "./header.ts";
import { parsePax } from "./pax.ts";

const PATH_BYTES = 32 * 1024;
/** No writer puts more than four in front of an entry: pax, a global one, a long name, a long link. */
const MOST_IN_A_ROW = 64;

/** Two readings of one thing: what was wrong, and both sides. */
export interface Conflict {
  readonly why: string;
  readonly expected: string;
  readonly found: string;
}

export interface Extension {
  readonly pax: Map<string, Uint8Array>;
  longName: Uint8Array | undefined;
  longLink: Uint8Array | undefined;
  readonly sparsePairs: string[];
  /** Why the entry that follows must be refused: its extensions contradict each other. */
  conflict: Conflict | undefined;
  /** Headers so far, and bytes of their bodies. */
  headers: number;
  bytes: number;
}

/** The records of global headers, which hold until the end. */
export interface Global {
  readonly pax: Map<string, Uint8Array>;
  /** A target that would be that of every link: never taken, but another reader may. */
  link: Uint8Array | undefined;
  bytes: number;
}

/** Tells what is odd. */
export type Note = (text: string, details?: { readonly entry?: string; readonly hint?: string; readonly expected?: string; readonly found?: string }) => void;

export function noExtension(): Extension {
  return { pax: new Map(), longName: undefined, longLink: undefined, sparsePairs: [], conflict: undefined, headers: 0, bytes: 0 };
}

export function noGlobal(): Global {
  return { pax: new Map(), link: undefined, bytes: 0 };
}

export const EXTENSIONS: ReadonlySet<string> = new Set(["x", "X", "g", "L", "K", "N"]);

/** Keys that say what an entry is called and how long it is: of these there may be one reading only. */
function isDecisive(key: string): boolean {
  return key === "path" || key === "linkpath" || key === "size" || key.startsWith("GNU.sparse.");
}

/**
 * Two readings of how long something is, so that nobody knows what is a header and what is content: the archive is refused.
 * With --lenient `taken` is what is done.
 */
export function assertOneReading({ why, expected, found }: Conflict, taken: string, lenient: boolean, note: Note): void {
  if (!lenient) throw new UnzipxError("AMBIGUOUS", `Refused the tar archive: ${why}`, { expected, found, hint: "--lenient" });
  note(`${why[0]!.toUpperCase()}${why.slice(1)}: ${taken}`, { expected, found });
}

/** Before the body of a header like this is read: throws LIMIT. */
export function assertWithinLimits(extension: Extension, header: TarHeader, { limits }: ReadOptions): void {
  extension.headers += 1;
  extension.bytes += header.size;
  if (extension.bytes > limits.headerBytes) {
    throw new UnzipxError("LIMIT", "Stopped: an extended header of the tar archive is larger than any name or attribute needs", {
      expected: `at most ${limits.headerBytes} bytes before an entry`, found: `${extension.bytes} bytes`,
    });
  }
  if (extension.headers > MOST_IN_A_ROW) throw new UnzipxError("LIMIT", `Stopped: more than ${MOST_IN_A_ROW} extended headers in a row, and no entry`);
}

/** Adds a header's body to what is known of the entry that follows. `position` is the header's own. */
export function extend(extension: Extension, global: Global, header: TarHeader, body: Uint8Array, position: number, options: ReadOptions, note: Note): void {
  if (header.type === "L" || header.type === "K" || header.type === "N") return addLong(extension, header.type === "K" ? "longLink" : "longName", body, note);
  const { records, repeats, sparsePairs, hasPaddedLength } = parsePax(body, position);
  if (hasPaddedLength) note("An extended header has a record whose length begins with a zero: others may not read it");
  const where = `the extended header at ${position}`;
  for (const { key, first } of repeats) {
    if (!isDecisive(key)) continue;
    const last = records.get(key)!;
    if (Buffer.compare(first, last) === 0) {
      note(`An extended header gives its "${key}" twice, both times the same`);
      continue;
    }
    const conflict = { why: `its extended header gives its "${key}" twice`, expected: textOf(first), found: textOf(last) };
    if (key === "size" || key.startsWith("GNU.sparse.")) assertOneReading({ ...conflict, why: `${where} gives a "${key}" twice` }, "the second one is taken", options.lenient, note);
    else extension.conflict = conflict;
  }
  if (header.type === "g") return addGlobal(global, records, position, options, note);
  if (extension.pax.size > 0) addAnother(extension, records, where, options, note);
  for (const [key, value] of records) extension.pax.set(key, value);
  addAll(extension.sparsePairs, sparsePairs);
  if (records.size === 0) note("An extended header says nothing");
  const charset = records.get("hdrcharset");
  if (charset !== undefined && !["BINARY", "ISO-IR 10646 2000 UTF-8"].includes(Buffer.from(charset).toString("latin1"))) {
    note(`A header says that its text is in ${JSON.stringify(Buffer.from(charset).toString("latin1"))}: it is read as UTF-8`);
  }
}

/** Writers are known that put two of them before an entry, and readers agree that the later one counts: but not about a size. */
function addAnother(extension: Extension, records: ReadonlyMap<string, Uint8Array>, where: string, options: ReadOptions, note: Note): void {
  let told = false;
  for (const [key, last] of records) {
    const first = extension.pax.get(key);
    if (first === undefined || !isDecisive(key) || Buffer.compare(first, last) === 0) continue;
    const sides = { expected: textOf(first), found: textOf(last) };
    if (key === "size" || key.startsWith("GNU.sparse.")) assertOneReading({ why: `${where} gives another "${key}" than the one before it`, ...sides }, "the second one is taken", options.lenient, note);
    else note(`Two extended headers stand in front of one header, each with another "${key}": the second one is taken`, sides);
    told = true;
  }
  if (!told) note("Two extended headers stand in front of one header: the second one adds to the first");
}

function addLong(extension: Extension, key: "longName" | "longLink", body: Uint8Array, note: Note): void {
  const end = body.indexOf(0);
  const text = end < 0 ? body : body.subarray(0, end);
  if (text.length > PATH_BYTES) throw new UnzipxError("LIMIT", "Stopped: a name in the tar archive is longer than any system allows", { expected: `at most ${PATH_BYTES} bytes`, found: `${text.length} bytes` });
  const before = extension[key];
  if (before !== undefined) note("Two long names stand in front of one header: the second one is taken", { expected: textOf(before), found: textOf(text) });
  if (end >= 0 && !body.subarray(end).every((byte) => byte === 0)) {
    extension.conflict = { why: "its long name goes on behind a NUL byte", expected: textOf(text), found: textOf(body) };
  }
  extension[key] = text;
}

/** What would name every entry that follows, or give all of them one size, no writer means; of a size nobody knows what others make of it. */
function addGlobal(global: Global, records: ReadonlyMap<string, Uint8Array>, position: number, options: ReadOptions, note: Note): void {
  for (const [key, value] of records) {
    if (!isDecisive(key)) {
      global.bytes += value.length - (global.pax.get(key)?.length ?? -key.length);
      global.pax.set(key, value);
      continue;
    }
    const why = `the global header at ${position} sets the "${key}" of all entries`;
    if (key === "size") assertOneReading({ why, expected: "sizes in the headers of the entries", found: textOf(value) }, "that is ignored", options.lenient, note);
    else note(`A global header sets the "${key}" of all entries: that is ignored`, { found: textOf(value) });
    if (key === "linkpath") global.link = value;
  }
  if (global.bytes > options.limits.headerBytes) {
    throw new UnzipxError("LIMIT", "Stopped: the global headers of the tar archive hold more than any attributes need", { expected: `at most ${options.limits.headerBytes} bytes`, found: `${global.bytes} bytes` });
  }
}

/** An extended header that describes nothing: the archive was cut where its entry should be. */
export function refusePending(extension: Extension): void {
  if (extension.pax.size === 0 && extension.longName === undefined && extension.longLink === undefined) return;
  throw new UnzipxError("TRUNCATED", "Cannot read the tar archive: it ends after an extended header");
}

/** A value for a message: whoever prints it escapes it. */
export function textOf(bytes: Uint8Array): string {
  const shown = bytes.subarray(0, 200);
  return JSON.stringify(decodeUtf8Escaping(shown)) + (bytes.length > shown.length ? "…" : "");
}
