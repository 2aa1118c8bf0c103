/** Node's own modules that take milliseconds to load and that a short run, say, does without: loaded when they are called for. */
import { createRequire } from "node:module";

let require: NodeJS.Require | undefined;

function later<Module>(name: string): () => Module {
  let loaded: Module | undefined;
  return () => (loaded ??= (require ??= createRequire(import.meta.filename))(name) as Module);
}

export const nodeCrypto = later<typeof import("node:crypto")>("node:crypto");
export const nodeTty = later<typeof import("node:tty")>("node:tty");
export const nodeV8 = later<typeof import("node:v8")>("node:v8");
export const nodeWorkers = later<typeof import("node:worker_threads")>("node:worker_threads");
export const nodeZlib = later<typeof import("node:zlib")>("node:zlib");
