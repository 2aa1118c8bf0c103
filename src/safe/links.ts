/** Links, made when all files and folders are there: so nothing of the archive is ever written through one. */
import { constants, copyFileSync, linkSync, lutimesSync, readlinkSync, symlinkSync } from "node:fs";
import { fromSystem, UnzipxError } from "../errors.ts";
import { fsTime } from "./fs-time.ts";
import { statOrUndefined, type HeldFolder } from "./held-folder.ts";
import { checkPath, resolveLink, type SafePath } from "./path.ts";
import type { Policy } from "./policy.ts";
import { giveAway, type OwnerOf } from "./same-owner.ts";
import type { Staging } from "./staging.ts";
import { findPlace, pathOf, type Place } from "./tree.ts";

export interface LinkContext {
  readonly root: Place;
  readonly staging: Staging;
  readonly policy: Policy;
  /** The destination, where it was there before: links that lie in it count when a target is followed. */
  readonly existing: HeldFolder | undefined;
  /** Files under another name than their archive gives them, by that one. */
  readonly renamed: ReadonlyMap<SafePath, Place>;
  readonly ownerOf: OwnerOf;
}

/** Of a link only what is needed to see where it leads. */
type Resolving = Omit<LinkContext, "staging" | "ownerOf">;

/** Why a link is refused, without making it: as makeHardLink() and makeSymlink(). */
export function refusalOfLink(place: Place, context: Resolving): UnzipxError | undefined {
  const found = place.type === "hardlink" ? hardLinked(place, context) : endOfSymlink(place, context);
  return found instanceof UnzipxError ? found : undefined;
}

/** The file of this run that gets a second name; undefined where the link has become a symbolic one. */
function hardLinked(place: Place, context: Resolving): Place | UnzipxError | undefined {
  const refuse = (why: string): UnzipxError =>
    new UnzipxError("UNSAFE_LINK", `Refused a hard link: ${why}`, { entry: pathOf(place), found: place.linkTarget ?? "" });
  const linked = linkedPlace(place, context);
  if (linked === undefined || linked.type === "directory") return refuse("its target is no file of this extraction");
  if (linked.dropped) return refuse("its target was not extracted");
  if (linked.type !== "symlink") return linked;
  // A second name for a link is the same link at another place, so it is checked from there.
  place.type = "symlink";
  place.linkTarget = linked.linkTarget;
  return undefined;
}

/** A second name for a file of this run; an error for anything else. */
export function makeHardLink(place: Place, context: LinkContext): UnzipxError | undefined {
  const linked = hardLinked(place, context);
  if (linked === undefined || linked instanceof UnzipxError) return linked;
  try {
    linkSync(context.staging.pathOf(linked), context.staging.pathOf(place));
  } catch (error) {
    if (!NO_HARD_LINKS.has((error as NodeJS.ErrnoException).code ?? "")) throw fromSystem(error, "write", `link "${pathOf(place)}"`);
    copyFileSync(context.staging.pathOf(linked), context.staging.pathOf(place), constants.COPYFILE_EXCL);
  }
  return undefined;
}

/** What a hard link leads to, through others where they come in between; undefined for nothing, or for a circle. */
export function linkedPlace(place: Place, { root, policy, renamed }: Resolving): Place | undefined {
  const passed = new Set<Place>();
  let at: Place | undefined = place;
  while (at?.type === "hardlink" && !passed.has(at)) {
    passed.add(at);
    const target = checkPath(at.linkTarget ?? "", { platform: policy.platform, backslash: "character", maxDepth: policy.limits.depth, unsafe: policy.unsafePaths });
    if (target instanceof UnzipxError) return undefined;
    at = renamed.get(target.path) ?? findPlace(root, target.path.split("/"));
  }
  return at?.type === "hardlink" ? undefined : at;
}

/** Where a symbolic link leads, resolved against the tree as it will be; an error when that is outside. */
export function endOfSymlink(place: Place, context: Resolving): readonly string[] | UnzipxError {
  return resolveLink(pathOf(place), place.linkTarget ?? "", context.policy.platform, (components) => linkAt(components, context));
}

/** A symbolic link, if what it leads to stays inside. */
export function makeSymlink(place: Place, context: LinkContext): UnzipxError | undefined {
  const { policy } = context;
  const path = pathOf(place);
  const text = place.linkTarget ?? "";
  const end = endOfSymlink(place, context);
  if (end instanceof UnzipxError) return end;
  const staged = context.staging.pathOf(place);
  try {
    // Windows wants to know beforehand what the link leads to.
    const leadsTo = findPlace(context.root, end);
    symlinkSync(text, staged, leadsTo?.type === "directory" ? "dir" : "file");
    giveAway(staged, context.ownerOf(place));
    if (place.mtime !== undefined && policy.keepMtime) {
      const time = fsTime(place.mtime);
      lutimesSync(staged, time, time);
    }
  } catch (error) {
    return fromSystem(error, "write", "create a symbolic link", { entry: path });
  }
  return undefined;
}

/** The target of the link at a place of the final tree: of this archive, or there before. */
function linkAt(components: readonly string[], { root, existing }: Resolving): string | undefined {
  const place = findPlace(root, components);
  // A place found only by folding its name is another one to this file system: then the disk decides.
  if (place !== undefined && !place.dropped && place.name === components.at(-1)) return place.type === "symlink" ? place.linkTarget : undefined;
  if (existing === undefined) return undefined;
  const path = `${existing.path}/${components.join("/")}`;
  return statOrUndefined(path)?.isSymbolicLink() ? readlinkSync(path) : undefined;
}

const NO_HARD_LINKS = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EXDEV"]);
