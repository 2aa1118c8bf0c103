/** Archives inside archives: how they are named, how deep they go, and that they never go in a circle. */
import { nodeCrypto } from "../bytes/node-modules.ts";
import { readSegments } from "../bytes/segments.ts";
import { ERRORS, fromSystem, UnzipxError } from "../errors.ts";
import { FILTERS } from "../filters/index.ts";
import type { Bytes, Decoded, Entry, SolidSource, StreamEntry } from "../formats/contract.ts";
import type { Budget } from "../safe/budget.ts";
import { spool } from "../safe/spool.ts";
import { ofEntry } from "./extract-job.ts";
import { openArchive, type OpenedIndex, type OpenedStream, type OpenOptions } from "./open.ts";
import type { Selection } from "./select.ts";
import { openedInput, type Input } from "./sources.ts";

/** Where the entries of an open archive stand. */
export interface Level {
  /** In front of their paths: "docs/a.zip/" for those of an archive in the user's; "" for the user's own. */
  readonly prefix: string;
  readonly levels: number;
  /** How many levels of archives may still follow. */
  readonly left: number;
  /** The archive itself and those around it. */
  readonly around: readonly SolidSource[];
}

/** A file of ours that holds an entry's content. */
export interface Inside {
  /** In its archive. */
  readonly path: string;
  /** What it is to be called; default: as in its archive. */
  readonly title?: string | undefined;
  readonly fd: number;
  /** Milliseconds since 1970. */
  readonly mtime: number | undefined;
}

export interface OpenedInside {
  readonly opened: OpenedIndex | OpenedStream;
  readonly level: Level;
}

export function outermost(opened: OpenedIndex | OpenedStream, levels: number): Level {
  return { prefix: "", levels, left: levels, around: opened.file === undefined ? [] : [opened.file] };
}

/** Opens an archive that was found in another one. Throws what is wrong with it, or a note: see told(). */
export async function openInside({ path, title, fd, mtime }: Inside, around: Level, options: Omit<OpenOptions, "format">): Promise<OpenedInside> {
  const entry = pathInside(around, path);
  if (around.left === 0) {
    throw new UnzipxError("ODDITY", `Left an entry as it is: it lies ${around.levels + 1} archives deep`, { entry, hint: `--depth ${around.levels + 1}` });
  }
  const input = openedInput(title ?? entry, fd, mtime);
  assertNoCircle(input, around);
  const warn = (note: UnzipxError): void => options.warn(isNamed(note, entry) ? note : errorInside(note, around, path));
  const opened = await openArchive(input, { ...options, format: undefined, warn });
  return { opened, level: { ...around, prefix: `${entry}/`, left: around.left - 1, around: [...around.around, input.solid!] } };
}

/** What stopped the work on an archive inside another one, for the user: a note when it was none, or no whole one, or was to stay closed. */
export function told(error: UnzipxError, level: Level, path: string): UnzipxError {
  const entry = pathInside(level, path);
  if (error.code === "UNKNOWN_FORMAT") return new UnzipxError("ODDITY", "Left an entry as it is: it is named like an archive and is none", { entry });
  // Without a cause: it is not the system that did not find something.
  if (error.code === "NO_INPUT" && error.details.cause === undefined) return new UnzipxError("ODDITY", "Left an entry as it is: it is a part of a set, and those are not put together inside an archive", { entry });
  return errorInside(error, level, path);
}

/** Nothing is wrong: the archive stays a file. */
export function isNote(error: UnzipxError): boolean {
  return error.code === "ODDITY";
}

/** The limits of one archive, of its headers say, are its own trouble; a budget that is spent is that of all. */
export function endsRun({ code }: UnzipxError, budget: Budget): boolean {
  return ERRORS[code].ends === "run" || code === "CONFLICT" || (code === "LIMIT" && budget.isSpent());
}

/** The message names the archive already; the entry would be a second time. */
function isNamed(error: UnzipxError, entry: string): boolean {
  return error.message.includes(`"${entry}"`);
}

/** The path as `l -R` shows it, by which members are selected and errors told: "docs/a.zip/notes.txt". */
export function pathInside({ prefix }: Pick<Level, "prefix">, path: string): string {
  return prefix === "" ? path : prefix + path.replace(/^(\.\/)+/, "");
}

/** The error with the whole way to where it happened: `path` is the entry's, or that of the archive for trouble with all of it. */
export function errorInside(error: UnzipxError, level: Level, path: string): UnzipxError {
  const { entry } = error.details;
  const archive = pathInside(level, path);
  return new UnzipxError(error.code, error.message, { ...error.details, entry: entry === undefined || entry === archive ? archive : `${archive}/${entry.replace(/^(\.\/)+/, "")}` });
}

/** The error of an entry with the whole way to it. */
export function placed(error: UnzipxError, level: Level): UnzipxError {
  const { entry } = error.details;
  return level.prefix === "" || entry === undefined ? error : new UnzipxError(error.code, error.message, { ...error.details, entry: pathInside(level, entry) });
}

/** The same patterns for the entries of an archive that is called `path` in its own. */
export function selectionInside(selection: Selection, path: string): Selection {
  const level = { prefix: `${path}/` };
  return {
    wants: (inner) => selection.wants(pathInside(level, inner)),
    looksInto: (inner) => selection.looksInto(pathInside(level, inner)),
    assertAllMatched() {}, // the outermost knows
  };
}

export interface LookOptions extends Omit<OpenOptions, "format"> {
  readonly budget: Budget;
  fail(error: UnzipxError): void;
}

/**
 * For those who write nothing: puts an entry's content into a temporary file and hands it on as an open archive, if it is one.
 * Rejects when the content cannot be had; what is wrong with the archive goes to `fail`, unless it ends the run.
 */
export async function lookInside(entry: Pick<Entry, "path" | "mtime">, content: Bytes, level: Level, options: LookOptions, work: (inside: OpenedInside) => Promise<void>): Promise<void> {
  const { fd, close } = await spool(content, options.budget);
  let inside: OpenedInside | undefined;
  try {
    inside = await openInside({ path: entry.path, mtime: entry.mtime, fd }, level, options);
    await work(inside);
    await inside.opened.close();
  } catch (error) {
    const known = fromSystem(error, "read", "read an entry");
    if (endsRun(known, options.budget)) throw known.code === "LIMIT" ? known.in({ entry: pathInside(level, entry.path) }) : error;
    const problem = told(known, level, entry.path);
    if (isNote(problem)) options.warn(problem);
    else options.fail(problem);
  } finally {
    await inside?.opened.close().catch(() => {}); // told above, or after another error
    close();
  }
}

/** Trouble with one entry's content: told, and the next one can be read. Throws what ends the run. */
export async function apart(path: string, level: Level, { budget, fail }: Pick<LookOptions, "budget" | "fail">, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const known = ofEntry(error);
    if (endsRun(known, budget)) throw known;
    fail(placed(known.in({ entry: path }), level));
  }
}

/** What was decoded just now. Small content lies in memory that the thread uses for the next entry, and that may be one of another archive: a copy is taken at once. */
export function keptChunks({ whole, chunks }: Decoded): Bytes {
  return whole === undefined ? chunks : inOnePiece(new Uint8Array(whole));
}

/** Valid as long as the entry is. */
export function contentOf(entry: StreamEntry): Bytes {
  const { whole } = entry;
  return whole === undefined ? entry.content() : inOnePiece(whole);
}

async function* inOnePiece(bytes: Uint8Array): Bytes {
  yield bytes;
}

/** A compressed file that holds one file and no container: it has a name, but not those of several entries. */
export function isOneFile({ format }: OpenedIndex | OpenedStream): boolean {
  return FILTERS.some((filter) => filter.name === format.at(-1));
}

/** An archive that holds itself is unpacked for ever: the same bytes as one of those around it. */
function assertNoCircle({ title, solid }: Input, { around }: Level): void {
  const candidates = around.filter((one) => one.size === solid!.size);
  if (candidates.length === 0) return;
  const own = digestOf(solid!);
  if (!candidates.some((one) => digestOf(one) === own)) return;
  throw new UnzipxError("LIMIT", `Cannot unpack "${title}": it is one of the archives that it lies in, and would never end`, { entry: title });
}

function digestOf({ segments, size }: SolidSource): string {
  const hash = nodeCrypto().createHash("sha256");
  const chunk = Buffer.allocUnsafe(Math.min(size, 1 << 20));
  for (let at = 0; at < size; ) {
    const found = readSegments(segments, chunk, at);
    if (found === 0) break;
    hash.update(chunk.subarray(0, found));
    at += found;
  }
  return hash.digest("hex");
}
