/** The entries of a zip, in the order of its central directory: plain ones are made when they are asked for, the others are kept. */
import type { List } from "../../bytes/list.ts";
import type { ZipEntry } from "./entry.ts";
import { PlainEntries } from "./plain-entries.ts";

/** Of fewer entries all are kept: what reads plain ones takes longer to be ready. */
const MANY = 64;
/** An array is made for so many at first. */
const MOST_AT_ONCE = 2 ** 24;

export class EntryList implements List<ZipEntry> {
  readonly #plain: PlainEntries | undefined;
  readonly #expected: number;
  /** By their number; of plain ones there is none. Undefined: all are plain. */
  #kept: (ZipEntry | undefined)[] | undefined;
  #length = 0;

  /** `expected`: how many there will be, as far as that is known. `prefix`: bytes in front of the archive. */
  constructor(expected: number, prefix: number) {
    this.#expected = Math.min(expected, MOST_AT_ONCE);
    this.#plain = expected < MANY ? undefined : plainEntries(prefix, this.#expected);
  }

  get length(): number {
    return this.#length;
  }

  at(number: number): ZipEntry | undefined {
    const kept = this.#kept?.[number];
    return kept !== undefined || this.#plain === undefined || number >= this.#length ? kept : this.#plain.entry(number);
  }

  *[Symbol.iterator](): Generator<ZipEntry> {
    for (let number = 0; number < this.#length; number++) yield this.at(number)!;
  }

  /** Takes plain records, as PlainEntries.scan(). */
  scan(window: Buffer, at: number, most: number): number {
    if (this.#plain === undefined) return at;
    const end = this.#plain.scan(window, at, most);
    this.#length = Math.max(this.#length, this.#plain.count);
    return end;
  }

  /** The next entry, of a record that is not plain; undefined: it comes later, by set(). */
  add(entry: ZipEntry | undefined): void {
    this.#kept ??= new Array<ZipEntry>(this.#expected); // as long as it will be: an array that grows is copied again and again
    this.set(this.#length++, entry);
    this.#plain?.skip();
  }

  set(number: number, entry: ZipEntry | undefined): void {
    this.#kept![number] = entry;
  }

  /** As Index.agreeing(). */
  agreeing(fd: number, number: number): number {
    return this.#kept !== undefined || this.#plain === undefined ? number : this.#plain.agreeing(fd, number);
  }

  /** Whether no entry reaches into the next one, and none leaves more room than it may need; then each has its limit. `end`: where the central directory begins. False: somebody has to look. */
  settle(end: number): boolean {
    return this.#length > 0 && this.#kept === undefined && this.#plain?.settle(end) === true;
  }
}

/** Undefined where WebAssembly is not to be had, which takes gigabytes of addresses for itself: it goes without. */
function plainEntries(prefix: number, most: number): PlainEntries | undefined {
  try {
    return new PlainEntries(prefix, most);
  } catch {
    return undefined;
  }
}
