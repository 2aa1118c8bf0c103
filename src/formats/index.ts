/** Every container, in the order in which equal bids win. */
import type { Container } from "./contract.ts";
import { tar } from "./tar/index.ts";
import { zip } from "./zip/index.ts";

export const CONTAINERS: readonly Container[] = [zip, tar];
