/** A private temporary file for what must be read back and forth but came through a pipe. */
import { writeSync } from "node:fs";
import type { Bytes } from "../formats/contract.ts";
import type { Budget } from "./budget.ts";
import { openNameless } from "./nameless-file.ts";

export interface Spool {
  readonly fd: number;
  readonly size: number;
  /** Throws LEFT_BEHIND where the file cannot be removed. */
  close(): void;
}

/** Copies all bytes into a file that nobody else can open and that has no name any more where the system allows that. */
export async function spool(input: Bytes, budget: Budget): Promise<Spool> {
  const { fd, orThrow, close } = openNameless("the input");
  let size = 0;
  try {
    for await (const chunk of input) {
      budget.spend(chunk.length);
      for (let done = 0; done < chunk.length; ) done += orThrow(() => writeSync(fd, chunk, done, chunk.length - done));
      size += chunk.length;
    }
  } catch (error) {
    close();
    throw error;
  }
  return { fd, size, close };
}
