/** What is fuzzed: one target for each format, and some across all of them. A case follows from target, seed and number alone. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { madeSeeds } from "./made.ts";
import { applyMutations, mutationsFor, type Mutation, type ReadSeed } from "./mutate.ts";
import type { Also } from "./properties.ts";
import { randomOf, type Random } from "./prng.ts";
import type { Seed } from "./seeds.ts";

/** A bent archive, as data. */
export interface Plan {
  readonly target: string;
  readonly seed: number;
  readonly number: number;
  /** The name of the archive that was bent. */
  readonly from: string;
  readonly mutations: readonly Mutation[];
  readonly also: readonly Also[];
}

export interface Library {
  readonly targets: readonly string[];
  plan(target: string, seed: number, number: number): Plan;
  seedOf(name: string): Seed;
  bytesOf(plan: Plan): Buffer;
  /** What a case's archive is called. */
  fileName(plan: Plan): string;
}

/** Not of a format: pieces of any archive in any other one; every cut of every fixture; work that is worth threads. */
const ACROSS = ["splice", "truncate", "threads"] as const;
/** What `truncate` cuts at every byte. */
const MOST_CUT = 4096;

export function libraryOf(seeds: readonly Seed[]): Library {
  const made = madeSeeds();
  const all = new Map([...seeds, ...made.seeds].map((seed) => [seed.name, seed]));
  const contents = new Map<string, Buffer>();
  const read: ReadSeed = (name) => {
    let bytes = contents.get(name) ?? made.bytes(name);
    if (bytes === undefined) {
      bytes = readFileSync(all.get(name)!.path);
      contents.set(name, bytes);
    }
    return bytes;
  };
  const byFormat = new Map<string, Seed[]>();
  for (const seed of seeds) byFormat.set(seed.format, [...(byFormat.get(seed.format) ?? []), seed]);
  const cuts = seeds.filter(({ name }) => name.startsWith("fixtures/")).map((seed) => ({ seed, size: read(seed.name).length })).filter(({ size }) => size <= MOST_CUT);
  const names = seeds.map(({ name }) => name);
  const formats = new Set(seeds.filter(({ name }) => !name.startsWith("corpus/")).map(({ format }) => format)); // of the others nothing is read

  function bent(random: Random, target: string): Pick<Plan, "from" | "mutations" | "also"> {
    const seed = random.pick(target === "splice" ? seeds : byFormat.get(target)!);
    const size = read(seed.name).length;
    const own = byFormat.get(seed.format)!.map(({ name }) => name);
    const mutations = mutationsFor(random, { ...seed, size }, random.chance(0.7) && target !== "splice" ? own : names, read);
    if (target === "splice") mutations.splice(-1, 0, splice(random, size, names, read));
    return { from: seed.name, mutations, also: alsoOf(random) };
  }

  function planned(target: string, seed: number, number: number): Pick<Plan, "from" | "mutations" | "also"> {
    const random = randomOf(target, seed, number);
    if (target === "truncate") return cutNumber(cuts, seed + number);
    if (target !== "threads") return bent(random, target);
    const from = random.pick(made.seeds);
    const { length } = read(from.name);
    const others = [from.name];
    return { from: from.name, mutations: random.chance(0.1) ? [] : mutationsFor(random, { ...from, size: length }, others, read), also: ["threads"] };
  }

  return {
    targets: [...[...formats].sort(), ...ACROSS],
    plan: (target, seed, number) => ({ target, seed, number, ...planned(target, seed, number) }),
    seedOf: (name) => all.get(name)!,
    bytesOf: ({ from, mutations }) => applyMutations(read(from), mutations, read),
    fileName: ({ from }) => basename(from),
  };
}

function alsoOf(random: Random): Also[] {
  return (["pipe", "threads", "new folder", "recursive", "lenient"] as const).filter(() => random.chance(0.25));
}

/** A header of another archive in front, in the middle or behind. */
function splice(random: Random, size: number, names: readonly string[], read: ReadSeed): Mutation {
  const other = random.pick(names);
  const at = random.pick([0, 0, size, random.int(size + 1)]);
  if (random.chance(0.5)) return { op: "insert", at, hex: read(other).subarray(0, 1 + random.int(2048)).toString("hex") };
  return { op: "splice", at, other, from: random.chance(0.7) ? 0 : random.int(read(other).length), length: 1 + random.int(1024), rest: random.chance(0.5) };
}

/** All cuts of all fixtures come up once each, spread over the fixtures: 7919 is a prime that the total is no multiple of. */
function cutNumber(cuts: readonly { readonly seed: Seed; readonly size: number }[], number: number): Pick<Plan, "from" | "mutations" | "also"> {
  const total = cuts.reduce((sum, { size }) => sum + size, 0);
  let place = (number * 7919) % total;
  for (const { seed, size } of cuts) {
    if (place < size) return { from: seed.name, mutations: [{ op: "cut", at: place }], also: number % 8 === 0 ? ["pipe"] : [] };
    place -= size;
  }
  throw new Error("unreachable");
}
