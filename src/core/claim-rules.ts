/** How the names of an archive's entries are read when they claim their places: what differs between the kinds of containers. */
import type { Entry } from "../formats/contract.ts";
import type { ClaimRules } from "../safe/plan.ts";
import type { OpenedIndex, OpenedStream } from "./open.ts";

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
