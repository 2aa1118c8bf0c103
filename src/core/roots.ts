/** The inputs of `c` as the user names them: where each lies, and under which name its entries are stored. */
import { lstatSync } from "node:fs";
import { basename, dirname, resolve, sep } from "node:path";
import { forFs, showPath, type DiskPath } from "../bytes/input-file.ts";
import { UnzipxError } from "../errors.ts";

/** What the user named, in bytes where that is not UTF-8; or a file, absolute, that is stored under a name of its own. */
export type PackInput = DiskPath | { readonly source: string; readonly path: string };

export interface Root {
  /** On disk: absolute. */
  readonly source: DiskPath;
  /** What its entries begin with ("" = its contents only). */
  readonly name: ArchiveName;
}

export interface ArchiveName {
  readonly path: string;
  /** Where they are not the UTF-8 of `path`. */
  readonly bytes: Uint8Array | undefined;
}

export interface RootOptions {
  /** The folder that inputs are relative to. */
  readonly base: string;
  /** By their paths in the archive, and not as they are named. */
  readonly sorted?: boolean | undefined;
  readonly warn: (warning: UnzipxError) => void;
}

/** Throws NO_INPUT when one is not there. */
export function rootsOf(inputs: readonly PackInput[], options: RootOptions): Root[] {
  const roots = inputs.map((input) => rootOf(input, options));
  return options.sorted === true ? roots.sort((a, b) => byCodeUnit(inOrder(a.name), inOrder(b.name))) : roots;
}

function rootOf(input: PackInput, { base, warn }: RootOptions): Root {
  if (typeof input !== "string" && !(input instanceof Uint8Array)) return { source: input.source, name: { path: archivePath(input.path, warn), bytes: undefined } };
  const source = typeof input === "string" ? resolve(base, input) : onBytes(input, (path) => resolve(Buffer.from(base).toString("latin1"), path));
  if (lstatSync(forFs(source), { throwIfNoEntry: false }) === undefined) {
    throw new UnzipxError("NO_INPUT", `Cannot pack "${showPath(input)}": no such file or folder`, { hint: `ls -a "${showPath(parentOf(source))}"` });
  }
  if (typeof input === "string") return { source, name: { path: archivePath(input, warn), bytes: undefined } };
  const bytes = onBytes(input, (path) => archivePath(path, warn));
  const path = bytes.toString();
  return { source, name: { path, bytes: sameBytes(path, bytes) ? undefined : bytes } };
}

/** `/a`, `C:\a`, `./a` and `../a` are all stored as `a`: an archive holds no way out of the folder it is unpacked in. */
function archivePath(input: string, warn: RootOptions["warn"]): string {
  const relative = sep === "\\" ? input.replace(/^[a-z]:/i, "").replaceAll("\\", "/") : input;
  const parts = relative.split("/").filter((part) => part !== "" && part !== ".");
  const up = parts.lastIndexOf(".."); // as GNU tar: everything up to the last ".." goes
  const path = parts.slice(up + 1).join("/");
  if (up >= 0) warn(new UnzipxError("ODDITY", `Stored "${input}" as "${path || "."}": names with ".." lead out of an archive`, { entry: path }));
  return path;
}

/** What is done to strings, done to a path in bytes: as a string with a character for each. */
function onBytes(path: Uint8Array, change: (path: string) => string): Buffer {
  return Buffer.from(change(Buffer.from(path).toString("latin1")), "latin1");
}

export function parentOf(path: DiskPath): DiskPath {
  return typeof path === "string" ? dirname(path) : onBytes(path, dirname);
}

export function nameOf(path: DiskPath): DiskPath {
  return typeof path === "string" ? basename(path) : onBytes(path, (text) => basename(text));
}

/** Sorted by this, the entries of several inputs come as a walk over one folder that holds them all would give them. EPUB and OpenDocument want "mimetype" first. */
function inOrder({ path, bytes }: ArchiveName): string {
  if (path === "mimetype") return "";
  return `${path.replaceAll("/", "\0")}${bytes === undefined ? "" : `\0${Buffer.from(bytes).toString("latin1")}`}`;
}

/** Whether two inputs may yield the same path: only then is every path worth remembering. */
export function overlap(roots: readonly Root[]): boolean {
  const paths = roots.map(({ name }) => name.path).sort();
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

/** U+FFFD: what stands in a decoded name where the bytes were not UTF-8; now and then a real character. */
export const REPLACEMENT = "\uFFFD";

export function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function sameBytes(text: string, raw: Uint8Array): boolean {
  return !text.includes(REPLACEMENT) || Buffer.from(text).equals(raw);
}
