/** t, one archive: every entry is decoded and verified, and so are the archives in it where that is wanted. */
import { ERRORS, fromPlain, fromSystem, UnzipxError } from "../errors.ts";
import type { Bytes, Entry } from "../formats/contract.ts";
import type { Budget } from "../safe/budget.ts";
import { batchesOf, isWorthWorkers, type Sized } from "./batches.ts";
import { interruptible, ofEntry, type BatchResult } from "./extract-job.ts";
import { apart, chunksOf, lookInside, pathInside, placed, type Level } from "./nested.ts";
import type { OpenedIndex, OpenedStream } from "./open.ts";
import { isArchiveName } from "./own-name.ts";
import { runJobs } from "./run-jobs.ts";
import type { Summary } from "./summary.ts";
import type { Sink, TestOptions } from "./test.ts";
import type { TestJob } from "./test-job.ts";

export interface Run {
  readonly summary: Summary;
  readonly options: TestOptions;
  readonly budget: Budget;
  readonly sink: Sink | undefined;
  readonly warn: (note: UnzipxError) => void;
}

export async function verifyEntries(opened: OpenedIndex | OpenedStream, run: Run, level: Level): Promise<void> {
  if (opened.kind === "stream") return verifyStream(opened, run, level);
  for (const note of opened.index.notes) run.warn(placed(note, level));
  await verifyIndex(opened, run, level);
}

async function verifyIndex(opened: OpenedIndex, run: Run, level: Level): Promise<void> {
  const { summary, options, budget, sink } = run;
  const { entries } = opened.index;
  const pathOf = (entry: number): string => entries[entry]!.path;
  const wanted: Sized[] = [];
  const archives: number[] = [];
  let total = 0;
  for (let number = 0; number < entries.length; number++) {
    const entry = entries[number]!;
    if (!isWanted(entry, run, level)) continue;
    budget.entry(entry.path, entry.linkTarget);
    // Of a folder there is only its local header to verify, which could tell of a file.
    if (!countable(entry, summary, level) && (entry.type !== "directory" || entry.refusal !== undefined || entry.encrypted)) continue;
    if (isLookedInto(entry, run)) {
      archives.push(number); // verified when it is looked into, and counted then
      continue;
    }
    total += entry.locator.size;
    wanted.push({ entry: number, size: entry.locator.size });
  }
  const isLocked = [...wanted.map(({ entry }) => entry), ...archives].some((entry) => entries[entry]!.encrypted);
  const password = isLocked ? await options.password?.() : undefined;
  budget.spend(total);
  if (level.prefix === "") options.reporter.start?.(archives.reduce((sum, entry) => sum + entries[entry]!.locator.size, total));
  const report = (entry: number, size: number): void => options.reporter.entry?.(pathInside(level, pathOf(entry)), size);
  if (sink !== undefined) {
    const decode = await opened.container.decoder();
    for (const { entry } of wanted) {
      const { locator } = entries[entry]!;
      options.signal?.throwIfAborted();
      try {
        const lenient = options.lenient ? (note: UnzipxError) => void summary.warnings.push(note.in({ entry: pathOf(entry) })) : undefined;
        const decoded = decode(opened.source.fd, locator, { lenient, password });
        if (decoded.whole !== undefined) await sink(decoded.whole);
        else for await (const chunk of interruptible(decoded.chunks, options.signal)) await sink(chunk);
        summary.bytes += locator.size;
      } catch (error) {
        summary.failures.push(ofEntry(error).in({ entry: pathOf(entry) }));
      }
      options.reporter.progress?.(locator.size, pathOf(entry));
    }
    return;
  }
  const batches = batchesOf(wanted);
  const job = (batch: readonly Sized[]): TestJob => ({
    kind: "test", container: opened.container.name, fd: opened.source.fd, lenient: options.lenient, password,
    items: batch.map(({ entry }) => ({ entry, locator: entries[entry]!.locator })),
  });
  const told = ({ entry, error }: BatchResult["failures"][number]): UnzipxError => placed(fromPlain(error).in({ entry: pathOf(entry) }), level);
  await runJobs<BatchResult>(batches.length, (number) => job(batches[number]!), {
    threads: options.threads,
    worthWorkers: isWorthWorkers(wanted.length, total),
    signal: options.signal,
    done(result, number) {
      const batch = batches[number]!;
      summary.bytes += result.bytes;
      summary.failures.push(...result.failures.map(told));
      summary.warnings.push(...result.notes.map(told));
      options.reporter.progress?.(batch.reduce((sum, { size }) => sum + size, 0), pathInside(level, pathOf(batch.at(-1)!.entry)));
      for (const { entry, size } of batch) report(entry, size);
    },
  });
  if (archives.length === 0) return;
  const decode = await opened.container.decoder();
  for (const number of archives) {
    const entry = entries[number]!;
    options.signal?.throwIfAborted();
    await apart(entry.path, level, { budget, fail: fail(run) }, async () => {
      const lenient = options.lenient ? (note: UnzipxError) => run.warn(placed(note.in({ entry: entry.path }), level)) : undefined;
      await look(entry, counted(chunksOf(decode(opened.source.fd, entry.locator, { lenient, password })), run), run, level);
    });
    options.reporter.progress?.(entry.locator.size, pathInside(level, entry.path));
    report(number, entry.locator.size);
  }
}

async function verifyStream(opened: OpenedStream, run: Run, level: Level): Promise<void> {
  const { summary, options, budget, sink } = run;
  const isOutermost = level.prefix === "";
  if (isOutermost) options.reporter.start?.(opened.entriesFailAlone ? undefined : opened.archiveBytes);
  let seen = isOutermost ? 0 : summary.bytes;
  const report = (path: string): void => {
    const read = opened.entriesFailAlone || !isOutermost ? summary.bytes : opened.bytesRead();
    options.reporter.progress?.(read - seen, pathInside(level, path));
    seen = read;
  };
  const wants = (path: string): boolean => isWanted({ path }, run, level);
  for await (const entry of opened.entries({ listing: false, wants })) {
    options.signal?.throwIfAborted();
    if (!wants(entry.path)) {
      budget.pass();
      continue;
    }
    budget.entry(entry.path, entry.linkTarget);
    if (!countable(entry, summary, level)) continue;
    const content = chunksOf({ whole: entry.whole, chunks: entry.whole === undefined ? entry.content() : undefined });
    try {
      if (isLookedInto(entry, run)) {
        await look(entry, counted(content, run), run, level);
      } else {
        for await (const chunk of content) {
          options.signal?.throwIfAborted();
          budget.spendChunk(chunk);
          await sink?.(chunk);
          summary.bytes += chunk.length;
          report(entry.path);
        }
      }
    } catch (error) {
      const trouble = fromSystem(error, "read", "read an entry").in({ entry: entry.path });
      if (!opened.entriesFailAlone || ERRORS[trouble.code].ends !== "entry") throw trouble;
      summary.failures.push(placed(trouble, level));
    }
    report(entry.path);
    options.reporter.entry?.(pathInside(level, entry.path), entry.size);
  }
}

async function look(entry: Entry, content: Bytes, run: Run, level: Level): Promise<void> {
  const { options, budget, warn } = run;
  const { encoding, password, threads, signal, limits, lenient } = options;
  const reading = { encoding, password, threads, signal, limits, lenient, warn, budget, fail: fail(run) };
  await lookInside(entry, content, level, reading, ({ opened, level: next }) => verifyEntries(opened, run, next));
}

function fail({ summary }: Run): (error: UnzipxError) => void {
  return (error) => void summary.failures.push(error);
}

/** The content of an archive that is looked into: verified and counted by whoever reads it. */
async function* counted(content: Bytes, { summary, options }: Run): Bytes {
  for await (const chunk of interruptible(content, options.signal)) {
    summary.bytes += chunk.length;
    yield chunk;
  }
}

function isWanted({ path }: Pick<Entry, "path">, { options: { selection, levels } }: Run, level: Level): boolean {
  const shown = pathInside(level, path);
  return selection.wants(shown) || (levels !== undefined && isArchiveName(path) && selection.looksInto(shown));
}

function isLookedInto({ path, type }: Entry, { options: { levels } }: Run): boolean {
  return levels !== undefined && type === "file" && isArchiveName(path);
}

/** Counts the entry; true when it has content to verify. */
function countable(entry: Entry, summary: Summary, level: Level): boolean {
  if (entry.refusal !== undefined) summary.failures.push(placed(entry.refusal.in({ entry: entry.path }), level));
  else if (entry.type === "directory") summary.directories += 1;
  else if (entry.type === "file") summary.files += 1;
  else summary.links += 1;
  return entry.refusal === undefined && (entry.type === "file" || (entry.type === "symlink" && entry.linkTarget === undefined));
}
