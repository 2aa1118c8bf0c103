/** The extended headers of levels 1 to 3: a chain, in which each one ends with the size of the next. */

export interface Record {
  readonly type: number;
  /** Where its data begins in the header. */
  readonly at: number;
  readonly data: Buffer;
}

/** Types of records: 0x00 - CRC-16 of the header, which all levels but 0 may have. */
export const HEADER_CRC = 0x00;

/**
 * The chain that begins at `at` with a record of `first` bytes; the sizes take `width` bytes, 2 or 4.
 * Undefined when it leaves the header, or a record has no room for its own type and the size of the next one.
 */
export function chainOf(header: Buffer, at: number, first: number, width: 2 | 4): { readonly records: Record[]; readonly end: number } | undefined {
  const records: Record[] = [];
  let size = first;
  while (size !== 0) {
    const next = at + size - width;
    if (size < 1 + width || next + width > header.length) return undefined;
    records.push({ type: header[at]!, at: at + 1, data: header.subarray(at + 1, next) });
    at += size;
    size = header.readUIntLE(next, width);
  }
  return { records, end: at };
}
