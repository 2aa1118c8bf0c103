/**
 * The end of the process. Node then waits for the threads of V8's compilers, and one of those may be waiting for this thread to collect garbage, which it never does again: both wait for
 * ever (nodejs/node#54918, seen in one of 25 runs that had much memory outside of V8's heap). Any line of ours that runs lets V8 collect, so it is waited for them here.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";

/** Seconds; in less V8 compiles next to nothing, and no heap is full. */
const SHORT = 0.15;
/** A compiler takes some 20 ms for a function, seldom 60; who works on for longer is none. Turns of so many milliseconds. */
const [TURNS, TURN] = [100, 1];

/** Returns when no other thread of the process works any more, as far as the system tells, and soon in any case. For the last moment. */
export function letCompilersEnd(): void {
  if (process.uptime() < SHORT) return;
  const nobody = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  for (let turn = 0; turn < TURNS && othersWork(); turn++) Atomics.wait(nobody, 0, 0, TURN);
}

/** Linux, proc(5). On other systems nobody tells. */
function othersWork(): boolean {
  try {
    const own = basename(readlinkSync("/proc/thread-self"));
    return readdirSync("/proc/self/task").some((thread) => thread !== own && isAtWork(thread));
  } catch {
    return false;
  }
}

/** Its state stands behind its name. */
function isAtWork(thread: string): boolean {
  try {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, "latin1");
    return stat[stat.lastIndexOf(")") + 2] === "R";
  } catch {
    return false; // it has just ended
  }
}
