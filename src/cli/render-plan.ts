/** The plan of x --dry-run as text. */
import { relative, sep } from "node:path";
import type { ExtractPlan, PlannedEntry } from "../core/plan-extract.ts";
import { count, formatSize } from "../text/size.ts";
import { printable } from "../text/printable.ts";
import { lowerFirst, reasonOf } from "./problems.ts";
import { shortPath } from "./render-summary.ts";
import type { Style } from "./style.ts";

const ROWS_AT_ONCE = 1000;

/** A line for each entry, in the order of the archive: what is done, bytes, name, and where to if that is called otherwise. */
export function* planTable({ entries, summary }: ExtractPlan, style: Style): Generator<string> {
  const paint = { create: style.green, replace: style.yellow, rename: style.green, keep: style.dim, skip: style.dim, refuse: style.red };
  for (let at = 0; at < entries.length; at += ROWS_AT_ONCE) {
    yield entries.slice(at, at + ROWS_AT_ONCE).map((entry) => {
      const { action, size, path, reason, asks } = entry;
      const why = reason !== undefined ? `: ${lowerFirst(reasonOf(reason))}` : asks === true ? ": asks first" : "";
      return `${paint[action](action.padEnd(7))} ${(size === undefined ? "" : formatSize(size)).padStart(8)}  ${printable(path)}${printable(newName(entry, summary.destination))}${printable(why)}\n`;
    }).join("");
  }
}

export function planSentence({ entries, summary, error, exitCode }: ExtractPlan, style: Style): string {
  const many = (action: PlannedEntry["action"]): number => entries.filter((entry) => entry.action === action && entry.type !== "directory").length;
  const end = `exit code ${exitCode}; nothing was written`;
  if (error !== undefined) return `${style.red("✗")} would extract nothing; ${end}`;
  if (summary.untouched !== undefined) return `${style.red("✗")} would extract nothing, since ${summary.untouched === "new" ? "a new folder appears whole or not at all" : "with --atomic it is all or nothing"}; ${end}`;
  const parts = [`${count(summary.files, "file")}${summary.links > 0 ? `, ${count(summary.links, "link")}` : ""}, ${formatSize(summary.bytes)} into ${printable(shortPath(summary.destination ?? "."))}`];
  for (const [action, word] of [["replace", "replaced"], ["rename", "under another name"], ["keep", "kept"], ["skip", "left out"], ["refuse", "refused"]] as const) {
    if (many(action) > 0) parts.push(`${many(action)} ${word}`);
  }
  return `${exitCode === 0 ? style.green("✓") : style.red("✗")} would extract ${parts.join(", ")}; ${end}`;
}

/** " → place", where it is another than the name says. */
function newName({ path, destination, action }: PlannedEntry, target: string | undefined): string {
  if (destination === undefined || target === undefined || action === "refuse") return "";
  const place = relative(target, destination).split(sep).join("/");
  return place === path.replace(/^(\.\/)+/, "").replace(/\/+$/, "") ? "" : ` → ${place === "" ? "." : place}`;
}
