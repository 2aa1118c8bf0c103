/** Node's own modules that take milliseconds to load and that a listing, say, does without: loaded when they are called for. */
import { createRequire } from "node:module";

const load = createRequire(import.meta.url);

export const nodeCrypto = (): typeof import("node:crypto") => load("node:crypto") as typeof import("node:crypto");
export const nodeTty = (): typeof import("node:tty") => load("node:tty") as typeof import("node:tty");
export const nodeWorkers = (): typeof import("node:worker_threads") => load("node:worker_threads") as typeof import("node:worker_threads");
