/** From the inputs that a user names to the entries of an archive: every time in the same order, never by way of a link. */
import { lstatSync, readdirSync, readlinkSync, statSync, type Stats } from "node:fs";
import { sep } from "node:path";
import { childOf, forFs, joinBytes, showPath, type DiskPath } from "../bytes/input-file.ts";
import { fromSystem, UnzipxError } from "../errors.ts";
import type { InputEntry } from "../formats/input.ts";
import type { GitFolder } from "./gitignore.ts";
import { isHidden, isJunk, type LeftOut } from "./left-out.ts";
import { byCodeUnit, nameOf, overlap, parentOf, REPLACEMENT, rootsOf, sameBytes, type ArchiveName, type PackInput, type Root } from "./roots.ts";

export type { InputEntry } from "../formats/input.ts";

export interface WalkOptions {
  /** The folder that inputs are relative to. */
  readonly base: string;
  /** Store what links point at, not the links. */
  readonly dereference: boolean;
  /** Of the path in the archive; a folder that is excluded is not looked into. */
  readonly exclude: (path: string) => boolean;
  /** false: what is named so, or lies in what is named so, is left out. */
  readonly hidden?: boolean | undefined;
  readonly junk?: boolean | undefined;
  /** The rules of git for a folder (gitRules); undefined: they do not count. */
  readonly git?: ((folder: DiskPath) => GitFolder | undefined) | undefined;
  /** Told of everything that is left out by these four rules; of a folder once. */
  readonly leftOut?: ((path: string, why: LeftOut) => void) | undefined;
  /** Not in the order in which the inputs are named, but in that of their paths. */
  readonly sorted?: boolean | undefined;
  /** "device:inode" of what is left out silently: the archive itself. */
  readonly leaveOut: ReadonlySet<string>;
  readonly warn: (warning: UnzipxError) => void;
  /** Something could not be read; the walk goes on. */
  readonly fail: (failure: UnzipxError) => void;
}

/** Where the walk has come to. */
interface Place extends Root {
  /** The rules of the folder it lies in; of a root without a name, its own. */
  readonly git: GitFolder | undefined;
  /** The folders on the way here, by inode, against links that lead back up. */
  readonly above: readonly string[];
}

/** What was met already, by its path in the archive: its inode, or LEFT_OUT. */
type Seen = Map<string, string>;
const LEFT_OUT = "";

/**
 * Entries in archive order: inputs as given, names by code unit within a folder, parents before children.
 * Throws NO_INPUT before the first entry when an input is not there.
 */
export function walk(inputs: readonly PackInput[], options: WalkOptions): Iterable<InputEntry> {
  const roots = rootsOf(inputs, options);
  return walkRoots(roots, options, overlap(roots) ? new Map() : undefined);
}

function* walkRoots(roots: readonly Root[], options: WalkOptions, seen: Seen | undefined): Generator<InputEntry> {
  for (const { source, name } of roots) {
    const git = options.git?.(name.path === "" ? source : parentOf(source));
    if (options.git !== undefined && git === undefined) options.leftOut?.(name.path || ".", "gitignore");
    else yield* visit({ source, name, git, above: [] }, options, seen);
  }
}

function* visit(place: Place, options: WalkOptions, seen: Seen | undefined): Generator<InputEntry> {
  const { source, name, git, above } = place;
  const why = name.path === "" ? undefined : reasonToLeaveOut(place, options);
  if (why !== undefined) {
    if (seen?.get(keyOf(name)) !== LEFT_OUT) options.leftOut?.(name.path, why);
    seen?.set(keyOf(name), LEFT_OUT);
    return;
  }
  const entry = attempt(() => inspect(source, name, options), "read", source, name, options);
  if (entry === undefined || options.leaveOut.has(entry.inode)) return;
  // The top of an input such as "." has no name of its own; a link there is followed for its contents.
  if (name.path !== "") {
    if (seen !== undefined && isRepeated(entry, name, seen)) return; // and so is all that is in it
    yield entry;
  }
  if (entry.type !== "directory") return;
  if (above.includes(entry.inode)) {
    options.warn(new UnzipxError("ODDITY", `Left out what is in "${name.path}": a link leads back to a folder it lies in`, { entry: name.path }));
    return;
  }
  const names = attempt(() => namesIn(source), "list", source, name, options) ?? [];
  const inner = { above: [...above, entry.inode], git: name.path === "" ? git : git?.inside(nameOf(source), source) };
  for (const child of names) yield* visit({ source: childOf(source, child), name: within(name, child), ...inner }, options, seen);
}

function reasonToLeaveOut({ source, name: { path }, git }: Place, options: WalkOptions): LeftOut | undefined {
  if (options.exclude(path)) return "excluded";
  if (options.hidden === false && path.split("/").some(isHidden)) return "hidden";
  if (options.junk === false && path.split("/").some(isJunk)) return "junk";
  return git?.ignores(nameOf(source), isFolder(source, options)) === true ? "gitignore" : undefined;
}

function isFolder(source: DiskPath, { dereference }: WalkOptions): boolean {
  return (dereference ? statSync : lstatSync)(forFs(source), { throwIfNoEntry: false })?.isDirectory() === true;
}

function attempt<T>(look: () => T, action: string, source: DiskPath, name: ArchiveName, { fail }: WalkOptions): T | undefined {
  try {
    return look();
  } catch (error) {
    fail(fromSystem(error, "read", `${action} "${showPath(source)}"`).in({ entry: name.path }));
    return undefined;
  }
}

/** undefined: something that an archive does not hold. */
function inspect(source: DiskPath, name: ArchiveName, options: WalkOptions): InputEntry | undefined {
  const at = forFs(source);
  const follow = options.dereference || name.path === "";
  const stats = follow ? statSync(at) : lstatSync(at);
  const type = stats.isFile() ? "file" : stats.isDirectory() ? "directory" : stats.isSymbolicLink() ? "symlink" : undefined;
  if (type === undefined) {
    options.warn(new UnzipxError("SPECIAL_FILE", `Left out "${showPath(source)}": it is ${kindOf(stats)}`, { entry: name.path }));
    return undefined;
  }
  return {
    path: name.path,
    pathBytes: name.bytes,
    source,
    type,
    size: type === "file" ? stats.size : 0,
    mode: stats.mode & 0o7777,
    mtime: stats.mtimeMs,
    inode: inodeOf(at, stats, follow),
    nlink: stats.nlink,
    uid: stats.uid,
    gid: stats.gid,
    linkTarget: type === "symlink" ? linkTarget(at) : undefined,
  };
}

/** A number is exact up to 2^53; some file systems use all 64 bits, and a mistaken hard link would lose a file. */
function inodeOf(at: string | Buffer, stats: Stats, follow: boolean): string {
  if (Number.isSafeInteger(stats.ino)) return `${stats.dev}:${stats.ino}`;
  const exact = follow ? statSync(at, { bigint: true }) : lstatSync(at, { bigint: true });
  return `${exact.dev}:${exact.ino}`;
}

function kindOf(stats: Stats): string {
  if (stats.isSocket()) return "a socket";
  if (stats.isFIFO()) return "a named pipe";
  return "a device";
}

function linkTarget(at: string | Buffer): string | Uint8Array {
  const raw = readlinkSync(at, { encoding: "buffer" });
  const text = raw.toString();
  if (sep === "\\") return text.replaceAll("\\", "/");
  return sameBytes(text, raw) ? text : raw;
}

/** Sorted; bytes for names that are not UTF-8, which could not be opened by their decoded form. */
function namesIn(folder: DiskPath): DiskPath[] {
  const names = readdirSync(forFs(folder));
  if (!names.some((name) => name.includes(REPLACEMENT))) return names.sort(byCodeUnit);
  return readdirSync(forFs(folder), { encoding: "buffer" })
    .sort(Buffer.compare)
    .map((raw) => ({ raw, text: raw.toString() }))
    .sort((a, b) => byCodeUnit(a.text, b.text))
    .map(({ raw, text }) => (sameBytes(text, raw) ? text : raw));
}

function within(folder: ArchiveName, child: DiskPath): ArchiveName {
  const text = showPath(child);
  const path = folder.path === "" ? text : `${folder.path}/${text}`;
  if (folder.bytes === undefined && typeof child === "string") return { path, bytes: undefined };
  return { path, bytes: folder.path === "" ? (child as Uint8Array) : joinBytes(folder.bytes ?? folder.path, child) };
}

/** The same file twice is once too often; two files cannot have one path. */
function isRepeated({ source, path, inode }: InputEntry, name: ArchiveName, seen: Seen): boolean {
  const key = keyOf(name);
  const earlier = seen.get(key);
  if (earlier === undefined || earlier === LEFT_OUT) {
    seen.set(key, inode);
    return false;
  }
  if (earlier !== inode) {
    throw new UnzipxError("COLLISION", `Cannot pack "${showPath(source)}": another input is stored as "${path}" already`, { entry: path });
  }
  return true;
}

function keyOf({ path, bytes }: ArchiveName): string {
  return bytes === undefined ? path : `\0${Buffer.from(bytes).toString("latin1")}`;
}
