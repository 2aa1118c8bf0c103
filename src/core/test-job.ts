/** decode → verify for a batch of entries, nothing written. */
import type { Locator } from "../formats/contract.ts";
import { decoderOf, interruptible, runBatch, type BatchResult } from "./extract-job.ts";

export interface TestJob {
  readonly kind: "test";
  readonly container: string;
  readonly fd: number;
  readonly lenient: boolean;
  readonly password: string | undefined;
  /** What an audit wants to know of the content: see Seen. */
  readonly look: boolean;
  readonly items: readonly TestItem[];
}

export interface TestItem {
  readonly entry: number;
  readonly locator: Locator;
  /** The content is where a link leads. */
  readonly isLink?: boolean;
}

export interface TestResult extends BatchResult {
  readonly seen: readonly Seen[];
}

/** What an entry holds: the number of a kind of file, as sniff() gives it, or the target of a link. */
export interface Seen {
  readonly entry: number;
  readonly kind: number;
  readonly target?: string;
}

export async function runTest(job: TestJob, signal?: AbortSignal): Promise<TestResult> {
  const decode = await decoderOf(job.container);
  const seen: Seen[] = [];
  const look = job.look ? (await import("./audit/look.ts")).looker(seen) : undefined;
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
