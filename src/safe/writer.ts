/**
 * SafeWriter: the only hand on the disk. Every extraction, of every format, goes through it.
 *
 * All writing happens in a staging folder of our own (random name, mode 0700) inside the destination, in which nothing
 * exists but what this run made, so there is no link to be followed and no file to be overwritten. Links are made last.
 * What is whole and verified is then published: by one rename when the result is a new folder, otherwise place by place,
 * exclusively. On a failure the staging folder goes and nothing was ever visible.
 */
import { chmodSync, mkdirSync, rmdirSync, rmSync, statSync, utimesSync } from "node:fs";
import { randomName } from "../bytes/random.ts";
import { basename, dirname, join } from "node:path";
import { fromSystem, UnzipxError } from "../errors.ts";
import type { Entry } from "../formats/contract.ts";
import type { NewFile } from "./new-file.ts";
import { Conflicts, type Ask, type Verdict } from "./conflicts.ts";
import { adopt, nothingSettled, type Settled } from "./adopt.ts";
import { markablePlaces, type Markable } from "./markable.ts";
import { linkedPlace, makeHardLink, makeSymlink, type LinkContext } from "./links.ts";
import { fsTime } from "./fs-time.ts";
import { Ground } from "./ground.ts";
import { inodeOf } from "./output.ts";
import type { PathOddity, SafePath } from "./path.ts";
import { Plan, type ClaimRules } from "./plan.ts";
import type { Policy } from "./policy.ts";
import { fillFolder, foldsNames, move, removeTree } from "./publish.ts";
import { reservedFor, reservedPlaces } from "./refusals.ts";
import { Staging } from "./staging.ts";
import { foldersDeepestFirst, pathOf, renameChild, type Place } from "./tree.ts";

export interface Destination {
  readonly directory: string;
  /** Contents straight into `directory`; into `directory/name`; or into the latter only when there is more than one root. */
  readonly into: "directory" | "own-folder" | "auto";
  readonly name: string;
  /** Files that are never a target: the archive itself. */
  readonly protect: readonly { readonly dev: number; readonly ino: number }[];
  /** Paths of what unzipx keeps of its own, which are no target either. */
  readonly reserved?: readonly string[] | undefined;
  /** Where the result will be put in the end, below a root that is not this one: as PathRules.above. */
  readonly above?: SafePath;
}

/** A place reserved for an entry. */
export interface Claim {
  readonly place: Place;
  /** The same file came before in this archive; it is gone, this one takes its place. */
  readonly repeats: boolean;
}

export type { Settled } from "./adopt.ts";
export type { ClaimRules } from "./plan.ts";

/** A claim, "skip" when the user wants what is there to stay, or the reason why the entry was refused. */
export type Claimed = Claim | "skip" | UnzipxError;

const FILE_MODE = 0o666; // of entries that carry none, before the umask
const FOLDER_MODE = 0o777;

export class SafeWriter {
  readonly #destination: Destination;
  readonly #policy: Policy;
  readonly #ask: Ask | undefined;
  readonly #plan: Plan;
  readonly #root: Place;
  readonly #oddities = new Map<PathOddity, { count: number; first: string }>();
  readonly #umask = process.umask();
  #folding: boolean | undefined;
  #left: UnzipxError | undefined;
  /** Of an atomic run: removes what it was kept in. */
  #forgetWayBack: (() => UnzipxError | undefined) | undefined;
  readonly #ground: Ground;
  // Beside a new target, inside an existing one: always on the file system where the result will lie.
  readonly #staging = new Staging(() => this.#ground.make(this.#target !== undefined && !this.#rootExists ? dirname(this.#target) : this.#ground.path));
  /** Known as soon as the target is. */
  #conflicts: Conflicts | undefined;
  /** Where the root will lie; undefined while that depends on entries not yet seen. */
  #target: string | undefined;

  /** `ground` is the destination's, where that is no folder of the user's. */
  constructor(destination: Destination, policy: Policy, ask?: Ask, ground?: Ground) {
    this.#destination = destination;
    this.#policy = policy;
    this.#ask = ask;
    this.#plan = new Plan(
      policy,
      { folds: () => this.#folds(), folder: (place) => this.#makeFolder(place), replaced: (place) => this.clear(place) },
      destination.above, (oddity, path) => this.#note(oddity, path),
    );
    this.#root = this.#plan.root;
    try {
      this.#ground = ground ??= Ground.of(destination.directory);
      if (policy.atomic) ground.keepTimes();
      if (destination.into !== "auto") this.#setTarget(destination.into === "directory" ? ground.path : join(ground.path, destination.name));
    } catch (error) {
      ground?.release();
      throw fromSystem(error, "write", `extract into "${destination.directory}"`); // not the archive's fault
    }
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
    const planned = this.#plan.claim(entry, rules);
    if (planned === "skip" || planned instanceof UnzipxError) return planned;
    const { place, again } = planned;
    if (again && !place.dropped) return { place, repeats: true };
    place.dropped = false; // what the user wanted left alone is asked about anew
    if (this.#target === undefined || entry.type === "directory") return { place, repeats: false };
    const verdict = this.#conflicts!.weigh(place);
    if (verdict instanceof Promise) return verdict.then((settled) => this.#conclude(place, settled));
    return this.#conclude(place, verdict);
  }

  /** What a thread needs to write a claimed file. Made when it is asked for: a million of them would be a lot to keep. */
  fileOf({ place }: Claim): NewFile {
    return { path: this.#staging.pathOf(place), mode: place.mode ?? FILE_MODE, mtime: this.#policy.keepMtime ? place.mtime : undefined };
  }

  /** The content of a claimed entry is not to be had: nothing of it will be published. */
  drop(claim: Claim): void {
    claim.place.dropped = true;
  }

  /** Removes the file that lies in a place where a later one will. */
  clear(place: Place): void {
    rmSync(this.#staging.pathOf(place), { force: true });
  }

  /** A file that was written is not wanted after all, nor are the folders that were only made for it. */
  remove({ place }: Claim): void {
    this.#take(place);
    for (let folder = place.parent!; folder.parent !== undefined && folder.mode === undefined && folder.mtime === undefined; folder = folder.parent) {
      if ([...folder.children!.values()].some((child) => !child.dropped)) return;
      folder.dropped = true;
      rmdirSync(this.#staging.pathOf(folder));
    }
  }

  #take(place: Place): void {
    place.dropped = true;
    removeTree(this.#staging.pathOf(place));
  }

  /** What hard links of this run lead to. */
  linkedFiles(): ReadonlySet<Place | undefined> {
    const context = this.#linkContext();
    return new Set(this.#plan.links.filter((link) => link.type === "hardlink" && !link.dropped).map((link) => linkedPlace(link, context)));
  }

  /** A writer for what is in a claimed archive. What it makes lies in the staging folder, until adopt() takes it over. */
  inside({ place }: Claim): SafeWriter {
    const ground = Ground.within(this.#staging.pathOf(this.#root), `.unzipx-${randomName(8)}`);
    const above = (this.#destination.above === undefined ? pathOf(place) : `${this.#destination.above}/${pathOf(place)}`) as SafePath;
    return new SafeWriter({ directory: ground.path, into: "directory", name: "", protect: [], above }, this.#policy, undefined, ground);
  }

  /**
   * Takes what `inner` wrote in the place of a claimed archive: as the folder `name`, or, without a name, the one thing that is in it.
   * Where that name is another entry's, it becomes a folder of the archive's own name. Whatever is refused leaves all as it was.
   */
  adopt({ place }: Claim, inner: SafeWriter, name: string | undefined): Promise<Settled> {
    return adopt(place, { root: inner.#root, staging: inner.#staging }, name, { ...this.#linkContext(), weigh: (one, settled) => this.#weigh(one, settled) });
  }

  /**
   * All entries are claimed: fixes where the root lies and, if that was open until now, looks for conflicts.
   * For an index this happens before the first byte is written.
   */
  async settle(): Promise<Settled> {
    if (this.#target !== undefined) return nothingSettled();
    const single = this.#root.children!.size <= 1;
    this.#setTarget(single ? this.#ground.path : join(this.#ground.path, this.#destination.name));
    const settled = nothingSettled();
    for (const place of [...this.#root.children!.values()]) await this.#weigh(place, settled);
    return settled;
  }

  /** All that was written, where it lies now; before finish(), while everything may still be changed. */
  markable(): Iterable<Markable> {
    return this.#staging.path === undefined ? [] : markablePlaces(this.#root, (place) => ({ ...this.fileOf({ place, repeats: false }), mode: (place.mode ?? FILE_MODE) & ~this.#umask }));
  }

  /** Makes the links, then the folders' modes and times: the tree in the staging folder is complete. */
  finish(): UnzipxError[] {
    const reserved = reservedPlaces(this.#root, this.#target!, this.#destination.reserved);
    const refused = reserved.map(reservedFor);
    for (const place of reserved) this.#take(place);
    const context = this.#linkContext();
    refused.push(...this.#plan.settleLinks((place) => (place.type === "hardlink" ? makeHardLink(place, context) : makeSymlink(place, context))));
    const moved = new Set(this.#movedPlaces());
    for (const folder of foldersDeepestFirst(this.#root)) {
      if (folder.dropped || folder.onDisk === "directory" || (folder === this.#root && this.#rootExists)) continue; // not ours to touch
      if (this.#staging.path === undefined) break;
      const path = this.#staging.pathOf(folder);
      // A folder that is to be moved stays writable until it was: the system asks for that.
      const mode = (folder.mode ?? FOLDER_MODE) & ~this.#umask;
      try {
        chmodSync(path, moved.has(folder) ? mode | 0o700 : mode);
        if (folder.mtime !== undefined && this.#policy.keepMtime) {
          const time = fsTime(folder.mtime);
          utimesSync(path, time, time);
        }
      } catch (error) {
        throw fromSystem(error, "write", `set mode and time of the folder "${pathOf(folder)}"`);
      }
    }
    return refused;
  }

  /** What the user should know of the folder that the result lies in. Without modes everybody may do everything, and always could. */
  notes(): UnzipxError[] {
    return this.#staging.keepsModes ? this.#ground.notes() : [];
  }

  /** Makes the result visible. Returns what could not be put in its place; of an atomic run that throws, and nothing is visible then. */
  async publish(signal?: AbortSignal): Promise<UnzipxError[]> {
    let refused: UnzipxError[];
    try {
      refused = await this.#put(signal);
    } catch (error) {
      throw error === signal?.reason ? error : fromSystem(error, "write", `put the result in its place "${this.#target!}"`);
    }
    this.#left = this.#staging.discard() ?? this.#forgetWayBack?.();
    this.#ground.release();
    return refused;
  }

  async #put(signal: AbortSignal | undefined): Promise<UnzipxError[]> {
    const target = this.#target!;
    const { path } = this.#staging;
    if (path === undefined) {
      this.#ground.make(target); // an empty archive is an empty folder
      return [];
    }
    if (!this.#rootExists) {
      const to = `${this.#ground.hold(dirname(target))!.path}/${basename(target)}`;
      move(this.#staging.name(), to, this.#root, this.#umask);
      this.#staging.assertAt(to);
      return [];
    }
    const into = this.#ground.hold(target)!;
    if (!this.#policy.atomic) return fillFolder(into, path, this.#root, this.#umask, signal);
    const { fillAtomically } = await import("./atomic.ts");
    await fillAtomically({
      host: this.#ground.hold(this.#ground.path)!, hostTimes: this.#ground.keepTimes(), target: into, targetName: target === this.#ground.path ? "" : basename(target), root: this.#root, umask: this.#umask, signal,
      staging: { path, name: this.#staging.title, inode: inodeOf(statSync(path, { bigint: true })) },
      keep: (forget) => (this.#forgetWayBack = forget),
    });
    return [];
  }

  /** What publish() could not remove: everything is in its place all the same. */
  get left(): UnzipxError | undefined {
    return this.#left;
  }

  /** Nothing of this run stays; an error that names what could not be removed. */
  discard(): UnzipxError | undefined {
    const left = this.#staging.discard() ?? this.#forgetWayBack?.();
    return this.#ground.undo() ?? left;
  }

  #linkContext(): LinkContext {
    return { root: this.#root, staging: this.#staging, policy: this.#policy, renamed: this.#plan.renamed, existing: this.#rootExists ? this.#ground.hold(this.#target!) : undefined };
  }

  /** Looks for conflicts at a place whose target is only known now, and below it. */
  async #weigh(place: Place, settled: Settled): Promise<void> {
    if (place.dropped) return;
    const looked = this.#conflicts!.look(place);
    if (looked instanceof UnzipxError) {
      place.dropped = true;
      settled.refused.push(looked);
    } else if (place.type === "directory") {
      if (place.onDisk === "directory") for (const child of [...place.children!.values()]) await this.#weigh(child, settled);
    } else {
      const claimed = this.#conclude(place, await this.#conflicts!.weigh(place));
      if (claimed instanceof UnzipxError) settled.refused.push(claimed);
      if (claimed !== "skip") return;
      if (place.type === "file") settled.skippedFiles += 1;
      else settled.skippedLinks += 1;
      settled.skippedBytes += place.type === "file" ? (place.size ?? 0) : 0;
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
    const found = this.#ground.stat(target);
    if (found !== undefined && !found.isDirectory()) {
      throw new UnzipxError("CONFLICT", `Cannot extract into "${target}": it exists and is not a folder`, { hint: "-C DIR" });
    }
    this.#target = target;
    this.#conflicts = new Conflicts(target, found && this.#ground.hold(target), { overwrite: this.#policy.overwrite, ask: this.#ask, protect: this.#destination.protect });
    this.#root.onDisk = found === undefined ? "absent" : "directory";
  }

  /** In the staging folder; an error where something else lies in its place. */
  #makeFolder(place: Place): UnzipxError | undefined {
    const looked = this.#target === undefined ? undefined : this.#conflicts!.look(place);
    if (looked !== undefined) return looked;
    const path = this.#staging.pathOf(place);
    try {
      mkdirSync(path, 0o700);
    } catch (error) {
      throw fromSystem(error, "write", `make the folder "${pathOf(place)}"`);
    }
    return undefined;
  }

  /** Whether the file system takes names for equal that differ in case or in normal form: tried out, once. */
  #folds(): boolean {
    try {
      this.#folding ??= foldsNames(this.#staging.pathOf(this.#root));
    } catch (error) {
      throw fromSystem(error, "write", "find out whether two names are one on this file system");
    }
    return this.#folding;
  }

  #conclude(place: Place, verdict: Verdict): Claimed {
    if (verdict === "write") return { place, repeats: false };
    if (verdict === "rename") {
      this.#plan.renamed.set(pathOf(place), place); // hard links know it by the name in the archive
      renameChild(place, this.#conflicts!.freeName(place));
      place.onDisk = "absent";
      return { place, repeats: false };
    }
    place.dropped = true;
    return verdict;
  }

  #note(oddity: PathOddity, path: string): void {
    const seen = this.#oddities.get(oddity);
    if (seen === undefined) this.#oddities.set(oddity, { count: 1, first: path });
    else seen.count += 1;
  }
}
