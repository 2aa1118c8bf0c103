import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import type { create as Create } from "../../src/api/create.ts";
import { create, type CreateOptions } from "../../src/core/create.ts";
import { openOutputParts } from "../../src/safe/output-parts.ts";
import { errorOf } from "../helpers/library.ts";
import { has, run, temporaryFolder, treeOf } from "../helpers/tools.ts";
import { makeSample, noise, prose } from "./sample.ts";

const KIB = 1024;

// What needs workers runs from the built program: its worker file lies beside it.
const built = join(import.meta.dirname, "../../dist/index.js");
const library = pathToFileURL(built).href;
const ready = existsSync(built);

const split = (base: string, inputs: string[], partBytes: number, options: Partial<CreateOptions> = {}) =>
  create(join(base, "out.zip"), inputs, { format: "zip", base, threads: 1, split: partBytes, ...options });

/** The parts, in their order. */
const partsOf = (base: string): string[] => readdirSync(base).filter((name) => name.startsWith("out.")).sort((a, b) => Number(a.endsWith(".zip")) - Number(b.endsWith(".zip")) || a.length - b.length || (a < b ? -1 : 1));

/** Where the records of all parts begin, by part. */
function signatures(base: string, signature: number): [number, number][] {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(signature);
  return partsOf(base).flatMap((name, disk) => {
    const part = readFileSync(join(base, name));
    const found: [number, number][] = [];
    for (let at = part.indexOf(bytes); at >= 0; at = part.indexOf(bytes, at + 1)) found.push([disk, at]);
    return found;
  });
}

for (const encryption of [undefined, "aes256", "zipcrypto"] as const) {
  it.skipIf(!has("7zz"))(`7zz unpacks the parts to the same files, links, folders and modes (${encryption ?? "not encrypted"})`, async () => {
    const base = temporaryFolder();
    makeSample(base);
    const summary = await split(base, ["sample"], 300 * KIB, { encryption, password: async () => "secret" });
    expect(summary).toMatchObject({ files: 10, directories: 5, links: 2, failures: [] });
    const parts = partsOf(base);
    expect(parts.slice(0, 2)).toEqual(["out.z01", "out.z02"]);
    expect(parts.at(-1)).toBe("out.zip");
    const sizes = parts.map((name) => statSync(join(base, name)).size);
    expect(Math.max(...sizes)).toBe(300 * KIB);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(summary.archiveBytes);
    run("7zz", ["x", "-snld", "-psecret", `-o${join(base, "back")}`, join(base, "out.zip")]);
    expect(treeOf(join(base, "back/sample"))).toEqual(treeOf(join(base, "sample")));
  });
}

it.skipIf(!has("zip") || !has("unzip"))("Info-ZIP joins the parts, and unzip finds no fault with the result", async () => {
  const base = temporaryFolder();
  mkdirSync(join(base, "d"));
  // No file goes over more than two parts: there zip -s 0 spoils its own archives as well.
  for (let i = 0; i < 12; i++) writeFileSync(join(base, "d", `noise ${i}`), noise(40 * KIB, i + 1));
  for (let i = 0; i < 1500; i++) writeFileSync(join(base, "d", `file ${i}`), `${i}`);
  await split(base, ["d"], 64 * KIB);
  expect(partsOf(base).length).toBeGreaterThan(8);
  run("zip", ["-q", "-s", "0", "out.zip", "--out", "joined.zip"], { cwd: base });
  run("unzip", ["-q", "joined.zip", "-d", "back"], { cwd: base });
  expect(treeOf(join(base, "back/d"))).toEqual(treeOf(join(base, "d")));
});

it("no header lies in two parts, and the first part begins with the marker", async () => {
  const base = temporaryFolder();
  mkdirSync(join(base, "d"));
  for (let i = 0; i < 2000; i++) writeFileSync(join(base, "d", `${"name ".repeat(10)}${i}`), "");
  await split(base, ["d"], 64 * KIB);
  const [first, ...others] = partsOf(base);
  expect(others.length).toBeGreaterThan(3);
  expect(readFileSync(join(base, first!)).readUInt32LE(0)).toBe(0x08074b50);
  // A header that was cut in two would not be found in either part.
  expect(signatures(base, 0x04034b50).length).toBe(2001);
  const central = signatures(base, 0x02014b50);
  expect(central.length).toBe(2001);
  expect(new Set(central.map(([disk]) => disk)).size).toBeGreaterThan(1);
  const last = readFileSync(join(base, "out.zip"));
  const end = last.subarray(last.length - 22);
  expect([end.readUInt32LE(0), end.readUInt16LE(4), end.readUInt16LE(6), end.readUInt16LE(8), end.readUInt16LE(10), end.readUInt32LE(16)]).toEqual([
    0x06054b50, others.length, central[0]![0], central.filter(([disk]) => disk === others.length).length, 2001, central[0]![1],
  ]);
});

it("what fits into one part is the very zip that comes without splitting", async () => {
  const [one, other] = [temporaryFolder(), temporaryFolder()];
  for (const base of [one, other]) makeSample(base);
  await split(one, ["sample"], 100 << 20, { reproducible: true });
  await create(join(other, "out.zip"), ["sample"], { format: "zip", base: other, threads: 1, reproducible: true });
  expect(partsOf(one)).toEqual(["out.zip"]);
  expect(readFileSync(join(one, "out.zip")).equals(readFileSync(join(other, "out.zip")))).toBe(true);
});

it.skipIf(!ready)("the parts are the same for every number of threads", async () => {
  const [one, other] = [temporaryFolder(), temporaryFolder()];
  for (const [base, threads] of [[one, 1], [other, 3]] as const) {
    makeSample(base);
    writeFileSync(join(base, "sample/huge"), Buffer.concat([prose(6 << 20), noise(4 << 20)]));
    const program = (await import(library)) as { create: typeof Create };
    await program.create(join(base, "out.zip"), ["sample"], { format: "zip", cwd: base, split: 1 << 20, reproducible: true, threads });
  }
  expect(partsOf(one).length).toBeGreaterThan(3);
  expect(partsOf(one)).toEqual(partsOf(other));
  for (const name of partsOf(one)) expect(readFileSync(join(one, name)).equals(readFileSync(join(other, name)))).toBe(true);
});

it("a large file that changes over several parts is taken back out of all of them", async () => {
  const base = temporaryFolder();
  writeFileSync(join(base, "a"), "a");
  writeFileSync(join(base, "large"), noise(4 << 20));
  writeFileSync(join(base, "z"), "z");
  let changed = false;
  const summary = await split(base, ["a", "large", "z"], 64 * KIB, {
    reporter: {
      progress(_, entry) {
        if (entry === "large" && !changed) writeFileSync(join(base, "large"), noise((4 << 20) + 1));
        changed ||= entry === "large";
      },
    },
  });
  expect(summary.failures.map(({ details }) => details.entry)).toEqual(["large"]);
  expect(partsOf(base)).toEqual(["out.zip"]);
  if (has("unzip")) expect(run("unzip", ["-Z1", join(base, "out.zip")])).toBe("a\nz\n");
});

describe("names", () => {
  const prepared = (): string => {
    const base = temporaryFolder();
    writeFileSync(join(base, "noise"), noise(200 * KIB));
    return base;
  };
  it.each(["out.zip", "out.z01", "out.z03"])("%s exists already: exit 5 and nothing changes; -f replaces it", async (name) => {
    const base = prepared();
    writeFileSync(join(base, name), "mine");
    expect((await errorOf(split(base, ["noise"], 64 * KIB))).exitCode).toBe(5);
    expect([readdirSync(base).sort(), readFileSync(join(base, name), "utf8")]).toEqual([["noise", name].sort(), "mine"]);
    await split(base, ["noise"], 64 * KIB, { force: true });
    expect(partsOf(base)).toEqual(["out.z01", "out.z02", "out.z03", "out.zip"]);
    if (has("7zz")) run("7zz", ["t", join(base, "out.zip")]);
  });

  it("a part that somebody else makes meanwhile is not replaced, and no other part stays", () => {
    const base = temporaryFolder();
    const output = openOutputParts(join(base, "out.zip"), { replace: false, partBytes: 10 });
    void output.write(Buffer.alloc(35));
    writeFileSync(join(base, "out.z03"), "theirs");
    expect(() => output.commit({ replace: false })).toThrow(/exists already/);
    output.discard();
    expect(readdirSync(base)).toEqual(["out.z03"]);
    expect(readFileSync(join(base, "out.z03"), "utf8")).toBe("theirs");
  });

  it("nothing is visible under its name before the end, and nothing stays after discard()", () => {
    const base = temporaryFolder();
    const output = openOutputParts(join(base, "out.zip"), { replace: false, partBytes: 10 });
    void output.write(Buffer.alloc(35));
    expect(readdirSync(base).every((name) => /^\.unzipx-[0-9a-f]{18}\.partial$/.test(name))).toBe(true);
    output.discard();
    output.discard();
    expect(readdirSync(base)).toEqual([]);
  });

  it("the parts are not packed into themselves", async () => {
    const base = prepared();
    await split(base, ["."], 64 * KIB);
    const { files } = await split(base, ["."], 64 * KIB, { force: true });
    expect(files).toBe(1);
  });
});

describe("OutputParts", () => {
  it("patches what lies in an earlier part, and goes back over parts", () => {
    const base = temporaryFolder();
    const output = openOutputParts(join(base, "out.zip"), { replace: false, partBytes: 10 });
    void output.write(Buffer.from("0123456789abcdefghijKLM"));
    output.patch(3, Buffer.from("xy"));
    output.patch(12, Buffer.from("z"));
    output.rewind(18);
    void output.write(Buffer.from("--"));
    output.parts!.reserve(1);
    expect(output.parts!.place()).toEqual({ disk: 2, offset: 0 });
    void output.write(Buffer.from("end"));
    output.commit({ replace: false });
    expect(["out.z01", "out.z02", "out.zip"].map((name) => readFileSync(join(base, name), "utf8"))).toEqual(["012xy56789", "abzdefgh--", "end"]);
  });
  it("more parts than a zip can count are an error, and nothing of them stays", () => {
    const base = temporaryFolder();
    const output = openOutputParts(join(base, "out.zip"), { replace: false, partBytes: 10, mostParts: 3 });
    void output.write(Buffer.alloc(30));
    expect(() => output.write(Buffer.alloc(1))).toThrow(/more than 3 parts/);
    output.discard();
    expect(readdirSync(base)).toEqual([]);
  });
});

describe("what cannot be", () => {
  const refused = async (out: string, options: Partial<CreateOptions>): Promise<[string, string]> => {
    const base = temporaryFolder();
    writeFileSync(join(base, "a"), "a");
    const { code, message } = await errorOf(create(out === "-" ? out : join(base, out), ["a"], { format: "zip", base, threads: 1, split: 1 << 20, ...options }));
    expect(readdirSync(base)).toEqual(["a"]);
    return [code, message];
  };
  it("parts of less than 64 KiB", async () => {
    expect(await refused("out.zip", { split: 64 * KIB - 1 })).toEqual(["USAGE", expect.stringContaining("64 KiB")]);
    expect(await refused("out.zip", { split: Number.NaN })).toEqual(["USAGE", expect.stringContaining("64 KiB")]);
  });
  it("standard output, another format, another name", async () => {
    expect(await refused("-", {})).toEqual(["USAGE", expect.stringContaining("standard output")]);
    expect(await refused("out.tar", { format: "tar" })).toEqual(["USAGE", expect.stringContaining("--split is for zip and 7z")]);
    expect(await refused("out.jar", {})).toEqual(["USAGE", expect.stringContaining("end with .zip")]);
  });
});
