/** What of an extraction gets the mark of its archive. */
import type { Place } from "./tree.ts";

/** What is to be marked, while it lies in the staging folder. */
export interface Markable {
  readonly path: string;
  readonly isFolder: boolean;
  readonly mode: number;
  /** Milliseconds; undefined where the present is as good. */
  readonly mtime: number | undefined;
}

/** Files, and folders that were not there before. */
export function* markablePlaces(root: Place, describe: (place: Place) => Omit<Markable, "isFolder">): Generator<Markable> {
  const pending = [root];
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    if (place.dropped) continue;
    const isFolder = place.type === "directory";
    if (isFolder) for (const child of place.children!.values()) pending.push(child);
    if (place.type === "file" || (isFolder && place.onDisk !== "directory")) yield { ...describe(place), isFolder };
  }
}
