type WasmSource = readonly [source: string, result: string, features: readonly string[]];

export const SOURCES: readonly WasmSource[];

/** What the compiler makes of one of the sources. */
export function compiled(source: WasmSource): Buffer;
