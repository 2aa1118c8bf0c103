/** t, one archive: every entry is decoded and verified, and so are the archives in it where that is wanted. */
import { addAll } from "../bytes/add-all.ts";
import type { List } from "../bytes/list.ts";
import { ERRORS, fromPlain, fromSystem, UnzipxError } from "../errors.ts";
import type { Bytes, Entry } from "../formats/contract.ts";
import type { Place } from "../safe/tree.ts";
import type { Budget } from "../safe/budget.ts";
import { batchesOf, isWorthWorkers } from "./batches.ts";
import { interruptible, ofEntry, type BatchResult } from "./extract-job.ts";
import { apart, contentOf, keptChunks, lookInside, pathInside, placed, type Level } from "./nested.ts";
import type { OpenedIndex, OpenedStream } from "./open.ts";
import { isArchiveName } from "./own-name.ts";
import { runJobs } from "./run-jobs.ts";
import type { Summary } from "./summary.ts";
import type { Sink, TestOptions } from "./test.ts";
import type { Seen, TestJob, TestResult } from "./test-job.ts";
import type { Watch, Watcher } from "./watch.ts";

export interface Run {
  readonly summary: Summary;
  readonly options: TestOptions;
  readonly budget: Budget;
  readonly sink: Sink | undefined;
  readonly warn: (note: UnzipxError) => void;
  /** Undefined: nobody wants to know more than whether all is right. */
  readonly watcher: Watcher | undefined;
}

export async function verifyEntries(opened: OpenedIndex | OpenedStream, run: Run, level: Level): Promise<void> {
  const watch = run.watcher?.open(opened, level, run.options.limits);
  try {
    if (opened.kind === "stream") return await verifyStream(opened, run, level, watch);
    for (const note of opened.index.notes) run.warn(placed(note, level));
    await verifyIndex(opened, run, level, watch);
  } finally {
    watch?.close();
  }
}

async function verifyIndex(opened: OpenedIndex, run: Run, level: Level, watch: Watch | undefined): Promise<void> {
  const { summary, options, budget, sink } = run;
  // Who watches knows an entry again by the object that it is.
  const entries = watch === undefined ? opened.index.entries : [...opened.index.entries];
  const pathOf = (entry: number): string => entries.at(entry)!.path;
  const wanted: number[] = [];
  const archives: number[] = [];
  const links = new Map<number, Place>(); // whose target is only known when they are decoded
  let total = 0;
  for (let number = 0; number < entries.length; number++) {
    const entry = entries.at(number)!;
    if (!isWanted(entry, run, level)) continue;
    budget.entry(entry.path, entry.linkTarget);
    const place = watch?.entry(entry);
    if (place?.type === "symlink") links.set(number, place);
    // Of a folder there is only its local header to verify, which could tell of a file.
    if (!countable(entry, summary, level) && (entry.type !== "directory" || entry.refusal !== undefined || entry.encrypted)) continue;
    if (isLookedInto(entry, run)) {
      archives.push(number); // verified when it is looked into, and counted then
      continue;
    }
    total += entry.size;
    wanted.push(number);
  }
  const isLocked = [wanted, archives].some((numbers) => numbers.some((entry) => entries.at(entry)!.encrypted));
  const password = isLocked ? await options.password?.() : undefined;
  budget.spend(total);
  if (level.prefix === "") options.reporter.start?.(archives.reduce((sum, entry) => sum + entries.at(entry)!.size, total));
  const report = (entry: number, size: number): void => options.reporter.entry?.(pathInside(level, pathOf(entry)), size);
  if (sink !== undefined) {
    const decode = await opened.container.decoder();
    for (const entry of wanted) {
      const { locator } = entries.at(entry)!;
      options.signal?.throwIfAborted();
      try {
        const warn = (note: UnzipxError): void => void summary.warnings.push(note.in({ entry: pathOf(entry) }));
        const decoded = decode(opened.source.fd, locator, { lenient: options.lenient, warn, password });
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
  const sizeOf = (entry: number): number => entries.at(entry)!.size;
  const batches = batchesOf(wanted, sizeOf);
  const job = (batch: readonly number[]): TestJob => ({
    kind: "test", container: opened.container.name, fd: opened.source.fd, lenient: options.lenient, password, look: run.watcher?.look,
    items: batch.map((entry) => ({ entry, locator: entries.at(entry)!.locator, ...(links.has(entry) ? { isLink: true } : {}) })),
  });
  const told = ({ entry, error }: BatchResult["failures"][number]): UnzipxError => placed(fromPlain(error).in({ entry: pathOf(entry) }), level);
  const take = (result: TestResult, batch: readonly number[]): void => {
    if (watch !== undefined) tellBatch(result, batch, { watch, entries, links });
    addAll(summary.failures, result.failures.map(told));
    addAll(summary.warnings, result.notes.map(told));
  };
  // What several threads find is told as one would have found it.
  const waiting = new Map<number, TestResult>();
  let next = 0;
  await runJobs<TestResult>(batches.length, (number) => job(batches[number]!), {
    threads: options.threads,
    worthWorkers: isWorthWorkers(wanted.length, total),
    signal: options.signal,
    done(result, number) {
      const batch = batches[number]!;
      summary.bytes += result.bytes;
      waiting.set(number, result);
      for (let ready = waiting.get(next); ready !== undefined; ready = waiting.get(next)) {
        take(ready, batches[next]!);
        waiting.delete(next++);
      }
      options.reporter.progress?.(batch.reduce((sum, entry) => sum + sizeOf(entry), 0), pathInside(level, pathOf(batch.at(-1)!)));
      const failed = new Set(result.failures.map(({ entry }) => entry));
      for (const entry of batch) if (!failed.has(entry)) report(entry, sizeOf(entry));
    },
  });
  if (archives.length === 0) return;
  const decode = await opened.container.decoder();
  for (const number of archives) {
    const entry = entries.at(number)!;
    options.signal?.throwIfAborted();
    await apart(entry.path, level, { budget, fail: fail(run) }, async () => {
      const warn = (note: UnzipxError): void => run.warn(placed(note.in({ entry: entry.path }), level));
      await look(entry, keptChunks(decode(opened.source.fd, entry.locator, { lenient: options.lenient, warn, password })), run, level, watch);
    });
    options.reporter.progress?.(entry.size, pathInside(level, entry.path));
    report(number, entry.size);
  }
}

/** What the content of some entries told: of a link where it leads, of a file what it is. */
function tellBatch({ seen, failures }: TestResult, batch: readonly number[], { watch, entries, links }: { watch: Watch; entries: List<Entry>; links: ReadonlyMap<number, Place> }): void {
  const known = new Map(seen.map((one) => [one.entry, one]));
  const failed = new Set(failures.map(({ entry }) => entry));
  for (const entry of batch) {
    const one = entries.at(entry)!;
    const place = links.get(entry);
    const told = known.get(entry);
    if (failed.has(entry)) {
      if (place !== undefined) watch.failed(place);
    } else if (place !== undefined && told?.target !== undefined) {
      watch.target(one, place, told.target);
    } else if (one.type === "file") {
      watch.content(one, told);
    }
  }
}

async function verifyStream(opened: OpenedStream, run: Run, level: Level, watch: Watch | undefined): Promise<void> {
  const looking = watch === undefined ? undefined : await lookInto(run.watcher!, watch);
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
  const verified = async (chunk: Uint8Array): Promise<void> => {
    options.signal?.throwIfAborted();
    budget.spendChunk(chunk);
    looking?.add(chunk);
    if (sink !== undefined) await sink(chunk);
    summary.bytes += chunk.length;
  };
  for await (const entry of opened.entries({ listing: false, wants })) {
    options.signal?.throwIfAborted();
    if (!wants(entry.path)) {
      budget.pass();
      continue;
    }
    budget.entry(entry.path, entry.linkTarget);
    const place = watch?.entry(entry);
    if (!countable(entry, summary, level)) continue;
    looking?.begin();
    try {
      if (isLookedInto(entry, run)) {
        await look(entry, contentOf(entry), run, level, watch);
      } else {
        const { whole } = entry;
        if (whole !== undefined) await verified(whole);
        else for await (const chunk of entry.content()) {
          await verified(chunk);
          report(entry.path);
        }
        if (entry.type === "file") looking?.done(entry);
      }
    } catch (error) {
      if (place !== undefined) watch?.failed(place);
      const trouble = fromSystem(error, "read", "read an entry").in({ entry: entry.path });
      if (!opened.entriesFailAlone || ERRORS[trouble.code].ends !== "entry") throw trouble;
      summary.failures.push(placed(trouble, level));
      report(entry.path);
      continue;
    }
    report(entry.path);
    options.reporter.entry?.(pathInside(level, entry.path), entry.size);
  }
}

async function look(entry: Entry, content: Bytes, run: Run, level: Level, watch: Watch | undefined): Promise<void> {
  const { options, budget, warn } = run;
  const { encoding, password, threads, signal, limits, lenient } = options;
  const reading = { encoding, password, threads, signal, limits, lenient, warn, budget, fail: fail(run) };
  // An audit tells of what is in there instead.
  const looking = watch === undefined || run.watcher!.look === "kinds" ? undefined : await lookInto(run.watcher!, watch);
  await lookInside(entry, counted(content, run, (chunk) => looking?.add(chunk)), level, reading, ({ opened, level: next }) => verifyEntries(opened, run, next));
  looking?.done(entry);
}

/** Of one entry after the other, on this thread. */
async function lookInto({ look: wanted }: Watcher, watch: Watch): Promise<{ begin(): void; add(chunk: Uint8Array): void; done(entry: Entry): void }> {
  const seen: Seen[] = [];
  const looker = await (await import("./watch.ts")).lookerOf(wanted, seen);
  let number = 0;
  return {
    begin: () => void (number += 1),
    add: (chunk) => looker.add({ entry: number }, chunk),
    done(entry) {
      looker.done({ entry: number });
      watch.content(entry, seen.pop());
    },
  };
}

function fail({ summary }: Run): (error: UnzipxError) => void {
  return (error) => void summary.failures.push(error);
}

/** The content of an archive that is looked into: verified and counted by whoever reads it. */
async function* counted(content: Bytes, { summary, options }: Run, passing: (chunk: Uint8Array) => void): Bytes {
  for await (const chunk of interruptible(content, options.signal)) {
    summary.bytes += chunk.length;
    passing(chunk);
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
