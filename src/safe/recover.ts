/** What an atomic run left that was killed in the middle is undone, before another one works in the same folder. */
import { lstatSync, readdirSync, rmdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fromSystem, UnzipxError } from "../errors.ts";
import { holdFolder, statOrUndefined, type HeldFolder } from "./held-folder.ts";
import type { ReadJournal } from "./journal.ts";
import { UNDO_NAME } from "./leftovers.ts";
import { inodeOf } from "./output.ts";
import { isAlive } from "./owner.ts";
import { removeTree } from "./publish.ts";
import { restoreTimes } from "./times.ts";
import { halfUndone, obstacles, rollBack } from "./undo.ts";
import { UndoFolder } from "./undo-folder.ts";

/** So often somebody who undoes it already is looked after, in milliseconds. */
const LOOK_AGAIN = 50;

/**
 * Undoes what dead runs began in `folder`. Returns what the user should know; throws when something of it cannot or must not be undone:
 * whoever wrote on there would make that impossible for good.
 */
export async function recoverIn(folder: HeldFolder, signal: AbortSignal | undefined): Promise<UnzipxError[]> {
  const notes: UnzipxError[] = [];
  for (const name of readdirSync(folder.path).filter((one) => UNDO_NAME.test(one))) {
    try {
      const note = await recover(folder, name, signal);
      if (note !== undefined) notes.push(note);
    } catch (error) {
      if (error === signal?.reason) throw error;
      const shown = `${folder.shown}/${name}`;
      if (!(error instanceof UnzipxError && error.code === "BAD_DATA")) throw fromSystem(error, "write", `undo what an interrupted run began: "${shown}"`, { hint: `when you have seen to it: rm -r "${shown}"` });
      notes.push(new UnzipxError("ODDITY", `Left "${shown}" as it is: ${error.message.replace(/^Cannot read the journal: /, "")}`));
    }
  }
  return notes;
}

async function recover(host: HeldFolder, name: string, signal: AbortSignal | undefined): Promise<UnzipxError | undefined> {
  const undo = UndoFolder.open(host, name);
  if (undo === undefined) return undefined;
  let isGone = false;
  try {
    for (;;) {
      const found = undo.owner();
      if (found === undefined) return void removeEmpty(`${host.path}/${name}`); // just being made, or removed
      const alive = isAlive(found.owner);
      if (alive === undefined) return new UnzipxError("ODDITY", `Left "${undo.shown}" as it is: a run on another machine or in another container works there, or was killed`, { hint: `when it is over: rm -r "${undo.shown}"` });
      if (alive && found.generation === 0) return undefined; // it knows its way back itself
      if (!alive && undo.takeOver(found.generation)) break;
      await sleep(LOOK_AGAIN, undefined, { signal }).catch(() => signal?.throwIfAborted());
      if (statOrUndefined(`${host.path}/${name}`) === undefined) return undefined;
    }
    const read = undo.read();
    if (read !== undefined) goBack(host, undo, read);
    removeStaging(host, undo.stagingName, read?.journal.staging);
    isGone = true;
    const left = undo.remove();
    if (left !== undefined) throw left;
    if (read === undefined) return undefined;
    restoreTimes(host, read.journal.times);
    return new UnzipxError("ODDITY", `Undid what a run had begun in "${read.journal.target === "" ? host.shown : `${host.shown}/${read.journal.target}`}" before it was killed`);
  } finally {
    if (!isGone) undo.close();
  }
}

/** Killed with the very last step before it: what nobody works with for so long, in milliseconds, is nobody's. */
const ABANDONED = 60_000;

function removeEmpty(path: string): void {
  const stats = statOrUndefined(path);
  if (stats === undefined || Date.now() - stats.mtimeMs < ABANDONED) return;
  try {
    rmdirSync(path);
  } catch {
    // something is in it
  }
}

function goBack(host: HeldFolder, undo: UndoFolder, { journal, written }: ReadJournal): void {
  const target = journal.target === "" ? host : host.child(journal.target);
  try {
    const context = { target, undo, written };
    const what = `Cannot undo what a run had begun in "${target.shown}" before it was killed`;
    const inTheWay = obstacles(journal.folders, context);
    if (inTheWay.length > 0) throw halfUndone(what, inTheWay, context);
    const problems = rollBack(journal.folders, context);
    if (problems.length > 0) throw halfUndone(what, problems, context);
  } finally {
    if (target !== host) target.close();
  }
}

/** What had not been put in its place. Only the very folder that the journal names, where it names one. */
function removeStaging(host: HeldFolder, name: string, inode: string | undefined): void {
  const path = `${host.path}/${name}`;
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (stats === undefined || !stats.isDirectory() || (inode !== undefined && inodeOf(stats) !== inode)) return;
  if (process.geteuid !== undefined && (Number(stats.uid) !== process.geteuid() || (Number(stats.mode) & 0o7777) !== 0o700)) return;
  const held = holdFolder(path);
  try {
    for (const child of readdirSync(held.path)) removeTree(`${held.path}/${child}`);
  } finally {
    held.close();
  }
  removeTree(path);
}
