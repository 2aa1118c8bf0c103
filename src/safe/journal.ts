/**
 * What --atomic is about to do to a folder, written down before the first step: from it, and from what lies where, every step can be taken
 * back, by the run itself or by the next one. Lines of JSON; a journal without its last line was never begun.
 */
import { closeSync, constants, fstatSync, fsyncSync, openSync, readFileSync } from "node:fs";
import { UnzipxError } from "../errors.ts";
import { checkPath } from "./path.ts";
import { writeAll } from "./output.ts";
import type { Times } from "./times.ts";

/** A file, link or folder, and what shows that it was not touched since. */
export interface Thing {
  /** "device:inode". */
  readonly inode: string;
  readonly size: bigint;
  /** In nanoseconds since 1970. */
  readonly mtime: bigint;
}

/** One name in a folder that is there: what is put at it, and what was there before. */
export interface Step {
  readonly name: string;
  /** Of all steps, from 0. */
  readonly number: number;
  readonly isFolder: boolean;
  readonly made: Thing;
  /** Undefined: nothing. */
  readonly old: Thing | undefined;
}

/** A folder that is there and is changed. */
export interface ChangedFolder {
  /** Below the destination. */
  readonly path: readonly string[];
  readonly times: Times;
  readonly steps: readonly Step[];
}

export interface Journal {
  /** The destination's name in the folder where the journal's lies; "" when it is that very folder. */
  readonly target: string;
  /** "device:inode" of the staging folder. */
  readonly staging: string;
  /** Of the folder where the journal's lies, before anything was made in it. */
  readonly times: Times;
  readonly folders: readonly ChangedFolder[];
}

const VERSION = 1;
const AT_ONCE = 64 * 1024;
/** A million steps with long names. */
const MOST_BYTES = 1 << 30;

/** Writes it to a new file, and through to the disk. Returns when that was: see ReadJournal. */
export function writeJournal(path: string, journal: Journal): bigint {
  const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0), 0o600);
  try {
    let at = 0;
    let text = "";
    const flush = (): void => {
      const bytes = Buffer.from(text);
      writeAll(fd, bytes, at);
      at += bytes.length;
      text = "";
    };
    for (const line of linesOf(journal)) {
      text += `${JSON.stringify(line)}\n`;
      if (text.length >= AT_ONCE) flush();
    }
    flush();
    fsyncSync(fd);
    return fstatSync(fd, { bigint: true }).mtimeNs;
  } finally {
    closeSync(fd);
  }
}

function* linesOf({ target, staging, times, folders }: Journal): Generator<unknown[]> {
  yield ["unzipx", VERSION, target, staging, ...plainTimes(times)];
  let count = 0;
  for (const folder of folders) {
    yield ["in", folder.path, ...plainTimes(folder.times)];
    for (const { name, isFolder, made, old } of folder.steps) {
      yield [isFolder ? "folder" : "file", name, ...plainThing(made), ...(old === undefined ? [] : plainThing(old))];
      count += 1;
    }
  }
  yield ["end", count];
}

function plainTimes({ atime, mtime }: Times): string[] {
  return [`${atime}`, `${mtime}`];
}

function plainThing({ inode, size, mtime }: Thing): string[] {
  return [inode, `${size}`, `${mtime}`];
}

export interface ReadJournal {
  readonly journal: Journal;
  /** When it was written, in nanoseconds since 1970 by the clock of its file system: what is younger is not of that run. */
  readonly written: bigint;
}

/** Undefined when it is not whole, so that no step was made; throws BAD_DATA when it is none of ours. */
export function readJournal(path: string): ReadJournal | undefined {
  const fd = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  try {
    const stats = fstatSync(fd, { bigint: true });
    if (!stats.isFile() || stats.nlink !== 1n || stats.size > MOST_BYTES) throw odd("it is no file of a journal's kind");
    const lines = readFileSync(fd, "utf8").split("\n");
    if (lines.pop() !== "" || lines.length < 2) return undefined;
    const journal = parse(lines);
    return journal && { journal, written: stats.mtimeNs };
  } finally {
    closeSync(fd);
  }
}

function parse(lines: readonly string[]): Journal | undefined {
  const [head, ...rest] = lines.map(fieldsOf);
  const last = rest.pop();
  if (last?.[0] !== "end") return undefined;
  const [kind, version, target, staging, ...times] = head!;
  if (kind !== "unzipx" || version !== VERSION) throw odd("another version wrote it");
  const folders: { path: string[]; times: Times; steps: Step[] }[] = [];
  let count = 0;
  for (const [what, value, ...more] of rest) {
    if (what === "in") {
      if (!Array.isArray(value)) throw odd("a folder has no path");
      folders.push({ path: value.map(nameOf), times: timesOf(more), steps: [] });
    } else if ((what === "file" || what === "folder") && folders.length > 0) {
      folders.at(-1)!.steps.push({ name: nameOf(value), number: count++, isFolder: what === "folder", made: thingOf(more), old: more.length > 3 ? thingOf(more.slice(3)) : undefined });
    } else {
      throw odd("a line of it cannot be understood");
    }
  }
  if (last[1] !== count) throw odd("steps are missing");
  return { target: target === "" ? "" : nameOf(target), staging: matching(staging, /^\d+:\d+$/), times: timesOf(times), folders };
}

function fieldsOf(line: string): unknown[] {
  try {
    const fields = JSON.parse(line) as unknown;
    if (Array.isArray(fields)) return fields as unknown[];
  } catch {
    // told below
  }
  throw odd("a line of it cannot be understood");
}

/** One component that leads nowhere else. */
function nameOf(value: unknown): string {
  const checked = checkPath(matching(value, /^[^/]+$/s), { platform: process.platform, backslash: "character", maxDepth: 1, unsafe: true });
  if (checked instanceof UnzipxError || checked.path !== value) throw odd("a name in it leads elsewhere");
  return checked.path;
}

function timesOf([atime, mtime]: readonly unknown[]): Times {
  return { atime: numberOf(atime), mtime: numberOf(mtime) };
}

function thingOf([inode, size, mtime]: readonly unknown[]): Thing {
  return { inode: matching(inode, /^\d+:\d+$/), size: numberOf(size), mtime: numberOf(mtime) };
}

function numberOf(value: unknown): bigint {
  return BigInt(matching(value, /^-?\d{1,20}$/));
}

function matching(value: unknown, pattern: RegExp): string {
  if (typeof value === "string" && pattern.test(value)) return value;
  throw odd("a field of it cannot be understood");
}

function odd(why: string): UnzipxError {
  return new UnzipxError("BAD_DATA", `Cannot read the journal: ${why}`);
}
