/**
 * Worker threads as a queue of jobs. The pool knows nothing of what a job does: src/thread.ts hands every job
 * to the same function that the main thread calls when there is no pool.
 */
import { availableParallelism } from "node:os";
import type { Worker } from "node:worker_threads";
import { startThread } from "../bytes/thread.ts";
import { fromPlain, UnzipxError } from "../errors.ts";
import type { Answer, Question } from "./serve.ts";

/** Jobs given to one worker at a time: one under way, one waiting, so that it never idles for a round trip. Who seldom hears answers gives more. */
const JOBS_IN_ADVANCE = 2;

/** Who waits for a job's result. */
interface Caller {
  readonly resolve: (result: never) => void;
  readonly reject: (error: UnzipxError) => void;
}

interface Waiting<Job> {
  readonly job: Job;
  readonly transfer: readonly ArrayBuffer[];
  readonly caller: Caller;
}

interface Lane {
  readonly worker: Worker;
  /** Not the jobs themselves: kept until they are done, all their items would grow old, and garbage that is old is seldom collected. */
  readonly underWay: Map<number, Caller>;
}

export class Pool<Job> {
  readonly #lanes: Lane[] = [];
  readonly #queue: Waiting<Job>[] = [];
  readonly #threads: number;
  readonly #inAdvance: number;
  #ids = 0;
  #closed = false;

  /** `threads` workers at most, started when jobs come. */
  constructor(threads: number, inAdvance = JOBS_IN_ADVANCE) {
    this.#threads = threads;
    this.#inAdvance = inAdvance;
  }

  get threads(): number {
    return this.#threads;
  }

  /** Whether a job given now would be taken at once. */
  get hasRoom(): boolean {
    const underWay = this.#lanes.reduce((sum, lane) => sum + lane.underWay.size, 0);
    return underWay + this.#queue.length < this.#threads * this.#inAdvance;
  }

  /** The buffers in `transfer` move to the worker; whoever calls must not touch them again. */
  run<Result>(job: Job, transfer: readonly ArrayBuffer[] = []): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      if (this.#closed) return reject(new UnzipxError("INTERNAL", "Cannot run a job: the worker pool is closed"));
      this.#queue.push({ job, transfer, caller: { resolve, reject } });
      this.#pump();
    });
  }

  /** Ends all workers; jobs that were still under way fail. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { caller } of this.#queue.splice(0)) caller.reject(stopped());
    await Promise.all(this.#lanes.splice(0).map((lane) => {
      for (const caller of lane.underWay.values()) caller.reject(stopped());
      lane.underWay.clear();
      return lane.worker.terminate();
    }));
  }

  #pump(): void {
    while (this.#queue.length > 0) {
      const lane = this.#freeLane();
      if (lane === undefined) return;
      const { job, transfer, caller } = this.#queue.shift()!;
      const id = this.#ids++;
      lane.underWay.set(id, caller);
      lane.worker.ref();
      lane.worker.postMessage({ id, job } satisfies Question<Job>, transfer);
    }
  }

  #freeLane(): Lane | undefined {
    let best: Lane | undefined;
    for (const lane of this.#lanes) {
      if (best === undefined || lane.underWay.size < best.underWay.size) best = lane;
    }
    if (best?.underWay.size === 0) return best;
    if (this.#lanes.length < this.#threads) return this.#begin();
    return best !== undefined && best.underWay.size < this.#inAdvance ? best : undefined;
  }

  #begin(): Lane {
    const lane: Lane = { worker: startThread({ role: "jobs" }), underWay: new Map() };
    lane.worker.unref(); // an idle worker must not keep the process alive
    lane.worker.on("message", (answer: Answer) => {
      const caller = lane.underWay.get(answer.id);
      lane.underWay.delete(answer.id);
      // Not while it is being ended: the process would be over before terminate() is.
      if (lane.underWay.size === 0 && !this.#closed) lane.worker.unref();
      this.#pump();
      if (caller === undefined) return;
      if (answer.error === undefined) caller.resolve(answer.result as never);
      else caller.reject(fromPlain(answer.error));
    });
    const gone = (why: string): void => {
      const index = this.#lanes.indexOf(lane);
      if (index >= 0) this.#lanes.splice(index, 1);
      const error = new UnzipxError("INTERNAL", `Cannot finish a job: its worker thread ended (${why})`);
      for (const caller of lane.underWay.values()) caller.reject(error);
      lane.underWay.clear();
      if (!this.#closed) this.#pump();
    };
    lane.worker.on("error", (error) => gone(error.message));
    lane.worker.on("exit", (code) => gone(`exit code ${code}`));
    this.#lanes.push(lane);
    return lane;
  }
}

function stopped(): UnzipxError {
  return new UnzipxError("INTERNAL", "Cannot finish a job: the worker pool was closed");
}

/** Threads to use when the user names no number. */
export function defaultThreads(): number {
  return availableParallelism();
}
