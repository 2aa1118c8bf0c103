/** What the ways to extract have in common: what is wanted, what is claimed, what is counted. */
import { addAll } from "../bytes/add-all.ts";
import { UnzipxError } from "../errors.ts";
import type { Entry } from "../formats/contract.ts";
import type { Budget } from "../safe/budget.ts";
import type { Claim, Claimed, SafeWriter, Settled } from "../safe/writer.ts";
import type { ExtractOptions } from "./extract.ts";
import { isArchiveName } from "./own-name.ts";
import type { Summary } from "./summary.ts";

export interface Run {
  readonly writer: SafeWriter;
  readonly summary: Summary;
  readonly options: ExtractOptions;
  readonly budget: Budget;
  /** Filled with the files that may be archives themselves; undefined: nobody wants to know. */
  readonly found: Found[] | undefined;
}

/** A file of an archive that is named like one itself. */
export interface Found {
  readonly claim: Claim;
  readonly entry: Entry;
  /** Selected by its own name; otherwise it is only here for what may be in it. */
  readonly wanted: boolean;
}

export function wants({ found, options: { selection } }: Run, path: string): boolean {
  return selection.wants(path) || (found !== undefined && isArchiveName(path) && selection.looksInto(path));
}

export function remember(run: Run, claim: Claim, entry: Entry): void {
  if (run.found !== undefined && isArchiveName(entry.path)) run.found.push({ claim, entry, wanted: run.options.selection.wants(entry.path) });
}

export async function settle(writer: SafeWriter, summary: Summary): Promise<Settled> {
  const settled = await writer.settle();
  addAll(summary.failures, settled.refused);
  summary.skipped += settled.skippedFiles + settled.skippedLinks;
  return settled;
}

export function record(claimed: Claimed | "nameless", entry: Entry, summary: Summary): Claim | undefined {
  if (claimed === "nameless") {
    if (entry.type === "directory") return undefined; // what is in it comes all the same
    summary.skipped += 1;
    summary.warnings.push(nameless(entry));
    return undefined;
  }
  if (claimed === "skip") {
    summary.skipped += 1;
    return undefined;
  }
  if (claimed instanceof UnzipxError) {
    summary.failures.push(claimed.in({ entry: entry.path }));
    return undefined;
  }
  if (claimed.repeats) summary.files -= 1;
  if (claimed.place.type === "directory") summary.directories += 1;
  else if (claimed.place.type !== "file") summary.links += 1;
  return claimed;
}

export function nameless({ path }: Entry): UnzipxError {
  return new UnzipxError("ODDITY", "Left out an entry: nothing is left of its name", { entry: path });
}
