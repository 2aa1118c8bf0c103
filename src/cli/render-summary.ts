/** What was done, in one sentence. */
import { join, relative } from "node:path";
import type { Summary } from "../core/summary.ts";
import { printable } from "../text/printable.ts";
import { count, formatCount, formatSize } from "../text/size.ts";
import type { Style } from "./style.ts";

export function summarySentence(summary: Summary, style: Style): string {
  const things = [count(summary.files, "file"), ...(summary.links > 0 ? [count(summary.links, "link")] : []), ...(summary.directories > 0 && summary.files === 0 ? [count(summary.directories, "folder")] : [])].join(", ");
  const time = `${(summary.elapsed / 1000).toFixed(summary.elapsed < 9950 ? 2 : 0)} s`;
  const skipped = summary.skipped > 0 ? `, ${summary.skipped} left as they were` : "";
  const failed = summary.failures.length > 0;
  const mark = failed ? style.red("✗") : style.green("✓");
  switch (summary.action) {
    case "extract":
      if (summary.untouched === "atomic") return `${mark} nothing was extracted: with --atomic it is all or nothing`;
      if (summary.destination === undefined) return `${mark} nothing was extracted: a new folder appears whole or not at all\nhint: mkdir DIR && unzipx x ${printable(summary.archive)} -C DIR, to keep what can be read`;
      return `${mark} ${failed ? "extracted what could be read" : "extracted"}: ${things}, ${formatSize(summary.bytes)} ${whereTo(summary.destination, summary.onlyRoot)} in ${time}${skipped}`;
    case "create": {
      const { archiveBytes = 0, bytes } = summary;
      if (summary.destination === undefined && summary.archive !== "-") return `${mark} nothing was created`;
      const ratio = bytes > archiveBytes ? ` (${((archiveBytes / bytes) * 100).toFixed(1)} %)` : "";
      return `${mark} created ${printable(summary.archive === "-" ? "an archive" : summary.archive)}: ${things}, ${formatSize(bytes)} → ${formatSize(archiveBytes)}${ratio} in ${time}${summary.skipped > 0 ? `, ${formatCount(summary.skipped)} left out` : ""}`;
    }
    case "test":
      return `${mark} ${printable(summary.archive)}: ${failed ? count(summary.failures.length, "problem") : summary.audit === undefined ? "no errors" : "the content is whole"}, ${things}, ${formatSize(summary.bytes)} verified in ${time}`;
    case "list":
      return "";
  }
}

/** What was made, as closely as one name can say it. */
function whereTo(destination: string, onlyRoot: string | undefined): string {
  if (onlyRoot === undefined) return `into ${printable(shortPath(destination))}`;
  const place = printable(shortPath(join(destination, onlyRoot)));
  return onlyRoot.endsWith("/") ? `into ${place.replace(/\/+$/, "")}/` : `as ${place}`;
}

/** As a person would type it from here. */
export function shortPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short === "" ? "." : short.startsWith("..") ? path : short;
}
