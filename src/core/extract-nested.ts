/**
 * x -R: what was found in an archive is unpacked in its own place. Each archive has a SafeWriter of its own, so its links
 * stay inside of it, and it is whole or not there at all; then the writer around it adopts the result.
 */
import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { addAll } from "../bytes/add-all.ts";
import { fromSystem, UnzipxError } from "../errors.ts";
import type { Place } from "../safe/tree.ts";
import type { SafeWriter } from "../safe/writer.ts";
import { extractEntries } from "./extract-entries.ts";
import type { Found, Run } from "./extract-run.ts";
import { endsRun, errorInside, isNote, isOneFile, openInside, pathInside, selectionInside, told, type Level, type OpenedInside } from "./nested.ts";
import { notesOf } from "./oddities.ts";
import { ownName } from "./own-name.ts";
import type { Reporter } from "./reporter.ts";
import { emptySummary, type Summary } from "./summary.ts";

/**
 * Unpacks every archive that `run` found, and those in there. Returns what went wrong: such an archive is kept as a file.
 * Throws what ends the run; so does a budget that is spent, because it is one for all levels.
 */
export async function extractNested(run: Run, level: Level): Promise<UnzipxError[]> {
  const { writer, summary, options } = run;
  const failures: UnzipxError[] = [];
  const linked = writer.linkedFiles();
  const seen = new Set<Place>(); // a file may come twice in a tar
  for (const found of run.found ?? []) {
    options.signal?.throwIfAborted();
    const { place } = found.claim;
    if (place.dropped || seen.has(place)) continue;
    seen.add(place);
    if (linked.has(place)) {
      summary.warnings.push(new UnzipxError("ODDITY", "Left an entry as it is: a hard link leads to it", { entry: pathInside(level, found.entry.path) }));
      continue;
    }
    const { bytes, isReplaced } = await new Nested(found, run, level, failures).unpack();
    if (!isReplaced && found.wanted) continue;
    if (!isReplaced) writer.remove(found.claim);
    summary.files -= 1;
    summary.bytes -= bytes;
  }
  return failures;
}

class Nested {
  readonly #found: Found;
  readonly #run: Run;
  readonly #level: Level;
  readonly #failures: UnzipxError[];

  constructor(found: Found, run: Run, level: Level, failures: UnzipxError[]) {
    this.#found = found;
    this.#run = run;
    this.#level = level;
    this.#failures = failures;
  }

  async unpack(): Promise<{ readonly bytes: number; readonly isReplaced: boolean }> {
    const { writer } = this.#run;
    const inner = writer.inside(this.#found.claim);
    const path = writer.fileOf(this.#found.claim).path;
    let fd: number | undefined;
    let inside: OpenedInside | undefined;
    let bytes = 0;
    try {
      fd = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
      bytes = fstatSync(fd).size;
      inside = await this.#open(fd);
      const summary = await this.#fill(inside, inner);
      await inside.opened.close();
      closeSync(fd); // some systems do not remove what is open
      fd = undefined;
      return { bytes, isReplaced: summary !== undefined && (await this.#adopt(inside, inner, summary)) };
    } catch (error) {
      const known = fromSystem(error, "read", "read an entry");
      const { entry, wanted } = this.#found;
      // The budget does not know where it ran out; an interruption is no archive's.
      if (endsRun(known, this.#run.budget)) throw known.code === "LIMIT" ? known.in({ entry: pathInside(this.#level, entry.path) }) : error;
      const problem = told(known, this.#level, entry.path);
      if (!isNote(problem)) this.#failures.push(problem);
      else if (wanted) this.#run.summary.warnings.push(problem);
      return { bytes, isReplaced: false };
    } finally {
      inner.discard();
      await inside?.opened.close().catch(() => {}); // told above, or after another error
      if (fd !== undefined) closeSync(fd);
    }
  }

  #open(fd: number): Promise<OpenedInside> {
    const { encoding, password, threads, signal, policy: { limits, lenient, sameOwner: owners } } = this.#run.options;
    const { entry, claim } = this.#found;
    // A compressed file gives the one in it its name.
    const title = this.#run.options.renaming === undefined ? undefined : claim.place.name;
    return openInside({ path: entry.path, title, fd, mtime: entry.mtime }, this.#level, {
      encoding, password, threads, signal, limits, lenient, owners, budget: this.#run.budget, warn: (note) => void this.#run.summary.warnings.push(note),
    });
  }

  /** Unpacks it into `inner`; undefined when that failed, or nothing in it is wanted. */
  async #fill({ opened, level }: OpenedInside, inner: SafeWriter): Promise<Summary | undefined> {
    const { summary: outer, options, budget } = this.#run;
    const { entry, wanted } = this.#found;
    const summary = emptySummary("extract", outer.archive, opened.format);
    const run: Run = {
      writer: inner, summary, budget, found: [],
      options: { ...options, selection: selectionInside(options.selection, entry.path), renaming: isOneFile(opened) ? undefined : options.renaming, reporter: reporterInside(options.reporter, entry.path) },
    };
    await extractEntries(opened, run);
    addAll(outer.warnings, [...summary.warnings.splice(0), ...notesOf(inner.oddities)].map((note) => this.#placed(note)));
    addAll(this.#failures, await extractNested(run, level));
    addAll(outer.warnings, summary.warnings.splice(0)); // with their whole path already
    addAll(summary.failures, inner.finish());
    for (const failure of summary.failures) this.#fail(failure);
    if (summary.failures.some(({ code }) => code !== "SPECIAL_FILE")) return undefined;
    return wanted || summary.files + summary.links + summary.directories > 0 ? summary : undefined;
  }

  async #adopt({ opened }: OpenedInside, inner: SafeWriter, made: Summary): Promise<boolean> {
    const { writer, summary } = this.#run;
    const { claim, entry } = this.#found;
    const name = isOneFile(opened) ? undefined : ownName(claim.place.name);
    const settled = await writer.adopt(claim, inner, name);
    addAll(this.#failures, settled.refused); // by their place in the destination
    if (settled.isFallback === true) {
      summary.warnings.push(new UnzipxError("ODDITY", "Unpacked an entry into a folder of its very name: the shorter one is another entry's", { entry: pathInside(this.#level, entry.path) }));
    }
    if (settled.refused.length > 0) return false;
    summary.files += made.files - settled.skippedFiles;
    summary.links += made.links - settled.skippedLinks;
    summary.directories += made.directories;
    summary.bytes += made.bytes - settled.skippedBytes;
    summary.skipped += made.skipped + settled.skippedFiles + settled.skippedLinks;
    return true;
  }

  #fail(error: UnzipxError): void {
    this.#failures.push(this.#placed(error));
  }

  #placed(error: UnzipxError): UnzipxError {
    return errorInside(error, this.#level, this.#found.entry.path);
  }
}

/** One archive's work is announced once; what comes from inside adds to it. */
function reporterInside(reporter: Reporter, path: string): Reporter {
  const level = { prefix: `${path}/` };
  return {
    progress: (bytes, entry) => reporter.progress?.(bytes, entry === undefined ? undefined : pathInside(level, entry)),
    entry: (entry, size) => reporter.entry?.(pathInside(level, entry), size),
  };
}
