/** Who wants to know more of the entries that are verified than whether all is right: an audit, a listing with digests. */
import type { Entry } from "../formats/contract.ts";
import type { Limits } from "../safe/policy.ts";
import type { Place } from "../safe/tree.ts";
import type { Level } from "./nested.ts";
import type { OpenedIndex, OpenedStream } from "./open.ts";
import type { Look, Seen, TestItem } from "./test-job.ts";

export interface Watcher {
  /** What it wants to know of the contents. */
  readonly look: Look;
  /** An archive was opened: the user's, or one inside. */
  open(opened: OpenedIndex | OpenedStream, level: Level, limits: Limits): Watch;
}

/** The entries of one archive. */
export interface Watch {
  /** In the order in which x would claim it. Returns its place, undefined where it gets none. */
  entry(entry: Entry): Place | undefined;
  /** What a file holds: verified, and looked at; undefined: nothing that tells. */
  content(entry: Entry, seen: Seen | undefined): void;
  /** The target of a link that is its content, at a place that entry() gave. */
  target(entry: Entry, place: Place, target: string): void;
  /** The content of an entry is not to be had; the summary tells why. */
  failed(place: Place): void;
  /** All entries were seen. */
  close(): void;
}

/** Sees the contents of entry after entry, while they are decoded: on every thread. */
export interface Looker {
  add(item: LookedAt, chunk: Uint8Array): void;
  /** The content is complete and verified. */
  done(item: LookedAt): void;
}

type LookedAt = Pick<TestItem, "entry" | "isLink">;

/** Adds to `seen` what there is to tell. */
export async function lookerOf(look: Look, seen: Seen[]): Promise<Looker> {
  return look === "kinds" ? (await import("./audit/look.ts")).looker(seen) : (await import("./digests.ts")).digester(seen);
}
