/** The file that a filter's thread starts with. */
import type { Written } from "./core/write-job.ts";
import type { FilterStart } from "./parallel/filter-protocol.ts";
import { startOfThread } from "./parallel/worker-start.ts";
import { keepCompiledIn } from "./safe/compile-cache.ts";

keepCompiledIn(startOfThread<FilterStart>().compiled);
// Behind that, so that it is of use. No top-level await: the bundler then would not put chunks together.
void Promise.all([import("./filters/index.ts"), import("./parallel/serve-filter.ts")]).then(([{ FILTERS }, { serveFilter }]) =>
  serveFilter(FILTERS, async (ring, work) => (await import("./core/write-job.ts")).writeEach(ring, work as readonly Written[])));
