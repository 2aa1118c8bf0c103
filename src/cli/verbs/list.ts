/** The command l. */
import { UnzipxError } from "../../errors.ts";
import type { Sort } from "../list-sort.ts";
import type { Flags } from "../program.ts";
import { createRenderer } from "../render.ts";
import { passwordFrom, readingFrom, type Verb } from "./shared.ts";

export const list: Verb = async (words, dashed, flags, signal) => {
  const reading = await readingFrom(words, dashed, flags);
  assertOneView(flags);
  const renderer = await createRenderer(flags, "l", reading.archives);
  const password = passwordFrom(flags, renderer, { archives: reading.archives });
  const { listCommand } = await import("../../commands/list.ts");
  const outcome = await listCommand({
    ...reading, password, signal, reporter: renderer.reporter, turns: renderer.listing, listed: renderer.listing.listed, refused: renderer.listing.refused,
    details: ["long", "info", "json", "ndjson"].some((flag) => flags[flag] === true), hash: flags["hash"] !== undefined,
  });
  const by = flags["sort"] as Sort | undefined;
  if (by === undefined) return renderer.listings(outcome);
  const { sorted } = await import("../list-sort.ts");
  return renderer.listings({ ...outcome, results: outcome.results.map((listing) => ({ ...listing, entries: sorted(listing.entries, by) })) });
};

/** -0 also says how a list of names (-T) is read; alone it is a way to show names. */
function assertOneView(flags: Flags): void {
  const other = ["long", "tree", "info"].find((view) => flags[view] === true);
  if (flags["null"] === true && other !== undefined && flags["filesFrom"] === undefined) throw new UnzipxError("USAGE", `Cannot do both: -0 shows names only, and --${other} more than that`);
}
