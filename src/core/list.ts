/** The verb l: the entries as they stand in the archive. Decodes no content of an index. */
import type { UnzipxError } from "../errors.ts";
import type { Entry } from "../formats/contract.ts";
import { createBudget } from "../safe/budget.ts";
import type { Limits } from "../safe/policy.ts";
import { openArchive } from "./open.ts";
import type { Selection } from "./select.ts";
import { emptySummary, type Summary } from "./summary.ts";

export interface ListOptions {
  readonly limits: Limits;
  readonly selection: Selection;
  readonly format?: string | undefined;
  readonly encoding?: string | undefined;
  /** Names may be encrypted too. */
  readonly password?: (() => Promise<string | undefined>) | undefined;
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
  const opened = await openArchive(archive, {
    format: options.format, threads: options.threads ?? 1, signal: options.signal, lenient: true, encoding: options.encoding, password: options.password, limits: options.limits, warn: (note) => void warnings.push(note),
  });
  const summary = emptySummary("list", archive, opened.format);
  const budget = createBudget(options.limits, opened.bytesRead);
  const entries: Entry[] = [];
  const add = (entry: Entry): void => {
    if (!options.selection.wants(entry.path)) return;
    budget.entry();
    entries.push(entry);
    if (entry.type === "directory") summary.directories += 1;
    else if (entry.type === "file") summary.files += 1;
    else summary.links += 1;
    summary.bytes += entry.size ?? 0;
  };
  try {
    if (opened.kind === "index") {
      warnings.push(...opened.index.notes);
      for (const entry of opened.index.entries) add(entry);
    } else {
      for await (const { whole: _, content: __, ...entry } of opened.entries({ listing: true, wants: () => true })) {
        options.signal?.throwIfAborted();
        add(entry);
      }
    }
    options.selection.assertAllMatched();
    summary.archiveBytes = opened.archiveBytes ?? opened.bytesRead();
  } finally {
    await opened.close();
  }
  summary.warnings.push(...warnings);
  summary.elapsed = performance.now() - started;
  return { entries, comment: opened.kind === "index" ? opened.index.comment : undefined, summary };
}
