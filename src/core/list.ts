/** The verb l: the entries as they stand in the archive. Decodes no content of an index, but that of archives to be looked into. */
import type { UnzipxError } from "../errors.ts";
import type { Bytes, Decoded, Entry } from "../formats/contract.ts";
import type { Budget } from "../safe/budget.ts";
import type { Limits } from "../safe/policy.ts";
import { apart, chunksOf, lookInside, outermost, pathInside, placed, type Level, type LookOptions } from "./nested.ts";
import { openArchive, type OpenedIndex, type OpenedStream } from "./open.ts";
import { isArchiveName } from "./own-name.ts";
import type { Selection } from "./select.ts";
import { emptySummary, type Summary } from "./summary.ts";

export interface ListOptions {
  readonly limits: Limits;
  readonly selection: Selection;
  readonly format?: string | undefined;
  readonly encoding?: string | undefined;
  /** Names may be encrypted too. */
  readonly password?: (() => Promise<string | undefined>) | undefined;
  /** Levels of archives inside archives that are shown too; undefined: none. */
  readonly levels?: number | undefined;
  /** More than one: a filter may have a thread of its own. */
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Listing {
  readonly entries: readonly Entry[];
  readonly comment: string | undefined;
  readonly summary: Summary;
}

export async function list(archive: string, options: ListOptions): Promise<Listing> {
  const started = performance.now();
  const warnings: UnzipxError[] = [];
  const reading = {
    threads: options.threads ?? 1, signal: options.signal, lenient: true, encoding: options.encoding, password: options.password, limits: options.limits, warn: (note: UnzipxError) => void warnings.push(note),
  };
  const opened = await openArchive(archive, { ...reading, format: options.format });
  const summary = emptySummary("list", archive, opened.format);
  const { budget } = opened;
  const entries: Entry[] = [];
  try {
    if (opened.kind === "index") warnings.push(...opened.index.notes);
    const looking = { ...reading, budget, fail: (error: UnzipxError) => void summary.failures.push(error) };
    await collect(opened, entries, { options, summary, budget, looking }, outermost(opened, options.levels ?? 0));
    options.selection.assertAllMatched();
    summary.archiveBytes = opened.archiveBytes ?? opened.bytesRead();
  } finally {
    await opened.close();
  }
  summary.warnings.push(...warnings);
  summary.elapsed = performance.now() - started;
  return { entries, comment: opened.kind === "index" ? opened.index.comment : undefined, summary };
}

interface Run {
  readonly options: ListOptions;
  readonly summary: Summary;
  readonly budget: Budget;
  readonly looking: LookOptions;
}

/** Adds the entries of an archive to `entries`, and behind each that is an archive what is in there, if that is wanted. */
async function collect(opened: OpenedIndex | OpenedStream, entries: Entry[], run: Run, level: Level): Promise<void> {
  const { options, looking } = run;
  if (opened.kind === "index") {
    const isLocked = opened.index.entries.some((entry) => entry.encrypted && isLookedInto(entry, run, level));
    const password = isLocked ? await options.password?.() : undefined;
    const decode = options.levels === undefined ? undefined : await opened.container.decoder();
    for (const entry of opened.index.entries) {
      add(entry, entries, run, level);
      if (decode === undefined || !isLookedInto(entry, run, level)) continue;
      const decoded = (): Decoded => decode(opened.source.fd, entry.locator, { password, lenient: looking.warn });
      await apart(entry.path, level, looking, async () => look(entry, chunksOf(decoded()), entries, run, level));
    }
  } else if (opened.entriesFailAlone) {
    await collectSolid(opened, entries, run, level);
  } else {
    for await (const { whole, content, ...entry } of opened.entries({ listing: options.levels === undefined, wants: () => true })) {
      add(entry, entries, run, level);
      if (isLookedInto(entry, run, level)) await look(entry, whole === undefined ? content() : chunksOf({ whole }), entries, run, level);
    }
  }
}

/** Gone through twice: the first time nothing is decoded. */
async function collectSolid(opened: OpenedStream, entries: Entry[], run: Run, level: Level): Promise<void> {
  const own: Entry[] = [];
  /** Archives by their path, and how many rows come before what is in them; a path may come more than once. */
  const waiting = new Map<string, number[]>();
  for await (const { whole: _, content: __, ...entry } of opened.entries({ listing: true, wants: () => true })) {
    add(entry, own, run, level);
    if (isLookedInto(entry, run, level)) waiting.set(entry.path, [...(waiting.get(entry.path) ?? []), own.length]);
  }
  const inside = new Map<number, Entry[]>();
  if (waiting.size > 0) {
    for await (const { whole, content, ...entry } of opened.entries({ listing: false, wants: (path) => waiting.has(path) })) {
      const row = waiting.get(entry.path)?.shift();
      if (row === undefined) continue;
      const found = inside.get(row) ?? [];
      inside.set(row, found);
      await apart(entry.path, level, run.looking, async () => look(entry, whole === undefined ? content() : chunksOf({ whole }), found, run, level));
    }
  }
  for (let row = 0; row <= own.length; row++) {
    if (row > 0) entries.push(own[row - 1]!);
    for (const entry of inside.get(row) ?? []) entries.push(entry);
  }
}

function add(entry: Entry, entries: Entry[], { options, budget, summary }: Run, level: Level): void {
  options.signal?.throwIfAborted();
  const path = pathInside(level, entry.path);
  if (!options.selection.wants(path)) return budget.pass();
  budget.entry(path, entry.linkTarget);
  entries.push(level.prefix === "" ? entry : { ...entry, path });
  if (entry.type === "directory") summary.directories += 1;
  else if (entry.type === "file") summary.files += 1;
  else summary.links += 1;
  summary.bytes += entry.size ?? 0;
}

function isLookedInto({ path, type, refusal }: Entry, { options: { levels, selection } }: Run, level: Level): boolean {
  if (levels === undefined || type !== "file" || refusal !== undefined || !isArchiveName(path)) return false;
  const shown = pathInside(level, path);
  return selection.wants(shown) || selection.looksInto(shown);
}

async function look(entry: Entry, content: Bytes, entries: Entry[], run: Run, level: Level): Promise<void> {
  await lookInside(entry, content, level, run.looking, async ({ opened, level: next }) => {
    if (opened.kind === "index") for (const note of opened.index.notes) run.looking.warn(placed(note, next));
    await collect(opened, entries, run, next);
  });
}
