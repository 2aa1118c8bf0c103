/**
 * The memory that V8 keeps for small objects. Here and not in the library, because it holds for the whole process; and before anything else is loaded, because what V8
 * compiled with some flags it does not take with others.
 */
import { statSync } from "node:fs";
import { nodeV8 } from "../bytes/node-modules.ts";

/** Smaller archives are done with before it matters, and to load node:v8 takes a millisecond. */
const MATTERS = 256 * 1024;

/** tar's letters that make an archive. */
const CREATING_CLUSTER = /^-?(?=[a-zA-Z]*c)(?=[a-zA-Z]*f)[a-zA-Z]+$/;

/**
 * The work is in large buffers, and the small objects around it die at once: a young generation of 4 MiB does as well as
 * one of 16, and takes 40 MB less. But it begins with 1 MiB and has to be able to grow: otherwise a listing of 100,000 entries is
 * collected 526 times and not 39. False: `argv`, the command line, asks for nothing large, and all stays as it is.
 */
export function sizeHeap(argv: readonly string[]): boolean {
  if (!isLargeWork(argv)) return false;
  nodeV8().setFlagsFromString("--max-semi-space-size=4");
  nodeV8().setFlagsFromString("--semi-space-growth-factor=2");
  return true;
}

/** Whether something is made, of which nobody knows yet how much it will be, or a word is a large file or a pipe; it need not be the archive. */
export function isLargeWork(argv: readonly string[]): boolean {
  const asked = argv.find((word) => !word.startsWith("-"));
  return asked === "c" || asked === "create" || CREATING_CLUSTER.test(argv[0] ?? "") || argv.some(isLarge);
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
