/**
 * Which place each entry of an archive gets, and which entries get none and why. Pure: what the disk says about it comes through
 * `Disk`. So SafeWriter, which writes, and those who only tell what it would refuse have the same rules.
 */
import { UnzipxError } from "../errors.ts";
import type { Entry, Owner } from "../formats/contract.ts";
import { checkPath, collisionKey, isOrdinary, withoutDot, type PathOddity, type PathRules, type SafePath } from "./path.ts";
import type { Policy } from "./policy.ts";
import { blocked, collision } from "./refusals.ts";
import { SeenNames } from "./seen-names.ts";
import { addChild, addNewChild, childOf, describePlace, lastOf, pathOf, Place, removeChild } from "./tree.ts";

/** What differs between formats: who separates with backslashes, and whether appending a file again replaces it. */
export interface ClaimRules {
  readonly backslash: PathRules["backslash"];
  readonly repeated: "refuse" | "last";
}

/** What the plan has to ask, or to tell, where it becomes real. */
export interface Disk {
  /** Whether the file system takes names for equal that differ in case or in normal form. */
  folds(): boolean;
  /** A folder got its place; returns why it cannot lie there. */
  folder?(place: Place): UnzipxError | undefined;
  /** A later file takes the place of this one. */
  replaced?(place: Place): void;
  /** Whether what will come to lie in a folder may have to do with what is there in the destination. */
  mayHold?(folder: Place): boolean;
}

/** A place, and whether it was this file's before. */
export interface Planned {
  readonly place: Place;
  readonly again: boolean;
}

export class Plan {
  readonly root = new Place(undefined, "", "directory");
  /** In archive order. */
  readonly links: Place[] = [];
  /** Files under another name than their archive gives them, by that one. */
  readonly renamed = new Map<SafePath, Place>();
  /** Whose places are to be, where that was asked for. */
  readonly owners = new Map<Place, Owner>();
  readonly #folders = new Map<string, Place>([["", this.root]]);
  /** The folder that the last file went to. */
  #lately: { readonly path: string; readonly place: Place } = { path: "", place: this.root };
  /** Every name that was taken, by keyOf(); undefined where nobody can be asked for an entry again. */
  #names: SeenNames | undefined;
  #entryAt: ((number: number) => Entry) | undefined;
  /** Of files that had none at first, by their numbers. */
  readonly #made = new Map<number, Place>();
  readonly #policy: Policy;
  readonly #disk: Disk;
  readonly #above: SafePath | undefined;
  readonly #odd: (oddity: PathOddity, path: string) => void;

  /** `above`: as PathRules.above. `odd` is told what is odd about names that are taken. */
  constructor(policy: Policy, disk: Disk, above: SafePath | undefined, odd: (oddity: PathOddity, path: string) => void) {
    this.#policy = policy;
    this.#disk = disk;
    this.#above = above;
    this.#odd = odd;
  }

  /** Says who knows an entry again by its number, of `expected` entries, before any of them is claimed: with the same path, mode, time and size. Then files may go unplaced. */
  askAgain(entryAt: (number: number) => Entry, expected: number): void {
    this.#names = new SeenNames(expected);
    this.#entryAt = entryAt;
  }

  /**
   * Instead of claim(), in archive order as well: takes the name of a file that then gets a place only when somebody asks what is in its folder, which of most folders nobody
   * does. Returns that folder's place, or an error where it is refused. Undefined: there is more to be said than that the name is new, so it is to be claimed.
   */
  takeUnplaced(entry: Entry, number: number): Place | UnzipxError | undefined {
    if (this.#names === undefined || entry.type !== "file" || entry.refusal !== undefined || entry.escaped === true) return undefined;
    const path = withoutDot(entry.path);
    const key = this.#plainKey(path);
    if (key === undefined) return undefined;
    const folder = this.#parent(path as SafePath, path.lastIndexOf("/"), entry.path);
    if (folder instanceof UnzipxError) return folder;
    if (this.#disk.mayHold?.(folder) === true || !this.#names.add(key)) return undefined;
    folder.addUnplaced(number, this.#makePlace);
    return folder;
  }

  /** keyOf() a path that is nothing but what it says, and not odd. */
  #plainKey(path: string): string | undefined {
    const maxDepth = this.#policy.limits.depth;
    if (isOrdinary(path, maxDepth)) return path;
    const { platform, unsafePaths: unsafe } = this.#policy;
    const checked = checkPath(path, { platform, maxDepth, unsafe, backslash: "character" });
    return checked instanceof UnzipxError || checked.oddity !== undefined || checked.path !== path || path === "" ? undefined : keyOf(path);
  }

  /** The place of a file that had none. */
  placeOf(folder: Place, number: number): Place {
    folder.placeAll();
    return this.#made.get(number)!;
  }

  /** The same, if somebody asked for it. */
  madePlace(number: number): Place | undefined {
    return this.#made.get(number);
  }

  /** The entry's place, to be asked for in archive order; "skip" where the user wants no links; an error where it is refused. */
  claim(entry: Entry, rules: ClaimRules): Planned | "skip" | UnzipxError {
    if (entry.refusal !== undefined) return entry.refusal;
    if (entry.type === "special") {
      return new UnzipxError("SPECIAL_FILE", "Skipped a device, FIFO or socket: unzipx creates none", { entry: entry.path });
    }
    const checked = checkPath(entry.path, {
      platform: this.#policy.platform, maxDepth: this.#policy.limits.depth, unsafe: this.#policy.unsafePaths, backslash: rules.backslash, above: this.#above,
    });
    if (checked instanceof UnzipxError) return checked;
    if (checked.oddity !== undefined) this.#odd(checked.oddity, entry.path);
    const { path } = checked;
    if (path === "" && entry.type !== "directory") {
      return new UnzipxError("UNSAFE_PATH", "Refused an entry: its name is empty", { entry: entry.path });
    }
    if (this.#policy.links === "skip" && (entry.type === "symlink" || entry.type === "hardlink")) return "skip";
    const repeated = rules.repeated === "last" && entry.type === "file" ? this.#repeated(path) : undefined;
    const place = repeated ?? this.#reserve(entry.type, path, entry.path);
    if (place instanceof UnzipxError) return place;
    describePlace(place, entry, this.#policy.keepMode);
    if (this.#policy.sameOwner && entry.owner !== undefined) this.owners.set(place, entry.owner);
    return { place, again: repeated !== undefined };
  }

  readonly #makePlace = (folder: Place, number: number): void => {
    const entry = this.#entryAt!(number);
    const place = new Place(folder, lastOf(entry.path), "file");
    addNewChild(folder, place);
    describePlace(place, entry, this.#policy.keepMode);
    this.#made.set(number, place);
  };

  /**
   * Where everything lies in one folder, all of it moves up to the root, and the folder is left out; hard links follow their targets. To be
   * called when every entry is claimed. Returns that folder.
   */
  hoist(): Place | undefined {
    const [folder, ...others] = [...this.root.children!.values()].filter((place) => !place.dropped);
    if (folder?.type !== "directory" || others.length > 0) return undefined;
    for (const child of [...this.root.children!.values()]) removeChild(child);
    for (const child of folder.children!.values()) {
      child.parent = this.root;
      addChild(this.root, child);
    }
    for (const link of this.links) if (link.type === "hardlink") link.linkTarget = below(folder.name, link.linkTarget ?? "");
    return folder;
  }

  /** Calls `make` for every link; what is refused is dropped. Hard links before symlinks: none of them can then pass through a link of this archive. */
  settleLinks(make: (place: Place) => UnzipxError | undefined): UnzipxError[] {
    const refused: UnzipxError[] = [];
    for (const type of ["hardlink", "symlink"] as const) {
      for (const place of this.links) {
        if (place.type !== type || place.dropped) continue;
        const error = make(place);
        if (error === undefined) continue;
        place.dropped = true;
        refused.push(error);
      }
    }
    return refused;
  }

  #reserve(type: Exclude<Entry["type"], "special">, path: SafePath, raw: string): Place | UnzipxError {
    if (type === "directory") return this.#folder(path, raw);
    const cut = path.lastIndexOf("/");
    const parent = this.#parent(path, cut, raw);
    if (parent instanceof UnzipxError) return parent;
    const place = this.#add(parent, path.slice(cut + 1), type, path, raw);
    if (place instanceof UnzipxError) return place;
    if (type !== "file") this.links.push(place);
    return place;
  }

  /** The folder that `path` has in front of `cut`, which most often is that of the file before it. */
  #parent(path: SafePath, cut: number, raw: string): Place | UnzipxError {
    const { path: last, place } = this.#lately;
    if (last.length === Math.max(0, cut) && path.startsWith(last) && !place.dropped) return place;
    const folder = (cut < 0 ? "" : path.slice(0, cut)) as SafePath;
    const parent = this.#folder(folder, raw);
    if (parent instanceof Place) this.#lately = { path: folder, place: parent };
    return parent;
  }

  /** The folder at `path`, with all above it. */
  #folder(path: SafePath, raw: string): Place | UnzipxError {
    const known = this.#folders.get(path);
    if (known !== undefined) return known.dropped ? blocked(raw) : known;
    const cut = path.lastIndexOf("/");
    const parent = this.#folder((cut < 0 ? "" : path.slice(0, cut)) as SafePath, raw);
    if (parent instanceof UnzipxError) return parent;
    const place = this.#add(parent, path.slice(cut + 1), "directory", path, raw);
    if (place instanceof UnzipxError) return place;
    this.#folders.set(path, place);
    const error = this.#disk.folder?.(place);
    if (error !== undefined) place.dropped = true;
    return error ?? place;
  }

  /**
   * One name, one place. Names that are equal only after folding may stand side by side where the file system keeps
   * them apart; but never when one of them is a link, which the other would be written through elsewhere.
   */
  #add(parent: Place, name: string, type: Place["type"], path: SafePath, raw: string): Place | UnzipxError {
    // Where there may be other names than those of the archive, one has to look; and to look among children gives all of them their places.
    const isNew = this.#names?.add(keyOf(path)) === true && this.#disk.mayHold?.(parent) !== true;
    const taken = isNew ? undefined : childOf(parent, name);
    if (taken !== undefined) {
      if (taken.name === name || type === "symlink" || taken.type === "symlink" || this.#disk.folds()) return collision(taken, raw);
      this.#odd("alike", raw);
    }
    const place = new Place(parent, name, type);
    if (isNew) addNewChild(parent, place);
    else addChild(parent, place);
    return place;
  }

  /** A tar is updated by appending: the later of two files of one name is the valid one. Links and folders are not updated. */
  #repeated(path: SafePath): Place | undefined {
    const renamed = this.renamed.get(path);
    const place = renamed ?? this.#fileAt(path);
    if (place === undefined) return undefined;
    this.#disk.replaced?.(place);
    this.#odd("repeated", path);
    return place;
  }

  /** The file of just this path. */
  #fileAt(path: SafePath): Place | undefined {
    const cut = path.lastIndexOf("/");
    const folder = this.#folders.get(cut < 0 ? "" : path.slice(0, cut));
    const place = folder === undefined ? undefined : childOf(folder, path.slice(cut + 1));
    return place?.type === "file" && pathOf(place) === path ? place : undefined;
  }
}

/** A path in the folder as one from there; any other as it is. */
function below(folder: string, path: string): string {
  const [first, ...rest] = path.split("/").filter((component) => component !== "" && component !== ".");
  return first === folder && !path.startsWith("/") ? rest.join("/") : path;
}

/** What paths have in common of which some file system makes one, but for the case of their ASCII letters. */
function keyOf(path: string): string {
  return isOrdinary(path, Infinity) ? path : path.split("/").map(collisionKey).join("/");
}
