/** Limits, counted on bytes that really came out. */
import { isHole } from "../bytes/zeros.ts";
import { UnzipxError } from "../errors.ts";
import { formatSize } from "../text/size.ts";
import { RATIO_STARTS_AT, type Limits } from "./policy.ts";

export interface Budget {
  /** Counts bytes about to be written; throws LIMIT instead of letting one byte too many through. */
  spend(bytes: number): void;
  /** Counts a chunk of content, which may be a hole of a sparse file. */
  spendChunk(chunk: Uint8Array): void;
  /** Counts one more entry. */
  entry(): void;
  /** A limit was reached: whatever comes next is too much as well. */
  isSpent(): boolean;
}

const HOLES_WEIGH = 8;

/** `archiveBytes()` tells how much of the archive was read so far: the other side of the ratio. */
export function createBudget(limits: Limits, archiveBytes: () => number): Budget {
  let bytes = 0;
  /** What the ratio counts: holes take no room, so they weigh less; but a file of 1 GB in 2 KB is an attack too. */
  let weight = 0;
  let entries = 0;
  let spent = false;
  const stop = (message: string, hint: string): never => {
    spent = true;
    throw new UnzipxError("LIMIT", message, { hint });
  };
  const spend = (count: number, weighs: number): void => {
    bytes += count;
    weight += weighs;
    if (limits.bytes > 0 && bytes > limits.bytes) {
      stop(`Stopped: the content is larger than the limit of ${formatSize(limits.bytes)}`, "--max-size SIZE");
    }
    if (limits.ratio > 0 && weight > RATIO_STARTS_AT && weight > limits.ratio * archiveBytes()) {
      const ratio = Math.round(weight / Math.max(1, archiveBytes()));
      stop(
        `Stopped: the content is ${ratio} times the size of the archive, the limit is ${limits.ratio}, as a decompression bomb would be`,
        `--max-ratio ${ratio * 2}, if you know where the archive comes from`,
      );
    }
  };
  return {
    spend: (count) => spend(count, count),
    spendChunk: (chunk) => spend(chunk.length, isHole(chunk) ? chunk.length / HOLES_WEIGH : chunk.length),
    entry() {
      entries += 1;
      if (limits.files > 0 && entries > limits.files) {
        stop(`Stopped: the archive holds more than ${limits.files} entries`, "--max-files N");
      }
    },
    isSpent: () => spent,
  };
}
