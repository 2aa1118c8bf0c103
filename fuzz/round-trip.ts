/** What we wrote we can read: random trees, in every format that can be made, with random options. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { create, WRITABLE_FORMATS, type CreateOptions } from "../src/core/create.ts";
import { FORMATS } from "../src/core/create-formats.ts";
import { extract } from "../src/core/extract.ts";
import { list } from "../src/core/list.ts";
import { EVERYTHING } from "../src/core/select.ts";
import type { Summary } from "../src/core/summary.ts";
import { test } from "../src/core/test.ts";
import { DEFAULT_POLICY } from "../src/safe/policy.ts";
import { removeTree } from "../src/safe/publish.ts";
import { disagreements } from "./agree.ts";
import { look, type Box, type Found } from "./box.ts";
import { gist, outcomeOf } from "./outcome.ts";
import type { Verdict } from "./properties.ts";
import { randomOf, type Random } from "./prng.ts";
import { makeTree } from "./random-tree.ts";

/** The name of the target. */
export const WRITE = "write";
const PASSWORD = "correct horse";
const itself = (summary: Summary): Summary => summary;

export async function roundTrip(seed: number, number: number, box: Box): Promise<Verdict> {
  const random = randomOf(WRITE, seed, number);
  const [base, outs] = [join(box.input, "tree"), join(box.input, "outs")];
  for (const folder of [base, outs]) {
    removeTree(folder);
    mkdirSync(folder);
  }
  const format = random.pick(WRITABLE_FORMATS);
  const made = makeTree(base, random, format !== "7z"); // of folders in a 7z the engine does not tell them
  const inputs = FORMATS[format].container === undefined ? [oneOf(made.files, base, random)] : made.roots;
  const options = { ...optionsFor(random, format), base, format };
  const said = JSON.stringify({ ...options, base: undefined, password: undefined });
  const faults: string[] = [];
  let operations = 0;
  const pack = async (name: string, threads: number): Promise<string | undefined> => {
    operations += 1;
    const out = await outcomeOf(itself, () => create(join(outs, name), inputs, { ...options, threads }));
    faults.push(...out.faults, ...box.trouble());
    if (out.exit !== 0) faults.push(`c ${said} ends with ${gist(out)}: ${out.thrown?.message ?? out.failures[0]?.message ?? ""}`);
    return out.result?.destination;
  };
  const first = await pack(`one${FORMATS[format].extensions[0]}`, random.pick([1, 3]));
  let tree: Map<string, Found> = new Map();
  if (first !== undefined) {
    const reading = { selection: EVERYTHING, password: async () => PASSWORD, reporter: {}, threads: random.pick([1, 3]), limits: DEFAULT_POLICY.limits };
    const x = await outcomeOf(itself, () => extract(first, { ...reading, directory: box.destination, into: "directory", ownName: "own", policy: DEFAULT_POLICY }));
    faults.push(...x.faults, ...box.trouble());
    tree = box.look();
    const t = await outcomeOf(itself, () => test(first, { ...reading, lenient: false }));
    const l = await outcomeOf(({ summary }) => summary, () => list(first, reading));
    operations += 3;
    faults.push(...t.faults, ...l.faults, ...disagreements({ ...x, tree }, l));
    for (const [verb, { exit, failures, thrown }] of Object.entries({ x, t, l })) if (exit !== 0) faults.push(`${verb} ends with ${exit} on what c made (${said}): ${thrown?.message ?? failures[0]?.message ?? ""}`);
    if (x.exit === 0) faults.push(...differences(base, inputs, box.destination, FORMATS[format].container).map((what) => `${what} (${said})`));
    if (options.encryption === undefined) {
      await pack(`two${FORMATS[format].extensions[0]}`, random.pick([1, 2, 3, 4]));
      if (!sameParts(outs)) faults.push(`the same tree gave other bytes the second time (${said})`);
    }
    const strays = readdirSync(outs).filter((name) => !/^(one|two)\./.test(name));
    if (strays.length > 0) faults.push("something stayed beside the archive that was made");
  }
  box.empty();
  return { operations, faults: [...new Set(faults)], exit: faults.length === 0 ? 0 : 1, tree };
}

function oneOf(files: readonly string[], base: string, random: Random): string {
  if (files.length > 0) return random.pick(files);
  writeFileSync(join(base, "a file"), random.bytes(100));
  return "a file";
}

function optionsFor(random: Random, format: CreateOptions["format"]): Partial<CreateOptions> & Pick<CreateOptions, "encryption" | "reproducible"> {
  const isParted = format === "zip" || format === "7z";
  const encryption = isParted && random.chance(0.3) ? (format === "zip" && random.chance(0.3) ? "zipcrypto" : "aes256") : undefined;
  const method = format === "zip" && random.chance(0.4) ? random.pick(["deflate", "store", "zstd"] as const) : undefined;
  const level = method !== "store" && random.chance(0.6) ? random.int(10) : undefined;
  return {
    encryption, method, level,
    password: async () => PASSWORD,
    encryptNames: format === "7z" && encryption !== undefined && random.chance(0.5),
    reproducible: encryption === undefined && random.chance(0.4),
    ...(isParted && random.chance(0.2) ? { split: 65_536 + random.int(400_000) } : {}),
  };
}

/** The parts of "one" and "two" hold the same bytes. */
function sameParts(folder: string): boolean {
  const names = readdirSync(folder).sort();
  const [one, two] = ["one", "two"].map((stem) => names.filter((name) => name.startsWith(`${stem}.`)));
  if (one!.length !== two!.length) return false;
  // A filter around a single file may name what is inside after the file: that is the same for both.
  return one!.every((name, i) => readFileSync(join(folder, name)).equals(readFileSync(join(folder, two![i]!))));
}

/** Between what was packed and what came out. */
function differences(base: string, inputs: readonly string[], destination: string, container: string | undefined): string[] {
  const [before, after] = [look(base), look(destination)];
  if (container === undefined) {
    const [found] = [...after.values()];
    const wanted = [...look(base)].find(([path]) => path === inputs[0])![1];
    return after.size === 1 && found!.what === wanted.what ? [] : ["a single file came out different"];
  }
  const faults: string[] = [];
  for (const [path, { type, what, mode }] of before) {
    const found = after.get(path);
    if (found === undefined) faults.push(`a ${type} is missing: ${JSON.stringify(basename(path))}`);
    else if (found.type !== type || found.what !== what) faults.push(`a ${type} came out different`);
    else if (type === "file" && (found.mode & 0o100) !== (mode & 0o100)) faults.push(`a file has another mode`);
  }
  for (const path of after.keys()) if (!before.has(path)) faults.push(`something more came out: ${JSON.stringify(path)}`);
  return faults;
}
