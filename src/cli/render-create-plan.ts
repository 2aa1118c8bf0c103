/** The plan of c --dry-run as text. */
import type { CreatePlan } from "../core/plan-create.ts";
import { printable } from "../text/printable.ts";
import { count, formatCount, formatSize } from "../text/size.ts";
import type { Style } from "./style.ts";
import { LEFT_OUT_BY } from "./verbose.ts";

const ROWS_AT_ONCE = 1000;

/** A line for each entry, in the order of the archive; with `all`, also for what is left out, and by which flag. */
export function* createPlanTable({ entries, leftOut }: CreatePlan, style: Style, all: boolean): Generator<string> {
  const row = (action: string, size: string, path: string): string => `${action} ${size.padStart(8)}  ${printable(path)}\n`;
  for (let at = 0; at < entries.length; at += ROWS_AT_ONCE) {
    yield entries.slice(at, at + ROWS_AT_ONCE).map(({ type, size, path }) =>
      row(style.green("pack"), type === "file" ? formatSize(size) : "", type === "directory" ? `${path}/` : path)).join("");
  }
  if (all) for (const { path, why } of leftOut) yield row(style.dim("skip"), "", `${path}: ${LEFT_OUT_BY[why]}`);
}

export function createPlanSentence({ summary, leftOut, exitCode }: CreatePlan, style: Style): string {
  const { archive, format, files, links, directories, bytes, destination, failures } = summary;
  const end = `exit code ${exitCode}; nothing was written`;
  if (destination === undefined && archive !== "-") return `${style.red("✗")} would create nothing; ${end}`;
  const things = [count(files, "file"), ...(links > 0 ? [count(links, "link")] : []), ...(directories > 0 ? [count(directories, "folder")] : []), formatSize(bytes)].join(", ");
  const rest = `${leftOut.length > 0 ? `, ${formatCount(leftOut.length)} left out` : ""}${failures.length > 0 ? `, ${count(failures.length, "failure")}` : ""}`;
  return `${exitCode === 0 ? style.green("✓") : style.red("✗")} would create ${printable(archive === "-" ? "an archive" : archive)} (${[...format].reverse().join(" in ")}): ${things}${rest}; ${end}`;
}
