/** `create`: inputs in, one archive out, there only when it is whole. */
import { now } from "../bytes/clock.ts";
import { withLeft } from "../errors.ts";
import type { InputEntry } from "../formats/input.ts";
import { defaultThreads, Pool } from "../parallel/pool.ts";
import type { Encryption } from "../formats/zip/encrypt.ts";
import { openOutputFile, openOutputStream, type Output } from "../safe/output.ts";
import { chainOf, FORMATS, type WritableFormat } from "./create-formats.ts";
import { assertPossible, encryptionOf } from "./create-options.ts";
import { becomesArchive, fileOf, namingOf } from "./create-result.ts";
import type { SevenZipChoices } from "./create-7z.ts";
import type { ZipOptions } from "./create-zip.ts";
import type { Job } from "./jobs.ts";
import { inputEntries } from "./input-entries.ts";
import { LookAhead } from "./look-ahead.ts";
import { startPacking, throwIfAborted, type Packing } from "./packing.ts";
import type { Reporter } from "./reporter.ts";
import type { PackInput } from "./roots.ts";
import { emptySummary, type Summary } from "./summary.ts";

export type { PackInput } from "./roots.ts";
export type { Encryption } from "../formats/zip/encrypt.ts";
export { formatForName, WRITABLE_FORMATS, type WritableFormat } from "./create-formats.ts";

export interface CreateOptions {
  readonly format: WritableFormat;
  /** 0 (store, or as little work as the format can do) to 9; default 6, and what the usual tool takes for bzip2 (9), 7z (5) and lz4 (1). */
  readonly level?: number | undefined;
  /** The folder that inputs are relative to; default: the current one. */
  readonly base?: string | undefined;
  /** Replace what is at `out`. */
  readonly force?: boolean | undefined;
  /** Default: as many as the machine runs at once. */
  readonly threads?: number | undefined;
  /** Store what links point at, not the links. */
  readonly dereference?: boolean | undefined;
  /** Of the path that an entry would have in the archive, without a slash at the end; a folder that is excluded is not looked into. */
  readonly exclude?: ((path: string) => boolean) | undefined;
  /** Leave out what git would: .git, and what .gitignore files and info/exclude name. */
  readonly gitignore?: boolean | undefined;
  /** false: leave out names that begin with a dot, and what lies in such folders. */
  readonly hidden?: boolean | undefined;
  /** false: leave out .DS_Store, ._*, __MACOSX, Thumbs.db and desktop.ini. */
  readonly junk?: boolean | undefined;
  /** A folder of the archive that all entries lie in; `exclude` is asked without it. */
  readonly prefix?: string | undefined;
  /** Sorted, no owners, normal modes, one time for all: the same files give the same bytes. */
  readonly reproducible?: boolean | undefined;
  /** Milliseconds since 1970, for every entry; `reproducible` without it takes 1980-01-01T00:00:00Z. */
  readonly mtime?: number | undefined;
  /** Encrypts contents and link targets (zip, and 7z by AES alone). */
  readonly encryption?: Encryption["method"] | undefined;
  /** Encrypts the names, sizes and times as well (7z). */
  readonly encryptNames?: boolean | undefined;
  /** Asked once, before any work, where `encryption` is set. */
  readonly password?: (() => Promise<string | undefined>) | undefined;
  /** Default: deflate. */
  readonly method?: ZipMethod | undefined;
  /** The most bytes that one file holds, 64 KiB or more: the archive becomes OUT.z01, OUT.z02 … and OUT.zip, or OUT.7z.001, OUT.7z.002 … */
  readonly split?: number | undefined;
  /** Where the bytes go instead of a file; `out` is then only what it is called. */
  readonly output?: Output | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly reporter?: Reporter | undefined;
}

/** How a zip compresses. */
export type ZipMethod = "deflate" | "zstd" | "store";

/**
 * Packs `inputs` into `out` ("-" = standard output). One file that cannot be read is a failure in the summary and the
 * run goes on; when nothing at all could be read there is no archive, and `destination` is undefined.
 */
export async function create(out: string, inputs: readonly PackInput[], options: CreateOptions): Promise<Summary> {
  const started = now();
  throwIfAborted(options.signal);
  const { format, reporter = {}, reproducible = false } = options;
  const replace = options.force === true;
  const summary = emptySummary("create", out, chainOf(format));
  reporter.begun?.(summary);
  assertPossible(out, options);
  const encryption = await encryptionOf(options, summary);
  const output = await openOutput(out, replace, options);
  let pool: Pool<Job> | undefined;
  try {
    const ahead = new LookAhead(await inputEntries(inputs, options, output.inodes, summary));
    const threads = options.threads ?? defaultThreads();
    // A plain tar is not compressed: reading is all there is to do. 7-Zip brings its own threads.
    if (threads > 1 && format !== "tar" && format !== "7z" && ahead.isMuch()) pool = new Pool<Job>(threads);
    const packing = startPacking({
      level: options.method === "store" ? 0 : (options.level ?? FORMATS[format].usualLevel ?? 6), dereference: options.dereference === true, pool, signal: options.signal, reporter, summary,
    });
    const make = await makerOf(format);
    if (pool === undefined) reporter.start?.(await ahead.total());
    const making = make(ahead, output, packing, {
      reproducible, encryption, zstd: options.method === "zstd", encryptNames: options.encryptNames === true, threads, signal: options.signal,
    });
    if (pool !== undefined) {
      let isOver = false;
      making.catch(() => (isOver = true)); // awaited below
      reporter.start?.(await ahead.total(() => isOver)); // the walk goes on while the workers have something to do
    }
    await making;
    throwIfAborted(options.signal);
    if (becomesArchive(summary)) {
      summary.archiveBytes = output.position;
      output.commit({ replace });
      summary.destination = options.output === undefined ? fileOf(out, options) : undefined;
    }
  } catch (error) {
    await pool?.close();
    throw withLeft(error, output.discard());
  } finally {
    await pool?.close();
    const left = output.discard();
    if (left !== undefined) summary.warnings.push(left);
    reporter.done?.();
  }
  summary.elapsed = now() - started;
  return summary;
}

async function openOutput(out: string, replace: boolean, { split, format, output }: CreateOptions): Promise<Output> {
  if (output !== undefined) return output;
  if (out === "-") return openOutputStream();
  if (split === undefined) return openOutputFile(out, { replace });
  return (await import("../safe/output-parts.ts")).openOutputParts(out, { replace, partBytes: split, naming: namingOf(format) });
}

type Make = (entries: Iterable<InputEntry>, output: Output, packing: Packing, options: ZipOptions & SevenZipChoices) => Promise<void>;

async function makerOf(format: WritableFormat): Promise<Make> {
  switch (format) {
    case "zip":
      return (await import("./create-zip.ts")).createZip;
    case "7z":
      return (await import("./create-7z.ts")).createSevenZip;
    default: {
      const { createStream } = await import("./create-stream.ts");
      return (entries, output, packing, { reproducible }) => createStream(entries, output, packing, { format, reproducible });
    }
  }
}
