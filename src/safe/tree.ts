/** The places an extraction has claimed, as the tree they will be on disk. */
import { wholeSeconds } from "../bytes/whole-seconds.ts";
import { UnzipxError } from "../errors.ts";
import type { Entry } from "../formats/contract.ts";
import { collisionKey, type SafePath } from "./path.ts";

const TYPES = ["directory", "file", "symlink", "hardlink"] as const;
const ON_DISK = ["unknown", "absent", "directory", "replace"] as const;
/** Where each lies in the number of a place: the type in the lowest two bits, two bits, a bit each, and the rest. */
const ON_DISK_AT = 2;
const DROPPED = 1 << 4;
const IN_SECONDS = 1 << 5;
const HAS_USUAL_MODE = 1 << 6;
const HAS_MODE = 1 << 7;
const MODE_AT = 8;

/** Adds the place of the file of this number to its folder. */
type MakePlace = (folder: Place, number: number) => void;

/** Files of a folder that have no place yet. */
interface Unplaced {
  /** Their numbers, in archive order, and CLAIMED for each child that came between them and has its place. */
  readonly order: number[];
  readonly make: MakePlace;
}

const CLAIMED = -1;
const NOTHING: ReadonlyMap<string, Place> = new Map();

/** What few places have. */
interface Rare {
  children?: Map<string, Place>;
  unplaced?: Unplaced | undefined;
  hasTwins?: boolean;
  stagedAs?: string;
  linkTarget?: string | undefined;
}

/** There may be a million of them, most of them files: what is small lies in one number, and what files have not beside them. */
export class Place {
  name: string;
  parent: Place | undefined;
  size: number | undefined = undefined;
  /** Seconds where IN_SECONDS says so: see wholeSeconds(). */
  #time: number | undefined = undefined;
  #bits: number;
  #rare: Rare | undefined = undefined;

  constructor(parent: Place | undefined, name: string, type: (typeof TYPES)[number]) {
    this.name = type === "directory" ? name : ownString(name); // a plan keeps the whole path of folders anyhow
    this.parent = parent;
    this.#bits = TYPES.indexOf(type);
  }

  get type(): (typeof TYPES)[number] {
    return TYPES[this.#bits & 3]!;
  }

  set type(type: (typeof TYPES)[number]) {
    this.#bits = (this.#bits & ~3) | TYPES.indexOf(type);
  }

  /** By collision key, in archive order; directories only. Files that had no place yet get theirs: see addUnplaced(). */
  get children(): ReadonlyMap<string, Place> | undefined {
    if (this.type !== "directory") return undefined;
    this.placeAll();
    return this.#rare?.children ?? NOTHING;
  }

  /** Of a folder: those in it. */
  *folders(): Generator<Place> {
    for (const child of this.#rare?.children?.values() ?? []) if (child.type === "directory") yield child;
  }

  /** Throws INTERNAL where another child has the key. */
  setChild(key: string, child: Place): void {
    const rare = (this.#rare ??= {});
    const children = (rare.children ??= new Map());
    if (children.has(key)) throw new UnzipxError("INTERNAL", "Cannot give an entry its place: another one has it", { entry: pathOf(child) });
    children.set(key, child);
    rare.unplaced?.order.push(CLAIMED);
  }

  deleteChild(key: string): void {
    this.#rare?.children?.delete(key);
  }

  /** Puts a file into a folder that gets its place, by `make`, when somebody asks what is in there. Of a million files, places would be most of an extraction's memory. */
  addUnplaced(number: number, make: MakePlace): void {
    ((this.#rare ??= {}).unplaced ??= { order: [], make }).order.push(number);
  }

  /** How many files have no place yet. */
  get unplaced(): number {
    return this.#rare?.unplaced?.order.filter((number) => number !== CLAIMED).length ?? 0;
  }

  /** Gives them theirs. */
  placeAll(): void {
    const rare = this.#rare;
    if (rare?.unplaced === undefined) return;
    const { order, make } = rare.unplaced;
    const claimed = order.length - this.unplaced;
    rare.unplaced = undefined;
    // What came between them is put behind them anew, so that all have their order.
    const between = claimed === 0 ? [] : [...rare.children!].slice(-claimed);
    for (const [key] of between) rare.children!.delete(key);
    let next = 0;
    for (const number of order) {
      if (number === CLAIMED) rare.children!.set(...between[next++]!);
      else make(this, number);
    }
  }

  /** Of a folder: some children have keys of their own. */
  get hasTwins(): boolean {
    return this.#rare?.hasTwins === true;
  }

  set hasTwins(hasTwins: boolean) {
    (this.#rare ??= {}).hasTwins = hasTwins;
  }

  /** Its name in the staging folder: another one where the user chose to keep both files. */
  get stagedAs(): string {
    return this.#rare?.stagedAs ?? this.name;
  }

  /** Another name, but for the staging folder, where the place keeps its own. */
  rename(name: string): void {
    (this.#rare ??= {}).stagedAs ??= this.name;
    this.name = name;
  }

  /** Final permission bits; undefined for a folder that no entry describes. */
  get mode(): number | undefined {
    return (this.#bits & HAS_MODE) === 0 ? undefined : this.#bits >>> MODE_AT;
  }

  set mode(mode: number | undefined) {
    const rest = this.#bits & (HAS_MODE - 1);
    this.#bits = mode === undefined ? rest : rest | HAS_MODE | (mode << MODE_AT);
  }

  /** Milliseconds. */
  get mtime(): number | undefined {
    return this.#time !== undefined && (this.#bits & IN_SECONDS) !== 0 ? this.#time * 1000 : this.#time;
  }

  set mtime(mtime: number | undefined) {
    const seconds = wholeSeconds(mtime);
    this.#time = seconds ?? mtime;
    this.#bits = seconds !== undefined ? this.#bits | IN_SECONDS : this.#bits & ~IN_SECONDS;
  }

  /** Of a folder: it lies in the staging folder with the mode that SafeWriter makes folders with, and has been given no other. */
  get hasUsualMode(): boolean {
    return (this.#bits & HAS_USUAL_MODE) !== 0;
  }

  set hasUsualMode(hasUsualMode: boolean) {
    this.#bits = hasUsualMode ? this.#bits | HAS_USUAL_MODE : this.#bits & ~HAS_USUAL_MODE;
  }

  get linkTarget(): string | undefined {
    return this.#rare?.linkTarget;
  }

  set linkTarget(target: string | undefined) {
    if (target !== undefined || this.#rare !== undefined) (this.#rare ??= {}).linkTarget = target;
  }

  /** What lies at this place in the destination; unknown until somebody looked. */
  get onDisk(): (typeof ON_DISK)[number] {
    return ON_DISK[(this.#bits >>> ON_DISK_AT) & 3]!;
  }

  set onDisk(found: (typeof ON_DISK)[number]) {
    this.#bits = (this.#bits & ~(3 << ON_DISK_AT)) | (ON_DISK.indexOf(found) << ON_DISK_AT);
  }

  /** The content failed or the user wants none of it: it will not be published. */
  get dropped(): boolean {
    return (this.#bits & DROPPED) !== 0;
  }

  set dropped(dropped: boolean) {
    this.#bits = dropped ? this.#bits | DROPPED : this.#bits & ~DROPPED;
  }

  /** The same place, with all below it, under another folder and name. */
  movedTo(parent: Place, name: string): Place {
    const moved = new Place(parent, name, this.type);
    for (const child of this.children?.values() ?? []) child.parent = moved;
    [moved.#time, moved.size, moved.#bits] = [this.#time, this.size, this.#bits];
    moved.#rare = this.#rare && { ...this.#rare, stagedAs: name };
    return moved;
  }
}

/** V8 copies parts of strings that are shorter than this. */
const POINTED_INTO = 13;
/** Where others pass through; longer than any name that a file system takes. */
const COPIED = Buffer.allocUnsafeSlow(1024);

/** A string that keeps no other one alive: V8 makes a longer part of a path by pointing into it. */
function ownString(part: string): string {
  if (part.length < POINTED_INTO || part.length > COPIED.length) return part;
  const copy = COPIED.toString("latin1", 0, COPIED.write(part, 0, "latin1"));
  return copy === part ? copy : part;
}

const MODE_MASK = 0o755; // no setuid, setgid, sticky, and nothing that group or others may write

/** Final permission bits of what an entry becomes. */
export function modeOf({ mode }: Entry, keepMode: boolean): number | undefined {
  return keepMode && mode !== undefined ? mode & MODE_MASK : undefined;
}

/** Milliseconds. What no calendar has (a Date ends at 8.64e15 ms) is no time. */
export function mtimeOf({ mtime }: Entry): number | undefined {
  return mtime !== undefined && Math.abs(mtime) <= 8.64e15 ? mtime : undefined;
}

/** The name that a file has in its folder. */
export function lastOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** What the entry says of the place that it got; what it does not say stays as another one said it. */
export function describePlace(place: Place, entry: Entry, keepMode: boolean): void {
  place.mode = modeOf(entry, keepMode) ?? place.mode;
  place.mtime = mtimeOf(entry) ?? place.mtime;
  place.size = entry.size;
  place.linkTarget = entry.linkTarget;
}

export function pathOf(place: Place): SafePath {
  const names: string[] = [];
  for (let at: Place | undefined = place; at?.parent !== undefined; at = at.parent) names.push(at.name);
  return names.reverse().join("/") as SafePath;
}

/**
 * The child of this name, or the one that some file system would take for it. Where both exist side by side
 * the first has the folded key, and every later one a key of its own.
 */
export function childOf(folder: Place, name: string): Place | undefined {
  const key = collisionKey(name);
  return (folder.hasTwins ? folder.children?.get(ownKey(key, name)) : undefined) ?? folder.children?.get(key);
}

/** Puts a child beside what is there; its folded key goes to the first. */
export function addChild(folder: Place, child: Place): void {
  const key = collisionKey(child.name);
  const isTwin = folder.children!.has(key);
  if (isTwin) folder.hasTwins = true;
  folder.setChild(isTwin ? ownKey(key, child.name) : key, child);
}

/** The same for a name that is not there, nor one that some file system would take for it. */
export function addNewChild(folder: Place, child: Place): void {
  folder.setChild(collisionKey(child.name), child);
}

/** Gives a child another name; its old one is free again. */
export function renameChild(child: Place, name: string): void {
  removeChild(child);
  child.rename(name);
  addChild(child.parent!, child);
}

/** Takes a child out of its folder; its name is free again. */
export function removeChild(child: Place): void {
  const folder = child.parent!;
  const key = collisionKey(child.name);
  folder.deleteChild(folder.children!.get(key) === child ? key : ownKey(key, child.name));
}

/** The same place, with all below it, as a child of another folder: of the tree of another archive, say. */
export function transplant(place: Place, parent: Place, name: string): Place {
  const moved = place.movedTo(parent, name);
  addChild(parent, moved);
  return moved;
}

function ownKey(key: string, name: string): string {
  return `${key}\0${name}`; // no name holds a NUL
}

/** The place at `components`; undefined when nothing claimed it. */
export function findPlace(root: Place, components: readonly string[]): Place | undefined {
  let at: Place | undefined = root;
  for (const component of components) {
    at = childOf(at, component);
    if (at === undefined) return undefined;
  }
  return at;
}

/** A place and all below it. */
export function* placesFrom(place: Place): Generator<Place> {
  yield place;
  for (const child of place.children?.values() ?? []) yield* placesFrom(child);
}

/** Every folder, the deepest first. */
export function* foldersDeepestFirst(folder: Place): Generator<Place> {
  for (const child of folder.folders()) yield* foldersDeepestFirst(child);
  yield folder;
}
