/** `create`: inputs in, one archive out, there only when it is whole. */
import type { InputEntry } from "../formats/input.ts";
import { defaultThreads, Pool } from "../parallel/pool.ts";
import { openOutputFile, openOutputStream, type Output } from "../safe/output.ts";
import { FORMATS, type WritableFormat } from "./create-formats.ts";
import type { Job } from "./jobs.ts";
import { startPacking, throwIfAborted } from "./packing.ts";
import type { Reporter } from "./reporter.ts";
import { emptySummary, type Summary } from "./summary.ts";
import { walk } from "./walk.ts";

export { formatForName, WRITABLE_FORMATS, type WritableFormat } from "./create-formats.ts";

export interface CreateOptions {
  readonly format: WritableFormat;
  /** 0 (store) to 9; default 6. */
  readonly level?: number | undefined;
  /** The folder that inputs are relative to; default: the current one. */
  readonly base?: string | undefined;
  /** Replace what is at `out`. */
  readonly force?: boolean | undefined;
  /** Default: as many as the machine runs at once. */
  readonly threads?: number | undefined;
  /** Store what links point at, not the links. */
  readonly dereference?: boolean | undefined;
  /** Of the path in the archive, without a slash at the end; a folder that is excluded is not looked into. */
  readonly exclude?: ((path: string) => boolean) | undefined;
  /** No owners, normal modes, one time for all: the same files give the same bytes. */
  readonly reproducible?: boolean | undefined;
  /** Milliseconds since 1970, for every entry; `reproducible` without it takes 1980-01-01T00:00:00Z. */
  readonly mtime?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly reporter?: Reporter | undefined;
}

/** The earliest time that every format can hold. */
const EARLIEST = Date.UTC(1980, 0, 1);

/** Below both, threads take longer to start than they save. */
const MANY_BYTES = 8 << 20;
const MANY_FILES = 500;

/**
 * Packs `inputs` into `out` ("-" = standard output). One file that cannot be read is a failure in the summary and the
 * run goes on; when nothing at all could be read there is no archive, and `destination` is undefined.
 */
export async function create(out: string, inputs: readonly string[], options: CreateOptions): Promise<Summary> {
  const started = performance.now();
  throwIfAborted(options.signal);
  const { format, reporter = {}, reproducible = false } = options;
  const replace = options.force === true;
  const summary = emptySummary("create", out, FORMATS[format].chain);
  const output = out === "-" ? openOutputStream() : openOutputFile(out, { replace });
  let pool: Pool<Job> | undefined;
  try {
    const ahead = lookAhead(entriesOf(inputs, options, output, summary));
    const threads = options.threads ?? defaultThreads();
    // A plain tar is not compressed: reading is all there is to do.
    if (threads > 1 && format !== "tar" && (ahead.bytes >= MANY_BYTES || ahead.files >= MANY_FILES)) {
      pool = new Pool<Job>(new URL("./worker.js", import.meta.url), threads);
    }
    reporter.start?.(ahead.whole ? ahead.bytes : undefined);
    const packing = startPacking({
      level: options.level ?? 6, dereference: options.dereference === true, pool, signal: options.signal, reporter, summary,
    });
    if (format === "zip") {
      await (await import("./create-zip.ts")).createZip(ahead.entries, output, packing, { utc: reproducible });
    } else {
      const { bytesOfGz, bytesOfTar } = await import("./create-stream.ts");
      const bytes = format === "gz" ? bytesOfGz(ahead.entries, packing, { anonymous: reproducible }) : bytesOfTar(ahead.entries, packing, { gzip: format === "tar.gz" });
      for await (const chunk of bytes) {
        packing.check();
        await output.write(chunk);
      }
    }
    throwIfAborted(options.signal);
    if (summary.files + summary.directories + summary.links > 0 || summary.failures.length === 0) {
      summary.archiveBytes = output.position;
      output.commit({ replace });
      if (out !== "-") summary.destination = out;
    }
  } finally {
    await pool?.close();
    output.discard();
  }
  reporter.done?.();
  summary.elapsed = performance.now() - started;
  return summary;
}

function* entriesOf(inputs: readonly string[], options: CreateOptions, output: Output, summary: Summary): Generator<InputEntry> {
  const { base = ".", reproducible = false, exclude = () => false, reporter } = options;
  const mtime = options.mtime ?? (reproducible ? EARLIEST : undefined);
  const entries = walk(inputs, {
    base,
    exclude,
    // `gzip link` can only mean the file.
    dereference: options.dereference === true || options.format === "gz",
    leaveOut: output.inodes,
    warn(warning) {
      summary.warnings.push(warning);
      reporter?.warning?.(warning);
    },
    fail: (failure) => summary.failures.push(failure),
  });
  for (const entry of entries) {
    const timed = mtime === undefined ? entry : { ...entry, mtime };
    yield reproducible ? normalized(timed) : timed;
  }
}

/** Nothing of the machine the files lie on: no owners, no umask, no hard links, which a copy or a checkout does not keep. */
function normalized(entry: InputEntry): InputEntry {
  const mode = entry.type === "symlink" ? 0o777 : entry.type === "directory" || (entry.mode & 0o100) !== 0 ? 0o755 : 0o644;
  return { ...entry, mode, uid: 0, gid: 0, nlink: 1 };
}

interface Ahead {
  readonly entries: Iterable<InputEntry>;
  readonly files: number;
  readonly bytes: number;
  /** Whether `files` and `bytes` count everything. */
  readonly whole: boolean;
}

/** Entries known before the work begins: enough for nearly every input, and not too many to keep. */
const LOOK_AHEAD = 50_000;

function lookAhead(entries: Generator<InputEntry>): Ahead {
  const known: InputEntry[] = [];
  let files = 0;
  let bytes = 0;
  let next = entries.next();
  while (!next.done) {
    known.push(next.value);
    if (next.value.type === "file") files += 1;
    bytes += next.value.size;
    if (known.length === LOOK_AHEAD) break;
    next = entries.next();
  }
  const rest = function* (): Generator<InputEntry> {
    yield* known;
    known.length = 0;
    yield* entries;
  };
  return { entries: rest(), files, bytes, whole: next.done === true };
}
