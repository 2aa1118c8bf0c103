/** The file that worker threads start with: the same jobs, on another thread. */
import type { WorkerStart } from "./core/run-jobs.ts";
import { startOfThread } from "./parallel/worker-start.ts";
import { keepCompiledIn } from "./safe/compile-cache.ts";

keepCompiledIn(startOfThread<WorkerStart>().compiled);
// Behind that, so that it is of use; what is asked meanwhile waits.
void Promise.all([import("./core/jobs.ts"), import("./parallel/serve.ts")]).then(([{ runJob }, { serve }]) => serve(runJob));
