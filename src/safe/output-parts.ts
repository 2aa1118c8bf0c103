/**
 * An archive in several files: OUT.z01, OUT.z02 … and OUT.zip, which is the last part (APPNOTE 8.3.1); or OUT.7z.001, OUT.7z.002 …,
 * which are the archive when they are joined. Each lies under a random name beside its place until all of them are whole;
 * OUT.zip, without which nobody reads the others, appears last.
 */
import { closeSync, constants, fchmodSync, ftruncateSync, openSync, renameSync, rmSync, unlinkSync } from "node:fs";
import { nextTurn } from "../bytes/clock.ts";
import { readExactly } from "../bytes/read-file.ts";
import { UnzipxError } from "../errors.ts";
import { letGo } from "./held-folder.ts";
import { createPrivate, inodeOf, lookAt, orThrow, partialBeside, renameWithoutReplacing, removed, writeAll, type Output } from "./output.ts";

/** Two bytes tell the number of a part, and 65,535 means "look in the zip64 record" (APPNOTE 4.4.1.4). */
const MOST_PARTS = 65_534;

const MOVED_AT_ONCE = 1 << 20;

interface Part {
  /** Under its random name. */
  readonly file: string;
  /** Of its first byte, counted over all parts. */
  readonly start: number;
}

export interface PartsOptions {
  readonly replace: boolean;
  /** The most that one file holds. */
  readonly partBytes: number;
  readonly mostParts?: number | undefined;
  /** Default: zip, whose last part has the name that was given. */
  readonly naming?: "zip" | "joined";
}

/** Throws before any work when something is in the way that may not be replaced. */
export function openOutputParts(path: string, { replace, partBytes, mostParts = MOST_PARTS, naming = "zip" }: PartsOptions): Output {
  const isJoined = naming === "joined";
  /** Parts are counted from 1; the last one of a zip has no number. */
  const nameOf = (number: number): string => (isJoined ? joinedName(path, number) : partName(path, number));
  const { inodes, older } = lookAtParts(path, { replace, naming });
  const parts: Part[] = [];
  let fd = -1;
  let used = 0; // of the last part
  /** Parts that have their name already. */
  let published = 0;
  let state: "writing" | "closed" = "writing";
  begin(0);

  function begin(start: number): void {
    const file = partialBeside(path);
    let inode: string;
    ({ fd, inode } = createPrivate(file, path));
    parts.push({ file, start });
    inodes.add(inode);
    used = 0;
  }

  function next(): void {
    if (parts.length === mostParts) {
      throw new UnzipxError("LIMIT", `Cannot create "${path}": it would have more than ${mostParts} parts`, { archive: path, hint: "--split with a larger size" });
    }
    lookAt(nameOf(parts.length), replace); // not the last part, so this will be its name
    orThrow(() => closeSync(fd), path);
    begin(position());
  }

  const position = (): number => parts.at(-1)!.start + used;

  /** Of the part that holds the byte at `offset`; earlier parts are opened again, as there may be too many to keep open. */
  function within(offset: number, action: (fd: number, part: Part) => void): void {
    const part = parts.findLast(({ start }) => start <= offset)!;
    if (part === parts.at(-1)) return action(fd, part);
    const again = reopen(part.file);
    try {
      action(again, part);
    } finally {
      closeSync(again);
    }
  }

  return {
    seekable: true,
    get position() {
      return position();
    },
    inodes,
    write(chunk) {
      for (let done = 0; done < chunk.length; ) {
        if (used === partBytes) next();
        const piece = chunk.subarray(done, done + partBytes - used);
        orThrow(() => writeAll(fd, piece, used), path);
        used += piece.length;
        done += piece.length;
      }
    },
    // What is patched is a header, and a header lies in one part.
    patch: (offset, bytes) => orThrow(() => within(offset, (target, { start }) => writeAll(target, bytes, offset - start)), path),
    rewind(offset) {
      orThrow(() => {
        while (parts.length > 1 && parts.at(-1)!.start > offset) {
          closeSync(fd);
          rmSync(parts.pop()!.file);
          fd = reopen(parts.at(-1)!.file);
        }
        used = offset - parts.at(-1)!.start;
        ftruncateSync(fd, used);
      }, path);
    },
    parts: {
      reserve(bytes) {
        if (used > 0 && used + bytes > partBytes) next();
      },
      isSingle: (bytes) => parts.length === 1 && used + bytes <= partBytes,
      place: () => ({ disk: parts.length - 1, offset: used }),
      async dropStart(bytes) {
        const buffer = Buffer.allocUnsafe(MOVED_AT_ONCE);
        for (let at = bytes; at < used; ) {
          const piece = buffer.subarray(0, Math.min(buffer.length, used - at));
          readExactly(fd, piece, at);
          orThrow(() => writeAll(fd, piece, at - bytes), path);
          at += piece.length;
          await nextTurn(); // signals want to be heard
        }
        used -= bytes;
        orThrow(() => ftruncateSync(fd, used), path);
      },
    },
    commit({ replace }) {
      const names = parts.map((_, index) => (index === parts.length - 1 && !isJoined ? path : nameOf(index + 1)));
      orThrow(() => {
        state = "closed";
        closeSync(fd);
        for (const { file } of parts) makeUsual(file);
        try {
          for (const { file } of parts) {
            if (replace) renameSync(file, names[published]!);
            else renameWithoutReplacing(file, names[published]!);
            published += 1;
          }
          // Whoever joins parts takes all that are there: those of a longer, older set must not stay.
          if (isJoined) for (let number = parts.length + 1; number <= older; number++) rmSync(nameOf(number), { force: true });
        } catch (error) {
          // Nothing was replaced, so what got its name is ours to take away; what replaced another file has to stay.
          if (!replace) for (const name of names.slice(0, published)) unlinkSync(name);
          throw error;
        }
      }, path);
    },
    discard() {
      if (state === "writing") letGo(fd);
      state = "closed";
      let left: UnzipxError | undefined;
      for (const { file } of parts) left = removed(file) ?? left;
      return left;
    },
  };
}

/** The files of another set that is there, and how many of them have a number; throws when they may not be replaced. */
export function lookAtParts(path: string, { replace, naming }: Required<Pick<PartsOptions, "replace" | "naming">>): { readonly inodes: Set<string>; readonly older: number } {
  const nameOf = naming === "joined" ? joinedName : partName;
  const inodes = new Set<string>();
  for (let number = naming === "joined" ? 1 : 0; ; number++) {
    const present = lookAt(number === 0 ? path : nameOf(path, number), replace);
    if (present !== undefined) inodes.add(inodeOf(present));
    else if (number > 0) return { inodes, older: number - 1 };
  }
}

/** The name of all parts but the last; they are counted from 1 (APPNOTE 8.3.1: two digits, and more where there are more parts). */
function partName(path: string, number: number): string {
  return path.replace(/\.[^./\\]*$/, "") + `.z${String(number).padStart(2, "0")}`;
}

function joinedName(path: string, number: number): string {
  return `${path}.${String(number).padStart(3, "0")}`;
}

function reopen(file: string): number {
  return openSync(file, constants.O_RDWR | (constants.O_NOFOLLOW ?? 0));
}

/** Private until all parts are whole, then like any new file. */
function makeUsual(file: string): void {
  const fd = reopen(file);
  try {
    fchmodSync(fd, 0o666 & ~process.umask());
  } finally {
    closeSync(fd);
  }
}
