/** x, an archive whose entries come in order: written as they come. */
import { ERRORS, type UnzipxError } from "../errors.ts";
import type { StreamEntry } from "../formats/contract.ts";
import { fill, openSink, type FileSink, type NewFile } from "../safe/new-file.ts";
import type { Claim } from "../safe/writer.ts";
import { claimerOf } from "./claim-rules.ts";
import { entryTrouble } from "./entry-trouble.ts";
import { record, remember, settle, wants, type Run } from "./extract-run.ts";
import type { OpenedStream } from "./open.ts";
import { WriteBehind, writeWhereDecoded, type OtherWriter } from "./write-behind.ts";

export async function extractStream(opened: OpenedStream, run: Run): Promise<void> {
  const { writer, summary, options, budget } = run;
  // Of a solid container only the content tells how far it is, and nobody knows how much that will be.
  options.reporter.start?.(opened.entriesFailAlone ? undefined : opened.archiveBytes);
  const claimPlace = await claimerOf(opened, (entry, rules) => writer.claim(entry, rules), options.renaming);
  let seen = 0;
  const report = (entry: string): void => {
    const read = opened.entriesFailAlone ? summary.bytes : opened.bytesRead();
    options.reporter.progress?.(read - seen, entry);
    seen = read;
  };
  const failed = (trouble: UnzipxError, claim: Claim): void => {
    if (!opened.entriesFailAlone || ERRORS[trouble.code].ends !== "entry") throw trouble;
    writer.drop(claim);
    summary.failures.push(trouble);
  };
  // What is looked into afterwards is written at once, and so are its neighbours.
  const behind = run.found === undefined ? otherWriter(opened, options.threads, ({ entry, bytes, claim }, error) => {
    summary.files -= 1;
    summary.bytes -= bytes;
    failed(error.in({ entry }), claim);
  }) : undefined;
  try {
    for await (const entry of opened.entries({ listing: false, wants: (path) => wants(run, path) })) {
      options.signal?.throwIfAborted();
      if (!wants(run, entry.path)) {
        budget.pass();
        continue;
      }
      budget.entry(entry.path, entry.linkTarget);
      const claimed = claimPlace(entry);
      const claim = record(claimed instanceof Promise ? await claimed : claimed, entry, summary);
      if (claim?.place.type === "file") {
        if (claim.repeats && behind !== undefined) {
          await behind.drain(); // the earlier file may only now have been written
          writer.clear(claim.place);
        }
        // Of many names that repeat each would wait for the one before.
        const other = claim.repeats ? undefined : behind;
        const { whole } = entry; // once: who is asked may make it anew
        const trouble = whole === undefined ? await writeStreamed(entry, claim, run, () => report(entry.path)) : writeWholeEntry(entry, whole, claim, run, other);
        if (trouble !== undefined) {
          failed(trouble, claim);
          continue;
        }
        remember(run, claim, entry);
        options.reporter.entry?.(entry.path, entry.size);
      }
      report(entry.path);
    }
    await behind?.drain();
  } finally {
    await behind?.close();
  }
  const { skippedFiles, skippedLinks, skippedBytes } = await settle(writer, summary);
  summary.links -= skippedLinks;
  summary.files -= skippedFiles; // they were written before it was known where to
  summary.bytes -= skippedBytes;
}

/** Where another thread decodes, two are at work already: a third one on their cores makes both wait (bench/FLOORS.md), but the one that decodes may have time. */
function otherWriter({ format, byEngine, decoding }: OpenedStream, threads: number, failed: (file: Behind, error: UnzipxError) => void): OtherWriter<Behind> | undefined {
  if (threads >= (format.length > 1 || byEngine ? 3 : 2)) return new WriteBehind(failed);
  return decoding === undefined ? undefined : writeWhereDecoded(decoding, failed);
}

/** A file that another thread writes. */
interface Behind {
  readonly entry: string;
  readonly bytes: number;
  readonly claim: Claim;
}

/** Most entries are small: what has arrived is written without waiting for anything. Returns and throws as writeStreamed(). */
function writeWholeEntry(entry: StreamEntry, bytes: Uint8Array, claim: Claim, { writer, budget, summary }: Run, behind: OtherWriter<Behind> | undefined): UnzipxError | undefined {
  const file = writer.fileOf(claim);
  try {
    budget.spendChunk(bytes);
  } catch (error) {
    return entryTrouble(error).in({ entry: entry.path });
  }
  if (behind?.take(file, bytes, { entry: entry.path, bytes: bytes.length, claim }) !== true) {
    const sink = openedSink(file);
    try {
      fill(sink, bytes);
    } catch (error) {
      return entryTrouble(error).in({ entry: entry.path });
    }
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
