/** The worker's side of the pool: questions in, answers out, errors as plain data. */
import { parentPort } from "node:worker_threads";
import { fromSystem, toPlain, UnzipxError, type PlainError } from "../errors.ts";

export interface Question<Job> {
  readonly id: number;
  readonly job: Job;
}

export type Answer =
  | { readonly id: number; readonly result: unknown; readonly error?: undefined }
  | { readonly id: number; readonly error: PlainError };

/** A result whose buffers are to be moved, not copied. */
export class Moved<Result> {
  readonly result: Result;
  readonly buffers: readonly ArrayBuffer[];
  constructor(result: Result, buffers: readonly ArrayBuffer[]) {
    this.result = result;
    this.buffers = buffers;
  }
}

/** Answers every question with `handle(job)`; called once, by the worker's entry file. */
export function serve<Job>(handle: (job: Job) => unknown): void {
  const port = parentPort;
  if (port === null) throw new UnzipxError("INTERNAL", "Cannot serve jobs: this is not a worker thread");
  port.on("message", async ({ id, job }: Question<Job>) => {
    try {
      const result = await handle(job);
      if (result instanceof Moved) port.postMessage({ id, result: result.result } satisfies Answer, result.buffers);
      else port.postMessage({ id, result } satisfies Answer);
    } catch (error) {
      const known = error instanceof UnzipxError ? error : fromSystem(error, "read", "run a job");
      port.postMessage({ id, error: toPlain(known) } satisfies Answer);
    }
  });
}
