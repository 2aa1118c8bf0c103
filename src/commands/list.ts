/** l: show what is inside. */
import { list, type Listing, type ListOptions } from "../core/list.ts";
import { createSelection, type SelectionOptions } from "../core/select.ts";
import type { Reporter } from "../core/reporter.ts";
import type { Limits } from "../safe/policy.ts";
import { eachArchive, type Outcome, type Turns } from "./common.ts";

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
  /** As in ListOptions. */
  readonly details: boolean;
  /** Verify the contents, and tell their digests. */
  readonly hash: boolean;
  readonly listed: ListOptions["listed"];
  readonly refused: ListOptions["refused"];
  readonly signal: AbortSignal;
  /** Of the work on the contents. */
  readonly reporter: Reporter;
  readonly turns: Turns<Listing>;
}

export async function listCommand({ archives, selection, hash, turns, ...options }: ListCommand): Promise<Outcome<Listing>> {
  const one = hash ? (await import("../core/list-hashed.ts")).listHashed : list;
  return eachArchive(archives, async (archive) => one(archive, { ...options, selection: await createSelection(selection) }), turns);
}
