/** l: show what is inside. */
import { list, type Listing } from "../core/list.ts";
import { createSelection, type SelectionOptions } from "../core/select.ts";
import type { Limits } from "../safe/policy.ts";
import { eachArchive, type Outcome } from "./common.ts";

export interface ListCommand {
  readonly archives: readonly string[];
  readonly selection: SelectionOptions;
  readonly limits: Limits;
  readonly lenient: boolean;
  readonly format: string | undefined;
  readonly encoding: string | undefined;
  readonly password: (() => Promise<string | undefined>) | undefined;
  /** Levels of archives inside archives that are shown too; undefined: none. */
  readonly levels: number | undefined;
  readonly threads: number;
  readonly signal: AbortSignal;
}

export async function listCommand({ archives, selection, ...options }: ListCommand): Promise<Outcome<Listing>> {
  return eachArchive(archives, async (archive) => list(archive, { ...options, selection: await createSelection(selection) }));
}
