/**
 * SafeWriter: the only hand on the disk. Every extraction, of every format, goes through it.
 *
 * All writing happens in a staging folder of our own (random name, mode 0700) inside the destination, in which nothing
 * exists but what this run made, so there is no link to be followed and no file to be overwritten. Links are made last.
 * What is whole and verified is then published: by one rename when the result is a new folder, otherwise place by place,
 * exclusively. On a failure the staging folder goes and nothing was ever visible.
 */
import { chmodSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, statSync, utimesSync } from "node:fs";
import { randomName } from "../bytes/random.ts";
import { basename, dirname } from "node:path";
import { addAll } from "../bytes/add-all.ts";
import { fromSystem, UnzipxError } from "../errors.ts";
import type { Entry } from "../formats/contract.ts";
import type { NewFile } from "./new-file.ts";
import type { Ask } from "./conflicts.ts";
import { adopt, type Settled } from "./adopt.ts";
import { Claims, type Claim, type Claimed, type Destination } from "./claims.ts";
import { markablePlaces, type Markable } from "./markable.ts";
import { linkedPlace, makeHardLink, makeSymlink, type LinkContext } from "./links.ts";
import { fsTime } from "./fs-time.ts";
import { Ground } from "./ground.ts";
import { inodeOf } from "./output.ts";
import type { SafePath } from "./path.ts";
import type { ClaimRules } from "./plan.ts";
import type { Policy } from "./policy.ts";
import { fillFolder, finalMode, FOLDER_MODE, foldsNames, move, removeTree } from "./publish.ts";
import { reservedFor, reservedPlaces } from "./refusals.ts";
import { giveAway, idsOf, type Ids } from "./same-owner.ts";
import { Staging } from "./staging.ts";
import { foldersDeepestFirst, lastOf, modeOf, mtimeOf, pathOf, type Place } from "./tree.ts";

export type { Settled } from "./adopt.ts";
export type { Claim, Claimed, Destination } from "./claims.ts";
export type { ClaimRules } from "./plan.ts";

const FILE_MODE = 0o666; // of entries that carry none, before the umask

export class SafeWriter {
  readonly #destination: Destination;
  readonly #policy: Policy;
  readonly #claims: Claims;
  readonly #root: Place;
  readonly #umask = process.umask();
  /** What most folders have in the end, so they are made with it: nobody gets at them in the staging folder. */
  readonly #usualMode = (FOLDER_MODE & ~this.#umask) | 0o700;
  #folding: boolean | undefined;
  #left: UnzipxError | undefined;
  /** Of an atomic run: removes what it was kept in. */
  #forgetWayBack: (() => UnzipxError | undefined) | undefined;
  readonly #ground: Ground;
  readonly #staging: Staging;

  /** `ground` is the destination's, where that is no folder of the user's. */
  constructor(destination: Destination, policy: Policy, ask?: Ask, ground?: Ground) {
    this.#destination = destination;
    this.#policy = policy;
    // Beside a new target, inside an existing one: always on the file system where the result will lie.
    this.#staging = new Staging(() => this.#ground.make(this.target !== undefined && !this.#claims.rootExists ? dirname(this.target) : this.#ground.path), destination.mayEnter === true);
    try {
      this.#ground = ground ??= Ground.of(destination.directory);
      if (policy.atomic) ground.keepTimes();
      this.#claims = new Claims(destination, policy, ask, ground, {
        folds: () => this.#folds(), makeFolder: (place) => this.#makeFolder(place), clear: (place) => this.clear(place), hoist: (folder) => this.#hoist(folder),
      });
    } catch (error) {
      ground?.release();
      throw fromSystem(error, "write", `extract into "${destination.directory}"`); // not the archive's fault
    }
    this.#root = this.#claims.root;
  }

  /** The folder the contents go to, once it is known. */
  get target(): string | undefined {
    return this.#claims.target;
  }

  /** The only thing that was put into the target, a slash behind it if it is a folder; undefined when there are more, or none. */
  get onlyRoot(): string | undefined {
    if (this.#root.unplaced > 1) return undefined;
    const [only, ...others] = [...this.#root.children!.values()].filter(({ dropped }) => !dropped);
    return only === undefined || others.length > 0 ? undefined : `${only.name}${only.type === "directory" ? "/" : ""}`;
  }

  /** Whether a claim says where its entry will lie, and not only settle(). */
  get isSettled(): boolean {
    return this.#claims.isSettled;
  }

  /** Whether nothing of the result exists yet: then it appears whole or not at all. */
  get isNew(): boolean {
    return this.#claims.isNew;
  }

  /** What was odd about the paths, many as one. */
  get oddities(): Claims["oddities"] {
    return this.#claims.oddities;
  }

  /**
   * Reserves the entry's place, in archive order. Throws CONFLICT where the policy is to fail;
   * everything else that is wrong with one entry comes back as a value.
   */
  claim(entry: Entry, rules: ClaimRules): Claimed | Promise<Claimed> {
    return this.#claims.claim(entry, rules);
  }

  /** As Plan.askAgain; for whoever wants nothing of a file but that its content is written. */
  askAgain(entryAt: (number: number) => Entry, expected: number): void {
    this.#claims.askAgain(entryAt, expected);
  }

  /** As Plan.takeUnplaced. */
  takeUnplaced(entry: Entry, number: number): Place | UnzipxError | undefined {
    return this.#claims.plan.takeUnplaced(entry, number);
  }

  /** What a thread needs to write a file without a place. */
  unplacedFileOf(folder: Place, entry: Entry): NewFile {
    return { path: `${this.#staging.pathOf(folder)}/${lastOf(entry.path)}`, mode: modeOf(entry, this.#policy.keepMode) ?? FILE_MODE, mtime: this.#policy.keepMtime ? mtimeOf(entry) : undefined, owner: undefined };
  }

  /** A file without a place as if it had been claimed. */
  claimOf(folder: Place, number: number): Claim {
    return { place: this.#claims.plan.placeOf(folder, number), repeats: false };
  }

  /** Of a file that had no place, once all is settled: it is not wanted, or was refused then. */
  isDropped(number: number): boolean {
    return this.#claims.plan.madePlace(number)?.dropped === true;
  }

  /** What a thread needs to write a claimed file. Made when it is asked for: a million of them would be a lot to keep. */
  fileOf({ place }: Claim): NewFile {
    return { path: this.#staging.pathOf(place), mode: place.mode ?? FILE_MODE, mtime: this.#policy.keepMtime ? place.mtime : undefined, owner: this.#ownerOf(place) };
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
    return new Set(this.#claims.plan.links.filter((link) => link.type === "hardlink" && !link.dropped).map((link) => linkedPlace(link, context)));
  }

  /** A writer for what is in a claimed archive. What it makes lies in the staging folder, until adopt() takes it over. */
  inside({ place }: Claim): SafeWriter {
    const ground = Ground.within(this.#staging.pathOf(this.#root), `.unzipx-${randomName(8)}`);
    const above = (this.#destination.above === undefined ? pathOf(place) : `${this.#destination.above}/${pathOf(place)}`) as SafePath;
    return new SafeWriter({ directory: ground.path, into: "directory", name: "", protect: [], above, hoist: this.#destination.hoist }, this.#policy, undefined, ground);
  }

  /**
   * Takes what `inner` wrote in the place of a claimed archive: as the folder `name`, or, without a name, the one thing that is in it.
   * Where that name is another entry's, it becomes a folder of the archive's own name. Whatever is refused leaves all as it was.
   */
  adopt({ place }: Claim, inner: SafeWriter, name: string | undefined): Promise<Settled> {
    return adopt(place, { root: inner.#root, staging: inner.#staging }, name, { ...this.#linkContext(), weigh: (one, settled) => this.#claims.weigh(one, settled) });
  }

  /**
   * All entries are claimed: fixes where the root lies and, if that was open until now, looks for conflicts.
   * For an index this happens before the first byte is written.
   */
  settle(): Promise<Settled> {
    return this.#claims.settle();
  }

  /** All that was written, where it lies now; before finish(), while everything may still be changed. */
  markable(): Iterable<Markable> {
    return this.#staging.path === undefined ? [] : markablePlaces(this.#root, (place) => ({ ...this.fileOf({ place, repeats: false }), mode: (place.mode ?? FILE_MODE) & ~this.#umask }));
  }

  /** Makes the links, then the folders' modes and times: the tree in the staging folder is complete, and the process works where it did before. */
  finish(): UnzipxError[] {
    const reserved = reservedPlaces(this.#root, this.target!, this.#destination.reserved);
    const refused = reserved.map(reservedFor);
    for (const place of reserved) this.#take(place);
    const context = this.#linkContext();
    addAll(refused, this.#claims.plan.settleLinks((place) => (place.type === "hardlink" ? makeHardLink(place, context) : makeSymlink(place, context))));
    const moved = new Set(this.#claims.movedPlaces());
    for (const folder of foldersDeepestFirst(this.#root)) {
      if (folder.dropped || folder.onDisk === "directory" || (folder === this.#root && this.#claims.rootExists)) continue; // not ours to touch
      if (this.#staging.path === undefined) break;
      const path = this.#staging.pathOf(folder);
      const final = finalMode(folder, this.#umask);
      // A folder that is to be moved stays writable until it was: the system asks for that.
      const mode = moved.has(folder) ? final | 0o700 : final;
      try {
        giveAway(`${path}/.`, this.#ownerOf(folder)); // by itself the root's may be that of a descriptor, which is a link
        if (!folder.hasUsualMode || mode !== this.#usualMode) {
          chmodSync(path, mode | this.#staging.handsDown);
          folder.hasUsualMode = false;
        }
        if (folder.mtime !== undefined && this.#policy.keepMtime) {
          const time = fsTime(folder.mtime);
          utimesSync(path, time, time);
        }
      } catch (error) {
        throw fromSystem(error, "write", `set mode and time of the folder "${pathOf(folder)}"`);
      }
    }
    this.#staging.leave();
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
      throw error === signal?.reason ? error : fromSystem(error, "write", `put the result in its place "${this.target!}"`);
    }
    this.#left = this.#staging.discard() ?? this.#forgetWayBack?.();
    this.#ground.release();
    return refused;
  }

  async #put(signal: AbortSignal | undefined): Promise<UnzipxError[]> {
    const target = this.target!;
    const { path } = this.#staging;
    if (path === undefined) {
      this.#ground.make(target); // an empty archive is an empty folder
      return [];
    }
    if (!this.#claims.rootExists) {
      const to = `${this.#ground.hold(dirname(target))!.path}/${basename(target)}`;
      move(this.#staging.name(), to, this.#root, this.#umask, target);
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

  #ownerOf(place: Place): Ids | undefined {
    const owner = this.#claims.plan.owners.get(place);
    return owner === undefined ? undefined : idsOf(owner);
  }

  #linkContext(): LinkContext {
    return { ownerOf: (place) => this.#ownerOf(place), root: this.#root, staging: this.#staging, policy: this.#policy, renamed: this.#claims.plan.renamed, existing: this.#claims.rootExists ? this.#ground.hold(this.target!) : undefined };
  }

  /** In the staging folder. */
  #makeFolder(place: Place): void {
    try {
      mkdirSync(this.#staging.pathOf(place), this.#usualMode);
      place.hasUsualMode = true;
    } catch (error) {
      throw fromSystem(error, "write", `make the folder "${pathOf(place)}"`);
    }
  }

  /** In the staging folder as well, where the folder may hold something of its own name. */
  #hoist(folder: Place): void {
    try {
      const root = this.#staging.pathOf(this.#root);
      const aside = `${root}/.unzipx-${randomName(8)}`;
      renameSync(`${root}/${folder.stagedAs}`, aside);
      for (const name of readdirSync(aside, "buffer")) renameSync(Buffer.concat([Buffer.from(`${aside}/`), name]), Buffer.concat([Buffer.from(`${root}/`), name]));
      rmdirSync(aside);
      this.#staging.forget();
    } catch (error) {
      throw fromSystem(error, "write", `leave out the folder "${folder.name}"`);
    }
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
}
