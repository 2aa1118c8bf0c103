/** x: unpack. */
import { extract } from "../core/extract.ts";
import { ownName } from "../core/own-name.ts";
import type { Checksum } from "../core/checksum.ts";
import type { Renaming } from "../core/rename.ts";
import type { Reporter } from "../core/reporter.ts";
import { createSelection, type SelectionOptions } from "../core/select.ts";
import { extractTo, type Sink } from "../core/test.ts";
import { wholeName } from "../core/volumes.ts";
import type { Policy } from "../safe/policy.ts";
import type { Ask } from "../safe/conflicts.ts";
import type { Destination } from "../safe/writer.ts";
import { eachArchive, type Summaries } from "./common.ts";

export interface ExtractCommand {
  readonly archives: readonly string[];
  readonly selection: SelectionOptions;
  readonly directory: string;
  readonly into: Destination["into"];
  /** As in ExtractOptions. */
  readonly reserved: readonly string[];
  readonly policy: Policy;
  readonly renaming: Renaming | undefined;
  readonly format: string | undefined;
  readonly encoding: string | undefined;
  readonly password: (() => Promise<string | undefined>) | undefined;
  /** Levels of archives inside archives that are unpacked too; undefined: none. */
  readonly levels: number | undefined;
  /** What the archive's bytes have to be. */
  readonly checksum: Checksum | undefined;
  readonly threads: number;
  /** Members go here instead of the disk. */
  readonly sink: Sink | undefined;
  readonly ask: Ask | undefined;
  readonly signal: AbortSignal;
  readonly reporter: Reporter;
}

export async function extractCommand(command: ExtractCommand): Promise<Summaries> {
  const { selection: wanted, policy, sink, archives, reserved, ...options } = command;
  return eachArchive(archives, async (archive) => {
    const selection = await createSelection(wanted);
    if (sink !== undefined) return extractTo(sink, archive, { ...options, selection, limits: policy.limits, lenient: policy.lenient });
    return extract(archive, { ...options, selection, policy, reserved, ownName: ownName(wholeName(archive)) });
  });
}
