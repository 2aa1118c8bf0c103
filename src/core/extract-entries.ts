/** x, one archive: every entry is claimed, decoded, verified and written. */
import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import { ERRORS, fromPlain, UnzipxError } from "../errors.ts";
import type { Entry, StreamEntry } from "../formats/contract.ts";
import type { Budget } from "../safe/budget.ts";
import { openSink, type FileSink, type NewFile } from "../safe/new-file.ts";
import { FREE_SPACE_RESERVE } from "../safe/policy.ts";
import type { Claim, Claimed, SafeWriter, Settled } from "../safe/writer.ts";
import { formatSize } from "../text/size.ts";
import { batchesOf, isWorthWorkers, type Sized } from "./batches.ts";
import { claimRulesOf } from "./claim-rules.ts";
import type { ExtractOptions } from "./extract.ts";
import { entryTrouble, type BatchResult, type ExtractJob } from "./extract-job.ts";
import { lookedInto } from "./link-target.ts";
import type { OpenedIndex, OpenedStream } from "./open.ts";
import { isArchiveName } from "./own-name.ts";
import { runJobs } from "./run-jobs.ts";
import type { Summary } from "./summary.ts";

export interface Run {
  readonly writer: SafeWriter;
  readonly summary: Summary;
  readonly options: ExtractOptions;
  readonly budget: Budget;
  /** Filled with the files that may be archives themselves; undefined: nobody wants to know. */
  readonly found: Found[] | undefined;
}

/** A file of an archive that is named like one itself. */
export interface Found {
  readonly claim: Claim;
  readonly entry: Entry;
  /** Selected by its own name; otherwise it is only here for what may be in it. */
  readonly wanted: boolean;
}

export async function extractEntries(opened: OpenedIndex | OpenedStream, run: Run): Promise<void> {
  if (opened.kind === "stream") return extractStream(opened, run);
  run.summary.warnings.push(...opened.index.notes);
  await extractIndex(opened, run);
}

function wants({ found, options: { selection } }: Run, path: string): boolean {
  return selection.wants(path) || (found !== undefined && isArchiveName(path) && selection.looksInto(path));
}

function remember(run: Run, claim: Claim, entry: Entry): void {
  if (run.found !== undefined && isArchiveName(entry.path)) run.found.push({ claim, entry, wanted: run.options.selection.wants(entry.path) });
}

/** Everything is claimed, and so checked, before the first byte is written; then any thread may write any entry. */
async function extractIndex(opened: OpenedIndex, run: Run): Promise<void> {
  const { writer, summary, options, budget } = run;
  const { entries } = opened.index;
  const decode = await opened.container.decoder();
  const password = entries.some((entry) => entry.encrypted && wants(run, entry.path)) ? await options.password?.() : undefined;
  const claims = new Map<number, Claim>();
  const rulesOf = claimRulesOf(opened);
  for (let number = 0; number < entries.length; number++) {
    const entry = entries[number]!;
    if (!wants(run, entry.path)) continue;
    budget.entry(entry.path, entry.linkTarget);
    const claimed = writer.claim(entry.type === "file" ? entry : await lookedInto(entry, { fd: opened.source.fd, decode, password, lenient: options.policy.lenient, warn: (note) => void summary.warnings.push(note.in({ entry: entry.path })) }), rulesOf(entry));
    const claim = record(claimed instanceof Promise ? await claimed : claimed, entry, summary);
    if (claim?.place.type !== "file") continue;
    claims.set(number, claim);
    remember(run, claim, entry);
  }
  if (run.found === undefined) options.selection.assertAllMatched(); // before anything is written; in archives inside there may be more
  await settle(writer, summary);
  const wanted: Sized[] = [];
  let total = 0;
  for (const [entry, claim] of claims) {
    if (claim.place.dropped) continue;
    const { size } = entries[entry]!.locator;
    total += size;
    wanted.push({ entry, size });
  }
  budget.spend(total); // what an entry has more than it promised is never written
  assertRoom(total, writer.target!);
  options.reporter.start?.(total);
  const batches = batchesOf(wanted);
  const job = (batch: readonly Sized[]): ExtractJob => ({
    kind: "extract", container: opened.container.name, fd: opened.source.fd, lenient: options.policy.lenient, password,
    items: batch.map(({ entry }) => ({ entry, locator: entries[entry]!.locator, file: writer.fileOf(claims.get(entry)!) })),
  });
  await runJobs<BatchResult>(batches.length, (number) => job(batches[number]!), {
    threads: options.threads,
    worthWorkers: isWorthWorkers(wanted.length, total),
    signal: options.signal,
    done(result, number) {
      const batch = batches[number]!;
      summary.bytes += result.bytes;
      summary.files += batch.length - result.failures.length;
      for (const { entry, error } of result.failures) {
        writer.drop(claims.get(entry)!);
        summary.failures.push(fromPlain(error).in({ entry: entries[entry]!.path }));
      }
      for (const { entry, error } of result.notes) summary.warnings.push(fromPlain(error).in({ entry: entries[entry]!.path }));
      options.reporter.progress?.(batch.reduce((sum, { size }) => sum + size, 0), entries[batch.at(-1)!.entry]!.path);
      for (const { entry, size } of batch) options.reporter.entry?.(entries[entry]!.path, size);
    },
  });
}

async function extractStream(opened: OpenedStream, run: Run): Promise<void> {
  const { writer, summary, options, budget } = run;
  // Of a solid container only the content tells how far it is, and nobody knows how much that will be.
  options.reporter.start?.(opened.entriesFailAlone ? undefined : opened.archiveBytes);
  const rulesOf = claimRulesOf(opened);
  let seen = 0;
  const report = (entry: string): void => {
    const read = opened.entriesFailAlone ? summary.bytes : opened.bytesRead();
    options.reporter.progress?.(read - seen, entry);
    seen = read;
  };
  for await (const entry of opened.entries({ listing: false, wants: (path) => wants(run, path) })) {
    options.signal?.throwIfAborted();
    if (!wants(run, entry.path)) {
      budget.pass();
      continue;
    }
    budget.entry(entry.path, entry.linkTarget);
    const claimed = writer.claim(entry, rulesOf(entry));
    const claim = record(claimed instanceof Promise ? await claimed : claimed, entry, summary);
    if (claim?.place.type === "file") {
      const trouble = entry.whole === undefined ? await writeStreamed(entry, claim, run, () => report(entry.path)) : writeWholeEntry(entry, entry.whole, claim, run);
      if (trouble !== undefined) {
        if (!opened.entriesFailAlone || ERRORS[trouble.code].ends !== "entry") throw trouble;
        writer.drop(claim);
        summary.failures.push(trouble);
        continue;
      }
      remember(run, claim, entry);
      options.reporter.entry?.(entry.path, entry.size);
    }
    report(entry.path);
  }
  const { skippedFiles, skippedLinks, skippedBytes } = await settle(writer, summary);
  summary.links -= skippedLinks;
  summary.files -= skippedFiles; // they were written before it was known where to
  summary.bytes -= skippedBytes;
}

/** Most entries are small: what has arrived is written without waiting for anything. Returns and throws as writeStreamed(). */
function writeWholeEntry(entry: StreamEntry, bytes: Uint8Array, claim: Claim, { writer, budget, summary }: Run): UnzipxError | undefined {
  const sink = openedSink(writer.fileOf(claim));
  try {
    budget.spendChunk(bytes);
    sink.write(bytes);
    sink.close();
  } catch (error) {
    sink.discard();
    return entryTrouble(error).in({ entry: entry.path });
  }
  summary.bytes += bytes.length;
  summary.files += 1;
  return undefined;
}

/** Returns what went wrong in the archive; trouble with the disk or a limit is thrown. */
async function writeStreamed(entry: StreamEntry, claim: Claim, { writer, budget, summary, options }: Run, report: () => void): Promise<UnzipxError | undefined> {
  const sink = openedSink(writer.fileOf(claim));
  const before = summary.bytes;
  try {
    for await (const chunk of entry.content()) {
      options.signal?.throwIfAborted();
      budget.spendChunk(chunk);
      sink.write(chunk);
      summary.bytes += chunk.length;
      report();
    }
    sink.close();
    summary.files += 1;
    return undefined;
  } catch (error) {
    sink.discard();
    summary.bytes = before;
    return entryTrouble(error).in({ entry: entry.path });
  }
}

/** Thrown here it would be taken for trouble with the archive. */
function openedSink(file: NewFile): FileSink {
  try {
    return openSink(file);
  } catch (error) {
    throw entryTrouble(error);
  }
}

async function settle(writer: SafeWriter, summary: Summary): Promise<Settled> {
  const settled = await writer.settle();
  summary.failures.push(...settled.refused);
  summary.skipped += settled.skippedFiles + settled.skippedLinks;
  return settled;
}

function record(claimed: Claimed, entry: Entry, summary: Summary): Claim | undefined {
  if (claimed === "skip") {
    summary.skipped += 1;
    return undefined;
  }
  if (claimed instanceof UnzipxError) {
    summary.failures.push(claimed.in({ entry: entry.path }));
    return undefined;
  }
  if (claimed.repeats) summary.files -= 1;
  if (claimed.place.type === "directory") summary.directories += 1;
  else if (claimed.place.type !== "file") summary.links += 1;
  return claimed;
}

/** A known size is held against the free space beforehand: the kindest moment to say no. */
function assertRoom(bytes: number, target: string): void {
  if (bytes < FREE_SPACE_RESERVE) return;
  for (let folder = target; ; folder = dirname(folder)) {
    try {
      const { bavail, bsize } = statfsSync(folder);
      if (bavail * bsize - FREE_SPACE_RESERVE >= bytes) return;
      throw new UnzipxError("DISK_FULL", `Cannot extract into "${target}": there is not enough room`, {
        expected: formatSize(bytes), found: `${formatSize(bavail * bsize)} free`, hint: "-C DIR",
      });
    } catch (error) {
      if (error instanceof UnzipxError) throw error;
      if (folder === dirname(folder)) return; // the system will tell when it is full
    }
  }
}
