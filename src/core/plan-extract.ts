/** x --dry-run: what would become of every entry, and how the run would end, as far as it can be told without decoding content. Writes nothing. */
import { join } from "node:path";
import { addAll } from "../bytes/add-all.ts";
import { now } from "../bytes/clock.ts";
import { UnzipxError, type ErrorCode } from "../errors.ts";
import type { Entry, EntryType } from "../formats/contract.ts";
import { Claims, type Claim } from "../safe/claims.ts";
import { exists, type Conflict } from "../safe/conflicts.ts";
import { assertRoom } from "../safe/free-space.ts";
import { Ground } from "../safe/ground.ts";
import { refusalOfLink } from "../safe/links.ts";
import { usuallyFolds } from "../safe/policy.ts";
import { reservedFor, reservedPlaces } from "../safe/refusals.ts";
import { pathOf, type Place } from "../safe/tree.ts";
import { entriesAsClaimed } from "./as-claimed.ts";
import { claimerOf } from "./claim-rules.ts";
import { refusedByEngine } from "./dry-run.ts";
import type { ExtractOptions } from "./extract.ts";
import { nameless } from "./extract-run.ts";
import { notesOf } from "./oddities.ts";
import { openArchive, type OpenedIndex, type OpenedStream } from "./open.ts";
import { titleOf, type Input } from "./sources.ts";
import { exitCodeOf, emptySummary, type Summary } from "./summary.ts";

/** "keep": what is there stays. "skip": it is left out, as was asked for. */
export type PlannedAction = "create" | "replace" | "rename" | "keep" | "skip" | "refuse";

export interface PlannedEntry {
  /** In the archive: exact, so never print it raw. */
  readonly path: string;
  readonly type: EntryType;
  /** Bytes of content, as the archive says. */
  readonly size: number | undefined;
  action: PlannedAction;
  /** Where it would lie, or what is there instead; undefined where it gets no place. */
  destination: string | undefined;
  /** Why it is not simply created. */
  reason?: { readonly code: ErrorCode; readonly message: string } | undefined;
  /** The user would be asked about the file that is there; planned is the answer yes. */
  asks?: true;
}

export interface ExtractPlan {
  readonly entries: readonly PlannedEntry[];
  /** What the real run would say, with the sizes that the archive promises. */
  readonly summary: Summary;
  /** What would end the run: nothing would be extracted then. */
  readonly error: UnzipxError | undefined;
  readonly exitCode: number;
}

/** Throws what is wrong with the archive before it is known what is in it. Options as for extract(), but for `levels` and `marks`. */
export async function planExtract(archive: string | Input, options: ExtractOptions): Promise<ExtractPlan> {
  const started = now();
  const { policy: { limits, lenient }, format, threads, signal, encoding, password, checksum } = options;
  const warnings: UnzipxError[] = [];
  const opened = await openArchive(archive, { format, threads, signal, lenient, encoding, password, limits, checksum, warn: (note) => void warnings.push(note) });
  const summary = emptySummary("extract", titleOf(archive), opened.format);
  let plan: Planning | undefined;
  let error: UnzipxError | undefined;
  try {
    plan = new Planning(opened, options);
    await plan.claimAll();
    options.selection.assertAllMatched();
    plan.finish(summary);
    await opened.verify();
  } catch (thrown) {
    if (!(thrown instanceof UnzipxError) || plan === undefined) throw thrown;
    error = thrown;
  } finally {
    plan?.close();
    await opened.close();
  }
  error = plan.ends ?? error;
  addAll(summary.warnings, [...warnings, ...plan.warnings]);
  summary.archiveBytes = opened.archiveBytes ?? opened.bytesRead();
  summary.elapsed = now() - started;
  return { entries: plan.rows, summary, error, exitCode: error === undefined ? exitCodeOf([summary]) : exitCodeOf([], [error]) };
}

class Planning {
  readonly rows: PlannedEntry[] = [];
  readonly warnings: UnzipxError[] = [];
  /** The first thing that would end the run. */
  ends: UnzipxError | undefined;
  readonly #opened: OpenedIndex | OpenedStream;
  readonly #options: ExtractOptions;
  readonly #ground: Ground;
  readonly #claims: Claims;
  /** Entries that got a place, and the last one for each place. */
  readonly #taken: { readonly place: Place; readonly row: PlannedEntry }[] = [];
  readonly #places = new Map<Place, PlannedEntry>();
  readonly #refused = new Map<PlannedEntry, UnzipxError>();
  /** Paths in the destination where a file is that nobody said what to do about. */
  readonly #asked = new Set<string>();
  #bytes = 0;

  constructor(opened: OpenedIndex | OpenedStream, options: ExtractOptions) {
    this.#opened = opened;
    this.#options = options;
    const { policy, directory, into, ownName, reserved, renaming } = options;
    // All conflicts are to be told, and not only the first.
    const asking = policy.overwrite === "fail" ? { ...policy, overwrite: "ask" as const } : policy;
    this.#ground = Ground.of(directory);
    try {
      this.#ground.assertWritable();
      this.#claims = new Claims(
        { directory, into, name: ownName, protect: opened.identities, reserved, hoist: renaming?.strip === "auto" }, asking,
        async (conflict) => this.#answer(conflict), this.#ground, { folds: () => usuallyFolds(policy) },
      );
    } catch (error) {
      this.#ground.release();
      throw error;
    }
  }

  async claimAll(): Promise<void> {
    const { options, opened } = { options: this.#options, opened: this.#opened };
    const claim = await claimerOf(opened, (entry, rules) => this.#claims.claim(entry, rules), options.renaming);
    const { lenient } = options.policy;
    for await (const entry of entriesAsClaimed(opened, { lenient, signal: options.signal, wants: options.selection.wants, pass: () => opened.budget.pass() })) {
      options.signal?.throwIfAborted();
      opened.budget.entry(entry.path, entry.linkTarget);
      const refusal = opened.kind === "stream" && opened.byEngine ? refusedByEngine(entry) : undefined;
      const claimed = refusal ?? (await claim(entry));
      if (claimed === "nameless") this.#add(entry, entry.type === "directory" ? { action: "skip" } : { action: "skip", reason: nameless(entry) });
      else if (claimed === "skip") this.#leave(entry);
      else if (claimed instanceof UnzipxError) this.#add(entry, { action: "refuse", reason: claimed });
      else this.#take(entry, claimed);
    }
    for (const error of (await this.#claims.settle()).refused) this.#refuseAt(error);
  }

  /** What the user answers where there is a file, as far as the plan goes. */
  #answer({ path }: Conflict): "yes" {
    this.#asked.add(path);
    // Where the root lies may not be known yet; it would end the run there all the same.
    if (this.#options.policy.overwrite === "fail") this.ends ??= exists(this.#claims.target ?? this.#ground.path, path);
    return "yes";
  }

  #add({ path, type, size }: Entry, { action, reason }: { readonly action: PlannedAction; readonly reason?: UnzipxError }): PlannedEntry {
    const row: PlannedEntry = { path, type, size: type === "file" ? size : undefined, action, destination: undefined };
    if (reason !== undefined) row.reason = { code: reason.code, message: reason.message };
    if (action === "refuse") this.#refused.set(row, reason!);
    this.rows.push(row);
    return row;
  }

  /** The claim was no error: the user wants no links, or what is there to stay. */
  #leave(entry: Entry): void {
    const isLink = entry.type === "symlink" || entry.type === "hardlink";
    this.#add(entry, isLink && this.#options.policy.links === "skip" ? { action: "skip" } : { action: "keep" });
  }

  #take(entry: Entry, { place, repeats }: Claim): void {
    const before = this.#places.get(place);
    if (repeats && before !== undefined) [before.action, before.reason] = ["skip", { code: "ODDITY", message: "A later entry has the same name" }];
    const row = this.#add(entry, { action: "create" });
    this.#taken.push({ place, row });
    this.#places.set(place, row);
    if (entry.type !== "file" || entry.size === undefined) return;
    this.#bytes += entry.size;
    if (this.#opened.kind === "index") this.#opened.budget.spend(entry.size);
    else this.#opened.budget.promise(entry.size);
  }

  #refuse(row: PlannedEntry | undefined, error: UnzipxError): void {
    if (row === undefined) return;
    row.action = "refuse";
    row.reason = { code: error.code, message: error.message };
    this.#refused.set(row, error);
  }

  /** An error that names a place of the destination. */
  #refuseAt(error: UnzipxError): void {
    for (const [place, row] of this.#places) if (pathOf(place) === error.details.entry) this.#refuse(row, error);
  }

  /** When every entry has its place, and the root too. */
  finish(summary: Summary): void {
    const { policy } = this.#options;
    const { plan, root } = this.#claims;
    const target = this.#claims.target!;
    for (const place of reservedPlaces(root, target, this.#options.reserved)) {
      place.dropped = true;
      this.#refuse(this.#places.get(place), reservedFor(place));
    }
    const context = { root, policy, renamed: plan.renamed, existing: this.#claims.rootExists ? this.#ground.hold(target) : undefined };
    plan.settleLinks((place) => {
      const error = place.linkTarget === undefined ? undefined : refusalOfLink(place, context); // where it is not known, nothing can be said
      if (error !== undefined) this.#refuse(this.#places.get(place), error);
      return error;
    });
    const isRenamed = new Set(plan.renamed.values());
    for (const { place, row } of this.#taken) {
      if (row.action !== "create") continue;
      const path = pathOf(place);
      row.destination = join(target, path);
      if (this.#asked.has(path) && policy.overwrite === "fail") this.#refuse(row, new UnzipxError("CONFLICT", "It exists already", { entry: path }));
      else if (this.#asked.has(path)) [row.action, row.asks] = ["replace", true];
      else if (isLost(place)) row.action = "keep";
      else if (isRenamed.has(place)) row.action = "rename";
      else if (place.onDisk === "replace") row.action = "replace";
      else if (place.onDisk === "directory") row.action = "keep";
    }
    this.#sum(summary);
    if (this.ends === undefined) assertRoom(this.#bytes, target);
    addAll(this.warnings, [...notesOf(this.#claims.oddities), ...(this.#opened.kind === "index" ? this.#opened.index.notes : []), ...this.#ground.notes()]);
  }

  #sum(summary: Summary): void {
    for (const row of this.rows) {
      const { path, type, size, action } = row;
      if (action === "refuse") summary.failures.push(this.#refused.get(row)!.in({ entry: path }));
      else if (type === "directory") summary.directories += action === "skip" ? 0 : 1;
      else if (action === "keep" || action === "skip") summary.skipped += 1;
      else if (type !== "file") summary.links += 1;
      else {
        summary.files += 1;
        summary.bytes += size ?? 0;
      }
    }
    const failed = summary.failures.some(({ code }) => code !== "SPECIAL_FILE");
    const isUndone = failed && (this.#options.policy.atomic || this.#claims.isNew);
    if (isUndone) summary.untouched = this.#options.policy.atomic ? "atomic" : "new";
    else if (this.ends === undefined) summary.destination = this.#claims.target;
  }

  close(): void {
    this.#ground.release();
  }
}

/** It, or a folder that it lies in, gets no place after all. */
function isLost(place: Place): boolean {
  for (let at: Place | undefined = place; at !== undefined; at = at.parent) if (at.dropped) return true;
  return false;
}
