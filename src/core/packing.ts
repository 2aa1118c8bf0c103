/** What the makers of all formats share while one archive is made: the counts, the threads, the signal to stop. */
import { fromSystem, UnzipxError } from "../errors.ts";
import { showPath } from "../bytes/input-file.ts";
import type { Compressor, DeflatedBlock } from "../formats/contract.ts";
import type { InputEntry } from "../formats/input.ts";
import type { Pool } from "../parallel/pool.ts";
import { Moved } from "../parallel/serve.ts";
import { runJob, type Job } from "./jobs.ts";
import { RESULT_BYTES } from "./pack-job.ts";
import type { Reporter } from "./reporter.ts";
import type { Summary } from "./summary.ts";

export interface Packing {
  /** 0 (store) to 9. */
  readonly level: number;
  readonly dereference: boolean;
  /** Jobs that may usefully be under way at once; 1 = run() works on this thread, at once. */
  readonly threads: number;
  /** The buffers in `transfer` may be gone afterwards. */
  run<Result>(job: Job, transfer?: readonly ArrayBuffer[]): Promise<Result>;
  /** Throws when the user wants to stop. */
  check(): void;
  progress(entry: InputEntry, bytes: number): void;
  done(entry: InputEntry, size: number): void;
  fail(entry: InputEntry, error: unknown): void;
}

export interface PackingOptions {
  readonly level: number;
  readonly dereference: boolean;
  readonly pool: Pool<Job> | undefined;
  readonly signal: AbortSignal | undefined;
  readonly reporter: Reporter;
  readonly summary: Summary;
}

const COUNTS = { file: "files", directory: "directories", symlink: "links" } as const;

export function startPacking({ level, dereference, pool, signal, reporter, summary }: PackingOptions): Packing {
  return {
    level,
    dereference,
    threads: pool?.threads ?? 1,
    async run<Result>(job: Job, transfer: readonly ArrayBuffer[] = []): Promise<Result> {
      if (pool !== undefined) return pool.run<Result>(job, transfer);
      const result = await runJob(job);
      return (result instanceof Moved ? result.result : result) as Result;
    },
    check: () => throwIfAborted(signal),
    progress(entry, bytes) {
      reporter.progress?.(bytes, entry.path);
    },
    done(entry, size) {
      summary[COUNTS[entry.type]] += 1;
      summary.bytes += size;
      reporter.entry?.(entry.path, entry.type === "file" ? size : undefined);
    },
    fail(entry, error) {
      summary.failures.push(fromSystem(error, "read", `read "${showPath(entry.source)}"`).in({ entry: entry.path }));
    },
  };
}

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw signal.reason instanceof UnzipxError ? signal.reason : new UnzipxError("INTERRUPTED", "Stopped before the archive was whole");
}

/** Deflate for the filters, on the threads of `packing`. */
export function compressorOf(packing: Packing): Compressor {
  /** Large buffers that are between two jobs. */
  const free: ArrayBuffer[] = [];
  return {
    width: packing.threads,
    async deflate(block, dictionary, level, last) {
      // The caller keeps its buffers, so a copy goes, in one piece: moved there, and back with the result in it.
      const before = dictionary?.length ?? 0;
      const into = takeBuffer(free, before + block.length);
      const copy = new Uint8Array(into);
      if (dictionary !== undefined) copy.set(dictionary);
      copy.set(block, before);
      const moved = { bytes: copy.subarray(before, before + block.length), dictionary: copy.subarray(0, before) };
      const result = await packing.run<DeflatedBlock>({ kind: "deflate", block: moved, level, last, into }, [into]);
      const data = new Uint8Array(result.data); // as long as it is, so that the large buffer is free
      free.push(result.data.buffer as ArrayBuffer);
      return { ...result, data };
    },
  };
}

function takeBuffer(free: ArrayBuffer[], length: number): ArrayBuffer {
  const buffer = free.pop();
  return buffer !== undefined && buffer.byteLength >= length ? buffer : new ArrayBuffer(Math.max(length, RESULT_BYTES));
}
