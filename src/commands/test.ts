/** t: verify every byte. */
import type { Checksum } from "../core/checksum.ts";
import type { Reporter } from "../core/reporter.ts";
import { createSelection, type SelectionOptions } from "../core/select.ts";
import type { Summary } from "../core/summary.ts";
import { test } from "../core/test.ts";
import type { Limits } from "../safe/policy.ts";
import { eachArchive, type Summaries, type Turns } from "./common.ts";

export interface TestCommand {
  readonly archives: readonly string[];
  readonly selection: SelectionOptions;
  readonly limits: Limits;
  readonly lenient: boolean;
  readonly audit: boolean;
  readonly format: string | undefined;
  readonly encoding: string | undefined;
  readonly password: (() => Promise<string | undefined>) | undefined;
  /** Levels of archives inside archives that are verified too; undefined: none. */
  readonly levels: number | undefined;
  /** What the archive's bytes have to be. */
  readonly checksum: Checksum | undefined;
  readonly threads: number;
  readonly signal: AbortSignal;
  readonly reporter: Reporter;
  readonly turns: Turns<Summary>;
}

export async function testCommand({ archives, selection, turns, ...options }: TestCommand): Promise<Summaries> {
  return eachArchive(archives, async (archive) => test(archive, { ...options, selection: await createSelection(selection) }), turns);
}
