/**
 * SafeWriter: the only hand on the disk. Every extraction, of every format, goes through it.
 *
 * All writing happens in a staging folder of our own (random name, mode 0700) inside the destination, in which nothing
 * exists but what this run made, so there is no link to be followed and no file to be overwritten. Links are made last.
 * What is whole and verified is then published: by one rename when the result is a new folder, otherwise place by place,
 * exclusively. On a failure the staging folder goes and nothing was ever visible.
 */
import { chmodSync, copyFileSync, constants, linkSync, lstatSync, lutimesSync, mkdirSync, readlinkSync, realpathSync, rmdirSync, rmSync, symlinkSync, utimesSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { basename, dirname, join, resolve } from "node:path";
import { fromSystem, UnzipxError } from "../errors.ts";
import type { Entry } from "../formats/contract.ts";
import type { NewFile } from "./new-file.ts";
import { checkPath, resolveLink, type PathOddity, type PathRules, type SafePath } from "./path.ts";
import type { Policy } from "./policy.ts";
import { foldsNames, moveTree, removeTree, statOrUndefined } from "./publish.ts";
import { addChild, childOf, findPlace, foldersDeepestFirst, renameChild, newPlace, pathOf, type Place } from "./tree.ts";

export interface Destination {
  readonly directory: string;
  /** Contents straight into `directory`; into `directory/name`; or into the latter only when there is more than one root. */
  readonly into: "directory" | "own-folder" | "auto";
  readonly name: string;
  /** Files that are never a target: the archive itself. */
  readonly protect: readonly { readonly dev: number; readonly ino: number }[];
}

/** An existing file and the entry that wants its place: the question that `ask` puts. */
export interface Conflict {
  readonly path: string;
  readonly existing: { readonly size: number; readonly mtime: number };
  readonly entry: { readonly size: number | undefined; readonly mtime: number | undefined };
}
export type Answer = "yes" | "no" | "all" | "none" | "newer" | "rename";
export type Ask = (conflict: Conflict) => Promise<Answer>;

/** A place reserved for an entry; `file` is what a thread needs to write it. */
export interface Claim {
  readonly path: SafePath;
  readonly type: Place["type"];
  readonly file: NewFile;
  readonly place: Place;
  /** The same file came before in this archive; it is gone, this one takes its place. */
  readonly repeats: boolean;
}

/** What differs between formats: who separates with backslashes, and whether appending a file again replaces it. */
export interface ClaimRules {
  readonly backslash: PathRules["backslash"];
  readonly repeated: "refuse" | "last";
}

/** A claim, "skip" when the user wants what is there to stay, or the reason why the entry was refused. */
export type Claimed = Claim | "skip" | UnzipxError;

const FILE_MODE = 0o666; // of entries that carry none, before the umask
const FOLDER_MODE = 0o777;
const MODE_MASK = 0o755; // no setuid, setgid, sticky, and nothing that group or others may write

export class SafeWriter {
  readonly #destination: Destination;
  readonly #policy: Policy;
  readonly #ask: Ask | undefined;
  readonly #root = newPlace(undefined, "", "directory");
  readonly #folders = new Map<string, Place>([["", this.#root]]);
  readonly #links: Place[] = [];
  readonly #oddities = new Map<PathOddity, { count: number; first: string }>();
  readonly #made: string[] = [];
  readonly #umask = process.umask();
  readonly #renamed = new Map<string, Place>();
  #folding: boolean | undefined;
  #overwrite: Policy["overwrite"];
  #host: string;
  #staging: string | undefined;
  /** Where the root will lie; undefined while that depends on entries not yet seen. */
  #target: string | undefined;

  constructor(destination: Destination, policy: Policy, ask?: Ask) {
    this.#destination = destination;
    this.#policy = policy;
    this.#overwrite = policy.overwrite;
    this.#ask = ask;
    const directory = resolve(destination.directory);
    // The user named this folder, so links on the way to it are theirs to have; below it none is followed.
    this.#host = statOrUndefined(directory) === undefined ? directory : realpathSync(directory);
    if (destination.into === "directory") this.#setTarget(this.#host);
    else if (destination.into === "own-folder") this.#setTarget(join(this.#host, destination.name));
  }

  /** The folder the contents go to, once it is known. */
  get target(): string | undefined {
    return this.#target;
  }

  /** Whether nothing of the result exists yet: then it appears whole or not at all. */
  get isNew(): boolean {
    // Who named an existing folder wants in it what can be had.
    return !this.#rootExists || (this.#destination.into !== "directory" && [...this.#movedPlaces()].length <= 1);
  }

  /** What was odd about the paths, many as one. */
  get oddities(): ReadonlyMap<PathOddity, { readonly count: number; readonly first: string }> {
    return this.#oddities;
  }

  /**
   * Reserves the entry's place, in archive order. Throws CONFLICT where the policy is to fail;
   * everything else that is wrong with one entry comes back as a value.
   */
  claim(entry: Entry, rules: ClaimRules): Claimed | Promise<Claimed> {
    if (entry.refusal !== undefined) return entry.refusal;
    if (entry.type === "special") {
      return new UnzipxError("SPECIAL_FILE", "Skipped a device, FIFO or socket: unzipx creates none", { entry: entry.path });
    }
    const checked = checkPath(entry.path, {
      platform: this.#policy.platform, maxDepth: this.#policy.limits.depth, unsafe: this.#policy.unsafePaths, backslash: rules.backslash,
    });
    if (checked instanceof UnzipxError) return checked;
    if (checked.oddity !== undefined) this.#note(checked.oddity, entry.path);
    const { path } = checked;
    if (path === "" && entry.type !== "directory") {
      return new UnzipxError("UNSAFE_PATH", "Refused an entry: its name is empty", { entry: entry.path });
    }
    if (this.#policy.links === "skip" && (entry.type === "symlink" || entry.type === "hardlink")) return "skip";
    const again = rules.repeated === "last" && entry.type === "file" ? this.#repeated(path) : undefined;
    const place = again ?? this.#reserve(entry.type, path, entry.path);
    if (place instanceof UnzipxError) return place;
    this.#describe(place, entry);
    if (again !== undefined && !again.dropped) return { ...this.#claimOf(place), repeats: true };
    place.dropped = false; // what the user wanted left alone is asked about anew
    if (this.#target === undefined || entry.type === "directory") return this.#claimOf(place);
    const verdict = this.#weigh(place);
    if (verdict instanceof Promise) return verdict.then((settled) => this.#conclude(place, settled));
    return this.#conclude(place, verdict);
  }

  /** The content of a claimed entry is not to be had: nothing of it will be published. */
  drop(claim: Claim): void {
    claim.place.dropped = true;
  }

  /**
   * All entries are claimed: fixes where the root lies and, if that was open until now, looks for conflicts.
   * For an index this happens before the first byte is written.
   */
  async settle(): Promise<Settled> {
    if (this.#target !== undefined) return { refused: [], skipped: 0, skippedBytes: 0 };
    const single = this.#root.children!.size <= 1;
    this.#setTarget(single ? this.#host : join(this.#host, this.#destination.name));
    const refused: UnzipxError[] = [];
    let skipped = 0;
    let skippedBytes = 0;
    const visit = async (folder: Place): Promise<void> => {
      for (const place of folder.children!.values()) {
        if (place.dropped) continue;
        const looked = this.#look(place);
        if (looked instanceof UnzipxError) {
          place.dropped = true;
          refused.push(looked);
        } else if (place.type === "directory") {
          if (place.onDisk === "directory") await visit(place);
        } else {
          const verdict = await this.#weigh(place);
          const claimed = this.#conclude(place, verdict);
          if (claimed instanceof UnzipxError) refused.push(claimed);
          else if (claimed === "skip") {
            skipped += 1;
            skippedBytes += place.size ?? 0;
          }
        }
      }
    };
    await visit(this.#root);
    return { refused, skipped, skippedBytes };
  }

  /** Makes the links, then the folders' modes and times: the tree in the staging folder is complete. */
  finish(): UnzipxError[] {
    const refused: UnzipxError[] = [];
    // Hard links before symlinks: none of them can then pass through a link of this archive.
    for (const type of ["hardlink", "symlink"] as const) {
      for (const place of this.#links) {
        if (place.type !== type || place.dropped) continue;
        const error = type === "hardlink" ? this.#makeHardLink(place) : this.#makeSymlink(place);
        if (error === undefined) continue;
        place.dropped = true;
        refused.push(error);
      }
    }
    const moved = new Set(this.#movedPlaces());
    for (const folder of foldersDeepestFirst(this.#root)) {
      if (folder.dropped || folder.onDisk === "directory" || (folder === this.#root && this.#rootExists)) continue; // not ours to touch
      if (this.#staging === undefined) break;
      const path = this.#staged(folder);
      // A folder that is to be moved stays writable until it was: the system asks for that.
      const mode = (folder.mode ?? FOLDER_MODE) & ~this.#umask;
      chmodSync(path, moved.has(folder) ? mode | 0o700 : mode);
      if (folder.mtime !== undefined && this.#policy.keepMtime) utimesSync(path, folder.mtime / 1000, folder.mtime / 1000);
    }
    return refused;
  }

  /** Makes the result visible. Returns what could not be put in its place. */
  publish(): UnzipxError[] {
    const target = this.#target!;
    if (this.#staging === undefined) {
      this.#ensureFolder(target); // an empty archive is an empty folder
      return [];
    }
    try {
      const refused = moveTree(this.#staging, target, this.#root, this.#rootExists, this.#umask);
      this.#made.length = 0;
      return refused;
    } finally {
      removeTree(this.#staging);
      this.#staging = undefined;
    }
  }

  /** Nothing of this run stays. */
  discard(): void {
    if (this.#staging !== undefined) removeTree(this.#staging);
    this.#staging = undefined;
    for (const folder of this.#made.splice(0).reverse()) {
      try {
        rmdirSync(folder);
      } catch {
        return; // somebody else put something in it meanwhile
      }
    }
  }

  /** The places that publish() moves one by one; the root itself when it is new. */
  *#movedPlaces(): Generator<Place> {
    if (!this.#rootExists) {
      yield this.#root;
      return;
    }
    const pending = [this.#root];
    for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
      for (const place of folder.children!.values()) {
        if (place.type === "directory" && place.onDisk === "directory") pending.push(place);
        else yield place;
      }
    }
  }

  get #rootExists(): boolean {
    return this.#root.onDisk === "directory";
  }

  #setTarget(target: string): void {
    const found = statOrUndefined(target);
    if (found !== undefined && !found.isDirectory()) {
      throw new UnzipxError("CONFLICT", `Cannot extract into "${target}": it exists and is not a folder`, { hint: "-C DIR" });
    }
    this.#target = target;
    this.#root.onDisk = found === undefined ? "absent" : "directory";
  }

  #reserve(type: Exclude<Entry["type"], "special">, path: SafePath, raw: string): Place | UnzipxError {
    if (type === "directory") return this.#folder(path, raw);
    const cut = path.lastIndexOf("/");
    const parent = this.#folder((cut < 0 ? "" : path.slice(0, cut)) as SafePath, raw);
    if (parent instanceof UnzipxError) return parent;
    const place = this.#add(parent, path.slice(cut + 1), type, raw);
    if (place instanceof UnzipxError) return place;
    if (type !== "file") this.#links.push(place);
    return place;
  }

  /** The folder at `path`, made in the staging folder with all above it. */
  #folder(path: SafePath, raw: string): Place | UnzipxError {
    const known = this.#folders.get(path);
    if (known !== undefined) return known.dropped ? blocked(raw) : known;
    const cut = path.lastIndexOf("/");
    const parent = this.#folder((cut < 0 ? "" : path.slice(0, cut)) as SafePath, raw);
    if (parent instanceof UnzipxError) return parent;
    const place = this.#add(parent, path.slice(cut + 1), "directory", raw);
    if (place instanceof UnzipxError) return place;
    this.#folders.set(path, place);
    if (this.#target !== undefined) {
      const looked = this.#look(place);
      if (looked instanceof UnzipxError) {
        place.dropped = true;
        return looked;
      }
    }
    mkdirSync(this.#staged(place), 0o700);
    return place;
  }

  /**
   * One name, one place. Names that are equal only after folding may stand side by side where the file system keeps
   * them apart; but never when one of them is a link, which the other would be written through elsewhere.
   */
  #add(parent: Place, name: string, type: Place["type"], raw: string): Place | UnzipxError {
    const taken = childOf(parent, name);
    if (taken !== undefined) {
      if (taken.name === name || type === "symlink" || taken.type === "symlink" || this.#folds()) return collision(taken, raw);
      this.#note("alike", raw);
    }
    const place = newPlace(parent, name, type);
    addChild(parent, place);
    return place;
  }

  /** Whether the file system takes names for equal that differ in case or in normal form: tried out, once. */
  #folds(): boolean {
    this.#folding ??= foldsNames(this.#staged(this.#root));
    return this.#folding;
  }

  /** A tar is updated by appending: the later of two files of one name is the valid one. Links and folders are not updated. */
  #repeated(path: SafePath): Place | undefined {
    const renamed = this.#renamed.get(path);
    const place = renamed ?? findPlace(this.#root, path.split("/"));
    if (place === undefined || place.type !== "file" || (renamed === undefined && pathOf(place) !== path)) return undefined;
    rmSync(this.#staged(place), { force: true });
    this.#note("repeated", path);
    return place;
  }

  #describe(place: Place, entry: Entry): void {
    if (this.#policy.keepMode && entry.mode !== undefined) place.mode = entry.mode & MODE_MASK;
    if (entry.mtime !== undefined && Number.isFinite(entry.mtime)) place.mtime = entry.mtime;
    place.size = entry.size;
    place.linkTarget = entry.linkTarget;
  }

  #claimOf(place: Place): Claim {
    const file = { path: this.#staged(place), mode: place.mode ?? FILE_MODE, mtime: this.#policy.keepMtime ? place.mtime : undefined };
    return { path: pathOf(place), type: place.type, file, place, repeats: false };
  }

  /** Looks what lies at a place in the destination; a folder can be shared, everything else is a question of policy. */
  #look(place: Place): UnzipxError | undefined {
    if (place.parent!.onDisk !== "directory") {
      place.onDisk = "absent";
      return undefined;
    }
    const path = pathOf(place);
    const found = statOrUndefined(join(this.#target!, path));
    if (found === undefined) {
      place.onDisk = "absent";
    } else if (place.type === "directory") {
      if (found.isSymbolicLink()) {
        return new UnzipxError("UNSAFE_LINK", "Refused an entry: a link lies in the destination where its folder would be", { entry: path });
      }
      if (!found.isDirectory()) {
        return new UnzipxError("CONFLICT", "Cannot extract an entry: a file lies in the destination where its folder would be", { entry: path });
      }
      place.onDisk = "directory";
    } else if (found.isDirectory()) {
      return new UnzipxError("CONFLICT", "Cannot extract an entry: a folder lies in its place, and a folder is never replaced", { entry: path });
    } else if (this.#destination.protect.some((own) => own.dev === found.dev && own.ino === found.ino)) {
      return new UnzipxError("CONFLICT", "Cannot extract an entry: it would replace the archive itself", { entry: path, hint: "-C DIR" });
    } else {
      place.onDisk = "replace";
    }
    return undefined;
  }

  /** Decides about a file or link whose place may be taken. */
  #weigh(place: Place): Verdict | Promise<Verdict> {
    const looked = this.#look(place);
    if (looked instanceof UnzipxError) return looked;
    if (place.onDisk !== "replace") return "write";
    const path = pathOf(place);
    const existing = lstatSync(join(this.#target!, path));
    // Whole seconds: formats and file systems round fractions each in their own way.
    const seconds = (time: number): number => Math.floor(time / 1000);
    const isNewer = (): Verdict => (place.mtime !== undefined && seconds(place.mtime) > seconds(existing.mtimeMs) ? "write" : "skip");
    switch (this.#overwrite) {
      case "always":
        return "write";
      case "never":
        return "skip";
      case "newer":
        return isNewer();
      case "rename":
        return "rename";
      case "fail":
        throw exists(this.#target!, path);
      case "ask": {
        if (this.#ask === undefined) throw exists(this.#target!, path);
        const conflict: Conflict = {
          path, existing: { size: existing.size, mtime: existing.mtimeMs }, entry: { size: place.size, mtime: place.mtime },
        };
        return this.#ask(conflict).then((answer) => {
          if (answer === "all") this.#overwrite = "always";
          if (answer === "none") this.#overwrite = "never";
          if (answer === "newer") return isNewer();
          if (answer === "rename") return "rename";
          return answer === "yes" || answer === "all" ? "write" : "skip";
        });
      }
    }
  }

  #conclude(place: Place, verdict: Verdict): Claimed {
    if (verdict === "write") return this.#claimOf(place);
    if (verdict === "rename") {
      this.#rename(place);
      return this.#claimOf(place);
    }
    place.dropped = true;
    return verdict;
  }

  /** The same place under the first free name: "a.txt" → "a (1).txt". */
  #rename(place: Place): void {
    const parent = place.parent!;
    const dot = place.name.lastIndexOf(".");
    const stem = dot > 0 ? place.name.slice(0, dot) : place.name;
    const extension = dot > 0 ? place.name.slice(dot) : "";
    for (let n = 1; ; n++) {
      const name = `${stem} (${n})${extension}`;
      if (childOf(parent, name) !== undefined || statOrUndefined(join(this.#target!, pathOf(parent), name)) !== undefined) continue;
      this.#renamed.set(pathOf(place), place); // hard links know it by the name in the archive
      renameChild(place, name);
      place.onDisk = "absent";
      return;
    }
  }

  #makeHardLink(place: Place): UnzipxError | undefined {
    const refuse = (why: string): UnzipxError =>
      new UnzipxError("UNSAFE_LINK", `Refused a hard link: ${why}`, { entry: pathOf(place), found: place.linkTarget ?? "" });
    const linked = this.#linkedPlace(place);
    if (linked === undefined || linked.type === "directory") return refuse("its target is no file of this extraction");
    if (linked.dropped) return refuse("its target was not extracted");
    if (linked.type === "symlink") {
      // A second name for a link is the same link at another place, so it is checked from there.
      place.type = "symlink";
      place.linkTarget = linked.linkTarget;
      return undefined;
    }
    try {
      linkSync(this.#staged(linked), this.#staged(place));
    } catch (error) {
      if (!NO_HARD_LINKS.has((error as NodeJS.ErrnoException).code ?? "")) throw fromSystem(error, "write", `link "${pathOf(place)}"`);
      copyFileSync(this.#staged(linked), this.#staged(place), constants.COPYFILE_EXCL);
    }
    return undefined;
  }

  /** What a hard link leads to, through others where they come in between; undefined for nothing, or for a circle. */
  #linkedPlace(place: Place): Place | undefined {
    const passed = new Set<Place>();
    let at: Place | undefined = place;
    while (at?.type === "hardlink" && !passed.has(at)) {
      passed.add(at);
      const target = checkPath(at.linkTarget ?? "", { platform: this.#policy.platform, backslash: "character", maxDepth: this.#policy.limits.depth, unsafe: this.#policy.unsafePaths });
      if (target instanceof UnzipxError) return undefined;
      at = this.#renamed.get(target.path) ?? findPlace(this.#root, target.path.split("/"));
    }
    return at?.type === "hardlink" ? undefined : at;
  }

  #makeSymlink(place: Place): UnzipxError | undefined {
    const path = pathOf(place);
    const text = place.linkTarget ?? "";
    const end = resolveLink(path, text, this.#policy.platform, (components) => this.#linkAt(components));
    if (end instanceof UnzipxError) return end;
    const staged = this.#staged(place);
    try {
      // Windows wants to know beforehand what the link leads to.
      const leadsTo = findPlace(this.#root, end);
      symlinkSync(text, staged, leadsTo?.type === "directory" ? "dir" : "file");
      if (place.mtime !== undefined && this.#policy.keepMtime) lutimesSync(staged, place.mtime / 1000, place.mtime / 1000);
    } catch (error) {
      return fromSystem(error, "write", "create a symbolic link", { entry: path });
    }
    return undefined;
  }

  /** The target of the link at a place of the final tree: of this archive, or there before. */
  #linkAt(components: readonly string[]): string | undefined {
    const place = findPlace(this.#root, components);
    if (place !== undefined && !place.dropped) return place.type === "symlink" ? place.linkTarget : undefined;
    if (!this.#rootExists) return undefined;
    const path = join(this.#target!, ...components);
    return statOrUndefined(path)?.isSymbolicLink() ? readlinkSync(path) : undefined;
  }

  #staged(place: Place): string {
    this.#staging ??= this.#makeStaging();
    if (place.parent === undefined) return this.#staging;
    return `${this.#staged(place.parent)}/${place.stagedAs}`;
  }

  #makeStaging(): string {
    // Beside a new target, inside an existing one: always on the file system where the result will lie.
    const host = this.#target !== undefined && !this.#rootExists ? dirname(this.#target) : this.#host;
    this.#ensureFolder(host);
    const path = join(realpathSync(host), `.unzipx-${randomBytes(8).toString("hex")}.partial`);
    try {
      mkdirSync(path, 0o700);
    } catch (error) {
      throw fromSystem(error, "write", `write into "${host}"`);
    }
    return path;
  }

  /** Makes a folder and those above it, remembering which: discard() takes them away again. */
  #ensureFolder(path: string): void {
    if (statOrUndefined(path) !== undefined) return;
    const parent = dirname(path);
    if (parent !== path) this.#ensureFolder(parent);
    try {
      mkdirSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return; // another run was faster
      throw fromSystem(error, "write", `make the folder "${path}"`);
    }
    this.#made.push(path);
  }

  #note(oddity: PathOddity, path: string): void {
    const seen = this.#oddities.get(oddity);
    if (seen === undefined) this.#oddities.set(oddity, { count: 1, first: path });
    else seen.count += 1;
  }
}

/** What became of the entries when it was known where they go. */
export interface Settled {
  readonly refused: readonly UnzipxError[];
  /** Entries that the user wants left alone, and their content. */
  readonly skipped: number;
  readonly skippedBytes: number;
}

type Verdict = "write" | "skip" | "rename" | UnzipxError;

const NO_HARD_LINKS = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EXDEV"]);

function exists(target: string, path: string): UnzipxError {
  return new UnzipxError("CONFLICT", `Cannot extract into "${target}": "${basename(path)}" exists already`, {
    entry: path, hint: "-f to replace, -n to keep what is there, -u to take newer ones, or -C DIR",
  });
}

function collision(taken: Place, raw: string): UnzipxError {
  const place = pathOf(taken);
  const why = place === raw.replace(/\/+$/, "")
    ? "the archive has another entry of this name"
    : taken.type !== "directory" && raw.startsWith(`${place}/`)
      ? `its folder is another entry, a ${taken.type}`
      : "another entry has the same name on this file system, or is a link of the same name on some";
  return new UnzipxError("COLLISION", `Refused an entry: ${why}`, { entry: raw, found: place, hint: "--lenient, where names differ only in case or normal form" });
}

function blocked(raw: string): UnzipxError {
  return new UnzipxError("CONFLICT", "Refused an entry: its folder could not be made", { entry: raw });
}
