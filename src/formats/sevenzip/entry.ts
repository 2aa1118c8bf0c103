/** Entries of the engine's list as they are handed on. */
import { UnzipxError } from "../../errors.ts";
import type { Bytes, Entry, StreamEntry } from "../contract.ts";
import type { Described } from "./describe.ts";

async function* nothing(): Bytes {}

/** What the reading itself knows of an entry is nobody else's. */
export function publicOf({ path, type, size, packedSize, mtime, mode, linkTarget, method, crc32, encrypted, comment, escaped, refusal }: Described): Entry {
  return { path, type, size, packedSize, mtime, mode, linkTarget, method, crc32, encrypted, comment, refusal, ...(escaped === true && { escaped }) };
}

/** An entry that has no content, or whose content is not asked for. */
export function contentless(entry: Described, changes: Partial<Entry> = {}): StreamEntry {
  return { ...publicOf(entry), ...changes, whole: undefined, content: nothing };
}

/** The listing shows control characters as "_"; what comes out has its true name. */
export function withTrueName(entry: Described, path: string): Described {
  const name = path.split("/").at(-1)!;
  if (!/[\0-\x1f\x7f]/.test(name)) return entry;
  return { ...entry, path: entry.path.slice(0, entry.path.lastIndexOf("/") + 1) + name };
}

export function checkSize(entry: Described, size: number): void {
  if (entry.size === undefined || entry.size === size) return;
  throw new UnzipxError("BAD_SIZE", "Cannot read an entry: its content is not as long as the archive says", { expected: `${entry.size} bytes`, found: `${size} bytes` });
}
