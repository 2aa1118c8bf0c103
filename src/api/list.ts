/** list: the entries of an archive, without their content. */
import type { ListedEntry, Listing as CoreListing } from "../core/list.ts";
import { assertComplete, begin, type OutcomeOptions } from "./outcome.ts";
import { levelsOf, readingOf, type ReadingOptions } from "./reading.ts";
import { sourceOf, type ArchiveSource } from "./source.ts";

export interface ListOptions extends ReadingOptions, OutcomeOptions {
  /** What is in archives inside the archive is shown too, up to so many levels; true: 8. */
  readonly recursive?: boolean | number | undefined;
}

export interface Listing extends CoreListing {
  readonly entries: readonly ListedEntry[];
}

/** Names are exact, and as hostile as they were stored. Of what extract() would refuse, `refused` tells why, as far as that is known without decoding. */
export async function list(source: ArchiveSource, options: ListOptions = {}): Promise<Listing> {
  const held = sourceOf(source, options.name);
  return begin("list the archive", options.signal, async (run) => {
    const [{ list: look }, { bareEntry }] = [await import("../core/list.ts"), await import("../core/bare-entry.ts")];
    const [reading, levels] = [await readingOf(options, run), await levelsOf(options.recursive)];
    const listing = await look(await held.open(run.signal), { ...reading, levels, signal: run.signal });
    await assertComplete(listing.summary, options);
    // Whoever spreads an entry, or makes JSON of it, gets all of it.
    return { ...listing, entries: Array.from(listing.entries, (entry) => (entry.refused === undefined ? bareEntry(entry) : { ...bareEntry(entry), refused: entry.refused })) };
  }, held.release);
}
