/** A program that came with a package and lost the right to be executed on the way: it gets it back, or a copy has it. */
import { createHash } from "node:crypto";
import { randomName } from "../bytes/random.ts";
import {
  accessSync, chmodSync, closeSync, constants, fchmodSync, fstatSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { privateFolder, WRITABLE_BY_OTHERS } from "./private-folder.ts";

/** A path under which the program at `path` can be run; undefined when there is none. Never throws. */
export function runnableProgram(path: string, env: Readonly<Record<string, string | undefined>> = process.env): string | undefined {
  try {
    if (process.platform === "win32") return statSync(path).isFile() ? path : undefined;
    if (isExecutable(path) || madeExecutable(path)) return path;
    return privateCopy(path, env);
  } catch {
    return undefined;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Fails where the package was installed by somebody else, most often root. */
function madeExecutable(path: string): boolean {
  try {
    const { mode } = statSync(path);
    chmodSync(path, (mode & 0o777) | ((mode & 0o444) >> 2)); // for whoever may read it
    return isExecutable(path);
  } catch {
    return false;
  }
}

/** The path of a copy in the user's own cache, named after its content, so that another version is another file. What lies there is held against that name before it is run. undefined: others could change it. */
export function privateCopy(path: string, env: Readonly<Record<string, string | undefined>>): string | undefined {
  const program = readFileSync(path);
  const digest = digestOf(program);
  const folder = privateFolder(env);
  if (folder === undefined) return undefined;
  const copy = join(folder, `${basename(path)}-${digest}`);
  if (holds(copy, digest)) return copy;
  // Two runs may do this at once: each has a file of its own, and the last rename wins.
  const partial = join(folder, `.${randomName(9)}.partial`);
  try {
    writeNew(partial, program);
    renameSync(partial, copy);
  } finally {
    rmSync(partial, { force: true });
  }
  return holds(copy, digest) ? copy : undefined;
}

/** A file of ours, that nobody else may write, with this content. */
function holds(path: string, digest: string): boolean {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return false;
  }
  try {
    const stats = fstatSync(fd);
    return stats.isFile() && stats.uid === process.getuid?.() && (stats.mode & WRITABLE_BY_OTHERS) === 0 && (stats.mode & 0o100) !== 0 && digestOf(readFileSync(fd)) === digest;
  } finally {
    closeSync(fd);
  }
}

function writeNew(path: string, content: Uint8Array): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
  try {
    writeFileSync(fd, content);
    fchmodSync(fd, 0o700);
  } finally {
    closeSync(fd);
  }
}

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
