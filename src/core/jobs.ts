/**
 * Work that any thread can do: plain data in, plain data out. The main thread calls runJob() itself
 * when there are no workers, so there is one code for both.
 */
import type { Moved } from "../parallel/serve.ts";
import type { BlockJob } from "./block-job.ts";
import type { EncodeJob } from "./encode-job.ts";
import type { ExtractJob } from "./extract-job.ts";
import type { TestJob } from "./test-job.ts";
import type { DeflateJob, PackJob } from "./pack-job.ts";
import type { WriteJob } from "./write-job.ts";

export type Job = ExtractJob | TestJob | DeflateJob | BlockJob | EncodeJob | PackJob | WriteJob;

/** `signal` ends it in the middle of an entry; on another thread the thread is ended instead. */
export async function runJob(job: Job, signal?: AbortSignal): Promise<unknown | Moved<unknown>> {
  switch (job.kind) {
    case "extract":
      return (await import("./extract-job.ts")).runExtract(job, signal);
    case "test":
      return (await import("./test-job.ts")).runTest(job, signal);
    case "deflate":
      return (await import("./pack-job.ts")).runDeflate(job);
    case "block":
      return (await import("./block-job.ts")).runBlock(job);
    case "encode":
      return (await import("./encode-job.ts")).runEncode(job);
    case "write":
      return (await import("./write-job.ts")).runWrite(job);
    case "pack":
      return (await import("./pack-job.ts")).runPack(job);
  }
}
