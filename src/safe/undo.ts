/** The way back: what the steps of a journal did to a folder is undone, whether all of them were made or only some. */
import { chmodSync, lstatSync, readdirSync, renameSync, rmdirSync, unlinkSync } from "node:fs";
import { fromSystem, UnzipxError } from "../errors.ts";
import { holdFolder, type HeldFolder } from "./held-folder.ts";
import type { ChangedFolder, Step, Thing } from "./journal.ts";
import { removeTree } from "./publish.ts";
import { restoreTimes } from "./times.ts";
import type { UndoFolder } from "./undo-folder.ts";

export interface UndoContext {
  /** The destination. */
  readonly target: HeldFolder;
  readonly undo: UndoFolder;
  /** When the journal was written: what is younger somebody else made. */
  readonly written: bigint;
}

/** What lies at a path, link or not; undefined: nothing. */
export function thingAt(path: string): (Thing & { readonly isFolder: boolean }) | undefined {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stats && { inode: `${stats.dev}:${stats.ino}`, size: stats.size, mtime: stats.mtimeNs, isFolder: stats.isDirectory() };
}

/** Folders below the destination, held while they and what is in them is worked on: one after the other, in the order of a walk. */
export class Walk {
  readonly #open: { readonly name: string; readonly held: HeldFolder }[] = [];
  readonly #root: HeldFolder;

  constructor(root: HeldFolder) {
    this.#root = root;
  }

  at(path: readonly string[]): HeldFolder {
    let common = 0;
    while (common < this.#open.length && this.#open[common]!.name === path[common]) common += 1;
    for (const { held } of this.#open.splice(common).reverse()) held.close();
    for (const name of path.slice(common)) this.#open.push({ name, held: (this.#open.at(-1)?.held ?? this.#root).child(name) });
    return this.#open.at(-1)?.held ?? this.#root;
  }

  close(): void {
    this.at([]);
  }
}

/** Why some of the steps could not be undone: one sentence each. Changes nothing. */
export function obstacles(folders: readonly ChangedFolder[], context: UndoContext): string[] {
  const inodes = inodesOf(folders);
  return eachFolder(folders, context, (folder, held) => folder.steps.map((step) => undoingOf(step, held, context, inodes)).filter((action) => typeof action === "string"));
}

/** Undoes what can be undone, the last step first; returns what could not, one sentence each. */
export function rollBack(folders: readonly ChangedFolder[], context: UndoContext): string[] {
  const inodes = inodesOf(folders);
  return eachFolder([...folders].reverse(), context, (folder, held) => {
    const problems: string[] = [];
    let isChanged = false;
    for (const step of [...folder.steps].reverse()) {
      try {
        const action = undoingOf(step, held, context, inodes);
        if (typeof action === "string") problems.push(action);
        else if (action !== undefined) {
          action();
          isChanged = true;
        }
      } catch (error) {
        problems.push(`${cannot(error, step, held)}${step.old === undefined ? "" : `; the old one is "${context.undo.shown}/old.${step.number}"`}`);
      }
    }
    if (isChanged) restoreTimes(held, folder.times);
    return problems;
  });
}

function eachFolder(folders: readonly ChangedFolder[], { target }: UndoContext, work: (folder: ChangedFolder, held: HeldFolder) => string[]): string[] {
  const problems: string[] = [];
  const walk = new Walk(target);
  try {
    for (const folder of folders) {
      try {
        problems.push(...work(folder, walk.at(folder.path)));
      } catch (error) {
        problems.push(fromSystem(error, "write", `go back in "${[target.shown, ...folder.path].join("/")}"`).message);
      }
    }
  } finally {
    walk.close();
  }
  return problems;
}

/** How a step is undone; undefined: it was not made, or is undone already; a sentence: it must not be. */
function undoingOf(step: Step, folder: HeldFolder, { undo, written }: UndoContext, inodes: ReadonlySet<string>): (() => void) | string | undefined {
  const path = `${folder.path}/${step.name}`;
  const shown = `${folder.shown}/${step.name}`;
  const found = thingAt(path);
  const isMade = found?.inode === step.made.inode;
  if (step.old === undefined) {
    if (!isMade) return undefined;
    if (isTouched(path, found, step, written, inodes)) return `"${shown}" is new and was changed since`;
    return () => (step.isFolder ? takeFolder(path, undo.taken(step.number)) : unlinkSync(path));
  }
  if (found?.inode === step.old.inode) return undefined;
  const old = thingAt(undo.old(step.number));
  if (old?.inode !== step.old.inode) return found !== undefined && !isMade ? undefined : `the old "${shown}" is nowhere to be found`;
  if (found !== undefined && !isMade) return `something else lies at "${shown}" now; the old one is "${undo.shown}/old.${step.number}"`;
  if (isMade && isTouched(path, found, step, written, inodes)) return `the new "${shown}" was changed since; the old one is "${undo.shown}/old.${step.number}"`;
  return () => renameSync(undo.old(step.number), path);
}

function takeFolder(path: string, taken: string): void {
  const held = holdFolder(path);
  try {
    chmodSync(held.path, 0o700); // the system moves no folder that may not be written to
    try {
      renameSync(path, taken);
    } catch (error) {
      if (!["ENOSPC", "EDQUOT"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
      // Not even room for a name: but to take all away none is needed.
      for (const name of readdirSync(held.path)) removeTree(`${held.path}/${name}`);
      rmdirSync(path);
    }
  } finally {
    held.close();
  }
}

function isTouched(path: string, found: Thing, { made, isFolder }: Step, written: bigint, inodes: ReadonlySet<string>): boolean {
  return found.mtime !== made.mtime || (isFolder ? isYounger(path, written, inodes) : found.size !== made.size);
}

/** Whether something in a folder was made or changed after the journal was written. Names that were given to a file meanwhile do not count. */
function isYounger(folder: string, written: bigint, inodes: ReadonlySet<string>): boolean {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return false; // nobody may look into it, and its own time was looked at
  }
  return names.some((name) => {
    const path = `${folder}/${name}`;
    const stats = lstatSync(path, { bigint: true });
    if (stats.ctimeNs > written && !inodes.has(`${stats.dev}:${stats.ino}`)) return true;
    return stats.isDirectory() && isYounger(path, written, inodes);
  });
}

function inodesOf(folders: readonly ChangedFolder[]): ReadonlySet<string> {
  return new Set(folders.flatMap(({ steps }) => steps.map(({ made }) => made.inode)));
}

function cannot(error: unknown, { name }: Step, folder: HeldFolder): string {
  return fromSystem(error, "write", `put "${folder.shown}/${name}" back as it was`).message.replace(/^C/, "c");
}

/** What the user has to know when a way back ended somewhere. */
export function halfUndone(what: string, problems: readonly string[], { undo }: Pick<UndoContext, "undo">, cause?: unknown): UnzipxError {
  const shown = problems.slice(0, 5).join("; ");
  const more = problems.length > 5 ? ` … and ${problems.length - 5} more` : "";
  return new UnzipxError("WRITE_FAILED", `${what}: ${shown}${more}`, { hint: `when you have seen to it: rm -r "${undo.shown}"`, ...(cause === undefined ? {} : { cause }) });
}
