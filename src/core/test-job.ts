/** decode → verify for a batch of entries, nothing written. */
import type { Locator } from "../formats/contract.ts";
import { decoderOf, interruptible, runBatch, type BatchResult } from "./extract-job.ts";

export interface TestJob {
  readonly kind: "test";
  readonly container: string;
  readonly fd: number;
  readonly lenient: boolean;
  readonly password: string | undefined;
  readonly items: readonly { readonly entry: number; readonly locator: Locator }[];
}

export async function runTest(job: TestJob, signal?: AbortSignal): Promise<BatchResult> {
  const decode = await decoderOf(job.container);
  return runBatch(job, async ({ locator }, options) => {
    const decoded = decode(job.fd, locator, options);
    if (decoded.whole !== undefined) return decoded.whole.length;
    let bytes = 0;
    for await (const chunk of interruptible(decoded.chunks, signal)) bytes += chunk.length;
    return bytes;
  });
}
