/** From the staging folder to the place where people look: exclusive, and never through a link. */
import {
  chmodSync, closeSync, constants, existsSync, fchmodSync, fstatSync, linkSync, lstatSync, lutimesSync, mkdirSync, openSync, readdirSync, readlinkSync, readSync, renameSync, rmdirSync, rmSync,
  symlinkSync, utimesSync, type Stats,
} from "node:fs";
import { randomName } from "../bytes/random.ts";
import { join } from "node:path";
import { nextTurn, now } from "../bytes/clock.ts";
import { fromSystem, typed, UnzipxError } from "../errors.ts";
import { DESCRIPTORS, holdFolder, statOrUndefined, type HeldFolder } from "./held-folder.ts";
import { openSink } from "./new-file.ts";
import { givenTo, giveAway } from "./same-owner.ts";
import { pathOf, type Place } from "./tree.ts";

/** Whether a file made as one of two names is found under the other: they differ in case, and in normal form. */
export function foldsNames(folder: string): boolean {
  const probe = join(folder, ".case-\u00e9");
  mkdirSync(probe);
  try {
    return [".CASE-\u00c9", ".case-e\u0301"].some((name) => existsSync(join(folder, name)));
  } finally {
    rmdirSync(probe);
  }
}

/** Removes a folder of ours whatever modes its folders were given meanwhile. */
export function removeTree(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true, maxRetries: 2 });
  } catch {
    // Of files and links no mode stands in the way; and a file may have another name, which is the user's.
    if (statOrUndefined(path)?.isDirectory() === true) makeRemovable(path);
    rmSync(path, { recursive: true, force: true, maxRetries: 2 });
  }
}

function makeRemovable(folder: string): void {
  chmodSync(folder, 0o700);
  for (const child of readdirSync(folder, { withFileTypes: true })) {
    if (child.isDirectory()) makeRemovable(join(folder, child.name));
  }
}

/** Gives signals a turn: to be called often, and what it returns to be waited for. Throws the reason why all is to stop. */
export type Turns = () => Promise<void> | undefined;

/** So long nothing else is heard, in milliseconds. */
const TURN = 10;

export function turns(signal: AbortSignal | undefined): Turns {
  let since = now();
  return () => {
    if (now() - since < TURN) return undefined;
    return nextTurn().then(() => {
      since = now();
      signal?.throwIfAborted();
    });
  };
}

/**
 * Puts the tree at `staged` into a folder that is there, place by place. Returns what could not be put there.
 * Whoever interrupts it finds each place as it was or as it is to be.
 */
export async function fillFolder(into: HeldFolder, staged: string, root: Place, umask: number, signal: AbortSignal | undefined): Promise<UnzipxError[]> {
  const filling: Filling = { umask, refused: [], turn: turns(signal), done: 0 };
  try {
    await fill(into, staged, root, filling);
  } catch (error) {
    if (error !== signal?.reason || !(error instanceof UnzipxError) || filling.done === 0) throw error;
    const { done } = filling;
    throw new UnzipxError(error.code, `${error.message}; ${done === 1 ? "one thing is" : `${done} things are`} in place already, each of them whole`, error.details);
  }
  return filling.refused;
}

interface Filling {
  readonly umask: number;
  readonly refused: UnzipxError[];
  readonly turn: Turns;
  done: number;
}

async function fill(into: HeldFolder, staged: string, folder: Place, filling: Filling): Promise<void> {
  for (const place of folder.children!.values()) {
    if (place.dropped) continue;
    const from = `${staged}/${place.stagedAs}`;
    let child: HeldFolder | undefined;
    try {
      if (place.type === "directory" && place.onDisk === "directory") {
        child = into.child(place.name);
      } else {
        put(from, `${into.path}/${place.name}`, place, filling.umask);
        filling.done += 1;
      }
    } catch (error) {
      const known = error instanceof UnzipxError ? error : fromSystem(error, "write", `put "${pathOf(place)}" in its place`);
      if (known.code === "DISK_FULL") throw known;
      filling.refused.push(known.in({ entry: pathOf(place) }));
    }
    if (child !== undefined) {
      try {
        await fill(child, from, place, filling);
      } finally {
        child.close();
      }
    }
    const wait = filling.turn();
    if (wait !== undefined) await wait;
  }
}

function put(from: string, to: string, place: Place, umask: number): void {
  if (place.type === "directory") move(from, to, place, umask);
  else if (place.onDisk === "replace") replace(from, to);
  else exclusively(() => linkOrCopy(from, to));
}

function copyLink(from: string, to: string): void {
  symlinkSync(readlinkSync(from), to);
  const stats = lstatSync(from);
  giveAway(to, givenTo(stats));
  lutimesSync(to, stats.atime, stats.mtime);
}

/** A rename replaces what is there, which was looked at and may be replaced; but never a folder. */
function replace(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
    // Onto another file system: whole beside it first, so that the old file stays if there is no room for the new one.
    const beside = `${to}.unzipx-${randomName(6)}.partial`;
    copyAcross(from, beside);
    renameSync(beside, to);
  }
}

/** link(2) fails where something is; a rename would not. */
function linkOrCopy(from: string, to: string): void {
  // A second name for a link is one only on Linux: elsewhere it would be one for what it leads to.
  if (DESCRIPTORS === undefined && lstatSync(from).isSymbolicLink()) return copyLink(from, to);
  try {
    linkSync(from, to);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "EEXIST" || code === "ENOSPC" || code === "EACCES") throw error;
    copyAcross(from, to); // a file system without hard links, or another one mounted here
  }
}

const COPIED_AT_ONCE = 1 << 20;

/** A copy with its time and mode; nothing of it stays when it fails. All goes by descriptors: others may write where it is put. */
function copyAcross(from: string, to: string): void {
  const stats = lstatSync(from);
  if (stats.isSymbolicLink()) return copyLink(from, to);
  const source = openSync(from, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  try {
    const sink = openSink({ path: to, mode: stats.mode & 0o777, mtime: stats.mtimeMs, owner: givenTo(stats) });
    try {
      const buffer = Buffer.allocUnsafeSlow(Math.min(COPIED_AT_ONCE, Math.max(1, stats.size)));
      for (let length = readSync(source, buffer); length > 0; length = readSync(source, buffer)) sink.write(buffer.subarray(0, length));
      sink.close();
    } catch (error) {
      sink.discard();
      throw error;
    }
  } finally {
    closeSync(source);
  }
}

function exclusively(create: () => void): void {
  try {
    create();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new UnzipxError("CONFLICT", "Cannot put an entry in its place: something appeared there meanwhile");
  }
}

/** Puts a folder where nothing is, by one rename; across a mount point, where no rename leads, the same tree is made again. */
export function move(from: string, to: string, place: Place, umask: number, shownAs: string = pathOf(place)): void {
  try {
    moveFolder(from, to, place, umask, shownAs);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
    copyTree(from, to, place, finalMode(place, umask));
  }
}

/** What rename(2) says where a file, or a folder with something in it, took the name between the look at it and the rename. */
const TAKEN = new Set(["ENOTEMPTY", "EEXIST", "ENOTDIR"]);

/** The bit by which a folder hands its group down to what is made in it (S_ISGID, inode(7)), as it got it from the one above; else 0. */
export function handsDown({ mode }: Stats): number {
  return mode & 0o2000;
}

/** By one rename or not at all. */
export function moveFolder(from: string, to: string, place: Place, umask: number, shownAs: string = pathOf(place)): void {
  if (statOrUndefined(to) !== undefined) throw takenMeanwhile(shownAs);
  const mode = finalMode(place, umask);
  const isHeldBack = (mode & 0o700) !== 0o700; // until the folder was moved
  // Of what was opened before: who may write in there could put a link in its place meanwhile.
  const fd = isHeldBack && process.platform !== "win32" ? openSync(from, FOLDER) : undefined;
  try {
    renameSync(from, to);
    if (fd !== undefined) fchmodSync(fd, mode | handsDown(fstatSync(fd)));
    else if (isHeldBack) chmodSync(to, mode);
  } catch (error) {
    throw TAKEN.has((error as NodeJS.ErrnoException).code ?? "") && statOrUndefined(to) !== undefined ? takenMeanwhile(shownAs) : error;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function takenMeanwhile(folder: string): UnzipxError {
  return new UnzipxError("CONFLICT", `Cannot make the folder "${folder}": something appeared there meanwhile`, { hint: `ls -ld ${typed(folder)}` });
}

/** Of folders that no entry gives one, before the umask. */
export const FOLDER_MODE = 0o777;

/** What a folder has in the end. */
export function finalMode(place: Place, umask: number): number {
  return (place.mode ?? FOLDER_MODE) & ~umask;
}

const FOLDER = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0) | (constants.O_NOFOLLOW ?? 0);

/** `mode` is the folder's own, where that is known already. */
function copyTree(from: string, to: string, folder: Place, mode = lstatSync(from).mode & 0o777): void {
  exclusively(() => mkdirSync(to, 0o700));
  const into = holdFolder(to);
  try {
    for (const place of folder.children!.values()) {
      if (place.dropped) continue;
      const [source, target] = [`${from}/${place.stagedAs}`, `${into.path}/${place.name}`];
      if (place.type === "directory") copyTree(source, target, place);
      else copyAcross(source, target);
    }
    const stats = lstatSync(from);
    giveAway(`${into.path}/.`, givenTo(stats));
    chmodSync(into.path, mode | handsDown(lstatSync(`${into.path}/.`)));
    utimesSync(into.path, stats.atime, stats.mtime);
  } finally {
    into.close();
  }
}
