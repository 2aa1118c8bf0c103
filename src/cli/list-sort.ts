/** l --sort: largest, newest and best compressed first; what has no such value comes last, in its own order. */
import type { ListedEntry } from "../core/list.ts";

export type Sort = "name" | "size" | "date" | "ratio";

export function sorted(entries: Iterable<ListedEntry>, by: Sort): readonly ListedEntry[] {
  if (by === "name") return [...entries].sort((one, other) => (one.path < other.path ? -1 : one.path > other.path ? 1 : 0));
  return [...entries].map((entry) => ({ entry, rank: RANKS[by](entry) })).sort((one, other) => one.rank - other.rank || 0).map(({ entry }) => entry);
}

/** Smallest first. */
const RANKS: Record<Exclude<Sort, "name">, (entry: ListedEntry) => number> = {
  size: ({ type, size }) => (type === "file" && size !== undefined ? -size : Infinity),
  date: ({ mtime }) => (mtime === undefined || Number.isNaN(mtime) ? Infinity : -mtime),
  ratio: ({ type, size, packedSize }) => (type === "file" && size !== undefined && size > 0 && packedSize !== undefined ? packedSize / size : Infinity),
};
