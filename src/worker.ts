/** The file that worker threads start with: the same jobs, on another thread. */
import { runJob } from "./core/jobs.ts";
import { serve } from "./parallel/serve.ts";

serve(runJob);
