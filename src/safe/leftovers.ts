/** Looks for what a killed atomic run left; only where something is, the code that undoes it is loaded. */
import { readdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import type { UnzipxError } from "../errors.ts";
import { holdFolder } from "./held-folder.ts";

/** The folder in which an atomic run keeps its way back. No entry of an archive may be called so (see checkPath). */
export const UNDO_NAME = /^\.unzipx-[0-9a-f]{16}\.undo$/;

/** In a folder that is to be extracted into, or in the one of that name in it. Returns what the user should know of it; throws what cannot be undone. */
export async function undoLeftovers(directory: string, name: string | undefined, signal: AbortSignal | undefined): Promise<UnzipxError[]> {
  const notes: UnzipxError[] = [];
  for (const path of name === undefined ? [directory] : [directory, join(directory, name)]) {
    if (!hasLeftovers(path)) continue;
    const { recoverIn } = await import("./recover.ts");
    const folder = holdFolder(path === directory ? realpathSync(path) : path);
    try {
      notes.push(...(await recoverIn(folder, signal)));
    } finally {
      folder.close();
    }
  }
  return notes;
}

function hasLeftovers(path: string): boolean {
  try {
    return readdirSync(path).some((name) => UNDO_NAME.test(name));
  } catch {
    return false; // it is not there, or not to be looked into: said by whoever extracts into it
  }
}
