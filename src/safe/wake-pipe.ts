/** Ends the waiting for a pipe that nobody writes to. */
import { closeSync, constants, fstatSync, openSync, writeSync } from "node:fs";

/** A byte for whoever waits for one from this pipe, in this process: the read returns, and nobody looks at what it read. On Linux only. */
export function wakePipe(fd: number): void {
  try {
    if (!fstatSync(fd).isFIFO()) return;
    const writer = openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
    writeSync(writer, new Uint8Array(1));
    closeSync(writer);
  } catch {
    // the process ends in another way then: see main.ts
  }
}
