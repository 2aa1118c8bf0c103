/** The rows of a listing. An entry of the archive's index that is shown as it stands is kept by its number: there may be a million. */
import type { List } from "../bytes/list.ts";
import type { Entry } from "../formats/contract.ts";
import type { ListedEntry } from "./list.ts";

export class Rows implements List<ListedEntry> {
  readonly #index: List<Entry> | undefined;
  readonly #rows: (ListedEntry | number)[] = [];

  constructor(index?: List<Entry>) {
    this.#index = index;
  }

  get length(): number {
    return this.#rows.length;
  }

  at(row: number): ListedEntry | undefined {
    const one = this.#rows[row];
    return typeof one === "number" ? this.#index!.at(one) : one;
  }

  *[Symbol.iterator](): Generator<ListedEntry> {
    for (let row = 0; row < this.#rows.length; row++) yield this.at(row)!;
  }

  /** An entry, or the number of one in the index. */
  push(entry: ListedEntry | number): void {
    this.#rows.push(entry);
  }

  replace(row: number, entry: ListedEntry): void {
    this.#rows[row] = entry;
  }
}
