/** What can be said about an archive that is read, whatever is done with it. */
import { UnzipxError } from "../errors.ts";
import type { Checksum } from "../core/checksum.ts";
import type { Selection } from "../core/select.ts";
import type { Limits } from "../safe/policy.ts";
import type { Run } from "./outcome.ts";

export interface SelectOptions {
  /** Globs of the entries that are wanted: without a slash the name in any folder, with one the whole path. One that matches nothing is NO_MATCH. */
  readonly include?: string | readonly string[] | undefined;
  readonly exclude?: string | readonly string[] | undefined;
  /** Names of entries, beside `include`: no character in them stands for others, and a folder brings what is below it. One that is nowhere is NO_MATCH. */
  readonly names?: readonly string[] | undefined;
  readonly ignoreCase?: boolean | undefined;
  /** Of the path as it is stored; what the globs leave is asked for. */
  readonly filter?: ((path: string) => boolean) | undefined;
}

export interface ReadingOptions extends SelectOptions {
  /** What the archive is called, where the source is no file: for messages, and for the name of what lies in a lone "notes.txt.gz". */
  readonly name?: string | undefined;
  /** Instead of what the content says: "zip", "tar.gz" … */
  readonly format?: string | undefined;
  /** The character set of names without a mark of theirs, instead of what fits all of them best. */
  readonly encoding?: string | undefined;
  /** Asked for at most once, when something encrypted is met. */
  readonly password?: Password | undefined;
  /** Those that are not named keep their defaults; false: none at all. */
  readonly limits?: Partial<Limits> | false | undefined;
  /** Where two readings of the same bytes disagree, take one and say which in the warnings. Default: refuse. */
  readonly lenient?: boolean | undefined;
  /** Default: as many as the machine runs at once. */
  readonly threads?: number | undefined;
}

export type Password = string | (() => string | undefined | Promise<string | undefined>);

/** The same as the core wants it. */
export interface Reading {
  readonly format: string | undefined;
  readonly encoding: string | undefined;
  readonly password: (() => Promise<string | undefined>) | undefined;
  readonly limits: Limits;
  readonly lenient: boolean;
  readonly threads: number;
  readonly selection: Selection;
}

export async function readingOf(options: ReadingOptions, run: Run): Promise<Reading> {
  const [{ chosenEncoding }, { defaultThreads }, { DEFAULT_LIMITS, NO_LIMITS }] = await Promise.all([import("../text/codepages.ts"), import("../parallel/pool.ts"), import("../safe/policy.ts")]);
  const { format, encoding, limits = {}, lenient = false, threads } = options;
  return {
    format, encoding: chosenEncoding(encoding), password: passwordOf(options.password, run), lenient,
    limits: limits === false ? NO_LIMITS : { ...DEFAULT_LIMITS, ...given("limits", limits) },
    threads: threads === undefined ? defaultThreads() : whole("threads", threads, 1),
    selection: await selectionOf(options, run),
  };
}

export function passwordOf(password: Password | undefined, { guard }: Run): Reading["password"] {
  if (password === undefined) return undefined;
  if (typeof password === "string") return async () => password;
  let answer: Promise<string | undefined> | undefined;
  const ask = guard(async () => password());
  return () => (answer ??= ask());
}

export async function selectionOf({ include, exclude, names, ignoreCase = false, filter }: SelectOptions, { guard }: Run): Promise<Selection> {
  const { createSelection } = await import("../core/select.ts");
  const selection = await createSelection({ include: listOf("include", include), exclude: listOf("exclude", exclude), names, ignoreCase });
  if (filter === undefined) return selection;
  const accepts = guard(filter);
  return {
    wants: (path) => selection.wants(path) && accepts(path),
    // Nobody knows what is in there before it was looked at.
    looksInto: (path) => selection.wants(path) || selection.looksInto(path),
    assertAllMatched: () => selection.assertAllMatched(),
  };
}

function listOf(option: string, globs: string | readonly string[] | undefined): readonly string[] {
  const list = globs === undefined ? [] : typeof globs === "string" ? [globs] : globs;
  if (list.some((glob) => typeof glob !== "string" || glob === "")) throw new UnzipxError("USAGE", `Cannot select by ${option}: an empty pattern would match nothing`, { hint: `${option}: ["*.txt"]` });
  return list;
}

/** Levels of archives inside archives, as the core counts them. */
export async function levelsOf(recursive: boolean | number | undefined): Promise<number | undefined> {
  if (recursive === undefined || recursive === false) return undefined;
  if (recursive === true) return (await import("../safe/policy.ts")).USUAL_LEVELS;
  return whole("recursive", recursive, 1, 64); // more would keep more files open than a process may have
}

export async function checksumOf(checksum: string | undefined): Promise<Checksum | undefined> {
  return checksum === undefined ? undefined : (await import("../core/checksum.ts")).parseChecksum(checksum);
}

export function whole(option: string, value: number, least: number, most = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw new UnzipxError("USAGE", `Cannot understand ${option}: it is no whole number from ${least} ${most === Number.MAX_SAFE_INTEGER ? "on" : `to ${most}`}`, { found: String(value) });
}

function given(option: string, limits: Partial<Limits>): Partial<Limits> {
  const named = Object.entries(limits).filter(([, value]) => value !== undefined);
  return Object.fromEntries(named.map(([name, value]) => [name, name === "depth" ? whole(`${option}.depth`, value, 1, 4096) : whole(`${option}.${name}`, value, 0)]));
}

export function oneOf<const Word extends string>(option: string, value: Word | undefined, words: readonly [Word, ...Word[]]): Word {
  if (value === undefined) return words[0];
  if (words.includes(value)) return value;
  throw new UnzipxError("USAGE", `Cannot understand ${option} "${String(value)}"`, { expected: words.join(", ") });
}
