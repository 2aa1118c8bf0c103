/** Runs jobs on all threads: workers take what they can, the main thread does its share in between. */
import { nextTurn } from "../bytes/clock.ts";
import { Pool } from "../parallel/pool.ts";
import { runJob, type Job } from "./jobs.ts";

export interface RunOptions {
  readonly threads: number;
  /** Starting workers costs 15 to 30 ms each: whether the work is worth it. */
  readonly worthWorkers: boolean;
  readonly signal: AbortSignal | undefined;
}

/** Jobs under way. What goes wrong with one, or the signal, ends them all; after close() no thread works on. */
export class JobRun<Result> {
  readonly #pool: Pool<Job> | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #underWay = new Set<Promise<void>>();
  readonly #over = new AbortController();
  readonly #stopped: Promise<void>;
  /** Gives workers what they have room for: also while this thread is at work on something large, which lets answers in. */
  #refill = (): void => {};
  #failed = false;
  #failure: unknown;

  constructor({ threads, worthWorkers, signal }: RunOptions, most = Infinity, start = (workers: number): Pool<Job> => new Pool<Job>(workers)) {
    const workers = worthWorkers ? Math.min(threads, most) - 1 : 0;
    this.#pool = workers > 0 ? start(workers) : undefined;
    this.#signal = signal;
    this.#stopped = aborted(signal, this.#over.signal);
  }

  /** Whether another thread would take a job now. */
  get hasRoom(): boolean {
    return this.#pool?.hasRoom === true;
  }

  /** Gives a job to another thread. */
  give(job: Job, done: (result: Result) => void): void {
    const task = this.#pool!.run<Result>(job).then((result) => {
      done(result);
      this.#refill();
    }).catch((error: unknown) => this.#fail(error));
    this.#underWay.add(task);
    void task.finally(() => this.#underWay.delete(task));
  }

  /** Lets the workers' answers, signals and the progress bar in. */
  async turn(): Promise<void> {
    await nextTurn();
    this.#check();
  }

  /** Jobs are made when they are given out: all of them at once would be the whole work in memory. This thread does its share. */
  async all(count: number, jobAt: (number: number) => Job, done: (result: Result, number: number) => void): Promise<void> {
    let next = 0;
    this.#refill = () => {
      while (this.hasRoom && next < count && !this.#failed) {
        const number = next++;
        this.give(jobAt(number), (result) => done(result, number));
      }
    };
    while (next < count) {
      this.#check();
      this.#refill();
      if (next < count) {
        const number = next++;
        done((await runJob(jobAt(number), this.#signal)) as Result, number);
      }
      await this.turn();
    }
    while (this.#underWay.size > 0) {
      await Promise.race([...this.#underWay, this.#stopped]);
      this.#check();
    }
    this.#check(); // one that was given before may have failed meanwhile
  }

  async close(): Promise<void> {
    this.#over.abort();
    await this.#pool?.close();
  }

  #fail(error: unknown): void {
    if (!this.#failed) [this.#failed, this.#failure] = [true, error];
  }

  #check(): void {
    if (this.#failed) throw this.#failure;
    this.#signal?.throwIfAborted();
  }
}

/** Rejects with the first job's error, or with the signal's reason; no thread works on afterwards. */
export async function runJobs<Result>(count: number, jobAt: (number: number) => Job, options: RunOptions & { done(result: Result, job: number): void }): Promise<void> {
  const run = new JobRun<Result>(options, count);
  try {
    await run.all(count, jobAt, options.done);
  } finally {
    await run.close();
  }
}

/** Resolves when the user wants to stop; listens no longer than until `over`. */
function aborted(signal: AbortSignal | undefined, over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) resolve();
    else signal?.addEventListener("abort", () => resolve(), { once: true, signal: over });
  });
}
