/** Limits, counted on bytes that really came out: one budget for an archive and all that is in it. */
import { isHole } from "../bytes/zeros.ts";
import { UnzipxError } from "../errors.ts";
import type { Bytes } from "../formats/contract.ts";
import { formatSize } from "../text/size.ts";
import { HARMLESS_BELOW, NAME_BYTES, NAMES_AT_LEAST, RATIO_BELOW_HARM, RATIO_STARTS_AT, type Limits } from "./policy.ts";

export interface Budget {
  /** Counts bytes about to be written, of which nothing else is known; throws LIMIT instead of letting one byte too many through. */
  spend(bytes: number): void;
  /** Counts a chunk of content, which may be a hole of a sparse file. */
  spendChunk(chunk: Uint8Array): void;
  /** Counts what a header says is to come: the content itself is not looked at. */
  promise(bytes: number): void;
  /** Counts one more entry, and what has to be remembered of it: its name, say. */
  entry(name?: string, linkTarget?: string): void;
  /** An entry that nobody wants went by. */
  pass(): void;
  /** The same bytes, counted as what a filter makes of the archive: whatever becomes of them, they had to be decoded. */
  metered(bytes: Bytes): Bytes;
  /** A limit was reached: whatever comes next is too much as well. */
  isSpent(): boolean;
}

const HOLES_WEIGH = 8;

/** A header and padding, which compress to next to nothing in honest archives too. */
const AROUND_ENTRY = 1024;

/** `archiveBytes()` tells how much of the archive was read so far: the other side of the ratio. */
export function createBudget(limits: Limits, archiveBytes: () => number): Budget {
  let bytes = 0;
  /** What the ratio counts: holes take no room, so they weigh less; but a file of 1 GB in 2 KB is an attack too. */
  let weight = 0;
  let plain = 0;
  let decoded = 0;
  let entries = 0;
  let passed = 0;
  let names = 0;
  let spent = false;
  const mostNames = Math.max(NAMES_AT_LEAST, limits.files * NAME_BYTES);
  const stop = (message: string, hint: string): never => {
    spent = true;
    throw new UnzipxError("LIMIT", message, { hint });
  };
  /** `isPlain`: it may be one and the same byte all over, for which there is no innocent reason. */
  const weigh = (much: number, isPlain: boolean): void => {
    const most = limits.ratio * (much <= HARMLESS_BELOW && !isPlain ? RATIO_BELOW_HARM : 1);
    if (limits.ratio === 0 || much <= Math.max(RATIO_STARTS_AT, most * archiveBytes())) return; // all of it each time: what V8 meets later it compiles all anew for
    const ratio = Math.round(much / Math.max(1, archiveBytes()));
    stop(
      `Stopped: the content is ${ratio} times the size of the archive, the limit is ${limits.ratio}, as a decompression bomb would be`,
      `--max-ratio ${ratio * 2}, if you know where the archive comes from`,
    );
  };
  const spend = (count: number, weighs: number, isPlain: boolean): void => {
    bytes += count;
    weight += weighs;
    if (isPlain) plain += weighs;
    if (limits.bytes > 0 && bytes > limits.bytes) {
      stop(`Stopped: the content is larger than the limit of ${formatSize(limits.bytes)}`, "--max-size SIZE");
    }
    weigh(weight, false);
    if (isPlain) weigh(plain, true);
  };
  return {
    spend: (count) => spend(count, count, true),
    promise: (count) => spend(count, count, false),
    spendChunk: (chunk) => (isHole(chunk) ? spend(chunk.length, chunk.length / HOLES_WEIGH, true) : spend(chunk.length, chunk.length, isUniform(chunk))),
    entry(name = "", linkTarget = "") {
      entries += 1;
      names += name.length + linkTarget.length;
      if (limits.files === 0) return;
      if (entries > limits.files) stop(`Stopped: the archive holds more than ${limits.files} entries`, "--max-files N");
      if (names > mostNames) stop(`Stopped: the names in the archive are longer than ${formatSize(mostNames)} in all, which is more than ${limits.files} entries need`, "--max-files N");
    },
    pass: () => void passed++,
    async *metered(input) {
      for await (const chunk of input) {
        decoded += chunk.length;
        weigh(decoded - (entries + passed) * AROUND_ENTRY, false);
        yield chunk;
      }
    },
    isSpent: () => spent,
  };
}

/** Whether all bytes are the same: one comparison of the chunk with itself, which mostly need not be made. */
function isUniform(chunk: Uint8Array): boolean {
  return chunk.length > 1 && chunk[0] === chunk[1] && chunk[0] === chunk[chunk.length - 1] && Buffer.compare(chunk.subarray(1), chunk.subarray(0, -1)) === 0;
}
