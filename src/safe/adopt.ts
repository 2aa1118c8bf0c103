/** An archive that lay in another one was unpacked: its tree becomes part of the outer one, in the place of the archive itself. */
import { chmodSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { fromSystem, UnzipxError } from "../errors.ts";
import { statOrUndefined } from "./held-folder.ts";
import { endOfSymlink, type LinkContext } from "./links.ts";
import { checkPath } from "./path.ts";
import type { Staging } from "./staging.ts";
import { addChild, childOf, foldersDeepestFirst, pathOf, placesFrom, removeChild, transplant, type Place } from "./tree.ts";

/** What became of the entries when it was known where they go. */
export interface Settled {
  readonly refused: UnzipxError[];
  /** Entries that the user wants left alone, and their content. */
  skippedFiles: number;
  skippedLinks: number;
  skippedBytes: number;
  /** An adopted tree is not called as was wished: that is another entry's name. */
  isFallback?: boolean;
}

export function nothingSettled(): Settled {
  return { refused: [], skippedFiles: 0, skippedLinks: 0, skippedBytes: 0 };
}

interface Inner {
  readonly root: Place;
  readonly staging: Staging;
}

interface Outer extends LinkContext {
  /** Looks for conflicts at a place and below it; throws CONFLICT where the policy is to fail. */
  weigh(place: Place, settled: Settled): Promise<void>;
}

/** As SafeWriter.adopt. The links of `inner` are made already, and lead nowhere outside of it. */
export async function adopt(archive: Place, inner: Inner, name: string | undefined, outer: Outer): Promise<Settled> {
  const parent = archive.parent!;
  const [only] = [...inner.root.children!.values()].filter((place) => !place.dropped);
  const wanted = name ?? only?.name ?? archive.name;
  const isWanted = isFree(parent, wanted, outer);
  const top = name === undefined && only !== undefined && isWanted ? only : inner.root;
  // Nobody else has the archive's own name, and the archive goes.
  const archivePath = outer.staging.pathOf(archive);
  removeChild(archive);
  const place = transplant(top, parent, isWanted ? wanted : archive.name);
  const settled = nothingSettled();
  await outer.weigh(place, settled);
  if (outer.existing !== undefined) {
    // The inner tree's own links were checked against an empty folder; here there may be others on their way.
    for (const link of placesFrom(place)) {
      const end = link.type === "symlink" && !link.dropped ? endOfSymlink(link, outer) : undefined;
      if (end instanceof UnzipxError) settled.refused.push(end);
    }
  }
  if (settled.refused.length > 0) {
    removeChild(place);
    addChild(parent, archive);
    return settled;
  }
  try {
    rmSync(archivePath);
    move(top === inner.root ? inner.staging.path && inner.staging.name() : inner.staging.pathOf(top), outer.staging.pathOf(place), place);
    // What goes into folders that are there is moved out of these one by one, for which they have to be writable.
    for (const folder of place.type === "directory" ? foldersDeepestFirst(place) : []) {
      if (folder.onDisk === "directory") chmodSync(outer.staging.pathOf(folder), 0o700);
    }
  } catch (error) {
    throw fromSystem(error, "write", `put what is in "${pathOf(archive)}" in its place`);
  }
  return { ...settled, isFallback: !isWanted };
}

/** Neither another entry's, in this form or one that some system takes for it, nor one that the rules refuse. */
function isFree(parent: Place, name: string, { staging, policy }: LinkContext): boolean {
  const checked = checkPath(name, { platform: policy.platform, backslash: "separator", maxDepth: 1, unsafe: false });
  if (checked instanceof UnzipxError || checked.path !== name) return false;
  // A file that got another name since may still lie under its old one.
  return childOf(parent, name) === undefined && statOrUndefined(`${staging.pathOf(parent)}/${name}`) === undefined;
}

/** By one rename, for which a folder has to be writable itself; finish() gives it its mode. */
function move(from: string | undefined, to: string, place: Place): void {
  if (from === undefined) return mkdirSync(to, 0o700); // nothing was written: an empty archive
  if (place.type === "directory") {
    chmodSync(from, 0o700);
    place.hasUsualMode = false;
  }
  renameSync(from, to);
}
