/**
 * Where each entry of an archive goes in the destination, and what becomes of what lies there already: all decisions of an
 * extraction, without a hand on the disk. SafeWriter carries them out; who only tells what x would do stops here.
 */
import { join } from "node:path";
import { UnzipxError } from "../errors.ts";
import type { Entry } from "../formats/contract.ts";
import { nothingSettled, type Settled } from "./adopt.ts";
import { Conflicts, type Ask, type Verdict } from "./conflicts.ts";
import type { Ground } from "./ground.ts";
import type { PathOddity, SafePath } from "./path.ts";
import { Plan, type ClaimRules } from "./plan.ts";
import type { Policy } from "./policy.ts";
import { assertMayGiveAway } from "./same-owner.ts";
import { pathOf, renameChild, type Place } from "./tree.ts";

export interface Destination {
  readonly directory: string;
  /** Contents straight into `directory`; into `directory/name`; or into the latter only when there is more than one root. */
  readonly into: "directory" | "own-folder" | "auto";
  readonly name: string;
  /** A folder that everything lies in is left out, and what is in it comes in its place. */
  readonly hoist?: boolean | undefined;
  /** Files that are never a target: the archive itself. */
  readonly protect: readonly { readonly dev: number; readonly ino: number }[];
  /** Paths of what unzipx keeps of its own, which are no target either. */
  readonly reserved?: readonly string[] | undefined;
  /** Where the result will be put in the end, below a root that is not this one: as PathRules.above. */
  readonly above?: SafePath;
  /** Until all is written nobody goes by the folder that the process works in, so it may be the one that is written into: from there paths are the quickest. Default: it stays. */
  readonly mayEnter?: boolean | undefined;
}

/** A place reserved for an entry. */
export interface Claim {
  readonly place: Place;
  /** The same file came before in this archive; it is gone, this one takes its place. */
  readonly repeats: boolean;
}

/** A claim, "skip" when the user wants what is there to stay, or the reason why the entry was refused. */
export type Claimed = Claim | "skip" | UnzipxError;

/** Who carries the decisions out. */
export interface Hand {
  /** As Disk.folds() of a plan. */
  folds(): boolean;
  /** A folder got its place. */
  makeFolder?(place: Place): void;
  /** A later file takes the place of this one. */
  clear?(place: Place): void;
  /** What is in the folder at the root of this name comes to lie at the root. */
  hoist?(folder: Place): void;
}

export class Claims {
  readonly plan: Plan;
  readonly root: Place;
  readonly oddities = new Map<PathOddity, { count: number; first: string }>();
  readonly #destination: Destination;
  readonly #policy: Policy;
  readonly #ask: Ask | undefined;
  readonly #ground: Ground;
  readonly #hand: Hand;
  /** Places are not where they will be: that depends on entries not yet seen. */
  #isOpen: boolean;
  #target: string | undefined;
  /** Known as soon as the target is. */
  #conflicts: Conflicts | undefined;

  /** Throws CONFLICT where the target is there and no folder. */
  constructor(destination: Destination, policy: Policy, ask: Ask | undefined, ground: Ground, hand: Hand) {
    if (policy.sameOwner) assertMayGiveAway();
    this.#destination = destination;
    this.#policy = policy;
    this.#ask = ask;
    this.#ground = ground;
    this.#hand = hand;
    this.plan = new Plan(
      policy,
      { folds: () => hand.folds(), folder: (place) => this.#folder(place), replaced: (place) => hand.clear?.(place), mayHold: (folder) => this.#mayHold(folder) },
      destination.above, (oddity, path) => this.#note(oddity, path),
    );
    this.root = this.plan.root;
    this.#isOpen = destination.into === "auto" || destination.hoist === true;
    if (destination.into !== "auto") this.#setTarget(destination.into === "directory" ? ground.path : join(ground.path, destination.name));
  }

  /** The folder the contents go to, once it is known. */
  get target(): string | undefined {
    return this.#target;
  }

  /** Whether a claim says where its entry will lie, and not only settle(). */
  get isSettled(): boolean {
    return !this.#isOpen;
  }

  get rootExists(): boolean {
    return this.root.onDisk === "directory";
  }

  /** Whether nothing of the result exists yet: then it appears whole or not at all. */
  get isNew(): boolean {
    // Who named an existing folder wants in it what can be had.
    return !this.rootExists || (this.#destination.into !== "directory" && [...this.movedPlaces()].length <= 1);
  }

  /** As SafeWriter.askAgain. */
  askAgain(entryAt: (number: number) => Entry, expected: number): void {
    // In another archive's place, with owners to keep, and where all may be moved up in the end, every file needs its own.
    if (this.#destination.above === undefined && this.#destination.hoist !== true && !this.#policy.sameOwner) this.plan.askAgain(entryAt, expected);
  }

  /** As SafeWriter.claim. */
  claim(entry: Entry, rules: ClaimRules): Claimed | Promise<Claimed> {
    const planned = this.plan.claim(entry, rules);
    if (planned === "skip" || planned instanceof UnzipxError) return planned;
    const { place, again } = planned;
    if (again && !place.dropped) return { place, repeats: true };
    place.dropped = false; // what the user wanted left alone is asked about anew
    if (this.#isOpen || entry.type === "directory") return { place, repeats: false };
    const verdict = this.#conflicts!.weigh(place);
    if (verdict instanceof Promise) return verdict.then((settled) => this.#conclude(place, settled));
    return this.#conclude(place, verdict);
  }

  /** As SafeWriter.settle. */
  async settle(): Promise<Settled> {
    const settled = nothingSettled();
    if (!this.#isOpen) return settled;
    if (this.#destination.hoist === true) this.#hoist();
    if (this.#target === undefined) this.#setTarget(this.root.children!.size <= 1 ? this.#ground.path : join(this.#ground.path, this.#destination.name));
    this.#isOpen = false;
    for (const place of [...this.root.children!.values()]) await this.weigh(place, settled);
    return settled;
  }

  /** Looks for conflicts at a place whose target is only known now, and below it. */
  async weigh(place: Place, settled: Settled): Promise<void> {
    if (place.dropped) return;
    const looked = this.#conflicts!.look(place);
    if (looked instanceof UnzipxError) {
      place.dropped = true;
      settled.refused.push(looked);
    } else if (place.type === "directory") {
      if (place.onDisk === "directory") for (const child of [...place.children!.values()]) await this.weigh(child, settled);
    } else {
      const claimed = this.#conclude(place, await this.#conflicts!.weigh(place));
      if (claimed instanceof UnzipxError) settled.refused.push(claimed);
      if (claimed !== "skip") return;
      if (place.type === "file") settled.skippedFiles += 1;
      else settled.skippedLinks += 1;
      settled.skippedBytes += place.type === "file" ? (place.size ?? 0) : 0;
    }
  }

  /** The places that are put where people look one by one; the root itself when it is new. */
  *movedPlaces(): Generator<Place> {
    if (!this.rootExists) {
      yield this.root;
      return;
    }
    const pending = [this.root];
    for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
      for (const place of folder.children!.values()) {
        if (place.type === "directory" && place.onDisk === "directory") pending.push(place);
        else yield place;
      }
    }
  }

  #hoist(): void {
    const folder = this.plan.hoist();
    if (folder !== undefined) this.#hand.hoist?.(folder);
  }

  #setTarget(target: string): void {
    const found = this.#ground.stat(target);
    if (found !== undefined && !found.isDirectory()) {
      throw new UnzipxError("CONFLICT", `Cannot extract into "${target}": it exists and is not a folder`, { hint: "-C DIR" });
    }
    this.#target = target;
    this.#conflicts = new Conflicts(target, found && this.#ground.hold(target), { overwrite: this.#policy.overwrite, ask: this.#ask, protect: this.#destination.protect });
    this.root.onDisk = found === undefined ? "absent" : "directory";
  }

  /** What is there in the destination is asked for a place in a folder that is there; at the root, as long as it is open, for each. */
  #mayHold(folder: Place): boolean {
    return this.#isOpen ? folder === this.root : folder.onDisk === "directory";
  }

  /** An error where something else lies in its place. */
  #folder(place: Place): UnzipxError | undefined {
    const looked = this.#isOpen ? undefined : this.#conflicts!.look(place);
    if (looked === undefined) this.#hand.makeFolder?.(place);
    return looked;
  }

  #conclude(place: Place, verdict: Verdict): Claimed {
    if (verdict === "write") return { place, repeats: false };
    if (verdict === "rename") {
      this.plan.renamed.set(pathOf(place), place); // hard links know it by the name in the archive
      renameChild(place, this.#conflicts!.freeName(place));
      place.onDisk = "absent";
      return { place, repeats: false };
    }
    place.dropped = true;
    return verdict;
  }

  #note(oddity: PathOddity, path: string): void {
    const seen = this.oddities.get(oddity);
    if (seen === undefined) this.oddities.set(oddity, { count: 1, first: path });
    else seen.count += 1;
  }
}
