/** Runs jobs on all threads: workers take what they can, the main thread does its share in between. */
import { setImmediate } from "node:timers/promises";
import { Pool } from "../parallel/pool.ts";
import { runJob, type Job } from "./jobs.ts";

export interface RunOptions<Result> {
  readonly threads: number;
  /** Starting workers costs 15 to 30 ms each: whether the work is worth it. */
  readonly worthWorkers: boolean;
  readonly signal: AbortSignal | undefined;
  done(result: Result, job: number): void;
}

/** Jobs are made when they are given out: all of them at once would be the whole work in memory. Rejects with the first job's error, or with the signal's reason; no thread works on afterwards. */
export async function runJobs<Result>(count: number, jobAt: (number: number) => Job, options: RunOptions<Result>): Promise<void> {
  const workers = options.worthWorkers ? Math.min(options.threads, count) - 1 : 0;
  const pool = workers > 0 ? newPool(workers) : undefined;
  const underWay = new Set<Promise<void>>();
  const over = new AbortController();
  const stopped = aborted(options.signal, over.signal);
  let failed = false;
  let failure: unknown;
  const fail = (error: unknown): void => {
    if (!failed) [failed, failure] = [true, error];
  };
  try {
    for (let next = 0; next < count && !failed; ) {
      options.signal?.throwIfAborted();
      while (pool?.hasRoom === true && next < count) {
        const number = next++;
        const task = pool.run<Result>(jobAt(number)).then((result) => options.done(result, number)).catch(fail);
        underWay.add(task);
        void task.finally(() => underWay.delete(task));
      }
      if (next < count) {
        const number = next++;
        options.done((await runJob(jobAt(number), options.signal)) as Result, number);
      }
      await setImmediate(); // lets the workers' answers, signals and the progress bar in
    }
    while (underWay.size > 0 && !failed) {
      options.signal?.throwIfAborted();
      await Promise.race([...underWay, stopped]);
    }
    if (failed) throw failure;
    options.signal?.throwIfAborted();
  } finally {
    over.abort();
    await pool?.close();
  }
}

/** The bundle lies flat: the worker's entry file is beside this code. */
export function newPool(workers: number, jobsInAdvance?: number): Pool<Job> {
  return new Pool<Job>(new URL("./worker.js", import.meta.url), workers, jobsInAdvance);
}

/** Resolves when the user wants to stop; listens no longer than until `over`. */
function aborted(signal: AbortSignal | undefined, over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) resolve();
    else signal?.addEventListener("abort", () => resolve(), { once: true, signal: over });
  });
}
