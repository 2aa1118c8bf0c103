/** decode → verify for a batch of entries, nothing written. */
import { toPlain, type PlainError } from "../errors.ts";
import type { Locator } from "../formats/contract.ts";
import { decoderOf, ofEntry, type BatchResult } from "./extract-job.ts";

export interface TestJob {
  readonly kind: "test";
  readonly container: string;
  readonly fd: number;
  readonly items: readonly { readonly entry: number; readonly locator: Locator }[];
}

export async function runTest(job: TestJob): Promise<BatchResult> {
  const decode = await decoderOf(job.container);
  let bytes = 0;
  const failures: { entry: number; error: PlainError }[] = [];
  for (const { entry, locator } of job.items) {
    try {
      const decoded = decode(job.fd, locator);
      if (decoded.whole !== undefined) bytes += decoded.whole.length;
      else for await (const chunk of decoded.chunks) bytes += chunk.length;
    } catch (error) {
      failures.push({ entry, error: toPlain(ofEntry(error)) });
    }
  }
  return { bytes, failures };
}
