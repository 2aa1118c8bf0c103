/**
 * --atomic into a folder that is there: every step is written down, then made, and when one fails all are undone. What is replaced gets a
 * second name in the undo folder first, so that the very file comes back, and there is no moment without one.
 */
import { linkSync, renameSync } from "node:fs";
import { fromSystem, UnzipxError } from "../errors.ts";
import { DESCRIPTORS, statOrUndefined, type HeldFolder } from "./held-folder.ts";
import type { ChangedFolder, Step, Thing } from "./journal.ts";
import { moveFolder, turns, type Turns } from "./publish.ts";
import { timesOf, type Times } from "./times.ts";
import { pathOf, type Place } from "./tree.ts";
import { halfUndone, rollBack, thingAt, Walk } from "./undo.ts";
import { syncFolder, UndoFolder } from "./undo-folder.ts";

export interface AtomicWork {
  /** The folder where the staging folder lies. */
  readonly host: HeldFolder;
  /** Its times, before the staging folder was made. */
  readonly hostTimes: Times;
  readonly staging: { readonly path: string; readonly name: string; readonly inode: string };
  /** The destination, and its name in the host; "" when it is that. */
  readonly target: HeldFolder;
  readonly targetName: string;
  readonly root: Place;
  readonly umask: number;
  readonly signal: AbortSignal | undefined;
  /** Takes what forgets the way back, which is to be called when the staging folder is gone. */
  keep(forget: () => UnzipxError | undefined): void;
}

/** A step, and what it needs that no journal has to tell. */
interface PlannedStep extends Step {
  number: number;
  readonly place: Place;
  readonly from: string;
}

interface PlannedFolder extends ChangedFolder {
  readonly steps: readonly PlannedStep[];
}

/**
 * Puts the staged tree into the destination, all of it or nothing: what it throws was in the way, and then the destination is as it was,
 * unless the error says what could not be undone. The way back is to be forgotten last of all: until then the next run cleans up.
 */
export async function fillAtomically(work: AtomicWork): Promise<void> {
  const turn = turns(work.signal);
  const folders = await planned(work, turn);
  if (folders.length === 0) return;
  const undo = orThrow(() => UndoFolder.make(work.host, work.staging.name), `make a folder in "${work.host.shown}"`);
  let isNeeded = false;
  work.keep(() => (isNeeded ? undo.close() : undo.remove()));
  let written: bigint | undefined;
  try {
    written = orThrow(() => undo.write({ target: work.targetName, staging: work.staging.inode, times: work.hostTimes, folders }), `write the journal in "${undo.shown}"`);
    await perform(folders, work, undo, turn);
    orThrow(() => undo.commit(), `finish the journal in "${undo.shown}"`);
  } catch (error) {
    const problems = written === undefined ? [] : rollBack(folders, { target: work.target, undo, written });
    if (problems.length === 0) throw error;
    isNeeded = true;
    throw halfUndone(`${error instanceof Error ? error.message : String(error)}; and not all that was done could be undone`, problems, { undo }, error);
  }
}

async function planned(work: AtomicWork, turn: Turns): Promise<PlannedFolder[]> {
  const folders: PlannedFolder[] = [];
  await plan(work.target, { staged: work.staging.path, folder: work.root, path: [] }, { work, folders, turn });
  const changed = folders.filter(({ steps }) => steps.length > 0);
  let number = 0; // in the order of the journal
  for (const { steps } of changed) for (const step of steps) step.number = number++;
  return changed;
}

interface Planning {
  readonly work: AtomicWork;
  readonly folders: PlannedFolder[];
  readonly turn: Turns;
}

async function plan(into: HeldFolder, { staged, folder, path }: { readonly staged: string; readonly folder: Place; readonly path: readonly string[] }, planning: Planning): Promise<void> {
  const steps: PlannedStep[] = [];
  // Of the folder where the staging folder lies, the times are those before that was made.
  const times = path.length === 0 && planning.work.targetName === "" ? planning.work.hostTimes : timesOf(into);
  planning.folders.push({ path, times, steps });
  for (const place of folder.children!.values()) {
    if (place.dropped) continue;
    const from = `${staged}/${place.stagedAs}`;
    if (place.type === "directory" && place.onDisk === "directory") {
      const child = orThrow(() => into.child(place.name), `open "${into.shown}/${place.name}"`);
      try {
        await plan(child, { staged: from, folder: place, path: [...path, place.name] }, planning);
      } finally {
        child.close();
      }
    } else {
      const { made, old } = orThrow(() => ({ made: thingAt(from)!, old: place.onDisk === "replace" ? thingAt(`${into.path}/${place.name}`) : undefined }), `look at "${pathOf(place)}"`);
      steps.push({ name: place.name, number: -1, isFolder: place.type === "directory", made, old, place, from });
    }
    const wait = planning.turn();
    if (wait !== undefined) await wait;
  }
}

async function perform(folders: readonly PlannedFolder[], work: AtomicWork, undo: UndoFolder, turn: Turns): Promise<void> {
  const walk = new Walk(work.target);
  try {
    for (const folder of folders) {
      const held = orThrow(() => walk.at(folder.path), `open "${[work.target.shown, ...folder.path].join("/")}"`);
      for (const step of folder.steps) {
        try {
          orThrow(() => put(step, `${held.path}/${step.name}`, undo, work.umask), `put "${pathOf(step.place)}" in its place`);
        } catch (error) {
          throw (error as UnzipxError).in({ entry: pathOf(step.place) });
        }
        const wait = turn();
        if (wait !== undefined) await wait;
      }
    }
    orThrow(() => syncFolder(work.target), `write "${work.target.shown}" to the disk`);
  } finally {
    walk.close();
  }
}

function put({ from, number, isFolder, old, place }: PlannedStep, to: string, undo: UndoFolder, umask: number): void {
  if (isFolder) return moveFolder(from, to, place, umask);
  if (old === undefined) return putNew(from, to);
  const kept = undo.old(number);
  if (canLink(to) && tryLink(to, kept)) {
    assertIs(kept, old);
    return renameSync(from, to);
  }
  renameSync(to, kept);
  try {
    assertIs(kept, old);
  } catch (error) {
    renameSync(kept, to);
    throw error;
  }
  putNew(from, to);
}

/** Where something is, nothing is put. */
function putNew(from: string, to: string): void {
  if (canLink(from) && tryLink(from, to)) return;
  // A file system without hard links: looking first leaves a short moment, but there is nothing better.
  if (statOrUndefined(to) !== undefined) throw inTheWay();
  renameSync(from, to);
}

/** A second name for a link is one only on Linux: elsewhere it would be one for what it leads to. */
function canLink(path: string): boolean {
  return DESCRIPTORS !== undefined || statOrUndefined(path)?.isSymbolicLink() !== true;
}

const NO_HARD_LINKS = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]);

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    if (code === "EEXIST") throw inTheWay();
    if (NO_HARD_LINKS.has(code)) return false;
    throw error;
  }
}

function assertIs(path: string, thing: Thing): void {
  if (thingAt(path)?.inode !== thing.inode) throw new UnzipxError("CONFLICT", "Cannot put an entry in its place: what is to be replaced there is another file now");
}

function inTheWay(): UnzipxError {
  return new UnzipxError("CONFLICT", "Cannot put an entry in its place: something appeared there meanwhile");
}

function orThrow<T>(action: () => T, what: string): T {
  try {
    return action();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EXDEV") {
      throw new UnzipxError("WRITE_FAILED", `Cannot ${what}: another file system is mounted there, so it cannot be all or nothing`, { hint: "without --atomic", cause: error });
    }
    throw fromSystem(error, "write", what);
  }
}
