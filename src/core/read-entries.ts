/** Entries one after the other, for whoever wants to see them himself: nothing is decoded that nobody asks for, and nothing is written. */
import { ERRORS, fromSystem, UnzipxError } from "../errors.ts";
import type { Bytes, Decode, Entry, IndexedEntry, StreamEntry } from "../formats/contract.ts";
import type { Limits } from "../safe/policy.ts";
import { judgeOf } from "./as-claimed.ts";
import { bareEntry } from "./bare-entry.ts";
import { DryRun } from "./dry-run.ts";
import { ofEntry } from "./extract-job.ts";
import { contentOf, keptChunks } from "./nested.ts";
import type { OpenedIndex, OpenedStream } from "./open.ts";
import type { Selection } from "./select.ts";

export interface ReadEntriesOptions {
  readonly limits: Limits;
  readonly lenient: boolean;
  readonly selection: Selection;
  readonly password: (() => Promise<string | undefined>) | undefined;
  readonly warn: (note: UnzipxError) => void;
  readonly signal: AbortSignal | undefined;
}

export interface ReadEntry {
  readonly entry: Entry;
  /** Why x would not write it, as far as that is known before its content and what comes behind it. */
  readonly refused: UnzipxError | undefined;
  /** The entry can be read at any time, and more than once; otherwise once, and before the next one is asked for. */
  readonly anyTime: boolean;
  /** Ends normally only when all of it came and was verified. A chunk is valid until the next one is asked for. */
  content(): Bytes;
}

export async function* readEntries(opened: OpenedIndex | OpenedStream, options: ReadEntriesOptions): AsyncGenerator<ReadEntry> {
  const entries = opened.kind === "index" ? entriesOfIndex(opened, options) : entriesOfStream(opened, options);
  const paths: string[] = [];
  const dry = new DryRun<number>(opened, { limits: options.limits, prefix: "", again: (number) => ({ path: paths[number]! }) });
  for await (const { entry, ...reading } of entries) {
    options.signal?.throwIfAborted();
    if (!options.selection.wants(entry.path)) {
      opened.budget.pass();
      continue;
    }
    opened.budget.entry(entry.path, entry.linkTarget);
    yield { entry, refused: dry.refusal(entry, paths.push(entry.path) - 1), ...reading };
  }
  options.selection.assertAllMatched();
  await opened.verify();
}

type Readable = Omit<ReadEntry, "refused">;

async function* entriesOfIndex(opened: OpenedIndex, options: ReadEntriesOptions): AsyncGenerator<Readable> {
  const decode = await opened.container.decoder();
  const judge = await judgeOf(opened, options.lenient);
  for (let number = 0; number < opened.index.entries.length; number++) {
    const indexed = opened.index.entries.at(number)!;
    const entry = bareEntry(options.selection.wants(indexed.path) ? await judge(indexed, number) : indexed);
    yield { entry, anyTime: true, content: () => decoded(indexed, entry, decode, opened, options) };
  }
}

async function* decoded(indexed: IndexedEntry, { path, refusal, type }: Entry, decode: Decode, { source, budget }: OpenedIndex, { lenient, password, warn, signal }: ReadEntriesOptions): Bytes {
  if (refusal !== undefined) throw refusal.in({ entry: path });
  if (type !== "file" && type !== "symlink") return;
  try {
    const secret = indexed.encrypted ? await password?.() : undefined;
    for await (const chunk of keptChunks(decode(source.fd, indexed.locator, { lenient, password: secret, warn: (note) => warn(note.in({ entry: path })) }))) {
      signal?.throwIfAborted();
      budget.spendChunk(chunk);
      yield chunk;
    }
  } catch (error) {
    throw told(error, path, signal);
  }
}

async function* entriesOfStream(opened: OpenedStream, options: ReadEntriesOptions): AsyncGenerator<Readable> {
  /** Behind trouble with a stream's content there are no more entries: whoever goes on all the same is told so once more. */
  let broken: UnzipxError | undefined;
  for await (const entry of opened.entries({ listing: false, wants: (path) => options.selection.wants(path) })) {
    yield { entry: bareEntry(entry), anyTime: false, content: () => streamed(entry, opened, options, (error) => void (broken = error)) };
    if (broken !== undefined) throw broken;
  }
}

async function* streamed(entry: StreamEntry, { budget, entriesFailAlone }: OpenedStream, { signal }: ReadEntriesOptions, broke: (error: UnzipxError) => void): Bytes {
  const { path, refusal } = entry;
  if (refusal !== undefined) throw refusal.in({ entry: path });
  try {
    for await (const chunk of contentOf(entry)) {
      signal?.throwIfAborted();
      budget.spendChunk(chunk);
      yield chunk;
    }
  } catch (error) {
    const known = told(error, path, signal);
    if (known instanceof UnzipxError && (!entriesFailAlone || ERRORS[known.code].ends !== "entry")) broke(known);
    throw known;
  }
}

function told(error: unknown, entry: string, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted === true) return error;
  return (error instanceof UnzipxError ? ofEntry(error) : fromSystem(error, "read", "read an entry")).in({ entry });
}
