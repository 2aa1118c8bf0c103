/** Whether there is room for an extraction. */
import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import { UnzipxError } from "../errors.ts";
import { formatSize } from "../text/size.ts";
import { FREE_SPACE_RESERVE } from "./policy.ts";

/** A known size is held against the free space beforehand: the kindest moment to say no. */
export function assertRoom(bytes: number, target: string): void {
  if (bytes < FREE_SPACE_RESERVE) return;
  for (let folder = target; ; folder = dirname(folder)) {
    try {
      const { bavail, bsize } = statfsSync(folder);
      if (bavail * bsize - FREE_SPACE_RESERVE >= bytes) return;
      throw new UnzipxError("DISK_FULL", `Cannot extract into "${target}": there is not enough room`, {
        expected: formatSize(bytes), found: `${formatSize(bavail * bsize)} free`, hint: "-C DIR",
      });
    } catch (error) {
      if (error instanceof UnzipxError) throw error;
      if (folder === dirname(folder)) return; // the system will tell when it is full
    }
  }
}
