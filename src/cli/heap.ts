/**
 * The memory that V8 keeps for small objects. Here and not in the library, because it holds for the whole process; and before anything else is loaded, because what V8
 * compiled with some flags it does not take with others.
 */
import { statSync } from "node:fs";
import { nodeV8 } from "../bytes/node-modules.ts";

/** Smaller archives are done with before it matters, and to load node:v8 takes a millisecond. */
const MATTERS = 256 * 1024;

/** c and create, also among tar's letters: nobody knows yet how much will come. */
const CREATES = /^-?c(?!om)/;

/**
 * The work is in large buffers, and the small objects around it die at once: a young generation of 4 MiB does as well as
 * one of 16, and takes 40 MB less. But it begins with 1 MiB and has to be able to grow: otherwise a listing of 100,000 entries is
 * collected 526 times and not 39. `argv` is the command line, of which words that are no archives count as well; false: there is nothing large in it, and all stays as it is.
 */
export function sizeHeap(argv: readonly string[]): boolean {
  if (!CREATES.test(argv[0] ?? "") && !argv.some(isLarge)) return false;
  nodeV8().setFlagsFromString("--max-semi-space-size=4");
  nodeV8().setFlagsFromString("--semi-space-growth-factor=2");
  return true;
}

function isLarge(word: string): boolean {
  if (word.startsWith("-")) return word === "-";
  try {
    const stats = statSync(word, { throwIfNoEntry: false });
    return stats !== undefined && !stats.isDirectory() && (!stats.isFile() || stats.size >= MATTERS);
  } catch {
    return false; // it cannot be read; whoever tries says why
  }
}
