/** Every container, in the order in which equal bids win. */
import type { Container } from "./contract.ts";
import { ar } from "./ar/index.ts";
import { cpio } from "./cpio/index.ts";
import { lzh } from "./lzh/index.ts";
import { SEVENZIP } from "./sevenzip/index.ts";
import { tar } from "./tar/index.ts";
import { zip } from "./zip/index.ts";

export const CONTAINERS: readonly Container[] = [zip, tar, cpio, ar, lzh, ...SEVENZIP];
