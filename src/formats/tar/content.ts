/** Content where there should be none: whether it is there at all, and whether somebody else would take it for headers. */
import type { BlockReader } from "../../bytes/block-reader.ts";
import type { EntryType } from "../contract.ts";
import { assertOneReading, type Note } from "./extension.ts";
import type { TarHeader } from "./header.ts";
import { checksumFits } from "./index.ts";

const BLOCK = 512;

const NAMES: Partial<Record<EntryType, string>> = { directory: "folder", symlink: "symbolic link", hardlink: "hard link", special: "device or FIFO" };

/**
 * Bytes of content behind the header at `position`, which says `size`. Some readers skip that much behind folders, links and devices, others
 * nothing: when what follows is a header, what one takes for content is an entry for the other, so throws AMBIGUOUS.
 */
export async function contentOf(type: EntryType, header: TarHeader, size: number, position: number, reader: BlockReader, lenient: boolean, note: Note): Promise<number> {
  // v7 kept the size of the file that a hard link leads to, and no content.
  if (type === "hardlink" && header.isV7) return 0;
  const name = NAMES[type];
  if (size === 0 || name === undefined) return size;
  const block = await reader.peek(BLOCK);
  if (block.length < BLOCK || block.every((byte) => byte === 0) || !checksumFits(block)) return size;
  // Before ustar the size meant nothing for these. Content would be padded with zeros: this is an entry of its own.
  if (header.isV7 && size < BLOCK && !block.subarray(size).every((byte) => byte === 0)) {
    note(`The header of a ${name} has a size, which belongs to nothing`, { found: `${size} bytes` });
    return 0;
  }
  assertOneReading({
    why: `the ${name} at ${position} has content, and the content is an entry`, expected: "no content", found: `${size} bytes that begin with a header`,
  }, "it is skipped as content", lenient, note);
  return size;
}
