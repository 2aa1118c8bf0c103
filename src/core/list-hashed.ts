/** l with the digests of contents: everything is decoded and verified for it, in the order in which x would see the entries. */
import type { UnzipxError } from "../errors.ts";
import type { Entry } from "../formats/contract.ts";
import type { Limits } from "../safe/policy.ts";
import { pathOf, type Place } from "../safe/tree.ts";
import { changed } from "./bare-entry.ts";
import { DryRun } from "./dry-run.ts";
import { factsOf, noFacts, type ListedEntry, type Listing, type ListOptions } from "./list.ts";
import { pathInside, type Level } from "./nested.ts";
import type { OpenedIndex, OpenedStream } from "./open.ts";
import type { Reporter } from "./reporter.ts";
import { EVERYTHING } from "./select.ts";
import type { Seen } from "./test-job.ts";
import { watch } from "./test.ts";
import type { Watch, Watcher } from "./watch.ts";

export async function listHashed(archive: string, options: ListOptions & { readonly reporter: Reporter }): Promise<Listing> {
  const { lenient = false, threads = 1, listed = () => {}, refused = () => {} } = options;
  const rows: ListedEntry[] = [];
  const facts = noFacts();
  let comment: string | undefined;
  let outermost: OpenedIndex | OpenedStream | undefined;
  const watcher: Watcher = {
    look: "digests",
    open(opened, level, limits) {
      outermost ??= opened;
      if (level.prefix === "" && opened.kind === "index") comment = opened.index.comment;
      return new HashedRows(rows, opened, level, { limits, listed, refused });
    },
  };
  const summary = await watch(archive, { ...options, lenient, threads, facts }, watcher);
  return { entries: rows, comment, summary, whole: options.selection === EVERYTHING, facts: factsOf(facts, outermost!) };
}

interface RowsOptions {
  readonly limits: Limits;
  listed(entry: ListedEntry): void;
  refused(entry: ListedEntry): void;
}

/** Those of one archive. */
class HashedRows implements Watch {
  readonly #rows: ListedEntry[];
  readonly #level: Level;
  readonly #options: RowsOptions;
  readonly #dry: DryRun<number>;
  readonly #rowOf = new Map<Entry, number>();

  constructor(rows: ListedEntry[], opened: OpenedIndex | OpenedStream, level: Level, options: RowsOptions) {
    this.#rows = rows;
    this.#level = level;
    this.#options = options;
    this.#dry = new DryRun(opened, { limits: options.limits, prefix: level.prefix });
  }

  entry(entry: Entry): Place | undefined {
    const row = this.#rows.push(changed(entry, { path: pathInside(this.#level, entry.path) })) - 1;
    if (entry.type === "file" || (entry.type === "symlink" && entry.linkTarget === undefined)) this.#rowOf.set(entry, row);
    const claimed = entry.refusal ?? this.#dry.claim(entry, row);
    this.#rows[row] = { ...this.#rows[row]!, ...(claimed instanceof Error ? { refused: claimed } : { place: `${this.#level.prefix}${pathOf(claimed)}` }) };
    if (!this.#rowOf.has(entry)) this.#options.listed(this.#rows[row]!);
    return claimed instanceof Error ? undefined : claimed;
  }

  content(entry: Entry, seen: Seen | undefined): void {
    this.#complete(entry, { sha256: seen!.sha256! });
  }

  target(entry: Entry, place: Place, linkTarget: string): void {
    place.linkTarget = linkTarget;
    this.#complete(entry, { linkTarget });
  }

  failed(place: Place): void {
    place.dropped = true;
  }

  close(): void {
    this.#dry.finish((error: UnzipxError, row: number) => {
      this.#rows[row] = { ...this.#rows[row]!, refused: error };
      this.#options.refused(this.#rows[row]!);
    });
  }

  #complete(entry: Entry, known: Partial<ListedEntry>): void {
    const row = this.#rowOf.get(entry)!;
    this.#rowOf.delete(entry);
    this.#rows[row] = { ...this.#rows[row]!, ...known };
    this.#options.listed(this.#rows[row]!);
  }
}
