/** l: show what is inside. */
import { list, type Listing, type ListOptions } from "../core/list.ts";
import { createSelection } from "../core/select.ts";
import { eachArchive, type Outcome, type ReadingCommand, type Turns } from "./common.ts";

export interface ListCommand extends ReadingCommand {
  /** As in ListOptions. */
  readonly details: boolean;
  /** Verify the contents, and tell their digests. */
  readonly hash: boolean;
  readonly listed: ListOptions["listed"];
  readonly refused: ListOptions["refused"];
  readonly turns: Turns<Listing>;
}

export async function listCommand({ archives, selection, hash, turns, ...options }: ListCommand): Promise<Outcome<Listing>> {
  const one = hash ? (await import("../core/list-hashed.ts")).listHashed : list;
  return eachArchive(archives, async (archive) => one(archive, { ...options, selection: await createSelection(selection) }), turns);
}
