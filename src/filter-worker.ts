/** The file that a filter's thread starts with. */
import { FILTERS } from "./filters/index.ts";
import { serveFilter } from "./parallel/serve-filter.ts";

void serveFilter(FILTERS); // no top-level await: the bundler then would not put chunks together
