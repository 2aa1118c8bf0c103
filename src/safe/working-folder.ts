/**
 * The folder that the process works in. Whatever is done by a path from there reaches that very folder, as by way of a descriptor, and is quicker: behind a
 * descriptor's name in /proc the kernel goes through all folders of a path the slow way, with a count and a lock for each (bench/FLOORS.md).
 */
import { holdFolder, type HeldFolder } from "./held-folder.ts";

/**
 * Makes the folder at `path` the one that the process works in. Returns the way back, which throws what the system says where that is gone. Undefined where it
 * cannot be done, as in a thread that is not the main one: all is as it was.
 */
export function workIn(path: string): (() => void) | undefined {
  let before: HeldFolder | undefined;
  try {
    before = holdFolder(".");
    process.chdir(path);
  } catch {
    before?.close();
    return undefined;
  }
  const { path: back, close } = before;
  return () => {
    try {
      process.chdir(back);
    } finally {
      close();
    }
  };
}
