/** The places an extraction has claimed, as the tree they will be on disk. */
import type { Entry } from "../formats/contract.ts";
import { collisionKey, type SafePath } from "./path.ts";

export interface Place {
  name: string;
  /** Its name in the staging folder: another one where the user chose to keep both files. */
  readonly stagedAs: string;
  parent: Place | undefined;
  type: "directory" | "file" | "symlink" | "hardlink";
  /** By collision key; directories only. */
  readonly children: Map<string, Place> | undefined;
  /** Of a folder: some children have keys of their own. */
  hasTwins: boolean;
  /** Final permission bits; undefined for a folder that no entry describes. */
  mode: number | undefined;
  mtime: number | undefined;
  size: number | undefined;
  linkTarget: string | undefined;
  /** What lies at this place in the destination; unknown until somebody looked. */
  onDisk: "unknown" | "absent" | "directory" | "replace";
  /** The content failed or the user wants none of it: it will not be published. */
  dropped: boolean;
}

export function newPlace(parent: Place | undefined, name: string, type: Place["type"]): Place {
  return {
    name, stagedAs: name, parent, type,
    children: type === "directory" ? new Map() : undefined, hasTwins: false,
    mode: undefined, mtime: undefined, size: undefined, linkTarget: undefined, onDisk: "unknown", dropped: false,
  };
}

const MODE_MASK = 0o755; // no setuid, setgid, sticky, and nothing that group or others may write

/** What the entry says of the place that it got. */
export function describePlace(place: Place, entry: Entry, keepMode: boolean): void {
  if (keepMode && entry.mode !== undefined) place.mode = entry.mode & MODE_MASK;
  // What no calendar has (a Date ends at 8.64e15 ms) is no time.
  if (entry.mtime !== undefined && Math.abs(entry.mtime) <= 8.64e15) place.mtime = entry.mtime;
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
  folder.hasTwins ||= isTwin;
  folder.children!.set(isTwin ? ownKey(key, child.name) : key, child);
}

/** Gives a child another name; its old one is free again. */
export function renameChild(child: Place, name: string): void {
  removeChild(child);
  child.name = name;
  addChild(child.parent!, child);
}

/** Takes a child out of its folder; its name is free again. */
export function removeChild(child: Place): void {
  const children = child.parent!.children!;
  const key = collisionKey(child.name);
  children.delete(children.get(key) === child ? key : ownKey(key, child.name));
}

/** The same place, with all below it, as a child of another folder: of the tree of another archive, say. */
export function transplant(place: Place, parent: Place, name: string): Place {
  const moved: Place = { ...place, name, stagedAs: name, parent };
  for (const child of moved.children?.values() ?? []) child.parent = moved;
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
  for (const child of folder.children!.values()) {
    if (child.type === "directory") yield* foldersDeepestFirst(child);
  }
  yield folder;
}
