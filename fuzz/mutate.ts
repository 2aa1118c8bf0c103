/** Ways to bend an archive, as data: a list of them, and the seed's name, is all that it takes to make the same bytes again. */
import type { Random } from "./prng.ts";
import { fixSums } from "./sums.ts";

export type Mutation =
  | { readonly op: "flip"; readonly at: number; readonly bit: number }
  | { readonly op: "set"; readonly at: number; readonly hex: string }
  | { readonly op: "insert"; readonly at: number; readonly hex: string }
  /** Adds to the number that stands there. */
  | { readonly op: "add"; readonly at: number; readonly width: 2 | 4 | 8; readonly big: boolean; readonly by: number }
  | { readonly op: "cut"; readonly at: number }
  | { readonly op: "remove"; readonly at: number; readonly length: number }
  | { readonly op: "copy"; readonly at: number; readonly length: number; readonly to: number }
  | { readonly op: "swap"; readonly at: number; readonly length: number; readonly with: number }
  /** Bytes of another archive over, or instead of all from there on. */
  | { readonly op: "splice"; readonly at: number; readonly other: string; readonly from: number; readonly length: number; readonly rest: boolean }
  /** Makes the checksums of a format fit what is there now, so that the next check is reached. */
  | { readonly op: "fix"; readonly format: string };

export type ReadSeed = (name: string) => Buffer;

const BYTES = [0, 1, 0x7f, 0x80, 0xff, 0x20, 0x2f, 0x5c, 0x2e, 0x0a, 0x1b, 0x30, 0x37, 0x39];
/** What a size, a count or an offset must not be, in 16, 32 and 64 bits. */
const NUMBERS: readonly bigint[] = [0n, 1n, 2n, 0x7fn, 0x80n, 0xffn, 0x100n, 0x7fffn, 0x8000n, 0xffffn, 0x10000n, 0x7fffffffn, 0x80000000n, 0xfffffffen, 0xffffffffn, 0x100000000n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n];
/** Text that means something to somebody. */
const WORDS = ["../", "/", "\\..\\", "C:", "%s%n", "\0", "a/../../b", "__proto__", "\u202e", "77777777777", "00000000000", "-1", "99999999999999999999", "NaN"];

export function mutationsFor(random: Random, seed: { readonly name: string; readonly size: number; readonly format: string }, others: readonly string[], read: ReadSeed): Mutation[] {
  const mutations: Mutation[] = [];
  let { size } = seed;
  for (let count = random.few(6); count > 0; count--) {
    const mutation = one(random, size, others, read);
    mutations.push(mutation);
    if (mutation.op === "cut") size = mutation.at;
  }
  if (random.chance(0.6)) mutations.push({ op: "fix", format: seed.format });
  return mutations;
}

function one(random: Random, size: number, others: readonly string[], read: ReadSeed): Mutation {
  const at = placeIn(random, size);
  switch (random.int(14)) {
    case 0:
    case 1:
      return { op: "flip", at, bit: random.int(8) };
    case 2:
    case 3:
      return { op: "set", at, hex: byte(random.chance(0.7) ? random.pick(BYTES) : random.int(256)) };
    case 4:
    case 5:
      return { op: "set", at, hex: numberBytes(random).toString("hex") };
    case 6:
    case 7:
      return { op: "add", at, width: random.pick([2, 4, 8] as const), big: random.chance(0.3), by: random.pick([1, -1, 2, -2, 16, 512, -512]) };
    case 8:
      return { op: "cut", at: random.int(size + 1) };
    case 9:
      return { op: "remove", at, length: lengthIn(random, size) };
    case 10:
      return { op: "copy", at, length: lengthIn(random, size), to: placeIn(random, size) };
    case 11:
      return { op: "swap", at, length: lengthIn(random, size), with: placeIn(random, size) };
    case 12:
      if (random.chance(0.5)) return { op: random.chance(0.5) ? "set" : "insert", at, hex: Buffer.from(random.pick(WORDS)).toString("hex") };
      return { op: "insert", at, hex: random.chance(0.5) ? "00".repeat(lengthIn(random, 1024)) : random.bytes(lengthIn(random, 64)).toString("hex") };
    default: {
      const other = random.pick(others);
      const there = read(other).length;
      const from = random.chance(0.4) ? 0 : placeIn(random, there);
      return { op: "splice", at: random.chance(0.3) ? 0 : at, other, from, length: lengthIn(random, there), rest: random.chance(0.3) };
    }
  }
}

/** Headers lie at the start, at the end, and on round numbers. */
function placeIn(random: Random, size: number): number {
  if (size === 0) return 0;
  switch (random.int(5)) {
    case 0:
      return random.int(Math.min(size, 64));
    case 1:
      return size - 1 - random.int(Math.min(size, 96));
    case 2:
      return random.int(Math.min(size, 600));
    default:
      return random.int(size);
  }
}

function lengthIn(random: Random, size: number): number {
  const wanted = random.chance(0.3) ? random.pick([1, 2, 4, 8, 12, 16, 30, 46, 110, 512, 1024]) : 1 + random.int(random.pick([8, 64, 600, Math.max(1, size)]));
  return Math.max(1, Math.min(wanted, size));
}

function numberBytes(random: Random): Buffer {
  const bytes = Buffer.alloc(8);
  const value = random.pick(NUMBERS);
  const width = random.pick([2, 4, 8]);
  if (random.chance(0.3)) {
    bytes.writeBigUInt64BE(value);
    return bytes.subarray(8 - width);
  }
  bytes.writeBigUInt64LE(value);
  return bytes.subarray(0, width);
}

function byte(value: number): string {
  return value.toString(16).padStart(2, "0");
}

/** The bent archive. Places beyond the end, as they come up when mutations are left out, are taken as the end. */
export function applyMutations(seed: Buffer, mutations: readonly Mutation[], read: ReadSeed): Buffer {
  let bytes: Buffer = Buffer.from(seed);
  for (const mutation of mutations) bytes = apply(bytes, mutation, read);
  return bytes;
}

/** More than any mutation of a seed needs: copies of copies grow. */
const MOST_BYTES = 8 * 1024 * 1024;

function apply(bytes: Buffer, mutation: Mutation, read: ReadSeed): Buffer {
  if (mutation.op === "fix") return fixSums(mutation.format, bytes);
  const at = Math.min(mutation.at, bytes.length);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (mutation.op) {
    case "flip":
      if (at < bytes.length) bytes[at]! ^= 1 << mutation.bit;
      return bytes;
    case "set":
      Buffer.from(mutation.hex, "hex").copy(bytes, at);
      return bytes;
    case "insert":
      return limited(before, Buffer.from(mutation.hex, "hex"), after);
    case "add": {
      const place = bytes.subarray(at, at + mutation.width);
      if (!mutation.big) place.reverse();
      const sum = BigInt.asUintN(8 * place.length, (place.length === 0 ? 0n : BigInt(`0x${place.toString("hex")}`)) + BigInt(mutation.by));
      place.set(Buffer.from(sum.toString(16).padStart(2 * place.length, "0"), "hex").subarray(0, place.length));
      if (!mutation.big) place.reverse();
      return bytes;
    }
    case "cut":
      return Buffer.from(before);
    case "remove":
      return limited(before, after.subarray(mutation.length));
    case "copy":
      return limited(bytes.subarray(0, mutation.to), after.subarray(0, mutation.length), bytes.subarray(mutation.to));
    case "swap": {
      const other = Math.min(mutation.with, bytes.length);
      const [low, high] = [Math.min(at, other), Math.max(at, other)];
      const length = Math.min(mutation.length, high - low, bytes.length - high);
      const kept = Buffer.from(bytes.subarray(low, low + length));
      bytes.copy(bytes, low, high, high + length);
      kept.copy(bytes, high);
      return bytes;
    }
    case "splice": {
      const piece = read(mutation.other).subarray(mutation.from, mutation.rest ? undefined : mutation.from + mutation.length);
      return limited(before, piece, mutation.rest ? Buffer.alloc(0) : after.subarray(piece.length));
    }
  }
}

function limited(...parts: readonly Uint8Array[]): Buffer {
  return Buffer.from(Buffer.concat(parts).subarray(0, MOST_BYTES));
}
