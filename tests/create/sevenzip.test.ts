import { appendFileSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createSevenZip } from "../../src/core/create-7z.ts";
import { create, type CreateOptions } from "../../src/core/create.ts";
import { extract } from "../../src/core/extract.ts";
import { startPacking } from "../../src/core/packing.ts";
import { EVERYTHING } from "../../src/core/select.ts";
import { emptySummary, type Summary } from "../../src/core/summary.ts";
import { walk } from "../../src/core/walk.ts";
import type { UnzipxError } from "../../src/errors.ts";
import { openOutputFile } from "../../src/safe/output.ts";
import { DEFAULT_POLICY } from "../../src/safe/policy.ts";
import { errorOf } from "../helpers/library.ts";
import { has, run, temporaryFolder, treeOf } from "../helpers/tools.ts";
import { makeSample, noise, prose } from "./sample.ts";

// The engine's thread runs from the built program.
const ready = existsSync(join(import.meta.dirname, "../../dist/thread.cjs"));
const isWindows = process.platform === "win32";
const MIB = 1 << 20;

const make = (base: string, inputs: string[], options: Partial<CreateOptions> = {}): Promise<Summary> =>
  create(join(base, "out.7z"), inputs, { format: "7z", base, threads: 2, ...options });

/** By our own reader, into the folder "back". */
async function unpacked(base: string, archive = "out.7z", password?: string): Promise<Record<string, string>> {
  const directory = join(base, "back");
  mkdirSync(directory);
  const summary = await extract(join(base, archive), {
    directory, into: "directory", ownName: "own", selection: EVERYTHING, threads: 1, reporter: {}, policy: DEFAULT_POLICY,
    ...(password === undefined ? {} : { password: async () => password }),
  });
  expect(summary.failures).toEqual([]);
  return treeOf(directory);
}

const names = (folder: string): string[] => readdirSync(folder).sort();

describe.skipIf(!ready || isWindows)("a 7z", () => {
  for (const level of [0, 1, 5, 9]) {
    it(`of level ${level} gives back the same files, links, folders and modes`, async () => {
      const base = temporaryFolder();
      makeSample(base);
      expect(await make(base, ["sample"], { level })).toMatchObject({ files: 10, directories: 5, links: 2, failures: [], warnings: [] });
      expect((await unpacked(base))).toEqual({ sample: expect.anything(), ...prefixed("sample/", treeOf(join(base, "sample"))) });
    });
  }

  it.skipIf(!has("7zz"))("holds times to 100 ns (needs 7zz)", async () => {
    const base = temporaryFolder();
    writeFileSync(join(base, "file"), "x");
    mkdirSync(join(base, "folder"));
    await make(base, ["file", "folder"]);
    const exact = (path: string): bigint => lstatSync(join(base, path), { bigint: true }).mtimeNs / 100n;
    run("7zz", ["x", `-o${join(base, "theirs")}`, join(base, "out.7z")]);
    for (const name of ["file", "folder"]) expect(exact(`theirs/${name}`)).toBe(exact(name));
  });

  it.each([Date.UTC(1930, 0, 1), -1, 0, Date.UTC(2200, 0, 1)])("takes a time of %d ms", async (mtime) => {
    const base = temporaryFolder();
    writeFileSync(join(base, "file"), "x");
    await make(base, ["file"], { mtime });
    await unpacked(base);
    expect(statSync(join(base, "back/file")).mtimeMs).toBeCloseTo(mtime, 0);
  });

  it.skipIf(!has("7zz"))("holds names that a command line or a list of names would change (needs 7zz)", async () => {
    const base = temporaryFolder();
    const odd = ["-y", "@list", "*", "a?", "new\nline", " space ", "back\\slash", "!x", "--", "\u{1f600}", "trailing."];
    mkdirSync(join(base, "d"));
    for (const name of odd) writeFileSync(join(base, "d", name), name);
    await make(base, ["d"]);
    run("7zz", ["x", `-o${join(base, "theirs")}`, join(base, "out.7z")]);
    expect(Object.keys(treeOf(join(base, "theirs"))).sort()).toEqual(["d", ...odd.map((name) => `d/${name}`)].sort());
  });

  it("holds exactly what the walk gives: no more than named, not what is excluded, and no way out", async () => {
    const base = temporaryFolder();
    makeSample(base);
    mkdirSync(join(base, "sub"));
    const summary = await create(join(base, "out.7z"), ["../sample/a"], { format: "7z", base: join(base, "sub"), threads: 1, exclude: (path) => path === "sample/a/b" });
    expect(summary.warnings.map(({ code }) => code)).toEqual(["ODDITY"]);
    expect(Object.keys(await unpacked(base))).toEqual(["sample", "sample/a", "sample/a/text.txt"]);
  });

  it("of nothing, of folders and of empty files only is one that others read", async () => {
    const base = temporaryFolder();
    mkdirSync(join(base, "e/f"), { recursive: true });
    await create(join(base, "nothing.7z"), ["."], { format: "7z", base: join(base, "e/f"), threads: 1 });
    expect(statSync(join(base, "nothing.7z")).size).toBe(32);
    writeFileSync(join(base, "e/empty"), "");
    await make(base, ["e"]);
    expect(Object.keys(await unpacked(base))).toEqual(["e", "e/empty", "e/f"]);
    if (has("7zz")) for (const name of ["nothing.7z", "out.7z"]) run("7zz", ["t", join(base, name)]);
  });

  it("cuts at fixed places: the bytes are the same for one thread and several, and a large file is one again", async () => {
    const base = temporaryFolder();
    mkdirSync(join(base, "d"));
    writeFileSync(join(base, "d/before"), prose(3 * MIB));
    writeFileSync(join(base, "d/large"), Buffer.concat([noise(MIB), prose(32 * MIB + 5)])); // blocks are of 16 MiB at level 1
    writeFileSync(join(base, "d/smaller"), prose(13 * MIB)); // does not fit behind the next one
    writeFileSync(join(base, "d/zzz"), prose(4 * MIB));
    await make(base, ["d"], { level: 1, threads: 4 });
    const several = readFileSync(join(base, "out.7z"));
    await make(base, ["d"], { level: 1, threads: 1, force: true });
    expect(readFileSync(join(base, "out.7z")).equals(several)).toBe(true);
    expect(await unpacked(base)).toEqual({ d: expect.anything(), ...prefixed("d/", treeOf(join(base, "d"))) });
    if (has("7zz")) expect(run("7zz", ["l", join(base, "out.7z")])).toContain("Blocks = 4");
  }, 120_000);

  it("is the same for the same files when it is to be reproducible", async () => {
    const base = temporaryFolder();
    const root = makeSample(base);
    await make(base, ["sample"], { reproducible: true });
    const first = readFileSync(join(base, "out.7z"));
    utimesSync(join(root, "run.sh"), 1, 2);
    await make(base, ["sample"], { reproducible: true, threads: 1, force: true });
    expect(readFileSync(join(base, "out.7z")).equals(first)).toBe(true);
  }, 60_000);

  it("leaves out what cannot be read, tells it, and holds the rest", async () => {
    const base = temporaryFolder();
    mkdirSync(join(base, "d"));
    writeFileSync(join(base, "d/a"), "first");
    writeFileSync(join(base, "d/z"), "last");
    writeFileSync(Buffer.concat([Buffer.from(`${base}/d/caf`), Buffer.from([0xe9])]), "latin");
    const summary = await make(base, ["d"]);
    expect(summary.failures.map(({ code, message }) => [code, message.includes("not UTF-8")])).toEqual([["READ_FAILED", true]]);
    expect(Object.keys(await unpacked(base))).toEqual(["d", "d/a", "d/z"]);
  });

  for (const [what, change] of [
    ["grows", (path: string) => appendFileSync(path, "more")],
    ["shrinks", (path: string) => truncateSync(path, 1000)],
  ] as const) {
    it(`gives up a file larger than a block that ${what} while it is read, and nothing else`, async () => {
      const base = temporaryFolder();
      mkdirSync(join(base, "d"));
      writeFileSync(join(base, "d/a"), prose(50_000));
      writeFileSync(join(base, "d/b"), prose(20 * MIB));
      writeFileSync(join(base, "d/c"), noise(70_000, 7));
      const summary = await changing(base, 18, () => change(join(base, "d/b")));
      expect(summary.failures.map(({ code, details }) => [code, details.entry])).toEqual([["READ_FAILED", "d/b"]]);
      expect(await unpacked(base)).toEqual({ d: expect.anything(), ...prefixed("d/", without("b", treeOf(join(base, "d")))) });
      if (has("7zz")) run("7zz", ["t", join(base, "out.7z")]);
    }, 60_000);
  }

  it.skipIf(!existsSync("/proc/version"))("gives up a file whose size is not what the system says (needs /proc)", async () => {
    const base = temporaryFolder();
    writeFileSync(join(base, "a"), "first");
    const summary = await make(base, ["a", "/proc/version"]);
    expect(summary.failures.map(({ code, details }) => [code, details.entry])).toEqual([["READ_FAILED", "proc/version"]]);
    expect(Object.keys(await unpacked(base))).toEqual(["a"]);
  });

  it("stops when it is told to, and leaves nothing", async () => {
    const base = temporaryFolder();
    mkdirSync(join(base, "d"));
    writeFileSync(join(base, "d/large"), noise(30 * MIB));
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 200);
    expect((await errorOf(make(base, ["d"], { level: 9, signal: controller.signal }))).code).toBe("INTERRUPTED");
    expect(names(base)).toEqual(["d"]);
  });

  describe("that is encrypted", () => {
    const secret: Partial<CreateOptions> = { encryption: "aes256", password: async () => "Paß–wört 🔑" };
    for (const encryptNames of [false, true]) {
      it(`is read with the password and not without (${encryptNames ? "names too" : "contents"})`, async () => {
        const base = temporaryFolder();
        makeSample(base);
        await make(base, ["sample"], { ...secret, encryptNames });
        const bytes = readFileSync(join(base, "out.7z"));
        expect(bytes.includes(Buffer.from("text.txt", "utf16le"))).toBe(false); // hidden, or compressed
        expect(await unpacked(base, "out.7z", "Paß–wört 🔑")).toEqual({ sample: expect.anything(), ...prefixed("sample/", treeOf(join(base, "sample"))) });
        const wrong = extract(join(base, "out.7z"), {
          directory: join(base, "w"), into: "directory", ownName: "own", selection: EVERYTHING, threads: 1, reporter: {}, policy: DEFAULT_POLICY, password: async () => "wrong",
        });
        const codes = await wrong.then((summary) => summary.failures.map(({ code }) => code), (error: { code: string }) => [error.code]);
        expect(new Set(codes)).toEqual(new Set(["PASSWORD"]));
      });

      it.skipIf(!has("7zz"))(`is one for 7zz, which ${encryptNames ? "shows no name" : "shows the names"} without the password (needs 7zz)`, async () => {
        const base = temporaryFolder();
        makeSample(base);
        await make(base, ["sample"], { encryption: "aes256", password: async () => "secret", encryptNames, level: encryptNames ? 5 : 0 });
        run("7zz", ["x", "-psecret", "-snld", `-o${join(base, "theirs")}`, join(base, "out.7z")]);
        expect(treeOf(join(base, "theirs/sample"))).toEqual(treeOf(join(base, "sample")));
        expect(() => run("7zz", ["t", "-pwrong", join(base, "out.7z")])).toThrow(/Wrong password/);
        let listing: string;
        try {
          listing = run("7zz", ["l", "-p", join(base, "out.7z")]);
        } catch (error) {
          listing = String(error);
        }
        expect(listing.includes("text.txt")).toBe(!encryptNames);
      });
    }

    it("never holds the same bytes twice", async () => {
      const base = temporaryFolder();
      writeFileSync(join(base, "file"), "x".repeat(1000));
      const [first, second] = [await once(), await once()];
      expect(first.length).toBe(second.length);
      expect(first.subarray(32, 48).equals(second.subarray(32, 48))).toBe(false);
      async function once(): Promise<Buffer> {
        await make(base, ["file"], { ...secret, level: 0, force: true });
        return readFileSync(join(base, "out.7z"));
      }
    });
  });

  describe("in parts", () => {
    it("appears as OUT.7z.001 and so on, and is whole when they are joined", async () => {
      const base = temporaryFolder();
      makeSample(base);
      const summary = await make(base, ["sample"], { split: 1 << 20 });
      expect(names(base)).toEqual(["out.7z.001", "out.7z.002", "out.7z.003", "sample"]);
      expect(summary.destination).toBe(join(base, "out.7z.001"));
      expect(statSync(join(base, "out.7z.001")).size).toBe(1 << 20);
      if (has("7zz")) {
        run("7zz", ["x", "-snld", `-o${join(base, "theirs")}`, join(base, "out.7z.001")]);
        expect(treeOf(join(base, "theirs/sample"))).toEqual(treeOf(join(base, "sample")));
      }
      expect(await unpacked(base, "out.7z.001")).toEqual({ sample: expect.anything(), ...prefixed("sample/", treeOf(join(base, "sample"))) });
    });

    it("replaces no part of another set, unless that is wanted; then the other set is gone", async () => {
      const base = temporaryFolder();
      writeFileSync(join(base, "file"), noise(300 * 1024));
      await make(base, ["file"], { split: 64 << 10 });
      expect(names(base)).toHaveLength(6);
      expect((await errorOf(make(base, ["file"], { split: 200 << 10 }))).code).toBe("CONFLICT");
      expect(names(base)).toHaveLength(6);
      await make(base, ["file"], { split: 200 << 10, force: true });
      expect(names(base)).toEqual(["file", "out.7z.001", "out.7z.002"]);
      expect((await unpacked(base, "out.7z.001"))["file"]).toBe(treeOf(base)["file"]);
    });
  });

  it.skipIf(!has("bsdtar"))("is one for bsdtar (needs bsdtar)", async () => {
    const base = temporaryFolder();
    makeSample(base);
    await make(base, ["sample"]);
    mkdirSync(join(base, "theirs"));
    run("bsdtar", ["-xpf", join(base, "out.7z"), "-C", join(base, "theirs")]);
    expect(treeOf(join(base, "theirs/sample"))).toEqual(treeOf(join(base, "sample")));
  });

  it("stores what links lead to when links are to be followed", async () => {
    const base = temporaryFolder();
    writeFileSync(join(base, "file"), "content");
    symlinkSync("file", join(base, "link"));
    await make(base, ["link"], { dereference: true });
    const [link] = Object.values(await unpacked(base));
    expect(link).toBe(treeOf(base)["file"]);
  });
});

it("a 7z takes no --method, no broken encryption, no empty password, and hides no names without -e", async () => {
  const base = temporaryFolder();
  writeFileSync(join(base, "file"), "x");
  for (const options of [{ method: "zstd" }, { encryption: "zipcrypto" }, { encryptNames: true }, { encryption: "aes256", password: async () => "" }] as const) {
    expect((await errorOf(make(base, ["file"], { password: async () => "secret", ...options }))).code).toBe("USAGE");
  }
  expect((await errorOf(create(join(base, "a.zip"), ["file"], { format: "zip", base, encryption: "aes256", encryptNames: true }))).code).toBe("USAGE");
  expect(names(base)).toEqual(["file"]);
});

function prefixed(prefix: string, tree: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(tree).map(([path, value]) => [prefix + path, value]));
}

function without(path: string, { [path]: _, ...tree }: Record<string, string>): Record<string, string> {
  return tree;
}

/** Makes out.7z of the folder "d" at level 1, and does something at the given look at whether to go on. */
async function changing(base: string, look: number, change: () => void): Promise<Summary> {
  const summary = emptySummary("create", "out.7z", ["7z"]);
  const output = openOutputFile(join(base, "out.7z"), { replace: false });
  const packing = startPacking({ level: 1, dereference: false, pool: undefined, signal: undefined, reporter: {}, summary });
  let looks = 0;
  const tell = (failure: UnzipxError): void => void summary.failures.push(failure);
  const entries = walk(["d"], { base, dereference: false, exclude: () => false, leaveOut: output.inodes, warn: tell, fail: tell });
  const check = (): void => {
    looks += 1;
    if (looks === look) change();
  };
  try {
    await createSevenZip(entries, output, { ...packing, check }, { threads: 1, signal: undefined, reproducible: false, encryptNames: false });
    output.commit({ replace: false });
  } finally {
    output.discard();
  }
  return summary;
}
