/** The file that a filter's thread starts with. */
import { FILTERS } from "./filters/index.ts";
import { serveFilter } from "./parallel/serve-filter.ts";

await serveFilter(FILTERS);
