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

/** Reads until `target` is full, or has `enough`, or the file ends; the number of bytes read. */
export function readUpTo(fd: number, target: Uint8Array, position: number, enough = target.length): number {
  let done = 0;
  while (done < enough) {
    const count = readSync(fd, target, done, target.length - done, position + done);
    if (count === 0) break;
    done += count;
  }
  return done;
}

/**
 * Reads a file that should have `size` bytes into `target` from `start` on, where there is room for one byte more: that one is asked for too. Returns how many were
 * read: `size`, where the file ends there or a call broke off right there; fewer, where it ends before; or one more, where it goes on.
 */
export function readWhole(fd: number, target: Uint8Array, start: number, size: number): number {
  return readUpTo(fd, target.subarray(start, start + size + 1), 0, Math.max(size, 1));
}
