/** The verb l: the entries as they stand in the archive. Decodes no content of an index, but that of archives to be looked into. */
import { addAll } from "../bytes/add-all.ts";
import { now } from "../bytes/clock.ts";
import { someOf, type List } from "../bytes/list.ts";
import type { UnzipxError } from "../errors.ts";
import type { Bytes, Decoded, Entry, Facts } from "../formats/contract.ts";
import type { Budget } from "../safe/budget.ts";
import type { Limits } from "../safe/policy.ts";
import { bareEntry, changed } from "./bare-entry.ts";
import { judgeOf, linksOf, turnOf, TURNS } from "./as-claimed.ts";
import { DryRun } from "./dry-run.ts";
import { keptEntry } from "./kept-entry.ts";
import { apart, contentOf, keptChunks, lookInside, outermost, pathInside, placed, type Level, type LookOptions } from "./nested.ts";
import { openArchive, type OpenedIndex, type OpenedStream } from "./open.ts";
import { isArchiveName } from "./own-name.ts";
import { Rows } from "./rows.ts";
import { EVERYTHING, type Selection } from "./select.ts";
import { titleOf, type Input } from "./sources.ts";
import { emptySummary, type Summary } from "./summary.ts";

export interface ListOptions {
  readonly limits: Limits;
  readonly selection: Selection;
  /** Where two readings of the archive disagree, one is shown, and told; otherwise it is refused, as x does. */
  readonly lenient?: boolean | undefined;
  readonly format?: string | undefined;
  readonly encoding?: string | undefined;
  /** Names may be encrypted too. */
  readonly password?: (() => Promise<string | undefined>) | undefined;
  /** Levels of archives inside archives that are shown too; undefined: none. */
  readonly levels?: number | undefined;
  /** More than one: a filter may have a thread of its own. */
  readonly threads?: number | undefined;
  /** Also what a long listing shows: owners, and the facts of the archive. */
  readonly details?: boolean | undefined;
  /** Told of each entry as it comes, before the listing is complete. */
  readonly listed?: ((entry: ListedEntry) => void) | undefined;
  /** Told of an entry that came already, when it is known that x would refuse it. */
  readonly refused?: ((entry: ListedEntry) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An entry, and why x would refuse it with its usual flags: as far as that can be told without decoding its content. */
export interface ListedEntry extends Entry {
  readonly refused?: UnzipxError;
  /** Of the content, where it was asked for: see listHashed(). */
  readonly sha256?: string;
  /** Where x would put it, below the folder that it unpacks to; with digests only. */
  readonly place?: string;
}

export interface Listing {
  readonly entries: List<ListedEntry>;
  readonly comment: string | undefined;
  readonly summary: Summary;
  /** False when only some entries were asked for: the archive's size says nothing of theirs then. */
  readonly whole: boolean;
  /** Undefined without `details`. */
  readonly facts?: Facts | undefined;
}

export async function list(archive: string | Input, options: ListOptions): Promise<Listing> {
  const started = now();
  const warnings: UnzipxError[] = [];
  const reading = {
    threads: options.threads ?? 1, signal: options.signal, lenient: options.lenient === true, encoding: options.encoding, password: options.password, limits: options.limits, warn: (note: UnzipxError) => void warnings.push(note),
  };
  const facts = options.details === true ? noFacts() : undefined;
  const opened = await openArchive(archive, { ...reading, format: options.format, facts, owners: options.details });
  const summary = emptySummary("list", titleOf(archive), opened.format);
  const { budget } = opened;
  const entries = new Rows(opened.kind === "index" ? opened.index.entries : undefined);
  try {
    if (opened.kind === "index") addAll(warnings, opened.index.notes);
    const looking = { ...reading, owners: options.details, facts: options.details === true ? noFacts() : undefined, budget, fail: (error: UnzipxError) => void summary.failures.push(error) };
    await collect(opened, entries, { options, summary, budget, looking }, outermost(opened, options.levels ?? 0));
    options.selection.assertAllMatched();
    summary.archiveBytes = opened.archiveBytes ?? opened.bytesRead();
  } finally {
    await opened.close();
  }
  addAll(summary.warnings, warnings);
  summary.elapsed = now() - started;
  return { entries, comment: opened.kind === "index" ? opened.index.comment : undefined, summary, whole: options.selection === EVERYTHING, facts: facts && factsOf(facts, opened) };
}

export function noFacts(): Facts {
  return { charset: undefined, solid: undefined };
}

/** With what is known without the reader: what comes through a filter is one stream. */
export function factsOf({ charset, solid }: Facts, opened: OpenedIndex | OpenedStream): Facts {
  return { charset, solid: solid ?? (opened.kind === "stream" && !opened.entriesFailAlone ? opened.format.length > 1 : undefined) };
}

interface Run {
  readonly options: ListOptions;
  readonly summary: Summary;
  readonly budget: Budget;
  readonly looking: LookOptions;
}

/** Adds the entries of an archive to `rows`, and behind each that is an archive what is in there, if that is wanted. */
async function collect(opened: OpenedIndex | OpenedStream, rows: Rows, run: Run, level: Level): Promise<void> {
  if (opened.kind === "stream" && opened.entriesFailAlone) return collectSolid(opened, rows, run, level);
  const { options, looking } = run;
  const dry = new DryRun<number>(opened, { limits: options.limits, prefix: level.prefix, again: (row) => rows.at(row)! });
  const mark = (error: UnzipxError, row: number): void => rows.replace(row, { ...bareEntry(rows.at(row)!), refused: error });
  /** `number`: the entry as it stands in the index of the outermost archive. */
  const show = (entry: Entry, judged: Entry, number?: number): void => {
    if (!count(entry, run, level)) return;
    const row = rows.length;
    rows.push(number ?? (level.prefix === "" ? entry : changed(entry, { path: pathInside(level, entry.path) })));
    const refusal = dry.refusal(judged, row);
    if (refusal !== undefined) mark(refusal, row);
    options.listed?.(rows.at(row)!);
  };
  if (opened.kind === "index") {
    const { entries } = opened.index;
    const password = options.levels !== undefined && someOf(entries, (entry) => entry.encrypted && isLookedInto(entry, run, level)) ? await options.password?.() : undefined;
    const decode = await opened.container.decoder();
    const judge = await judgeOf(opened, options.lenient === true);
    for (let number = 0; number < entries.length; number++) {
      const entry = entries.at(number)!;
      if (options.selection.wants(pathInside(level, entry.path))) {
        const judged = judge(entry, number);
        const known = judged instanceof Promise ? await judged : judged; // a million promises would be most of the work
        const asItStands = known.linkTarget === undefined;
        show(asItStands ? entry : changed(entry, { linkTarget: known.linkTarget }), known, asItStands && level.prefix === "" ? number : undefined);
      }
      if (!isLookedInto(entry, run, level)) continue;
      const decoded = (): Decoded => decode(opened.source.fd, entry.locator, { password, lenient: options.lenient, warn: looking.warn });
      await apart(entry.path, level, looking, async () => look(entry, keptChunks(decoded()), rows, run, level));
    }
  } else {
    for await (const given of opened.entries({ listing: options.levels === undefined, wants: () => true })) {
      const entry = keptEntry(given);
      show(entry, entry);
      if (isLookedInto(entry, run, level)) await look(entry, contentOf(given), rows, run, level);
    }
  }
  dry.finish((error, row) => {
    mark(error, row);
    options.refused?.(rows.at(row)!);
  });
}

/** Gone through twice: the first time nothing is decoded. */
async function collectSolid(opened: OpenedStream, rows: Rows, run: Run, level: Level): Promise<void> {
  const own: ListedEntry[] = [];
  /** Archives by their path, and how many rows come before what is in them; a path may come more than once. */
  const waiting = new Map<string, number[]>();
  for await (const given of opened.entries({ listing: true, wants: () => true })) {
    const entry = bareEntry(given);
    if (count(entry, run, level)) own.push(level.prefix === "" ? entry : changed(entry, { path: pathInside(level, entry.path) }));
    if (isLookedInto(entry, run, level)) waiting.set(entry.path, [...(waiting.get(entry.path) ?? []), own.length]);
  }
  await markSolid(opened, own, run, level);
  for (const row of own) run.options.listed?.(row);
  const inside = new Map<number, Rows>();
  if (waiting.size > 0) {
    for await (const given of opened.entries({ listing: false, wants: (path) => waiting.has(path) })) {
      const entry = bareEntry(given);
      const row = waiting.get(entry.path)?.shift();
      if (row === undefined) continue;
      const found = inside.get(row) ?? new Rows();
      inside.set(row, found);
      await apart(entry.path, level, run.looking, async () => look(entry, contentOf(given), found, run, level));
    }
  }
  for (let row = 0; row <= own.length; row++) {
    if (row > 0) rows.push(own[row - 1]!);
    for (const entry of inside.get(row) ?? []) rows.push(entry);
  }
}

/** Marks what x would refuse, in the order in which the entries come when they are decoded. */
async function markSolid(opened: OpenedStream, own: ListedEntry[], run: Run, level: Level): Promise<void> {
  const links = await linksOf(opened, own, { signal: run.options.signal, pathOf: (path) => pathInside(level, path) });
  const dry = new DryRun<number>(opened, { limits: run.options.limits, prefix: level.prefix, again: (row) => own[row]! });
  const mark = (error: UnzipxError, row: number): void => void (own[row] = { ...own[row]!, refused: error });
  for (const now of TURNS) {
    for (let row = 0; row < own.length; row++) {
      if (turnOf(own[row]!, opened) !== now) continue;
      const link = own[row]!.type === "symlink" ? links.get(own[row]!.path) : undefined;
      if (link?.linkTarget !== undefined) own[row] = { ...own[row]!, linkTarget: link.linkTarget };
      const entry = link === undefined ? own[row]! : { ...own[row]!, ...link };
      const refusal = dry.refusal(level.prefix === "" ? entry : { ...entry, path: entry.path.slice(level.prefix.length) }, row);
      if (refusal !== undefined) mark(refusal, row);
    }
  }
  dry.finish(mark);
}

/** False where the entry is not wanted. */
function count({ path: own, linkTarget, type, size }: Entry, { options, budget, summary }: Run, level: Level): boolean {
  options.signal?.throwIfAborted();
  const path = pathInside(level, own);
  if (!options.selection.wants(path)) {
    budget.pass();
    return false;
  }
  budget.entry(path, linkTarget);
  if (type === "directory") summary.directories += 1;
  else if (type === "file") summary.files += 1;
  else summary.links += 1;
  summary.bytes += size ?? 0;
  return true;
}

function isLookedInto(entry: Entry, { options: { levels, selection } }: Run, level: Level): boolean {
  if (levels === undefined || entry.type !== "file" || entry.refusal !== undefined || !isArchiveName(entry.path)) return false;
  const shown = pathInside(level, entry.path);
  return selection.wants(shown) || selection.looksInto(shown);
}

async function look(entry: Entry, content: Bytes, rows: Rows, run: Run, level: Level): Promise<void> {
  await lookInside(entry, content, level, run.looking, async ({ opened, level: next }) => {
    if (opened.kind === "index") for (const note of opened.index.notes) run.looking.warn(placed(note, next));
    await collect(opened, rows, run, next);
  });
}
