/** When a folder was changed, kept and given back. */
import { lstatSync, utimesSync } from "node:fs";
import type { HeldFolder } from "./held-folder.ts";

/** In nanoseconds since 1970. */
export interface Times {
  readonly atime: bigint;
  readonly mtime: bigint;
}

export function timesOf(folder: HeldFolder): Times {
  const { atimeNs, mtimeNs } = lstatSync(`${folder.path}/.`, { bigint: true });
  return { atime: atimeNs, mtime: mtimeNs };
}

/** To about a millionth of a second, as Node can. Only the owner of a folder may do that; to others nothing is lost by it. */
export function restoreTimes(folder: HeldFolder, { atime, mtime }: Times): void {
  try {
    utimesSync(`${folder.path}/.`, Number(atime) / 1e9, Number(mtime) / 1e9);
  } catch {
    // all names and contents are as they were
  }
}
