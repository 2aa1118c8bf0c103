/** What a worker thread is given when it starts, before it is asked anything. */
import { workerData } from "node:worker_threads";

/** As `start` of its pool. */
export function startOfThread<Start>(): Start {
  return workerData as Start;
}
