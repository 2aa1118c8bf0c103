/** x: unpack. */
import { assertMayDelete, extractFrom, type ExtractOptions } from "../core/extract.ts";
import { ownName } from "../core/own-name.ts";
import type { Checksum } from "../core/checksum.ts";
import type { ExtractPlan } from "../core/plan-extract.ts";
import type { Renaming } from "../core/rename.ts";
import { createSelection } from "../core/select.ts";
import { exitCodeOf, type Summary } from "../core/summary.ts";
import { extractTo, type Sink } from "../core/test.ts";
import { wholeName } from "../core/volumes.ts";
import type { Policy } from "../safe/policy.ts";
import type { Ask } from "../safe/conflicts.ts";
import type { Destination } from "../safe/writer.ts";
import { eachArchive, type Outcome, type ReadingCommand, type Summaries, type Turns } from "./common.ts";

export interface ExtractCommand extends Omit<ReadingCommand, "limits" | "lenient"> {
  /** With the limits, and whether to be lenient. */
  readonly policy: Policy;
  readonly directory: string;
  readonly into: Destination["into"];
  /** As in ExtractOptions. */
  readonly reserved: readonly string[];
  readonly renaming: Renaming | undefined;
  /** What the archive's bytes have to be. */
  readonly checksum: Checksum | undefined;
  /** As in ExtractOptions. */
  readonly deleteSource: boolean;
  /** As in ExtractOptions. */
  readonly ownsProcess: boolean;
  /** Members go here instead of the disk. */
  readonly sink: Sink | undefined;
  readonly ask: Ask | undefined;
  readonly turns: Turns<Summary>;
}

export async function extractCommand(command: ExtractCommand): Promise<Summaries> {
  const { sink, archives, deleteSource, policy: { limits, lenient } } = command;
  if (deleteSource) for (const archive of archives) assertMayDelete(archive, await createSelection(command.selection)); // before anything is unpacked
  const deletions: (() => Promise<void>)[] = [];
  const outcome = await eachArchive(archives, async (archive) => {
    if (sink !== undefined) return extractTo(sink, archive, { ...command, selection: await createSelection(command.selection), limits, lenient });
    const extracted = await extractFrom(archive, await optionsFor(archive, command));
    deletions.push(() => extracted.deleteSource());
    return extracted.summary;
  }, command.turns);
  // All of them or none: a word that was taken for an archive may have been meant as a member of another one.
  if (deleteSource && exitCodeOf(outcome.results, outcome.errors) === 0) for (const one of deletions) await one();
  return outcome;
}

/** The same, without doing any of it. */
export async function planCommand(command: ExtractCommand, turns: Turns<ExtractPlan>): Promise<Outcome<ExtractPlan>> {
  const { planExtract } = await import("../core/plan-extract.ts");
  return eachArchive(command.archives, async (archive) => planExtract(archive, await optionsFor(archive, command)), turns);
}

async function optionsFor(archive: string, { selection, sink: _, archives: __, ...options }: ExtractCommand): Promise<ExtractOptions> {
  return { ...options, selection: await createSelection(selection), ownName: ownName(wholeName(archive)) };
}
