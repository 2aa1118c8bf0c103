/** Positional reads from a descriptor, by whatever thread. */
import { readSync } from "node:fs";
import { UnzipxError } from "../errors.ts";

/** Fills `target` from `position` on, or throws TRUNCATED. */
export function readExactly(fd: number, target: Uint8Array, position: number): void {
  const found = readUpTo(fd, target, position);
  if (found < target.length) {
    throw new UnzipxError("TRUNCATED", `Cannot read the archive: it ends inside the data`, {
      expected: `${target.length} bytes at ${position}`, found: `${found} bytes`,
    });
  }
}

/** Reads until `target` is full or the file ends; the number of bytes read. */
export function readUpTo(fd: number, target: Uint8Array, position: number): number {
  let done = 0;
  while (done < target.length) {
    const count = readSync(fd, target, done, target.length - done, position + done);
    if (count === 0) break;
    done += count;
  }
  return done;
}
