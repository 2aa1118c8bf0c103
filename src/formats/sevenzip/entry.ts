/** Entries of the engine's list as they are handed on. */
import { UnzipxError } from "../../errors.ts";
import type { Bytes, Entry, StreamEntry } from "../contract.ts";
import type { Described } from "./describe.ts";

async function* nothing(): Bytes {}

/** What the reading itself knows of an entry is nobody else's. Written out: to spread an object took V8 eight microseconds. */
export function withContent(
  { path, type, size, packedSize, mtime, mode, linkTarget, method, crc32, encrypted, comment, escaped, refusal }: Described, whole: Uint8Array | undefined, content: () => Bytes,
): StreamEntry {
  const entry: Escapable = { path, type, size, packedSize, mtime, mode, linkTarget, method, crc32, encrypted, comment, refusal, whole, content };
  if (escaped === true) entry.escaped = true;
  return entry;
}

type Escapable = Omit<StreamEntry, "escaped"> & { escaped?: boolean };

/** With content that has arrived already. */
export function withWhole(entry: Described, whole: Uint8Array): StreamEntry {
  return withContent(entry, whole, async function* () {
    yield whole;
  });
}

/** An entry that has no content, or whose content is not asked for. */
export function contentless(entry: Described, changes?: Partial<Entry>): StreamEntry {
  const plain = withContent(entry, undefined, nothing);
  return changes === undefined ? plain : { ...plain, ...changes };
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
