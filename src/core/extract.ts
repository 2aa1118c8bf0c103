/** The verb x: entries → policy → one writer. */
import { addAll } from "../bytes/add-all.ts";
import { now } from "../bytes/clock.ts";
import { ERRORS, UnzipxError, withLeft } from "../errors.ts";
import { undoLeftovers } from "../safe/leftovers.ts";
import type { Marks } from "../safe/marks.ts";
import type { Policy } from "../safe/policy.ts";
import type { Ask } from "../safe/conflicts.ts";
import { SafeWriter, type Destination } from "../safe/writer.ts";
import type { Checksum } from "./checksum.ts";
import { extractEntries } from "./extract-entries.ts";
import type { Run } from "./extract-run.ts";
import { extractNested } from "./extract-nested.ts";
import { outermost } from "./nested.ts";
import { notesOf } from "./oddities.ts";
import { carryMark } from "./carry-mark.ts";
import { openArchive, type OpenedIndex, type OpenedStream } from "./open.ts";
import type { Renaming } from "./rename.ts";
import type { Reporter } from "./reporter.ts";
import { EVERYTHING, type Selection } from "./select.ts";
import { titleOf, type Input } from "./sources.ts";
import { emptySummary, exitCodeOf, type Summary } from "./summary.ts";

export interface ExtractOptions {
  readonly directory: string;
  readonly into: Destination["into"];
  /** What an own folder is called. */
  readonly ownName: string;
  /** Paths of the program's own files, which are never a target. */
  readonly reserved?: readonly string[] | undefined;
  readonly policy: Policy;
  readonly selection: Selection;
  /** Other names for what comes out; members are selected by those in the archive. Archives inside are renamed each for itself. */
  readonly renaming?: Renaming | undefined;
  readonly format?: string | undefined;
  readonly encoding?: string | undefined;
  readonly password?: (() => Promise<string | undefined>) | undefined;
  /** Levels of archives inside archives that are unpacked too, each in the place of its archive; undefined: none. */
  readonly levels?: number | undefined;
  /** How the system marks what came from the internet; default: as Windows and macOS do, and nothing elsewhere. */
  readonly marks?: Marks | undefined;
  /** What the archive's bytes have to be: nothing becomes visible otherwise. */
  readonly checksum?: Checksum | undefined;
  /** The archive, with all parts of its set, is deleted once all of it lies in its place, verified, and nothing was left out. Not for "-", and not for some members. */
  readonly deleteSource?: boolean | undefined;
  /** The process has nothing else to do meanwhile: as Destination.mayEnter, as far as nobody needs the folder that it works in. */
  readonly ownsProcess?: boolean | undefined;
  readonly threads: number;
  readonly signal?: AbortSignal | undefined;
  readonly reporter: Reporter;
  readonly ask?: Ask | undefined;
}

/** Extracts every selected entry. One bad entry is recorded and skipped; a bad archive throws, and then nothing was made. */
export async function extract(archive: string | Input, options: ExtractOptions): Promise<Summary> {
  if (options.deleteSource === true) assertMayDelete(archive, options.selection);
  const { summary, deleteSource } = await extractFrom(archive, options);
  if (options.deleteSource === true) await deleteSource();
  return summary;
}

export interface Extracted {
  readonly summary: Summary;
  /** Deletes the archive, unless it is still needed; what stays is told in the summary. */
  deleteSource(): Promise<void>;
}

/** As extract(), but leaves it to the caller when the archive is deleted. */
export async function extractFrom(archive: string | Input, options: ExtractOptions): Promise<Extracted> {
  const started = now();
  const warnings: UnzipxError[] = [];
  const warn = (note: UnzipxError): void => {
    warnings.push(note);
  };
  const noteLeft = (left: UnzipxError | undefined): void => {
    if (left !== undefined) warnings.push(left);
  };
  const { limits, lenient } = options.policy;
  const opened = await openArchive(archive, { format: options.format, threads: options.threads, signal: options.signal, lenient, encoding: options.encoding, password: options.password, limits, warn, checksum: options.checksum, owners: options.policy.sameOwner });
  let writer: SafeWriter | undefined;
  const summary = emptySummary("extract", titleOf(archive), opened.format);
  options.reporter.begun?.(summary);
  try {
    addAll(warnings, await undoLeftovers(options.directory, options.into === "directory" ? undefined : options.ownName, options.signal));
    writer = new SafeWriter(
      { directory: options.directory, into: options.into, name: options.ownName, protect: opened.identities, reserved: options.reserved, hoist: options.renaming?.strip === "auto", mayEnter: mayEnter(options) },
      options.policy, options.ask,
    );
    const run: Run = { writer, summary, options, budget: opened.budget, found: options.levels === undefined ? undefined : [] };
    await extractEntries(opened, run);
    // What fails in there is kept as an archive: nothing of this one is missing then, but not all was done that was asked for.
    const inside = options.levels === undefined ? [] : await extractNested(run, outermost(opened, options.levels));
    options.selection.assertAllMatched();
    addAll(warnings, await carryMark(opened.files, writer, options.marks));
    addAll(summary.failures, writer.finish());
    options.signal?.throwIfAborted();
    await opened.verify();
    await opened.close(); // tells whether the archive changed meanwhile: before anything becomes visible
    const { atomic } = options.policy;
    if (atomic) addAll(summary.failures, inside.splice(0));
    const notes = writer.notes();
    const failed = summary.failures.some((error) => error.code !== "SPECIAL_FILE");
    if (failed && (atomic || writer.isNew)) {
      noteLeft(writer.discard());
      summary.bytes = summary.files = summary.directories = summary.links = 0;
      summary.untouched = atomic ? "atomic" : "new";
    } else {
      addAll(summary.failures, await writer.publish(options.signal));
      noteLeft(writer.left);
      summary.destination = writer.target;
      summary.onlyRoot = writer.onlyRoot;
    }
    addAll(summary.failures, inside);
    addAll(warnings, [...notesOf(writer.oddities), ...notes]);
    summary.archiveBytes = opened.archiveBytes ?? opened.bytesRead();
  } catch (error) {
    const left = writer?.discard();
    const closed: unknown = await opened.close().catch((trouble: unknown) => trouble);
    if (left !== undefined && ERRORS[left.code].ends === "run") throw left;
    // An archive that changed while it was read is more to the point than what was wrong with it then.
    const isArchives = error instanceof UnzipxError && ERRORS[error.code].ends !== "run";
    throw withLeft(isArchives && closed instanceof UnzipxError ? closed : error, left ?? (closed instanceof UnzipxError ? closed : undefined));
  } finally {
    options.reporter.done?.();
  }
  for (const note of warnings) summary.warnings.push(note);
  summary.elapsed = now() - started;
  return { summary, deleteSource: () => deleteSource(opened, summary) };
}

/** What lies inside is kept in $TMPDIR for a while, and marks are read by the archive's name: both may be ways from the folder that the process works in. */
function mayEnter({ ownsProcess, levels, marks }: ExtractOptions): boolean {
  return ownsProcess === true && levels === undefined && marks === undefined;
}

/** Throws USAGE where it could not be done whatever comes of the extraction. */
export function assertMayDelete(archive: string | Input, selection: Selection): void {
  if (archive === "-" || typeof archive !== "string") throw new UnzipxError("USAGE", `Cannot delete the archive: it is ${archive === "-" ? 'standard input ("-")' : "no file that was named"}`, { hint: "leave out --delete-source" });
  if (selection !== EVERYTHING) throw new UnzipxError("USAGE", `Cannot delete "${archive}": only some of its members are to be unpacked`, { hint: "leave out --delete-source" });
}

async function deleteSource({ files, identities }: OpenedIndex | OpenedStream, summary: Summary): Promise<void> {
  if (exitCodeOf([summary]) !== 0) return; // it is still needed
  if (summary.skipped > 0) {
    summary.warnings.push(new UnzipxError("ODDITY", `Kept "${summary.archive}": not all that is in it was unpacked`));
    return;
  }
  const { deleteSources } = await import("../safe/delete-source.ts");
  addAll(summary.warnings, deleteSources(files, identities));
}
