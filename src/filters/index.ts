/** Every filter, in the order in which equal bids win. The lists drive detection, --format, `unzipx formats` and the tests. */
import type { Filter } from "../formats/contract.ts";
import { gzip } from "./gzip.ts";

export const FILTERS: readonly Filter[] = [gzip];
