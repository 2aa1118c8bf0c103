/** Entries as x comes to know them before it claims their places, and in that order, with no content decoded but where links lead. */
import { FileWindow } from "../bytes/file-window.ts";
import type { Decode, Entry, Index, IndexedEntry } from "../formats/contract.ts";
import { RATIO_STARTS_AT } from "../safe/policy.ts";
import { bareEntry, changed } from "./bare-entry.ts";
import { ofEntry } from "./extract-job.ts";
import { lookedInto, TARGET_BYTES } from "./link-target.ts";
import type { OpenedIndex, OpenedStream } from "./open.ts";

export interface ClaimOrder {
  readonly lenient: boolean;
  readonly signal: AbortSignal | undefined;
  wants(path: string): boolean;
  /** Something that is not wanted went by. */
  pass(): void;
}

/** All that are wanted. */
export async function* entriesAsClaimed(opened: OpenedIndex | OpenedStream, { lenient, signal, wants, pass }: ClaimOrder): AsyncGenerator<Entry> {
  if (opened.kind === "index") {
    const judge = await judgeOf(opened, lenient);
    for (let number = 0; number < opened.index.entries.length; number++) {
      const entry = opened.index.entries.at(number)!;
      if (wants(entry.path)) yield judge(entry, number);
    }
    return;
  }
  if (!opened.entriesFailAlone) {
    for await (const entry of opened.entries({ listing: false, wants })) {
      signal?.throwIfAborted();
      if (wants(entry.path)) yield bareEntry(entry);
      else pass();
    }
    return;
  }
  const all: Entry[] = [];
  for await (const entry of opened.entries({ listing: true, wants })) if (wants(entry.path)) all.push(bareEntry(entry));
  const links = await linksOf(opened, all, { signal });
  for (const now of TURNS) for (const entry of all) if (turnOf(entry, opened) === now) yield { ...entry, ...(entry.type === "symlink" ? links.get(entry.path) : undefined) };
}

/** What makes of an entry, and its number, what x comes to know before it claims a place, but without any content except where a link leads. */
export async function judgeOf({ container, source, index }: OpenedIndex, lenient: boolean): Promise<(entry: IndexedEntry, number: number) => Entry | Promise<Entry>> {
  const decode = await container.decoder();
  const headers = new FileWindow(source.fd);
  let agreed = 0;
  return (entry, number) => {
    if (number >= agreed) agreed = agreeing(index, number);
    return number < agreed ? entry : judge(entry, headers, decode, lenient);
  };
}

function agreeing(index: Index, number: number): number {
  try {
    return index.agreeing?.(number) ?? number;
  } catch {
    return number; // a place that cannot be read is trouble of the entries there: who looks at each tells it
  }
}

function judge(entry: IndexedEntry, headers: FileWindow, decode: Decode, lenient: boolean): Entry | Promise<Entry> {
  if (entry.refusal !== undefined || entry.type === "special") return entry;
  if (entry.type === "symlink" && !entry.encrypted) return lookedInto(entry, { fd: headers.fd, decode, lenient });
  try {
    decode(headers.fd, entry.locator, { lenient, headersOnly: headers });
    return entry;
  } catch (error) {
    return changed(entry, { refusal: ofEntry(error).in({ entry: entry.path }) });
  }
}

/** The engine gives folders first, and hard links last. */
export const TURNS = [0, 1, 2] as const;

export function turnOf({ type }: Entry, { byEngine }: OpenedStream): (typeof TURNS)[number] {
  return !byEngine || type === "directory" ? 0 : type === "file" || type === "symlink" ? 1 : 2;
}

/**
 * What is only known of links when their target is decoded, which is their content, by what `pathOf` makes of their paths, as the paths of `entries` are. It may
 * mean decoding what stands in front of it in its block, so that is only done in archives that cannot hold much.
 */
export async function linksOf(
  opened: OpenedStream, entries: readonly Entry[], { signal, pathOf = (path) => path }: { readonly signal: AbortSignal | undefined; readonly pathOf?: (path: string) => string },
): Promise<Map<string, Pick<Entry, "linkTarget" | "refusal">>> {
  const wanted = new Set(entries.filter((entry) => entry.type === "symlink" && entry.linkTarget === undefined && !entry.encrypted && entry.refusal === undefined).map(({ path }) => path));
  const links = new Map<string, Pick<Entry, "linkTarget" | "refusal">>();
  if (wanted.size === 0 || entries.reduce((sum, entry) => sum + (entry.size ?? 0), 0) > RATIO_STARTS_AT) return links;
  try {
    for await (const { type, path, linkTarget, refusal } of opened.entries({ listing: false, wants: (one) => wanted.has(pathOf(one)) })) {
      signal?.throwIfAborted();
      if (type === "symlink" && (linkTarget?.length ?? 0) <= TARGET_BYTES) links.set(pathOf(path), { linkTarget, refusal });
    }
  } catch (error) {
    ofEntry(error); // throws what ends the run; damage is for x and t to tell
  }
  return links;
}
