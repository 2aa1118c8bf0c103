/** The thread that x and t of a large archive want, started while the program for them is being loaded: nobody has looked into the archive yet. */
import { statSync } from "node:fs";
import { nodeOs } from "../bytes/node-modules.ts";
import { prepareThread } from "../bytes/thread.ts";
import type { Flags } from "./program.ts";

/** Of smaller archives many are done with before the thread is there. */
const LARGE = 8 << 20;

/** `words` are those of the command line: the first is an archive, if there is one. */
export function prepareThreadFor(command: string, words: readonly string[], { threads, stdout }: Flags): void {
  if ((command !== "x" && command !== "t") || stdout === true || words[0] === undefined) return;
  if (threads === "1" || !isLarge(words[0])) return;
  if (threads !== undefined || nodeOs().availableParallelism() > 1) prepareThread();
}

function isLarge(archive: string): boolean {
  try {
    return (statSync(archive, { throwIfNoEntry: false })?.size ?? 0) >= LARGE;
  } catch {
    return false; // whoever tries to read it says why
  }
}
