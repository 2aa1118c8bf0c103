/** What the makers of all formats share while one archive is made: the counts, the threads, the signal to stop. */
import { setMaxListeners } from "node:events";
import { fromSystem, UnzipxError } from "../errors.ts";
import { showPath } from "../bytes/input-file.ts";
import { unlessAborted } from "../bytes/unless-aborted.ts";
import type { Compressor, DeflatedBlock } from "../formats/contract.ts";
import type { InputEntry } from "../formats/input.ts";
import type { Pool } from "../parallel/pool.ts";
import { Moved } from "../parallel/serve.ts";
import { runJob, type Job } from "./jobs.ts";
import { RESULT_BYTES } from "./pack-job.ts";
import type { Reporter } from "./reporter.ts";
import type { Summary } from "./summary.ts";

export interface Packing {
  /** 0 (store, or as little work as the format can do) to 9. */
  readonly level: number;
  readonly dereference: boolean;
  readonly signal: AbortSignal | undefined;
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
    signal,
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

/** Compression for the filters, on the threads of `packing`. */
export function compressorOf(packing: Packing): Compressor {
  const signal = packing.signal === undefined ? undefined : listenable(packing.signal);
  /** Large buffers that are between two jobs. */
  const free: ArrayBuffer[] = [];
  // The caller keeps its buffers, so a copy goes, in one piece: moved there, and back with the result in it. What all threads see needs none.
  const lent = (before: Uint8Array, block: Uint8Array): { bytes: Uint8Array; before: Uint8Array; into: ArrayBuffer } => {
    const into = takeBuffer(free, before.length + block.length);
    if (block.buffer instanceof SharedArrayBuffer) return { bytes: block, before, into };
    const copy = new Uint8Array(into, 0, before.length + block.length);
    copy.set(before);
    copy.set(block, before.length);
    return { bytes: copy.subarray(before.length), before: copy.subarray(0, before.length), into };
  };
  /** A copy as long as it is, so that the large buffer is free. */
  const taken = (data: Uint8Array): Uint8Array => {
    const copy = new Uint8Array(data);
    free.push(data.buffer as ArrayBuffer);
    return copy;
  };
  return {
    width: packing.threads,
    async deflate(block, dictionary, level, last) {
      const { bytes, before, into } = lent(dictionary ?? NONE, block);
      const result = await packing.run<DeflatedBlock>({ kind: "deflate", block: { bytes, dictionary: before }, level, last, into }, [into]);
      return { ...result, data: taken(result.data) };
    },
    async encode(codec, block, level) {
      throwIfAborted(signal);
      const { bytes, into } = lent(NONE, block);
      // Some blocks take seconds; nobody waits for them once the user wants to stop.
      return taken(await unlessAborted(signal, packing.run<Uint8Array>({ kind: "encode", codec, block: bytes, level, into }, [into])));
    },
  };
}

const NONE = new Uint8Array(0);

/** Made in whole multiples, so that blocks of about one length share them; one that is too small for what comes now is given up for the new one. */
function takeBuffer(free: ArrayBuffer[], length: number): ArrayBuffer {
  const at = free.findIndex((buffer) => buffer.byteLength >= length);
  if (at >= 0) return free.splice(at, 1)[0]!;
  free.pop();
  return new ArrayBuffer(Math.max(1, Math.ceil(length / RESULT_BYTES)) * RESULT_BYTES);
}

/** Follows `signal`, for as many as want to hear of it: from eleven on, Node 20 would warn on standard error. */
function listenable(signal: AbortSignal): AbortSignal {
  const any = AbortSignal.any([signal]);
  setMaxListeners(0, any);
  return any;
}
