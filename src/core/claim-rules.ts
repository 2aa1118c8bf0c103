/** How the names of an archive's entries are read when they claim their places: what differs between the kinds of containers. */
import type { Entry } from "../formats/contract.ts";
import type { ClaimRules } from "../safe/plan.ts";
import type { OpenedIndex, OpenedStream } from "./open.ts";
import type { ClaimPlace, Renaming } from "./rename.ts";

const INDEXED: ClaimRules = { backslash: "separator", repeated: "refuse" };

/** The rules for one entry after the other, asked for in archive order. */
export function claimRulesOf(opened: OpenedIndex | OpenedStream): (entry: Entry) => ClaimRules {
  if (opened.kind === "index") return () => INDEXED;
  const repeated = opened.entriesFailAlone ? "refuse" : "last";
  const escaped = new Set<string>(); // names that two different entries may share: the later is then no new version
  return (entry) => {
    if (entry.escaped === true) escaped.add(entry.path);
    return { backslash: opened.entriesFailAlone ? backslashOf(entry) : "character", repeated: escaped.has(entry.path) ? "refuse" : repeated };
  };
}

/** Who stores Unix modes means a backslash as a character; but not one that would lead out where it is none. */
function backslashOf({ path, mode }: Entry): ClaimRules["backslash"] {
  return mode === undefined || /(^|[\\/])\.\.([\\/]|$)|^[A-Za-z]:|^[\\/]/.test(path) ? "separator" : "character";
}

/** Claims the place of one entry after the other, under the name that it is to have. */
export async function claimerOf(opened: OpenedIndex | OpenedStream, claim: ClaimPlace, options: Renaming | undefined): Promise<(entry: Entry) => ReturnType<ClaimPlace>> {
  const rulesOf = claimRulesOf(opened);
  const place = options === undefined ? claim : (await import("./rename.ts")).renaming(options, claim);
  return (entry) => place(entry, rulesOf(entry));
}
