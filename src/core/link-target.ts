/** Where the links of an index lead, which is their content, and what else tells before any content whether an entry is what it says. */
import { UnzipxError } from "../errors.ts";
import type { Decode, Entry, EntryOptions, IndexedEntry } from "../formats/contract.ts";
import { changed } from "./bare-entry.ts";
import { ofEntry } from "./extract-job.ts";

/** The longest path that systems take. */
export const TARGET_BYTES = 4096;
/** With what encryption and any compression may add to it. */
const PACKED_TARGET_BYTES = 64 * 1024;

/**
 * What has to be read of an entry before its place is claimed: of a link its target, which is its content (APPNOTE 4.5.7
 * leaves it at that); of a folder nothing, but its local header could tell of a file all the same.
 */
export async function lookedInto(entry: IndexedEntry, { fd, decode, ...options }: EntryOptions & { readonly fd: number; readonly decode: Decode }): Promise<Entry> {
  if (entry.refusal !== undefined || entry.type === "special") return entry;
  try {
    if (entry.type === "symlink" && entry.size > TARGET_BYTES) throw new UnzipxError("UNSAFE_LINK", `Refused a link: its target is longer than ${TARGET_BYTES} bytes`, { entry: entry.path });
    if (entry.type === "symlink" && entry.packedSize > PACKED_TARGET_BYTES) throw new UnzipxError("UNSAFE_LINK", "Refused a link: its target is packed into more bytes than any path needs", { entry: entry.path });
    const { whole, chunks } = decode(fd, entry.locator, options);
    const pieces: Uint8Array[] = whole === undefined ? [] : [whole];
    if (whole === undefined) for await (const chunk of chunks) pieces.push(new Uint8Array(chunk)); // verified: at most as long as it says
    return entry.type === "symlink" ? changed(entry, { linkTarget: Buffer.concat(pieces).toString("utf8") }) : entry;
  } catch (error) {
    return changed(entry, { refusal: ofEntry(error).in({ entry: entry.path }) });
  }
}
