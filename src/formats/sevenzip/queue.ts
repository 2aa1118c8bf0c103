/** Joins what comes out of the engine with what it listed. */
import type { Described } from "./describe.ts";

/** Which entry a file that comes out belongs to: by its name, and where 7-Zip changed that, by the order. */
export class Queue {
  readonly #byName = new Map<string, Described[]>();
  readonly #left: Set<Described>;

  constructor(entries: readonly Described[]) {
    this.#left = new Set(entries.filter((entry) => entry.type !== "directory" && entry.type !== "hardlink"));
    for (const entry of entries) {
      const key = Buffer.from(entry.rawPath, "latin1").toString("utf8");
      const same = this.#byName.get(key);
      if (same === undefined) this.#byName.set(key, [entry]);
      else same.push(entry);
    }
  }

  take(path: string): Described | undefined {
    // Control characters are shown as "_" in the listing, and are what they are here.
    const named = this.#byName.get(path) ?? this.#byName.get(path.replace(/[\0-\x1f\x7f]/g, "_"));
    const [first] = this.#left;
    // A folder that comes out as a file (ISO's moved ones do) is still that folder.
    const entry = named === undefined ? first : named.find((one) => this.#left.has(one));
    if (entry === undefined) return undefined;
    this.#left.delete(entry);
    return entry;
  }

  /** Whether all of them came out. */
  get isDone(): boolean {
    return this.#left.size === 0;
  }
}
