/** The header structure of rpm: an index of tags, and a store with what they say (rpm.org, "RPM v4 format", "Header structure"). */
import type { BlockReader } from "../bytes/block-reader.ts";
import { UnzipxError } from "../errors.ts";

const MAGIC = 0x8eade801;
/** Magic and version, 4 bytes reserved, how many tags, bytes of the store. */
const PREAMBLE = 16;
/** Tag, type, offset in the store, count. */
const ENTRY = 16;
/** rpm's own limit (HEADER_TAGS_MAX). */
const MAX_ENTRIES = 0xffff;
/** rpm allows 256 MiB. A package of 100,000 files needs about 150 bytes for each: 15 MiB. */
const MAX_STORE = 32 * 1024 * 1024;
/** Of one tag; those of files have one for each. An empty string is one byte, so the limit of the store allows too many. */
const MAX_VALUES = 500_000;

/** Types of values, with the bytes of one; 0: strings, which end with a NUL. */
const WIDTHS = new Map([[1, 1], [2, 1], [3, 2], [4, 4], [5, 8], [6, 0], [7, 1], [8, 0], [9, 0]]);

/** The strings of a tag, where they lie: a view of each would be a hundred bytes. */
export interface Strings {
  readonly length: number;
  at(index: number): Uint8Array;
}

interface Value {
  readonly type: number;
  readonly offset: number;
  readonly count: number;
}

export class RpmHeader {
  /** The whole structure as it stands in the file: what digests are made of. */
  readonly bytes: Uint8Array;
  readonly #store: Buffer;
  readonly #values = new Map<number, Value>();
  readonly #doubled = new Set<number>();

  constructor(bytes: Uint8Array, entries: number) {
    this.bytes = bytes;
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#store = buffer.subarray(PREAMBLE + entries * ENTRY);
    for (let at = PREAMBLE, i = 0; i < entries; i++, at += ENTRY) {
      const [tag, type, offset, count] = [buffer.readUInt32BE(at), buffer.readUInt32BE(at + 4), buffer.readUInt32BE(at + 8), buffer.readUInt32BE(at + 12)];
      const width = WIDTHS.get(type);
      if (width === undefined) continue; // NULL, and what later versions may add
      if (offset + count * Math.max(width, 1) > this.#store.length) throw bad(`its tag ${tag} points out of its header`);
      if (this.#values.has(tag)) this.#doubled.add(tag);
      this.#values.set(tag, { type, offset, count });
    }
  }

  has(tag: number): boolean {
    return this.#values.has(tag);
  }

  /** The first string of a tag; undefined where it is absent. */
  text(tag: number): string | undefined {
    const strings = this.strings(tag);
    return strings === undefined || strings.length === 0 ? undefined : Buffer.from(strings.at(0)).toString("latin1");
  }

  /** All strings of a tag, as bytes. */
  strings(tag: number): Strings | undefined {
    const value = this.#of(tag, [6, 8, 9]);
    if (value === undefined) return undefined;
    const starts = new Uint32Array(value.count + 1);
    starts[0] = value.offset;
    for (let i = 0; i < value.count; i++) {
      const end = this.#store.indexOf(0, starts[i]);
      if (end < 0) throw bad(`a string of its tag ${tag} does not end`);
      starts[i + 1] = end + 1;
    }
    return { length: value.count, at: (index) => this.#store.subarray(starts[index], starts[index + 1]! - 1) };
  }

  /** All numbers of a tag. */
  numbers(tag: number): number[] | undefined {
    const value = this.#of(tag, [2, 3, 4, 5]);
    if (value === undefined) return undefined;
    const width = WIDTHS.get(value.type)!;
    return Array.from({ length: value.count }, (_, i) => {
      const at = value.offset + i * width;
      const number = width === 8 ? Number(this.#store.readBigUInt64BE(at)) : this.#store.readUIntBE(at, width);
      if (number > Number.MAX_SAFE_INTEGER) throw bad(`a number of its tag ${tag} is larger than any file can be`);
      return number;
    });
  }

  /** Bytes of a tag as hexadecimal digits. */
  hex(tag: number): string | undefined {
    const value = this.#of(tag, [7]);
    return value === undefined ? undefined : this.#store.subarray(value.offset, value.offset + value.count).toString("hex");
  }

  #of(tag: number, types: readonly number[]): Value | undefined {
    const value = this.#values.get(tag);
    if (this.#doubled.has(tag)) throw bad(`its header has the tag ${tag} twice`);
    if (value !== undefined && value.type !== 7 && value.count > MAX_VALUES) {
      throw new UnzipxError("LIMIT", "Stopped: the RPM package lists more files than any package has", { expected: `at most ${MAX_VALUES}`, found: String(value.count) });
    }
    if (value !== undefined && !types.includes(value.type)) throw bad(`its tag ${tag} is of another type than it has to be`);
    return value;
  }
}

/** The header structure that comes next. */
export async function takeHeader(reader: BlockReader, which: string): Promise<RpmHeader> {
  const preamble = Buffer.from(new Uint8Array(await needBytes(reader, PREAMBLE))); // a copy: more is asked for next
  if (preamble.readUInt32BE(0) !== MAGIC) throw bad(`its ${which} header does not begin like one`, preamble.subarray(0, 4).toString("hex"));
  const [entries, store] = [preamble.readUInt32BE(8), preamble.readUInt32BE(12)];
  if (entries === 0) throw bad(`its ${which} header is empty`);
  for (const [what, found, most] of [["tags", entries, MAX_ENTRIES], ["bytes", store, MAX_STORE]] as const) {
    if (found > most) throw new UnzipxError("LIMIT", `Stopped: the ${which} header of the RPM package is larger than any package needs`, { expected: `at most ${most} ${what}`, found: `${found} ${what}` });
  }
  const rest = await needBytes(reader, entries * ENTRY + store);
  return new RpmHeader(Buffer.concat([preamble, rest]), entries);
}

export async function needBytes(reader: BlockReader, length: number): Promise<Uint8Array> {
  const bytes = await reader.take(length);
  if (bytes === undefined) throw new UnzipxError("TRUNCATED", "Cannot read the RPM package: it is cut off in front of its payload");
  return bytes;
}

export function bad(why: string, found?: string): UnzipxError {
  return new UnzipxError("BAD_HEADER", `Cannot read the RPM package: ${why}`, found === undefined ? {} : { found });
}
