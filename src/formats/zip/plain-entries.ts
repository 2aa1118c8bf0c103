/**
 * Entries whose records are plain, as most are: read by plain.c, in whose memory of each there are 32 bytes and its name. To everybody else an object of 40 bytes looks
 * like an entry; one with all of it in fields takes 110, and its path 50.
 */
import { readUpTo } from "../../bytes/read-file.ts";
import { growTo, instantiate, type WasmMemory } from "../../bytes/webassembly.ts";
import { wholeSeconds } from "../../bytes/whole-seconds.ts";
import type { UnzipxError } from "../../errors.ts";
import type { ZipLocator } from "./decode.ts";
import type { EntryTypeOfZip, ZipEntry } from "./entry.ts";
import { calendar } from "./entry-time.ts";
import { EXTRA_GUESS, LOCAL_HEADER } from "./local-header.ts";
import { DEFLATE, methodName, STORE } from "./methods.ts";
import { CODE } from "./plain-code.ts";

/** What plain.c exports; addresses and lengths in bytes. */
interface Code {
  readonly memory: WasmMemory;
  window(): number;
  count(): number;
  rows(): number;
  used(): number;
  asked(): number;
  begin(entries: number): void;
  tell(dos: number, seconds: number): void;
  scan(at: number, end: number, limit: number): number;
  skip(): void;
  isInOrder(end: number): number;
  agreeing(entry: number, from: number, length: number, end: number): number;
}

/** As in plain.c: what a row holds, in 32 bits each. */
const [SIZE, PACKED, CRC32, OFFSET, SECONDS, NAME, HOW, MODE, ROW] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
const NAME_LENGTH = 0xffff;
const FLAGS_AT = 16;
const FLAG_DESCRIPTOR = 0x8;
const MOST_FLAGS = 0xfff;
const DEFLATED = 1 << 28;
const MODES = 0o7777;
const IS_FOLDER = 1 << 12;

const NOTHING = Buffer.alloc(0);
/** What comes behind that is read as if it were special. */
const MOST_MEMORY = 2 ** 31;
/** Where little data lies between them, so much is read for headers at once. */
const NEAR = 4096;
const MANY_HEADERS = 1 << 18;

export class PlainEntries {
  readonly #code = instantiate(CODE) as Code;
  /** Bytes in front of the archive. */
  readonly #prefix: number;
  readonly #calendar = calendar();
  #memory: Buffer = NOTHING;
  #words = new Uint32Array(0);
  /** Where the rows begin, in words. */
  readonly #rows: number;
  /** What lies in the code's window: records, or the local headers from one place of the file to another. */
  #window: Buffer = NOTHING;
  #headers = { start: 0, end: 0 };
  /** Where the central directory begins, if each entry's room ends where the next one begins. */
  #end: number | undefined;
  /** The ends of their rooms otherwise. */
  #limits = new Float64Array(0);
  readonly #refusals = new Map<number, UnzipxError>();
  /** Whoever is at an entry asks for its path more than once. */
  #lately = -1;
  #path = "";

  /** For `most` entries. */
  constructor(prefix: number, most: number) {
    this.#prefix = prefix;
    const code = this.#code;
    code.begin(0);
    if (this.#reserve(code.used() + most * ROW * Uint32Array.BYTES_PER_ELEMENT)) code.begin(most); // else it takes none
    this.#rows = code.rows() / Uint32Array.BYTES_PER_ELEMENT;
  }

  get count(): number {
    return this.#code.count();
  }

  /** Takes the plain records of `window` from `at` on, `most` at most. Returns where the first begins that is none. A window is never written over. */
  scan(window: Buffer, at: number, most: number): number {
    const code = this.#code;
    if (!this.#reserve(code.used() + window.length)) return at;
    if (window !== this.#window) this.#memory.set(window, code.window());
    this.#window = window;
    const last = this.count + Math.min(most, 2 ** 31);
    let end = at;
    do end = code.scan(end, window.length, last - this.count);
    while (code.asked() !== 0 && this.#tell(window, end));
    return end;
  }

  /** Leaves the number of the next entry to one that is not plain. */
  skip(): void {
    this.#code.skip();
  }

  entry(number: number): ZipEntry {
    return new PlainEntry(this, number);
  }

  /** As EntryList.settle(), if all entries are plain. */
  settle(end: number): boolean {
    if (this.#code.isInOrder(end - this.#prefix) === 0) return false;
    this.#end = end;
    return true;
  }

  /** As EntryList.agreeing(). */
  agreeing(fd: number, entry: number): number {
    if (this.#end === undefined || (this.flags(entry) & FLAG_DESCRIPTOR) !== 0) return entry;
    const offset = this.offset(entry);
    const length = LOCAL_HEADER + this.nameLength(entry) + EXTRA_GUESS;
    const { start, end } = this.#headers;
    if (offset < start || offset + length > end) this.#readHeaders(fd, offset, this.number(entry, PACKED) <= NEAR ? MANY_HEADERS : length);
    return this.#code.agreeing(entry, offset - this.#headers.start, this.#headers.end - this.#headers.start, this.#end - this.#prefix);
  }

  /** Into the code's window, which no records are in any more. */
  #readHeaders(fd: number, offset: number, length: number): void {
    const window = this.#code.window();
    [this.#window, this.#headers] = [NOTHING, { start: 0, end: 0 }]; // until it is read
    const found = readUpTo(fd, this.#memory.subarray(window, window + length), offset);
    this.#headers = { start: offset, end: offset + found };
  }

  flags(entry: number): number {
    return (this.number(entry, HOW) >>> FLAGS_AT) & MOST_FLAGS;
  }

  nameLength(entry: number): number {
    return this.number(entry, HOW) & NAME_LENGTH;
  }

  number(entry: number, column: number): number {
    return this.#words[this.#rows + entry * ROW + column]!;
  }

  offset(entry: number): number {
    return this.number(entry, OFFSET) + this.#prefix;
  }

  path(entry: number): string {
    if (entry === this.#lately) return this.#path;
    const start = this.number(entry, NAME);
    this.#path = this.#memory.toString("latin1", start, start + this.nameLength(entry));
    this.#lately = entry;
    return this.#path;
  }

  limit(entry: number): number {
    if (this.#end === undefined) return this.#limits[entry]!;
    return entry + 1 < this.count ? this.offset(entry + 1) : this.#end;
  }

  setLimit(entry: number, limit: number): void {
    if (this.#limits.length === 0) this.#limits = new Float64Array(this.count);
    this.#limits[entry] = limit;
  }

  refusal(entry: number): UnzipxError | undefined {
    return this.#refusals.size === 0 ? undefined : this.#refusals.get(entry);
  }

  refuse(entry: number, refusal: UnzipxError | undefined): void {
    if (refusal === undefined) this.#refusals.delete(entry);
    else this.#refusals.set(entry, refusal);
  }

  /** What the time of MS-DOS in the record at `at` means; false: it is none that a plain record has. */
  #tell(window: Buffer, at: number): boolean {
    // 12 - time, 14 - date
    const [time, date] = [window.readUInt16LE(at + 12), window.readUInt16LE(at + 14)];
    const { mtime, isOdd } = this.#calendar(date, time);
    const seconds = wholeSeconds(mtime);
    if (isOdd || seconds === undefined) return false;
    this.#code.tell((date << 16) | time, seconds);
    return true;
  }

  #reserve(bytes: number): boolean {
    const { memory } = this.#code;
    if (bytes > MOST_MEMORY || !growTo(memory, bytes, MOST_MEMORY)) return false;
    if (this.#memory.buffer !== memory.buffer) [this.#memory, this.#words] = [Buffer.from(memory.buffer), new Uint32Array(memory.buffer)];
    return true;
  }
}

class PlainEntry implements ZipEntry {
  readonly #all: PlainEntries;
  readonly #number: number;

  constructor(all: PlainEntries, number: number) {
    this.#all = all;
    this.#number = number;
  }

  get path(): string {
    return this.#all.path(this.#number);
  }

  get type(): EntryTypeOfZip {
    return this.#isFolder ? "directory" : "file";
  }

  get size(): number {
    return this.#all.number(this.#number, SIZE);
  }

  get packedSize(): number {
    return this.#all.number(this.#number, PACKED);
  }

  get mtime(): number {
    return (this.#all.number(this.#number, SECONDS) | 0) * 1000;
  }

  /** Writers that know no modes leave 0: see readEntry(). */
  get mode(): number | undefined {
    return this.#all.number(this.#number, MODE) & MODES || undefined;
  }

  get linkTarget(): undefined {
    return undefined;
  }

  get method(): string {
    return methodName(this.#method);
  }

  get crc32(): number {
    return this.#all.number(this.#number, CRC32);
  }

  get encrypted(): boolean {
    return false;
  }

  get cipher(): undefined {
    return undefined;
  }

  get comment(): undefined {
    return undefined;
  }

  get escaped(): undefined {
    return undefined;
  }

  get refusal(): UnzipxError | undefined {
    return this.#all.refusal(this.#number);
  }

  set refusal(refusal: UnzipxError | undefined) {
    this.#all.refuse(this.#number, refusal);
  }

  get offset(): number {
    return this.#all.offset(this.#number);
  }

  get nameLength(): number {
    return this.#all.nameLength(this.#number);
  }

  set limit(limit: number) {
    this.#all.setLimit(this.#number, limit);
  }

  get #isFolder(): boolean {
    return (this.#all.number(this.#number, MODE) & IS_FOLDER) !== 0;
  }

  get #method(): number {
    return (this.#all.number(this.#number, HOW) & DEFLATED) !== 0 ? DEFLATE : STORE;
  }

  get locator(): ZipLocator {
    const { path, offset, packedSize, size, crc32 } = this;
    return {
      offset, packedSize, size, flags: this.#all.flags(this.#number), method: this.#method,
      crc32, aes: undefined, unicodeName: undefined, dosTime: 0, isFolder: this.#isFolder, rawName: path, limit: this.#all.limit(this.#number),
    };
  }
}
