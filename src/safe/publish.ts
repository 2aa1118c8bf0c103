/** From the staging folder to the place where people look: exclusive, and never through a link. */
import { chmodSync, closeSync, constants, copyFileSync, existsSync, linkSync, lstatSync, lutimesSync, mkdirSync, openSync, readdirSync, readlinkSync, renameSync, rmdirSync, rmSync, symlinkSync, utimesSync, type Stats } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { fromSystem, UnzipxError } from "../errors.ts";
import { pathOf, type Place } from "./tree.ts";

/** lstat, with undefined for a place where nothing is. */
export function statOrUndefined(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

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

/**
 * Moves what the root holds from `staging` to `target`: in one rename when the target is new,
 * otherwise place by place into the folders that are there.
 */
export function moveTree(staging: { readonly path: string; readonly name: () => string }, target: string, root: Place, targetExists: boolean, umask: number): UnzipxError[] {
  if (!targetExists) {
    move(staging.name(), target, root, umask);
    return [];
  }
  const refused: UnzipxError[] = [];
  const into = openFolder(target);
  try {
    fill(into, staging.path, root, umask, refused);
  } finally {
    into.close();
  }
  return refused;
}

/** A folder held open, so that swapping it for a link changes nothing; `path` leads to what was opened. */
interface HeldFolder {
  readonly path: string;
  child(name: string): HeldFolder;
  close(): void;
}

// Only Linux gives a descriptor a path. Elsewhere each folder is looked at once more before it is used.
export const DESCRIPTORS = process.platform === "linux" && existsSync("/proc/self/fd") ? "/proc/self/fd" : undefined;

function openFolder(path: string): HeldFolder {
  if (DESCRIPTORS === undefined) {
    if (!lstatSync(path).isDirectory()) throw new UnzipxError("UNSAFE_LINK", `Stopped: "${path}" was a folder and is one no more`);
    return { path, child: (name) => openFolder(join(path, name)), close() {} };
  }
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  const held = `${DESCRIPTORS}/${fd}`;
  return { path: held, child: (name) => openFolder(`${held}/${name}`), close: () => closeSync(fd) };
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
  else if (lstatSync(from).isSymbolicLink()) exclusively(() => copyLink(from, to));
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
  try {
    linkSync(from, to);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "EEXIST" || code === "ENOSPC" || code === "EACCES") throw error;
    copyAcross(from, to); // a file system without hard links, or another one mounted here
  }
}

/** A copy with its time and mode; nothing of it stays when it fails. */
function copyAcross(from: string, to: string): void {
  if (lstatSync(from).isSymbolicLink()) return copyLink(from, to);
  try {
    copyFileSync(from, to, constants.COPYFILE_EXCL);
    const { atime, mtime, mode } = lstatSync(from);
    chmodSync(to, mode & 0o777);
    utimesSync(to, atime, mtime);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") rmSync(to, { force: true });
    throw error;
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

function move(from: string, to: string, place: Place, umask: number): void {
  if (statOrUndefined(to) !== undefined) throw new UnzipxError("CONFLICT", `Cannot make the folder "${place.name || to}": something appeared there meanwhile`);
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
    copyTree(from, to, place);
  }
  const mode = (place.mode ?? 0o777) & ~umask;
  if ((mode & 0o700) !== 0o700) chmodSync(to, mode); // held back until the folder was moved
}

/** Across a mount point no rename leads; the same tree is made again. */
function copyTree(from: string, to: string, folder: Place): void {
  mkdirSync(to, 0o700);
  for (const place of folder.children!.values()) {
    if (place.dropped) continue;
    const [source, target] = [`${from}/${place.stagedAs}`, `${to}/${place.name}`];
    if (place.type === "directory") copyTree(source, target, place);
    else copyAcross(source, target);
  }
  const { atime, mtime, mode } = lstatSync(from);
  chmodSync(to, mode & 0o777);
  utimesSync(to, atime, mtime);
}
