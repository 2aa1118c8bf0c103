/** The verb t, and members to a stream: every byte decoded and verified, nothing written to disk. */
import { ERRORS, fromPlain, fromSystem, UnzipxError } from "../errors.ts";
import type { Entry } from "../formats/contract.ts";
import { createBudget, type Budget } from "../safe/budget.ts";
import type { Limits } from "../safe/policy.ts";
import { batchesOf, isWorthWorkers, type Sized } from "./batches.ts";
import { interruptible, ofEntry, type BatchResult } from "./extract-job.ts";
import { openArchive, type OpenedIndex, type OpenedStream } from "./open.ts";
import type { Reporter } from "./reporter.ts";
import type { TestJob } from "./test-job.ts";
import { runJobs } from "./run-jobs.ts";
import type { Selection } from "./select.ts";
import { emptySummary, type Summary } from "./summary.ts";

export interface TestOptions {
  readonly limits: Limits;
  readonly lenient: boolean;
  readonly selection: Selection;
  readonly format?: string | undefined;
  readonly encoding?: string | undefined;
  readonly password?: (() => Promise<string | undefined>) | undefined;
  readonly threads: number;
  readonly signal?: AbortSignal | undefined;
  readonly reporter: Reporter;
}

/** Where members go when they go to a stream: awaited, so that a slow reader slows us down. */
export type Sink = (chunk: Uint8Array) => Promise<void> | void;

export async function test(archive: string, options: TestOptions): Promise<Summary> {
  return verify(archive, "test", options, undefined);
}

/** Members to `sink`, one after the other and nothing else. What was handed on cannot be taken back: the exit code tells. */
export async function extractTo(sink: Sink, archive: string, options: TestOptions): Promise<Summary> {
  return verify(archive, "extract", options, sink);
}

async function verify(archive: string, action: "test" | "extract", options: TestOptions, sink: Sink | undefined): Promise<Summary> {
  const started = performance.now();
  const warnings: UnzipxError[] = [];
  const opened = await openArchive(archive, {
    format: options.format, threads: options.threads, signal: options.signal, lenient: options.lenient, encoding: options.encoding, password: options.password, limits: options.limits, warn: (note) => void warnings.push(note),
  });
  const summary = emptySummary(action, archive, opened.format);
  const budget = createBudget(options.limits, opened.bytesRead);
  try {
    if (opened.kind === "index") {
      warnings.push(...opened.index.notes);
      await verifyIndex(opened, summary, budget, options, sink);
    } else {
      await verifyStream(opened, summary, budget, options, sink);
    }
    options.selection.assertAllMatched();
    summary.archiveBytes = opened.archiveBytes ?? opened.bytesRead();
  } finally {
    await opened.close();
    options.reporter.done?.();
  }
  summary.warnings.push(...warnings);
  summary.elapsed = performance.now() - started;
  return summary;
}

async function verifyIndex(opened: OpenedIndex, summary: Summary, budget: Budget, options: TestOptions, sink: Sink | undefined): Promise<void> {
  const { entries } = opened.index;
  const wanted: Sized[] = [];
  let total = 0;
  for (let number = 0; number < entries.length; number++) {
    const entry = entries[number]!;
    if (!options.selection.wants(entry.path)) continue;
    budget.entry();
    // Of a folder there is only its local header to verify, which could tell of a file.
    if (!countable(entry, summary) && (entry.type !== "directory" || entry.refusal !== undefined || entry.encrypted)) continue;
    total += entry.locator.size;
    wanted.push({ entry: number, size: entry.locator.size });
  }
  const password = wanted.some(({ entry }) => entries[entry]!.encrypted) ? await options.password?.() : undefined;
  budget.spend(total);
  options.reporter.start?.(total);
  if (sink !== undefined) {
    const decode = await opened.container.decoder();
    for (const { entry } of wanted) {
      const { locator } = entries[entry]!;
      options.signal?.throwIfAborted();
      try {
        const lenient = options.lenient ? (note: UnzipxError) => void summary.warnings.push(note.in({ entry: entries[entry]!.path })) : undefined;
        const decoded = decode(opened.source.fd, locator, { lenient, password });
        if (decoded.whole !== undefined) await sink(decoded.whole);
        else for await (const chunk of interruptible(decoded.chunks, options.signal)) await sink(chunk);
        summary.bytes += locator.size;
      } catch (error) {
        summary.failures.push(ofEntry(error).in({ entry: entries[entry]!.path }));
      }
      options.reporter.progress?.(locator.size, entries[entry]!.path);
    }
    return;
  }
  const batches = batchesOf(wanted);
  const job = (batch: readonly Sized[]): TestJob => ({
    kind: "test", container: opened.container.name, fd: opened.source.fd, lenient: options.lenient, password,
    items: batch.map(({ entry }) => ({ entry, locator: entries[entry]!.locator })),
  });
  await runJobs<BatchResult>(batches.length, (number) => job(batches[number]!), {
    threads: options.threads,
    worthWorkers: isWorthWorkers(wanted.length, total),
    signal: options.signal,
    done(result, number) {
      const batch = batches[number]!;
      summary.bytes += result.bytes;
      for (const { entry, error } of result.failures) summary.failures.push(fromPlain(error).in({ entry: entries[entry]!.path }));
      for (const { entry, error } of result.notes) summary.warnings.push(fromPlain(error).in({ entry: entries[entry]!.path }));
      options.reporter.progress?.(batch.reduce((sum, { size }) => sum + size, 0), entries[batch.at(-1)!.entry]!.path);
      for (const { entry, size } of batch) options.reporter.entry?.(entries[entry]!.path, size);
    },
  });
}

async function verifyStream(opened: OpenedStream, summary: Summary, budget: Budget, options: TestOptions, sink: Sink | undefined): Promise<void> {
  options.reporter.start?.(opened.entriesFailAlone ? undefined : opened.archiveBytes);
  let seen = 0;
  const report = (path: string): void => {
    const read = opened.entriesFailAlone ? summary.bytes : opened.bytesRead();
    options.reporter.progress?.(read - seen, path);
    seen = read;
  };
  for await (const entry of opened.entries({ listing: false, wants: (path) => options.selection.wants(path) })) {
    options.signal?.throwIfAborted();
    if (!options.selection.wants(entry.path)) continue;
    budget.entry();
    if (!countable(entry, summary)) continue;
    try {
      for await (const chunk of entry.whole === undefined ? entry.content() : [entry.whole]) {
        options.signal?.throwIfAborted();
        budget.spendChunk(chunk);
        await sink?.(chunk);
        summary.bytes += chunk.length;
        report(entry.path);
      }
    } catch (error) {
      const trouble = fromSystem(error, "read", "read an entry").in({ entry: entry.path });
      if (!opened.entriesFailAlone || ERRORS[trouble.code].ends !== "entry") throw trouble;
      summary.failures.push(trouble);
    }
    report(entry.path);
    options.reporter.entry?.(entry.path, entry.size);
  }
}

/** Counts the entry; true when it has content to verify. */
function countable(entry: Entry, summary: Summary): boolean {
  if (entry.refusal !== undefined) summary.failures.push(entry.refusal.in({ entry: entry.path }));
  else if (entry.type === "directory") summary.directories += 1;
  else if (entry.type === "file") summary.files += 1;
  else summary.links += 1;
  return entry.refusal === undefined && (entry.type === "file" || (entry.type === "symlink" && entry.linkTarget === undefined));
}
