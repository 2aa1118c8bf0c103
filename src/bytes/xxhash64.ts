/**
 * XXH64, the checksum of zstd (https://github.com/Cyan4973/xxHash, doc/xxhash_spec.md): the stripes in WebAssembly, which has integers of 64 bits,
 * the little that is left in bigints.
 */
import { instantiate, type WasmMemory } from "./webassembly.ts";

/** What wat2wasm(1) makes of xxhash64.wat. */
const STRIPES =
  "AGFzbQEAAAABCwJgAn5+AX5gAX8AAwMCAAEFAwEAAQYVBH4BQgALfgFCAAt+AUIAC34BQgALByAGBm1lbW9yeQIAAWEDAAFiAwEBYwMCAWQDAwNtaXgAAQqMAQIhACAAIAFCz9bTvtLHq9lCfnxCH4lCh5Wvr5i2" +
  "3puef34LaAIBfwR+IwAhAiMBIQMjAiEEIwMhBQJAA0AgASAATw0BIAIgASkDABAAIQIgAyABKQMIEAAhAyAEIAEpAxAQACEEIAUgASkDGBAAIQUgAUEgaiEBDAALCyACJAAgAyQBIAQkAiAFJAML";

// The five primes of the specification.
const P1 = 0x9e3779b185ebca87n;
const P2 = 0xc2b2ae3d27d4eb4fn;
const P3 = 0x165667b19e3779f9n;
const P4 = 0x85ebca77c2b2ae63n;
const P5 = 0x27d4eb2f165667c5n;
/** Four lanes of 8 bytes. */
const STRIPE = 32;
/** One page of WebAssembly's memory. */
const PAGE = 1 << 16;

/** A global of WebAssembly: 64 bits, signed. */
interface Lane {
  value: bigint;
}

interface Stripes {
  readonly memory: WasmMemory;
  readonly a: Lane;
  readonly b: Lane;
  readonly c: Lane;
  readonly d: Lane;
  /** Mixes the bytes of the memory up to this one into the lanes. */
  mix(end: number): void;
}

let stripes: Stripes | undefined;

/** The hash with the seed 0; the halves are unsigned. */
export function xxh64(bytes: Uint8Array): { readonly high: number; readonly low: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = bytes.length - (bytes.length % STRIPE);
  let hash = word((at === 0 ? P5 : mixed(bytes.subarray(0, at))) + BigInt(bytes.length));
  for (; at + 8 <= bytes.length; at += 8) hash = word(rotate(hash ^ round(0n, view.getBigUint64(at, true)), 27n) * P1 + P4);
  if (at + 4 <= bytes.length) {
    hash = word(rotate(hash ^ word(BigInt(view.getUint32(at, true)) * P1), 23n) * P2 + P3);
    at += 4;
  }
  for (; at < bytes.length; at++) hash = word(rotate(hash ^ word(BigInt(bytes[at]!) * P5), 11n) * P1);
  hash = word((hash ^ (hash >> 33n)) * P2);
  hash = word((hash ^ (hash >> 29n)) * P3);
  hash ^= hash >> 32n;
  return { high: Number(hash >> 32n), low: Number(hash & 0xffff_ffffn) };
}

/** Whole stripes, and at least one. */
function mixed(bytes: Uint8Array): bigint {
  const { memory, a, b, c, d, mix } = (stripes ??= instantiate(STRIPES) as Stripes);
  [a.value, b.value, c.value, d.value] = [signed(P1 + P2), signed(P2), 0n, signed(-P1)]; // with a seed of 0
  const page = new Uint8Array(memory.buffer);
  for (let at = 0; at < bytes.length; at += PAGE) {
    const part = bytes.subarray(at, at + PAGE);
    page.set(part);
    mix(part.length);
  }
  const lanes = [a, b, c, d].map(({ value }) => word(value));
  const hash = word([1n, 7n, 12n, 18n].reduce((sum, by, lane) => sum + rotate(lanes[lane]!, by), 0n));
  return lanes.reduce((sum, lane) => word((sum ^ round(0n, lane)) * P1 + P4), hash);
}

/** Mixes 8 bytes of input into a lane. */
function round(lane: bigint, input: bigint): bigint {
  return word(rotate(word(lane + input * P2), 31n) * P1);
}

function rotate(value: bigint, by: bigint): bigint {
  return word(value << by) | (value >> (64n - by));
}

function word(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

/** As WebAssembly has its globals. */
function signed(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}
