/** What the commands share: several archives in one run, and what comes back from them. */
import { ERRORS, fromSystem, sideOf, UnzipxError } from "../errors.ts";
import type { Reporter } from "../core/reporter.ts";
import type { SelectionOptions } from "../core/select.ts";
import type { Summary } from "../core/summary.ts";
import { volumesOf } from "../core/volumes.ts";
import type { Limits } from "../safe/policy.ts";

/** What x, l and t are told. */
export interface ReadingCommand {
  readonly archives: readonly string[];
  readonly selection: SelectionOptions;
  readonly limits: Limits;
  readonly lenient: boolean;
  readonly format: string | undefined;
  /** The character set of names that carry no mark of theirs; undefined: it is detected. */
  readonly encoding: string | undefined;
  readonly password: (() => Promise<string | undefined>) | undefined;
  /** Levels of archives inside archives that are gone into too; undefined: none. */
  readonly levels: number | undefined;
  readonly threads: number;
  readonly signal: AbortSignal;
  /** Of the work on the contents. */
  readonly reporter: Reporter;
}

export interface Outcome<Result> {
  readonly results: readonly Result[];
  /** What ended one archive, or the run. */
  readonly errors: readonly UnzipxError[];
}

/** Told as the archives have their turns. */
export interface Turns<Result> {
  begin?(archive: string): void;
  /** The archive is through. */
  end?(result: Result): void;
  /** What ended it. */
  fail?(error: UnzipxError): void;
}

/**
 * One archive after the other; trouble with one does not stop the next, unless it is the run's own. Of a split set the first
 * part that is named stands for all: a shell makes all of them of "a.part*.rar".
 */
export async function eachArchive<Result>(archives: readonly string[], work: (archive: string) => Promise<Result>, turns: Turns<Result> = {}): Promise<Outcome<Result>> {
  const results: Result[] = [];
  const errors: UnzipxError[] = [];
  const begun = new Set<string>();
  for (const archive of archives) {
    const set = setOf(archive);
    if (set !== undefined && begun.has(set)) continue;
    if (set !== undefined) begun.add(set);
    turns.begin?.(archive);
    try {
      const result = await work(archive);
      results.push(result);
      turns.end?.(result);
    } catch (error) {
      const side = sideOf(error, "read");
      const known = fromSystem(error, side, side === "read" ? `read "${archive}"` : `finish with "${archive}"`).in({ archive });
      errors.push(known.code === "UNKNOWN_FORMAT" && archive !== archives[0] ? asMember(known, archives[0]!, archive) : known);
      turns.fail?.(errors.at(-1)!);
      if (ERRORS[known.code].ends === "run") break;
    }
  }
  return { results, errors };
}

/** What names the split set that a file belongs to; undefined when it stands alone, or nothing can be told of it. */
function setOf(archive: string): string | undefined {
  try {
    return archive === "-" ? undefined : volumesOf(archive)?.main;
  } catch {
    return undefined; // said by whoever opens it
  }
}

/** A member that lies beside the archive as a file was taken for a second archive. */
function asMember(error: UnzipxError, archive: string, member: string): UnzipxError {
  return new UnzipxError(error.code, error.message, { ...error.details, hint: `if it is meant as a member: unzipx x ${archive} -- ${member}` });
}

/** Words that name existing files are archives, the rest are members; the first is always an archive. */
export function splitWords(words: readonly string[], exists: (word: string) => boolean): { archives: string[]; members: string[] } {
  const [first = "", ...rest] = words;
  const archives = [first];
  const members: string[] = [];
  for (const word of rest) (word === "-" || exists(word) ? archives : members).push(word);
  return { archives, members };
}

export type Summaries = Outcome<Summary>;
