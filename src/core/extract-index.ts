/** x, an archive with an index: any thread may write any entry. */
import { fromPlain } from "../errors.ts";
import { assertRoom } from "../safe/free-space.ts";
import type { NewFile } from "../safe/new-file.ts";
import { Place } from "../safe/tree.ts";
import type { Claim } from "../safe/writer.ts";
import { Batches, isWorthWorkers } from "./batches.ts";
import { claimerOf } from "./claim-rules.ts";
import type { BatchResult, ExtractJob } from "./extract-job.ts";
import { record, remember, settle, wants, type Run } from "./extract-run.ts";
import { lookedInto } from "./link-target.ts";
import type { OpenedIndex } from "./open.ts";
import { JobRun } from "./run-jobs.ts";
import { EVERYTHING } from "./select.ts";

/**
 * Every entry is claimed, and so checked, in archive order; then any thread may write it. Where it is known beforehand where all will lie, the
 * other threads begin meanwhile: nothing is visible before everything is done.
 */
export async function extractIndex(opened: OpenedIndex, run: Run): Promise<void> {
  const { writer, summary, options, budget } = run;
  const { entries } = opened.index;
  const decode = await opened.container.decoder();
  const { count, bytes, isLocked } = expected(opened, run);
  const password = isLocked ? await options.password?.() : undefined;
  /** Of files, by their number; of those that got none, the places of their folders. Half the memory of claims. */
  const places = new Array<Place | undefined>(entries.length);
  const isUnplaced = (entry: number): boolean => places[entry]!.type === "directory";
  const claimOf = (entry: number): Claim => (isUnplaced(entry) ? writer.claimOf(places[entry]!, entry) : { place: places[entry]!, repeats: false });
  const fileOf = (entry: number): NewFile => (isUnplaced(entry) ? writer.unplacedFileOf(places[entry]!, entries.at(entry)!) : writer.fileOf(claimOf(entry)));
  // Under other names, and where archives are looked into, more is wanted of files than their content.
  if (run.found === undefined && options.renaming === undefined) writer.askAgain((entry) => entries.at(entry)!, entries.length);
  const claimPlace = await claimerOf(opened, (entry, rules) => writer.claim(entry, rules), options.renaming);
  const sizeOf = (entry: number): number => entries.at(entry)!.size;
  const batches = new Batches(sizeOf);
  const waiting: number[][] = [];
  const job = (batch: readonly number[]): ExtractJob => ({
    kind: "extract", container: opened.container.name, fd: opened.source.fd, lenient: options.policy.lenient, password,
    alone: options.threads > 1 && sizeOf(batch[0]!) > bytes / 2,
    items: batch.map((entry) => ({ entry, locator: entries.at(entry)!.locator, file: fileOf(entry) })),
  });
  const done = (result: BatchResult, batch: readonly number[]): void => {
    summary.bytes += result.bytes;
    summary.files += batch.length - result.failures.length;
    for (const { entry, error } of result.failures) {
      writer.drop(claimOf(entry));
      summary.failures.push(fromPlain(error).in({ entry: entries.at(entry)!.path }));
    }
    for (const { entry, error } of result.notes) summary.warnings.push(fromPlain(error).in({ entry: entries.at(entry)!.path }));
    options.reporter.progress?.(batch.reduce((sum, entry) => sum + sizeOf(entry), 0), entries.at(batch.at(-1)!)!.path);
    if (options.reporter.entry === undefined) return;
    const failed = new Set(result.failures.map(({ entry }) => entry));
    for (const entry of batch) if (!failed.has(entry)) options.reporter.entry(entries.at(entry)!.path, sizeOf(entry));
  };
  const jobs = new JobRun<BatchResult>({ threads: options.threads, worthWorkers: isWorthWorkers(count, bytes), signal: options.signal });
  const early = jobs.hasRoom && writer.isSettled && run.found === undefined;
  options.reporter.start?.(bytes);
  let total = 0;
  const add = (entry: number): boolean => {
    const size = sizeOf(entry);
    total += size;
    budget.spend(size); // what an entry has more than it promised is never written
    const full = batches.add(entry);
    if (full === undefined) return false;
    if (early && jobs.hasRoom) jobs.give(job(full), (result) => done(result, full));
    else waiting.push(full);
    return true;
  };
  try {
    for (let number = 0; number < entries.length; number++) {
      const entry = entries.at(number)!;
      if (!wants(run, entry.path)) continue;
      budget.entry(entry.path, entry.linkTarget);
      const taken = writer.takeUnplaced(entry, number);
      if (taken instanceof Place) {
        places[number] = taken;
        if (early && add(number)) await jobs.turn();
        continue;
      }
      const claimed = taken ?? claimPlace(entry.type === "file" ? entry : await lookedInto(entry, { fd: opened.source.fd, decode, password, lenient: options.policy.lenient, warn: (note) => void summary.warnings.push(note.in({ entry: entry.path })) }));
      const claim = record(claimed instanceof Promise ? await claimed : claimed, entry, summary);
      if (claim?.place.type !== "file") continue;
      places[number] = claim.place;
      remember(run, claim, entry);
      if (early && add(number)) await jobs.turn();
    }
    if (run.found === undefined) options.selection.assertAllMatched(); // in archives inside there may be more
    await settle(writer, summary);
    if (!early) for (const [entry, place] of places.entries()) if (place !== undefined && !(isUnplaced(entry) ? writer.isDropped(entry) : place.dropped)) add(entry);
    assertRoom(total - summary.bytes, writer.target!);
    const rest = batches.rest(waiting);
    await jobs.all(rest.length, (number) => job(rest[number]!), (result, number) => done(result, rest[number]!));
  } finally {
    await jobs.close();
  }
}

/** How much there is to do, as the index has it, and whether a password is needed; some of it may be refused, or not wanted after all. */
function expected({ index: { entries } }: OpenedIndex, run: Run): { readonly count: number; readonly bytes: number; readonly isLocked: boolean } {
  const wantsAll = run.options.selection === EVERYTHING;
  let [count, bytes, isLocked] = [0, 0, false];
  for (let number = 0; number < entries.length; number++) {
    const entry = entries.at(number)!;
    if (!wantsAll && !wants(run, entry.path)) continue;
    isLocked ||= entry.encrypted;
    if (entry.type !== "file") continue;
    count += 1;
    bytes += entry.size;
  }
  return { count, bytes, isLocked };
}
