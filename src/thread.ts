/** The file that every thread begins with: it learns here what it is for. */
import { receiveMessageOnPort, parentPort, workerData } from "node:worker_threads";
import type { Task, ThreadStart } from "./bytes/thread.ts";
import type { Written } from "./core/write-job.ts";
import type { EngineStart } from "./engine/protocol.ts";
import type { FilterStart } from "./parallel/filter-protocol.ts";
import { keepCompiledIn } from "./safe/compile-cache.ts";

const { compiled, told } = workerData as ThreadStart;
keepCompiledIn(compiled);
// Behind that, so that it is of use. No top-level await: the bundler then would not put chunks together.
void serveTask();

async function serveTask(): Promise<void> {
  if (Atomics.load(told, 0) === 0) await Promise.all([import("./core/jobs.ts"), import("./core/extract-job.ts"), import("./filters/index.ts")]); // what most tasks need, while nobody knows
  Atomics.wait(told, 0, 0);
  // Taken without a listener: what is sent behind it waits for those who listen then.
  const { role, start } = receiveMessageOnPort(parentPort!)!.message as Task;
  switch (role) {
    case "jobs": {
      const [{ runJob }, { serve }] = await Promise.all([import("./core/jobs.ts"), import("./parallel/serve.ts")]);
      return serve(runJob);
    }
    case "filter": {
      const [{ FILTERS }, { serveFilter }] = await Promise.all([import("./filters/index.ts"), import("./parallel/serve-filter.ts")]);
      return serveFilter(FILTERS, start as FilterStart, async (ring, work) => (await import("./core/write-job.ts")).writeEach(ring, work as readonly Written[]));
    }
    case "engine":
      return (await import("./engine/serve.ts")).serveEngine(start as EngineStart);
  }
}
