/** WebAssembly of our own, which is kept in the sources as Base64. */

/** What of WebAssembly is used here: the types of the oldest Node that is served have none of it. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  /** Throws where there is no more. */
  grow(pages: number): number;
}

const PAGE = 1 << 16;
/** 64 KiB at once would take long to reach the size of a large window. */
const GROW_BYTES = 4 << 20;

/** The exports of a new instance. Throws where this processor lacks what the code asks for. */
export function instantiate(code: string): unknown {
  return instanceOf(compile(code));
}

/** For several instances: what V8 makes of it, it makes for all of them. Throws as instantiate(). */
export function compile(code: string): object {
  return new (api().Module)(Buffer.from(code, "base64"));
}

/** The exports of another instance. */
export function instanceOf(compiled: object): unknown {
  return new (api().Instance)(compiled).exports;
}

function api(): WebAssemblyApi {
  return (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly;
}

/** Makes the memory `wanted` bytes long or, for what is to come, longer, but no longer than `most`. False: there is not so much. */
export function growTo(memory: WasmMemory, wanted: number, most: number): boolean {
  const { byteLength } = memory.buffer;
  const ample = byteLength + Math.max(GROW_BYTES, Math.floor(byteLength / 2));
  return wanted <= byteLength || grow(memory, Math.min(most, Math.max(wanted, ample))) || grow(memory, wanted);
}

function grow(memory: WasmMemory, bytes: number): boolean {
  try {
    memory.grow(Math.ceil((bytes - memory.buffer.byteLength) / PAGE));
    return true;
  } catch {
    return false;
  }
}
