/** decode → verify for a batch of entries, nothing written. */
import type { Locator } from "../formats/contract.ts";
import { decoderOf, interruptible, runBatch, type BatchResult } from "./extract-job.ts";

export interface TestJob {
  readonly kind: "test";
  readonly container: string;
  readonly fd: number;
  readonly lenient: boolean;
  readonly password: string | undefined;
  /** What somebody wants to know of the contents; undefined: nothing. */
  readonly look: Look | undefined;
  readonly items: readonly TestItem[];
}

/** The kinds of files, by their first bytes; or their digests. */
export type Look = "kinds" | "digests";

export interface TestItem {
  readonly entry: number;
  readonly locator: Locator;
  /** The content is where a link leads. */
  readonly isLink?: boolean;
}

export interface TestResult extends BatchResult {
  readonly seen: readonly Seen[];
}

/** What an entry holds: the number of a kind of file, as sniff() gives it, or its digest, or the target of a link. */
export interface Seen {
  readonly entry: number;
  readonly kind?: number;
  readonly sha256?: string;
  readonly target?: string;
}

export async function runTest(job: TestJob, signal?: AbortSignal): Promise<TestResult> {
  const decode = await decoderOf(job.container);
  const seen: Seen[] = [];
  const look = job.look === undefined ? undefined : await (await import("./watch.ts")).lookerOf(job.look, seen);
  const result = await runBatch(job, async (item, options) => {
    const decoded = decode(job.fd, item.locator, options);
    if (decoded.whole !== undefined) {
      look?.add(item, decoded.whole);
      look?.done(item);
      return decoded.whole.length;
    }
    let bytes = 0;
    for await (const chunk of interruptible(decoded.chunks, signal)) {
      look?.add(item, chunk);
      bytes += chunk.length;
    }
    look?.done(item);
    return bytes;
  });
  return { ...result, seen };
}
