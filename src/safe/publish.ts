/** From the staging folder to the place where people look: exclusive, and never through a link. */
import {
  chmodSync, closeSync, constants, existsSync, fchmodSync, linkSync, lstatSync, lutimesSync, mkdirSync, openSync, readdirSync, readlinkSync, readSync, renameSync, rmdirSync, rmSync,
  symlinkSync, utimesSync,
} from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { fromSystem, UnzipxError } from "../errors.ts";
import { DESCRIPTORS, holdFolder, statOrUndefined, type HeldFolder } from "./held-folder.ts";
import { openSink } from "./new-file.ts";
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
    makeRemovable(path);
    rmSync(path, { recursive: true, force: true, maxRetries: 2 });
  }
}

function makeRemovable(folder: string): void {
  chmodSync(folder, 0o700);
  for (const child of readdirSync(folder, { withFileTypes: true })) {
    if (child.isDirectory()) makeRemovable(join(folder, child.name));
  }
}

/** Puts the tree at `staged` into a folder that is there, place by place. Returns what could not be put there. */
export function fillFolder(into: HeldFolder, staged: string, root: Place, umask: number): UnzipxError[] {
  const refused: UnzipxError[] = [];
  fill(into, staged, root, umask, refused);
  return refused;
}

function fill(into: HeldFolder, staged: string, folder: Place, umask: number, refused: UnzipxError[]): void {
  for (const place of folder.children!.values()) {
    if (place.dropped) continue;
    const from = `${staged}/${place.stagedAs}`;
    try {
      if (place.type === "directory" && place.onDisk === "directory") {
        const child = into.child(place.name);
        try {
          fill(child, from, place, umask, refused);
        } finally {
          child.close();
        }
      } else {
        put(from, `${into.path}/${place.name}`, place, umask);
      }
    } catch (error) {
      const known = error instanceof UnzipxError ? error : fromSystem(error, "write", `put "${pathOf(place)}" in its place`);
      if (known.code === "DISK_FULL") throw known;
      refused.push(known.in({ entry: pathOf(place) }));
    }
  }
}

function put(from: string, to: string, place: Place, umask: number): void {
  if (place.type === "directory") move(from, to, place, umask);
  else if (place.onDisk === "replace") replace(from, to);
  else exclusively(() => linkOrCopy(from, to));
}

function copyLink(from: string, to: string): void {
  symlinkSync(readlinkSync(from), to);
  const { atime, mtime } = lstatSync(from);
  lutimesSync(to, atime, mtime);
}

/** A rename replaces what is there, which was looked at and may be replaced; but never a folder. */
function replace(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
    // Onto another file system: whole beside it first, so that the old file stays if there is no room for the new one.
    const beside = `${to}.unzipx-${randomBytes(6).toString("hex")}.partial`;
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
    const sink = openSink({ path: to, mode: stats.mode & 0o777, mtime: stats.mtimeMs });
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

/** Puts a folder where nothing is, by one rename. */
export function move(from: string, to: string, place: Place, umask: number): void {
  if (statOrUndefined(to) !== undefined) throw new UnzipxError("CONFLICT", `Cannot make the folder "${place.name || to}": something appeared there meanwhile`);
  const mode = (place.mode ?? 0o777) & ~umask;
  const isHeldBack = (mode & 0o700) !== 0o700; // until the folder was moved
  // Of what was opened before: who may write in there could put a link in its place meanwhile.
  const fd = isHeldBack && process.platform !== "win32" ? openSync(from, FOLDER) : undefined;
  try {
    renameSync(from, to);
    if (fd !== undefined) fchmodSync(fd, mode);
    else if (isHeldBack) chmodSync(to, mode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
    copyTree(from, to, place, mode);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

const FOLDER = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0) | (constants.O_NOFOLLOW ?? 0);

/** Across a mount point no rename leads; the same tree is made again. `mode` is the folder's own, where that is known already. */
function copyTree(from: string, to: string, folder: Place, mode = lstatSync(from).mode & 0o777): void {
  mkdirSync(to, 0o700);
  const into = holdFolder(to);
  try {
    for (const place of folder.children!.values()) {
      if (place.dropped) continue;
      const [source, target] = [`${from}/${place.stagedAs}`, `${into.path}/${place.name}`];
      if (place.type === "directory") copyTree(source, target, place);
      else copyAcross(source, target);
    }
    const { atime, mtime } = lstatSync(from);
    chmodSync(into.path, mode);
    utimesSync(into.path, atime, mtime);
  } finally {
    into.close();
  }
}
