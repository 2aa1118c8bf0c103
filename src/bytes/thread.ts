/**
 * Threads of the program. All begin in one file and are told there what they are for: so one can be started before anybody knows that. It takes 60 to 80 ms until
 * a thread's first line runs and what it needs is loaded.
 */
import { join } from "node:path";
import type { Worker, WorkerOptions } from "node:worker_threads";
import { nodeWorkers } from "./node-modules.ts";

/** What a thread is for. */
export interface Task {
  /** Who serves it: see src/thread.ts. */
  readonly role: "jobs" | "filter" | "engine";
  /** What those want to know. */
  readonly start?: object;
}

/** What a thread is given when it begins. */
export interface ThreadStart {
  /** Where compiled code is kept. */
  readonly compiled: string | undefined;
  /** One number: 1 as soon as its first message, the Task, was sent. */
  readonly told: Int32Array;
}

/** The bundle lies flat; beside the sources there is none, so the built one is taken. */
const ENTRY = join(import.meta.dirname, import.meta.filename.endsWith(".ts") ? "../../dist/thread.cjs" : "thread.cjs");

/** No flags of the main thread (an --eval script would run again), and a young generation that suits small jobs in large buffers. */
const OPTIONS: WorkerOptions = { execArgv: [], resourceLimits: { maxYoungGenerationSizeMb: 4 } };

interface Thread {
  readonly worker: Worker;
  readonly told: Int32Array;
}

let compiled: string | undefined;
let ready: Thread | undefined;

/** Threads that begin from now on keep compiled code there. */
export function threadsKeepCompiledIn(folder: string): void {
  compiled = folder;
}

/** Has one thread ready for startThread(). It does not keep the process alive; without someone to end the process, it stays until then. */
export function prepareThread(): void {
  if (ready !== undefined) return;
  try {
    ready = begun();
  } catch {
    return; // whoever needs one is told
  }
  ready.worker.unref();
  ready.worker.on("error", forget).on("exit", forget);
}

/** It ended before anybody wanted it. */
function forget(): void {
  ready = undefined;
}

/** Throws what Node says when the system has no room for a thread. */
export function startThread(task: Task): Worker {
  const thread = ready ?? begun();
  if (thread === ready) {
    ready = undefined;
    thread.worker.off("error", forget).off("exit", forget).ref();
  }
  thread.worker.postMessage(task);
  Atomics.store(thread.told, 0, 1);
  Atomics.notify(thread.told, 0);
  return thread.worker;
}

function begun(): Thread {
  const told = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  return { told, worker: new (nodeWorkers().Worker)(ENTRY, { ...OPTIONS, workerData: { compiled, told } satisfies ThreadStart }) };
}
