/**
 * What git would leave out, as gitignore(5) has it: the .gitignore files from the top of a repository down, below them its info/exclude, and .git
 * itself. A folder that is ignored is not looked into, so nothing in it can be taken back. What git tracks in spite of a rule is not looked up.
 *
 * git compares bytes, not characters, and so do we: all paths in here are strings in which each character stands for one byte.
 */
import { closeSync, lstatSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import ignore, { type Ignore } from "ignore";
import { openInput, type DiskPath } from "../bytes/input-file.ts";
import { fromSystem } from "../errors.ts";

/** Where file systems ignore case, git does as well. */
const OPTIONS = { ignoreCase: process.platform === "win32" || process.platform === "darwin" };

/** The rules that hold for what lies in one folder. */
export interface GitFolder {
  ignores(name: DiskPath, isFolder: boolean): boolean;
  /** The rules in a folder of this one. */
  inside(name: DiskPath, folder: DiskPath): GitFolder;
}

/** The rules in any folder; undefined: it is ignored itself. Without a repository the files count from `base` on, or from the folder itself. */
export function gitRules(base: string): (folder: DiskPath) => GitFolder | undefined {
  const known = new Map<string, GitFolder | undefined>();
  const start = asBytes(resolve(base));
  const enter = (folder: string, top: string): GitFolder | undefined => {
    if (known.has(folder)) return known.get(folder);
    const above = folder === top ? undefined : enter(dirname(folder), top);
    const name = folder.slice(folder.lastIndexOf(sep) + 1);
    const rules = folder === top ? begin(folder) : above?.ignores(toDisk(name), true) === false ? above.inside(toDisk(name), toDisk(folder)) : undefined;
    known.set(folder, rules);
    return rules;
  };
  return (folder) => {
    const path = asBytes(folder);
    return enter(path, topOf(path, start));
  };
}

function topOf(folder: string, base: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (isRepository(at)) return at;
    if (dirname(at) === at) return relative(base, folder).split(sep)[0] === ".." ? folder : base;
  }
}

function isRepository(folder: string): boolean {
  return lstatSync(toDisk(join(folder, ".git")), { throwIfNoEntry: false }) !== undefined;
}

/** Nothing above counts here: a repository, or the first folder where there is none. */
function begin(folder: string): GitFolder {
  const exclude = excludeOf(folder);
  return rulesIn(folder, "", ignore(OPTIONS).add(exclude === undefined ? [] : linesOf(exclude, true)));
}

/** `path`: of the folder, from the top; "" or with a slash at its end. Later rules count more. */
function rulesIn(folder: string, path: string, above: Ignore): GitFolder {
  // Of its own for each folder, because it keeps what it was asked.
  const rules = ignore(OPTIONS).add(above).add(linesOf(join(folder, ".gitignore"), false).flatMap((line) => seenFromTop(line, path)));
  return {
    ignores(name, isFolder) {
      const bytes = asBytes(name);
      return bytes === ".git" || rules.ignores(`${path}${bytes}${isFolder ? "/" : ""}`);
    },
    inside(name, at) {
      const inner = asBytes(at);
      return isRepository(inner) ? begin(inner) : rulesIn(inner, `${path}${asBytes(name)}/`, rules);
    },
  };
}

/** A rule of the .gitignore in the folder `path`, as one that could stand at the top. */
function seenFromTop(line: string, path: string): string[] {
  if (path === "" || line.startsWith("#")) return [line];
  const not = line.startsWith("!") ? "!" : "";
  const pattern = line.slice(not.length).replace(/(?<!\\) +$/, "");
  if (pattern === "") return [];
  const isAnchored = pattern.slice(0, -1).includes("/");
  return [`${not}${path.replace(/[\\*?[\]#! ]/g, "\\$&")}${isAnchored ? pattern.replace(/^\//, "") : `**/${pattern}`}`];
}

const MARK = "\u00ef\u00bb\u00bf"; // of UTF-8, as some editors put it in front

function linesOf(file: string, follow: boolean): string[] {
  const path = toDisk(file);
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined || stats.isDirectory()) return [];
  try {
    // What cannot be read ends the run: without it, what was to stay private would be packed.
    const { fd } = openInput(path, follow);
    try {
      const text = readFileSync(fd, "latin1");
      return (text.startsWith(MARK) ? text.slice(MARK.length) : text).split(/\r?\n/);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw fromSystem(error, "read", `read the rules in "${path.toString()}"`);
  }
}

/** The repository's own list, which all of its worktrees share. */
function excludeOf(folder: string): string | undefined {
  const git = join(folder, ".git");
  const stats = lstatSync(toDisk(git), { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  if (!stats.isFile()) return join(git, "info/exclude");
  const own = resolve(folder, firstLine(git).replace(/^gitdir: /, ""));
  return join(resolve(own, firstLine(join(own, "commondir"))), "info/exclude");
}

function firstLine(file: string): string {
  return linesOf(file, true)[0] ?? "";
}

function asBytes(path: DiskPath): string {
  return typeof path === "string" && /^[\0-\x7f]*$/.test(path) ? path : Buffer.from(path as string).toString("latin1");
}

function toDisk(bytes: string): Buffer {
  return Buffer.from(bytes, "latin1");
}
