/** Limits, counted on bytes that really came out. */
import { UnzipxError } from "../errors.ts";
import { formatSize } from "../text/size.ts";
import { RATIO_STARTS_AT, type Limits } from "./policy.ts";

export interface Budget {
  /** Counts bytes about to be written; throws LIMIT instead of letting one byte too many through. */
  spend(bytes: number): void;
  /** Counts one more entry. */
  entry(): void;
}

/** `archiveBytes()` tells how much of the archive was read so far: the other side of the ratio. */
export function createBudget(limits: Limits, archiveBytes: () => number): Budget {
  let bytes = 0;
  let entries = 0;
  return {
    spend(count) {
      bytes += count;
      if (limits.bytes > 0 && bytes > limits.bytes) {
        throw new UnzipxError("LIMIT", `Stopped: the content is larger than the limit of ${formatSize(limits.bytes)}`, { hint: "--max-size SIZE" });
      }
      if (limits.ratio > 0 && bytes > RATIO_STARTS_AT && bytes > limits.ratio * archiveBytes()) {
        const ratio = Math.round(bytes / Math.max(1, archiveBytes()));
        throw new UnzipxError("LIMIT", `Stopped: the content is ${ratio} times the size of the archive, the limit is ${limits.ratio}, as a decompression bomb would be`, {
          hint: `--max-ratio ${ratio * 2}, if you know where the archive comes from`,
        });
      }
    },
    entry() {
      entries += 1;
      if (limits.files > 0 && entries > limits.files) {
        throw new UnzipxError("LIMIT", `Stopped: the archive holds more than ${limits.files} entries`, { hint: "--max-files N" });
      }
    },
  };
}
