/**
 * Other names for what comes out: between an entry, as it stands in the archive, and the place that it claims. What a name
 * becomes is checked as any other, so no renaming lets anything out of the folder.
 */
import { UnzipxError } from "../errors.ts";
import type { Entry } from "../formats/contract.ts";
import type { ClaimRules } from "../safe/plan.ts";
import type { Claimed } from "../safe/writer.ts";
import { changed } from "./bare-entry.ts";

export interface Renaming {
  /** What a name becomes: the first thing to be done. */
  readonly transform?: ((name: string) => string) | undefined;
  /** So many leading folders go, and what has no more than that; "auto": the one folder that all of the archive lies in, if there is one. */
  readonly strip?: number | "auto" | undefined;
  /** All folders go, and only the last component of each name stays. */
  readonly junk?: boolean | undefined;
}

/** Claims a place for an entry; "nameless": nothing of its name is left. */
export type ClaimPlace = (entry: Entry, rules: ClaimRules) => Claimed | "nameless" | Promise<Claimed>;

/** Symbolic links keep their targets, word by word; hard links follow what they lead to. */
export function renaming(options: Renaming, claim: ClaimPlace): ClaimPlace {
  /** By their new name, those that had it first. */
  const owners = new Map<string, string>();

  return (entry, rules) => {
    if (entry.refusal !== undefined || entry.type === "special") return claim(entry, rules);
    const name = newName(slashed(entry.path, rules), options);
    if (name === "" || (options.junk === true && entry.type === "directory")) return "nameless";
    const path = entry.type === "directory" ? `${name}/` : name;
    const own = normal(slashed(entry.path, rules));
    const owner = entry.type === "directory" ? own : (owners.get(normal(name)) ?? own);
    owners.set(normal(name), owner);
    // Of two entries that only now have one name, neither is a later version of the other.
    const claimed = claimLinked(changed(entry, { path }), rules.repeated === "last" && owner !== own ? { ...rules, repeated: "refuse" } : rules);
    return claimed instanceof Promise ? claimed.then((settled) => told(settled)) : told(claimed);

    function told<Result>(result: Result): Result | UnzipxError {
      if (!(result instanceof UnzipxError) || name === entry.path) return result;
      const isOurs = result.code === "COLLISION" && owner !== own;
      return new UnzipxError(result.code, isOurs ? "Refused an entry: another one has got the same name" : result.message, {
        ...result.details, entry: entry.path, ...(isOurs ? { expected: "a name of its own", found: `${name}, which was ${owner}` } : { found: result.details.found ?? name }),
      });
    }
  };

  function claimLinked(entry: Entry, rules: ClaimRules): ReturnType<ClaimPlace> {
    if (entry.type !== "hardlink" || entry.linkTarget === undefined) return claim(entry, rules);
    const linkTarget = newName(entry.linkTarget, options);
    // The file that the link meant got no place: whatever has its name is another one.
    const owner = owners.get(normal(linkTarget));
    if (owner !== undefined && owner !== normal(entry.linkTarget)) {
      return new UnzipxError("UNSAFE_LINK", "Refused a hard link: another entry has got the name of what it leads to", { entry: entry.path, found: linkTarget });
    }
    return claim(changed(entry, { linkTarget }), rules);
  }
}

/** As the rules of its archive read it, with slashes. */
function slashed(path: string, { backslash }: ClaimRules): string {
  return backslash === "separator" ? path.replaceAll("\\", "/") : path;
}

/** "" where nothing is left. An absolute path stays one, and so refused. */
function newName(path: string, { transform, strip, junk }: Renaming): string {
  const bare = path.replace(/\/+$/, "");
  const name = transform === undefined ? bare : transform(bare);
  if (junk === true) return componentsOf(name).at(-1) ?? "";
  if (typeof strip !== "number" || strip === 0) return name;
  const left = componentsOf(name).slice(strip).join("/");
  return left !== "" && name.startsWith("/") ? `/${left}` : left;
}

function componentsOf(path: string): string[] {
  return path.split("/").filter((component) => component !== "" && component !== ".");
}

/** The same for all ways to write one path. */
function normal(path: string): string {
  return componentsOf(path).join("/");
}
