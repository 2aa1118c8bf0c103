/** open: an archive whose entries are read one after the other. */
import { addAll } from "../bytes/add-all.ts";
import type { ReadEntry } from "../core/read-entries.ts";
import type { OpenedIndex, OpenedStream } from "../core/open.ts";
import { UnzipxError } from "../errors.ts";
import { entryOf, Loan, type ArchiveEntry } from "./entry.ts";
import { known, startRun, type StartedRun } from "./outcome.ts";
import { checksumOf, readingOf, type ReadingOptions } from "./reading.ts";
import { sourceOf, type ArchiveSource } from "./source.ts";

export interface OpenOptions extends ReadingOptions {
  /** Ends what is under way, with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** What the archive's bytes have to be: "sha256:HEX", or "@FILE". Not for a stream, of which entries are handed on before its end is known. */
  readonly checksum?: string | undefined;
}

/** An archive that is open until close() is called. Its entries can be gone through once. */
export interface Archive extends AsyncIterable<ArchiveEntry> {
  /** From the outside in: ["gzip", "tar"]. */
  readonly format: readonly string[];
  /** Of the whole archive. */
  readonly comment: string | undefined;
  /** What was odd so far, and stopped nothing. */
  readonly warnings: readonly UnzipxError[];
  /** Entries can be read at any time and in any order until close(), as in a zip; otherwise each only before the next one is asked for. */
  readonly anyOrder: boolean;
  [Symbol.asyncIterator](): AsyncGenerator<ArchiveEntry, void, undefined>;
  /** Lets go of everything; rejects when the archive changed while it was read. May be called twice. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Opens `source` for reading entry by entry, in bounded memory: nothing is decoded that is not asked for, and what is not read is not verified.
 * A stream is read as it comes, unless the format has to be read back and forth: then it is kept in a private temporary file.
 */
export async function open(source: ArchiveSource, options: OpenOptions = {}): Promise<Archive> {
  const held = sourceOf(source, options.name);
  const started = startRun(options.signal);
  const { run } = started;
  try {
    run.signal.throwIfAborted();
    const [{ openArchive }, { readEntries }] = await Promise.all([import("../core/open.ts"), import("../core/read-entries.ts")]);
    const [reading, checksum, archive] = [await readingOf(options, run), await checksumOf(options.checksum), await held.open(run.signal)];
    if (checksum !== undefined && typeof archive !== "string" && archive.solid === undefined) {
      throw new UnzipxError("USAGE", "Cannot verify a stream before its entries are handed on: its end is not known then", { hint: "write it to a file first, or extract() it" });
    }
    const warnings: UnzipxError[] = [];
    const shared = { ...reading, signal: run.signal, warn: (note: UnzipxError) => void warnings.push(note) };
    const opened = await openArchive(archive, { ...shared, checksum, isFinal: true });
    if (opened.kind === "index") addAll(warnings, opened.index.notes);
    return new OpenArchive(opened, { entries: readEntries(opened, shared), warnings, started, release: held.release });
  } catch (error) {
    started.end();
    held.release();
    throw known(error, "open the archive", run.signal);
  }
}

interface Reading {
  readonly entries: AsyncGenerator<ReadEntry>;
  readonly warnings: readonly UnzipxError[];
  readonly started: StartedRun;
  release(): void;
}

class OpenArchive implements Archive {
  readonly format: readonly string[];
  readonly comment: string | undefined;
  readonly warnings: readonly UnzipxError[];
  readonly anyOrder: boolean;
  readonly #opened: OpenedIndex | OpenedStream;
  readonly #reading: Reading;
  /** Of the entry that is read now, or of all of them. */
  #loan = new Loan();
  #isBegun = false;
  #closing: Promise<void> | undefined;

  constructor(opened: OpenedIndex | OpenedStream, reading: Reading) {
    this.format = opened.format;
    this.comment = opened.kind === "index" ? opened.index.comment : undefined;
    this.warnings = reading.warnings;
    this.anyOrder = opened.kind === "index";
    this.#opened = opened;
    this.#reading = reading;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ArchiveEntry, void, undefined> {
    if (this.#closing !== undefined) throw closed();
    if (this.#isBegun) throw new UnzipxError("USAGE", "Cannot go through the entries once more: an open archive is gone through once", { hint: "open(source) again" });
    this.#isBegun = true;
    const { entries, started: { run } } = this.#reading;
    try {
      for (;;) {
        const { done, value } = await entries.next();
        if (done === true) return;
        if (!value.anyTime) this.#loan = new Loan();
        yield entryOf(value, this.#loan, run);
        if (!value.anyTime) await this.#loan.end(passed(value.entry.path));
      }
    } catch (error) {
      throw known(error, "read the archive", run.signal);
    }
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const { entries, started, release } = this.#reading;
    started.end();
    started.stop(closed()); // what waits for a stream need not wait for it any longer
    await this.#loan.end(closed());
    await entries.return(undefined).catch(() => {}); // told where it was asked for
    try {
      await this.#opened.close();
    } finally {
      release();
    }
  }
}

function closed(): UnzipxError {
  return new UnzipxError("USAGE", "Cannot read any more: the archive was closed");
}

function passed(entry: string): UnzipxError {
  return new UnzipxError("USAGE", "Cannot read an entry any more: the archive is read in order, and the next entry was asked for", { entry, hint: "await entry.bytes(), or the end of entry.stream(), inside the loop" });
}
