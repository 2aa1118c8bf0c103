/** Entries that get no place, whatever the policy: another one has it, or unzipx itself. */
import { realpathSync } from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";
import { UnzipxError } from "../errors.ts";
import { childOf, pathOf, type Place } from "./tree.ts";

export function collision(taken: Place, raw: string): UnzipxError {
  const place = pathOf(taken);
  const why = place === raw.replace(/\/+$/, "")
    ? "the archive has another entry of this name"
    : taken.type !== "directory" && raw.startsWith(`${place}/`)
      ? `its folder is another entry, a ${taken.type}`
      : "another entry has the same name on this file system, or is a link of the same name on some";
  return new UnzipxError("COLLISION", `Refused an entry: ${why}`, { entry: raw, found: place });
}

export function blocked(raw: string): UnzipxError {
  return new UnzipxError("CONFLICT", "Refused an entry: its folder could not be made", { entry: raw });
}

/**
 * What would come to lie where unzipx keeps something of its own, or would make a link or a file of a folder on the way there.
 * `reserved` are absolute paths, `target` is where `root` will lie.
 */
export function reservedPlaces(root: Place, target: string, reserved: readonly string[] = []): Place[] {
  return reserved.flatMap((path) => {
    const below = relative(target, reallyAt(path)).split(sep);
    if (below[0] === "" || below[0] === ".." || /^[A-Za-z]:$/.test(below[0]!)) return [];
    let at: Place | undefined = root;
    for (const name of below) {
      at = childOf(at, name);
      if (at?.type !== "directory") break;
    }
    return at === undefined || at.dropped ? [] : [at];
  });
}

export function reservedFor(place: Place): UnzipxError {
  return new UnzipxError("UNSAFE_PATH", "Refused an entry: it would take the place of what unzipx keeps of its own", { entry: pathOf(place) });
}

/** The path without a link in the part of it that is there. */
function reallyAt(path: string): string {
  const missing: string[] = [];
  for (let at = path; ; at = dirname(at)) {
    try {
      return join(realpathSync(at), ...missing);
    } catch {
      if (dirname(at) === at) return path;
      missing.unshift(basename(at));
    }
  }
}
