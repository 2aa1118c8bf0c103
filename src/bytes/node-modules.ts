/** Node's own modules that take a third of a millisecond or more to load and that a short run, say, does without: loaded when they are called for. */

interface BuiltIns {
  readonly "node:crypto": typeof import("node:crypto");
  readonly "node:module": typeof import("node:module");
  readonly "node:os": typeof import("node:os");
  readonly "node:tty": typeof import("node:tty");
  readonly "node:v8": typeof import("node:v8");
  readonly "node:worker_threads": typeof import("node:worker_threads");
  readonly "node:zlib": typeof import("node:zlib");
}

/** Kept here, because getBuiltinModule() takes 200 ns to find what is loaded, and checksums are asked for with every entry. */
function later<Name extends keyof BuiltIns>(name: Name): () => BuiltIns[Name] {
  let loaded: BuiltIns[Name] | undefined;
  return () => (loaded ??= process.getBuiltinModule(name) as BuiltIns[Name]);
}

export const nodeCrypto = later("node:crypto");
export const nodeModule = later("node:module");
export const nodeOs = later("node:os");
export const nodeTty = later("node:tty");
export const nodeV8 = later("node:v8");
export const nodeWorkers = later("node:worker_threads");
export const nodeZlib = later("node:zlib");
