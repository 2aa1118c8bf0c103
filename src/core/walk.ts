/** From the inputs that a user names to the entries of an archive: every time in the same order, never by way of a link. */
import { lstatSync, readdirSync, readlinkSync, statSync, type Stats } from "node:fs";
import { join, resolve, sep } from "node:path";
import { forFs, showPath, type DiskPath } from "../bytes/input-file.ts";
import { fromSystem, UnzipxError } from "../errors.ts";
import type { InputEntry } from "../formats/input.ts";

export type { InputEntry } from "../formats/input.ts";

export interface WalkOptions {
  /** The folder that inputs are relative to. */
  readonly base: string;
  /** Store what links point at, not the links. */
  readonly dereference: boolean;
  /** Of the path in the archive; a folder that is excluded is not looked into. */
  readonly exclude: (path: string) => boolean;
  /** "device:inode" of what is left out silently: the archive itself. */
  readonly leaveOut: ReadonlySet<string>;
  readonly warn: (warning: UnzipxError) => void;
  /** Something could not be read; the walk goes on. */
  readonly fail: (failure: UnzipxError) => void;
}

/** What the user named; or a file, absolute, that is stored under a name of its own. */
export type PackInput = string | { readonly source: string; readonly path: string };

/** One input as the user named it, and the path that its entries begin with ("" = its contents only). */
interface Root {
  readonly source: string;
  readonly path: string;
}

/**
 * Entries in archive order: inputs as given, names by code unit within a folder, parents before children.
 * Throws NO_INPUT before the first entry when an input is not there.
 */
export function walk(inputs: readonly PackInput[], options: WalkOptions): Iterable<InputEntry> {
  const roots = inputs.map((input) => rootOf(input, options));
  return overlap(roots) ? withoutDuplicates(walkRoots(roots, options)) : walkRoots(roots, options);
}

function rootOf(input: PackInput, { base, warn }: WalkOptions): Root {
  if (typeof input !== "string") return { source: input.source, path: archivePath(input.path, warn) };
  const source = resolve(base, input);
  if (lstatSync(source, { throwIfNoEntry: false }) === undefined) {
    throw new UnzipxError("NO_INPUT", `Cannot pack "${input}": no such file or folder`, { hint: `ls -a "${resolve(source, "..")}"` });
  }
  return { source, path: archivePath(input, warn) };
}

/** `/a`, `C:\a`, `./a` and `../a` are all stored as `a`: an archive holds no way out of the folder it is unpacked in. */
function archivePath(input: string, warn: WalkOptions["warn"]): string {
  const relative = sep === "\\" ? input.replace(/^[a-z]:/i, "").replaceAll("\\", "/") : input;
  const parts = relative.split("/").filter((part) => part !== "" && part !== ".");
  const up = parts.lastIndexOf(".."); // as GNU tar: everything up to the last ".." goes
  const path = parts.slice(up + 1).join("/");
  if (up >= 0) warn(new UnzipxError("ODDITY", `Stored "${input}" as "${path || "."}": names with ".." lead out of an archive`, { entry: path }));
  return path;
}

function* walkRoots(roots: readonly Root[], options: WalkOptions): Generator<InputEntry> {
  for (const { source, path } of roots) yield* visit(source, { path, bytes: undefined }, options, []);
}

interface ArchiveName {
  readonly path: string;
  /** Where they are not the UTF-8 of `path`. */
  readonly bytes: Uint8Array | undefined;
}

/** `above`: the folders on the way here, by inode, against links that lead back up. */
function* visit(source: DiskPath, name: ArchiveName, options: WalkOptions, above: readonly string[]): Generator<InputEntry> {
  if (name.path !== "" && options.exclude(name.path)) return;
  const entry = attempt(() => inspect(source, name, options), "read", source, name, options);
  if (entry === undefined || options.leaveOut.has(entry.inode)) return;
  // The top of an input such as "." has no name of its own; a link there is followed for its contents.
  if (name.path !== "") yield entry;
  if (entry.type !== "directory") return;
  if (above.includes(entry.inode)) {
    options.warn(new UnzipxError("ODDITY", `Left out what is in "${name.path}": a link leads back to a folder it lies in`, { entry: name.path }));
    return;
  }
  const names = attempt(() => namesIn(source), "list", source, name, options) ?? [];
  const path = [...above, entry.inode];
  for (const child of names) yield* visit(below(source, child), within(name, child), options, path);
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

/** U+FFFD: what stands in a decoded name where the bytes were not UTF-8; now and then a real character. */
const REPLACEMENT = "\uFFFD";

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

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function sameBytes(text: string, raw: Uint8Array): boolean {
  return !text.includes(REPLACEMENT) || Buffer.from(text).equals(raw);
}

function below(folder: DiskPath, child: DiskPath): DiskPath {
  if (typeof folder === "string" && typeof child === "string") return join(folder, child);
  return joinBytes(folder, child);
}

function within(folder: ArchiveName, child: DiskPath): ArchiveName {
  const text = showPath(child);
  const path = folder.path === "" ? text : `${folder.path}/${text}`;
  if (folder.bytes === undefined && typeof child === "string") return { path, bytes: undefined };
  return { path, bytes: folder.path === "" ? (child as Uint8Array) : joinBytes(folder.bytes ?? folder.path, child) };
}

/** Only where names are bytes, so the separator is "/". */
function joinBytes(folder: DiskPath, child: DiskPath): Uint8Array {
  return Buffer.concat([toBytes(folder), Buffer.from("/"), toBytes(child)]);
}

function toBytes(path: DiskPath): Uint8Array {
  return typeof path === "string" ? Buffer.from(path) : path;
}

/** Whether two inputs may yield the same path: only then is every path worth remembering. */
function overlap(roots: readonly Root[]): boolean {
  const paths = roots.map((root) => root.path).sort();
  // Sorted by code unit, "a" need not stand beside "a/b" ("a.b" lies between), so each looks for its own parents.
  const seen = new Set<string>();
  for (const path of paths) {
    if (seen.has("") || seen.has(path)) return true;
    for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1)) {
      if (seen.has(path.slice(0, slash))) return true;
    }
    seen.add(path);
  }
  return false;
}

function* withoutDuplicates(entries: Iterable<InputEntry>): Generator<InputEntry> {
  const inodes = new Map<string, string>();
  for (const entry of entries) {
    const key = entry.pathBytes === undefined ? entry.path : `\0${Buffer.from(entry.pathBytes).toString("latin1")}`;
    const earlier = inodes.get(key);
    if (earlier === undefined) {
      inodes.set(key, entry.inode);
      yield entry;
    } else if (earlier !== entry.inode) {
      throw new UnzipxError("COLLISION", `Cannot pack "${showPath(entry.source)}": another input is stored as "${entry.path}" already`, {
        entry: entry.path,
      });
    }
  }
}
