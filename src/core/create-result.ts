/** What comes of a run of `create`, told from its counts. */
import { UnzipxError } from "../errors.ts";
import type { CreateOptions } from "./create.ts";
import type { Summary } from "./summary.ts";

/** When nothing at all could be read there is no archive. */
export function becomesArchive(summary: Summary): boolean {
  if (summary.files + summary.directories + summary.links > 0) return true;
  if (summary.failures.length > 0) return false;
  if (summary.skipped > 0) summary.warnings.push(new UnzipxError("ODDITY", "The archive is empty: everything was left out", { hint: "-v tells why" }));
  return true;
}

/** The first file to look for; undefined: standard output. */
export function fileOf(out: string, { split, format }: Pick<CreateOptions, "split" | "format">): string | undefined {
  return out === "-" ? undefined : split !== undefined && format === "7z" ? `${out}.001` : out;
}

/** How the parts of a split archive are called. */
export function namingOf(format: CreateOptions["format"]): "zip" | "joined" {
  return format === "7z" ? "joined" : "zip";
}
