/** decode → verify → write for a batch of claimed entries: the same code on every thread. */
import { nextTurn } from "../bytes/clock.ts";
import { FileWindow } from "../bytes/file-window.ts";
import { ERRORS, toPlain, UnzipxError, type PlainError } from "../errors.ts";
import { CONTAINERS } from "../formats/index.ts";
import type { Bytes, Decode, Decoded, EntryOptions, Locator } from "../formats/contract.ts";
import { openSink, writeWhole, type NewFile } from "../safe/new-file.ts";
import { entryTrouble } from "./entry-trouble.ts";

export interface ExtractJob {
  readonly kind: "extract";
  readonly container: string;
  readonly fd: number;
  readonly lenient: boolean;
  readonly password: string | undefined;
  /** The other threads have next to nothing to do: what is decoded is written by one of them. */
  readonly alone: boolean;
  readonly items: readonly ExtractItem[];
}
export interface ExtractItem {
  /** The entry's number in the archive. */
  readonly entry: number;
  readonly locator: Locator;
  readonly file: NewFile;
}

export interface BatchResult {
  /** Bytes of content, verified. */
  readonly bytes: number;
  readonly failures: readonly EntryTrouble[];
  /** What was odd, or read leniently. */
  readonly notes: readonly EntryTrouble[];
}

export interface EntryTrouble {
  /** The entry's number in the archive. */
  readonly entry: number;
  readonly error: PlainError;
}

export async function runExtract(job: ExtractJob, signal?: AbortSignal): Promise<BatchResult> {
  const decode = await decoderOf(job.container);
  return runBatch(job, ({ locator, file }, options) => extractOne(decode(job.fd, locator, options), file, job.alone, signal));
}

/** The chunks of a large entry. Reading and writing them may be synchronous throughout, and signals want to be heard. */
export async function* interruptible(chunks: Bytes, signal: AbortSignal | undefined): Bytes {
  for await (const chunk of chunks) {
    yield chunk;
    await nextTurn();
    signal?.throwIfAborted();
  }
}

/** Of the last batch's window, for the next one on this thread: memory outside of V8's heap makes it collect garbage. */
let spare: FileWindow["bytes"] | undefined;

/** Does `work` for every item; what goes wrong with one is its own trouble. */
export async function runBatch<Item extends { readonly entry: number }>(
  job: { readonly fd: number; readonly lenient: boolean; readonly password: string | undefined; readonly items: readonly Item[] }, work: (item: Item, options: EntryOptions) => Promise<number>,
): Promise<BatchResult> {
  let bytes = 0;
  const failures: EntryTrouble[] = [];
  const notes: EntryTrouble[] = [];
  let entry = 0;
  const window = new FileWindow(job.fd, spare); // one for each batch: by the next one the descriptor may be another file's
  spare = undefined;
  const options: EntryOptions = { password: job.password, lenient: job.lenient, window, warn: (note) => void notes.push({ entry, error: toPlain(note) }) };
  for (const item of job.items) {
    ({ entry } = item);
    try {
      bytes += await work(item, options);
    } catch (error) {
      failures.push({ entry, error: toPlain(ofEntry(error)) });
    }
  }
  spare = window.bytes;
  return { bytes, failures, notes };
}

async function extractOne(decoded: Decoded, file: NewFile, alone: boolean, signal: AbortSignal | undefined): Promise<number> {
  if (decoded.whole !== undefined) {
    writeWhole(file, decoded.whole);
    return decoded.whole.length;
  }
  const sink = openSink(file);
  let writing: Promise<void> | undefined;
  try {
    let bytes = 0;
    for await (const chunk of interruptible(decoded.chunks, signal)) {
      await writing;
      if (alone) (writing = sink.writeMeanwhile(chunk)).catch(() => {}); // told when it is waited for
      else sink.write(chunk);
      bytes += chunk.length;
    }
    await writing;
    sink.close();
    return bytes;
  } catch (error) {
    await writing?.catch(() => {});
    sink.discard();
    throw error;
  }
}

/** What ends the run is thrown; the rest is the entry's own trouble. */
export function ofEntry(error: unknown): UnzipxError {
  const known = entryTrouble(error);
  if (ERRORS[known.code].ends === "run" && known.code !== "INTERNAL") throw known;
  return known;
}

export async function decoderOf(container: string): Promise<Decode> {
  const format = CONTAINERS.find((one) => one.name === container);
  if (format === undefined || format.needs !== "seek") throw new UnzipxError("INTERNAL", `Cannot decode: no indexed container is called "${container}"`);
  return format.decoder();
}
