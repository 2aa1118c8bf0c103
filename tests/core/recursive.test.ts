import { closeSync, mkdirSync, openSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateRawSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readingArguments } from "../../src/cli/arguments.ts";
import { extract, type ExtractOptions } from "../../src/core/extract.ts";
import { list } from "../../src/core/list.ts";
import { openInside } from "../../src/core/nested.ts";
import { ARCHIVE_EXTENSIONS, isArchiveName, ownName } from "../../src/core/own-name.ts";
import { createSelection, EVERYTHING, type Selection } from "../../src/core/select.ts";
import { openedInput } from "../../src/core/sources.ts";
import { test as verify } from "../../src/core/test.ts";
import { CONTAINERS } from "../../src/formats/index.ts";
import { DEFAULT_LIMITS, DEFAULT_POLICY, USUAL_LEVELS, type Policy } from "../../src/safe/policy.ts";
import { buildTar, buildZip, DEFLATE, paxHeader } from "../helpers/build.ts";
import { isRoot, isWindows, sandbox } from "../helpers/cli.ts";
import { errorOf, unpack, type Unpacked } from "../helpers/library.ts";
import { has, run, temporaryFolder } from "../helpers/tools.ts";

const R = { levels: USUAL_LEVELS };
const inner = buildZip([{ name: "x.txt", content: "x" }, { name: "d/y.txt", content: "y", method: DEFLATE }]);

/** What lies where an archive was unpacked, without the folders. */
function files({ contents }: Unpacked): Record<string, string> {
  return Object.fromEntries(Object.entries(contents).filter(([path]) => !path.endsWith("/")));
}

async function selecting(include: readonly string[], exclude: readonly string[] = []): Promise<Selection> {
  return createSelection({ include, exclude, ignoreCase: false });
}

async function unpackInto(where: ReturnType<typeof sandbox>, bytes: Uint8Array, policy: Partial<Policy> = {}, more: Partial<ExtractOptions> = {}): Promise<ReturnType<typeof extract>> {
  const archive = where.file("outer", bytes);
  const done = await extract(archive, {
    directory: join(where.folder, "out"), into: "directory", ownName: "own", selection: EVERYTHING, threads: 1, reporter: {}, ...R, policy: { ...DEFAULT_POLICY, ...policy }, ...more,
  });
  where.assertOutsideUntouched();
  return done;
}

async function listing(bytes: Uint8Array, selection: Selection = EVERYTHING, levels = USUAL_LEVELS): Promise<{ readonly paths: readonly string[]; readonly failures: readonly string[] }> {
  const archive = sandbox().file("outer", bytes);
  const { entries, summary } = await list(archive, { limits: DEFAULT_LIMITS, selection, levels, threads: 1 });
  return { paths: Array.from(entries, ({ path }) => path), failures: summary.failures.map(({ code, details }) => `${code} ${details.entry}`) };
}

async function testing(bytes: Uint8Array, selection: Selection = EVERYTHING): Promise<{ readonly failures: readonly string[]; readonly bytes: number; readonly files: number }> {
  const archive = sandbox().file("outer", bytes);
  const summary = await verify(archive, { limits: DEFAULT_LIMITS, lenient: false, selection, ...R, threads: 1, reporter: {} });
  return { failures: summary.failures.map(({ code, details }) => `${code} ${details.entry}`), bytes: summary.bytes, files: summary.files };
}

describe("x -R: where things go", () => {
  it("an archive inside becomes a folder of its name, a compressed file what is in it, and neither is kept", async () => {
    const items = [
      { name: "docs/a.zip", content: inner }, { name: "src.tar.gz", content: gzipSync(buildTar([{ name: "m.c", content: "m" }])) },
      { name: "b.tgz", content: gzipSync(buildTar([{ name: "n", content: "n" }])) }, { name: "docs/notes.txt.gz", content: gzipSync("notes") }, { name: "plain.txt", content: "p" },
    ];
    const expected = { "b/n": "n", "docs/a/d/y.txt": "y", "docs/a/x.txt": "x", "docs/notes.txt": "notes", "plain.txt": "p", "src/m.c": "m" };
    for (const bytes of [buildZip(items), buildTar(items)]) {
      const done = await unpack(bytes, R);
      expect([done.code, done.warnings, files(done)]).toEqual([0, [], expected]);
      expect([done.summary!.files, done.summary!.bytes]).toEqual([6, 10]);
      expect(files(await unpack(bytes))).toHaveProperty(["docs/a.zip"]);
    }
  });
  it.skipIf(!has("7zz"))("the same out of a solid archive, and of one inside another", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "a.zip"), inner);
    run("7zz", ["a", "-bso0", "b.7z", "a.zip"], { cwd: folder });
    run("7zz", ["a", "-bso0", "c.7z", "a.zip", "b.7z"], { cwd: folder });
    const bytes = readFileSync(join(folder, "c.7z"));
    expect(files(await unpack(bytes, R))).toEqual({ "a/d/y.txt": "y", "a/x.txt": "x", "b/a/d/y.txt": "y", "b/a/x.txt": "x" });
    expect((await listing(bytes)).paths).toEqual(["a.zip", "a.zip/x.txt", "a.zip/d/y.txt", "b.7z", "b.7z/a.zip", "b.7z/a.zip/x.txt", "b.7z/a.zip/d/y.txt"]);
    expect(await testing(bytes)).toMatchObject({ failures: [], files: 7 });
  });
  it("a name that another entry has, before or behind, is left to it: the folder gets the archive's own", async () => {
    for (const order of [[0, 1], [1, 0]]) {
      for (const other of [{ name: "a/z", content: "z" }, { name: "a", content: "z" }, { name: "A", content: "z" }]) {
        const done = await unpack(buildZip(order.map((one) => [{ name: "a.zip", content: inner }, other][one]!)), R);
        expect(files(done)).toEqual({ [other.name]: "z", "a.zip/d/y.txt": "y", "a.zip/x.txt": "x" });
        expect(done.warnings).toEqual([expect.stringContaining("folder of its very name")]);
      }
    }
    const two = await unpack(buildZip([{ name: "a.tar", content: buildTar([{ name: "t", content: "t" }]) }, { name: "a.zip", content: inner }]), R);
    expect(files(two)).toEqual({ "a/t": "t", "a.zip/d/y.txt": "y", "a.zip/x.txt": "x" });
    const single = await unpack(buildZip([{ name: "n.gz", content: gzipSync("packed") }, { name: "n", content: "plain" }]), R);
    expect(files(single)).toEqual({ n: "plain", "n.gz/n": "packed" });
  });
  it("what is compressed twice is opened twice", async () => {
    expect(files(await unpack(buildZip([{ name: "a.zip.gz", content: gzipSync(inner) }]), R))).toEqual({ "a/d/y.txt": "y", "a/x.txt": "x" });
  });
  it("an empty archive becomes an empty folder", async () => {
    expect((await unpack(buildZip([{ name: "a.zip", content: buildZip([]) }, { name: "b" }]), R)).contents).toEqual({ "a/": "", b: "" });
  });
  it("documents, programs and what is no archive stay as they are", async () => {
    const items = ["a.docx", "b.jar", "c.epub", "d.apk", "e", "f.exe", "g.a"].map((name) => ({ name, content: inner }));
    expect(Object.keys(files(await unpack(buildZip(items), R)))).toEqual(items.map(({ name }) => name));
    const fake = await unpack(buildZip([{ name: "fake.zip", content: "no archive" }]), R);
    expect([fake.code, files(fake), fake.warnings]).toEqual([0, { "fake.zip": "no archive" }, [expect.stringContaining("is none")]]);
  });
  it("the later of two archives of one name in a tar is the one that counts", async () => {
    const later = buildZip([{ name: "later", content: "l" }]);
    expect(files(await unpack(buildTar([{ name: "a.zip", content: inner }, { name: "a.zip", content: later }]), R))).toEqual({ "a/later": "l" });
  });
  it("a folder that may not be written to, and times, are as in their archives", async () => {
    const tar = buildTar([{ name: "ro/", type: "5", mode: 0o555, mtime: 1e9 }, { name: "ro/f", content: "f", mode: 0o444 }]);
    const done = await unpack(buildTar([{ name: "d/", type: "5", mode: 0o555, mtime: 1.1e9 }, { name: "d/i.tar", content: tar }]), R);
    expect([done.code, files(done)]).toEqual([0, { "d/i/ro/f": "f" }]);
    if (!isWindows) expect(sandboxModes(done)).toEqual({ d: 0o555, "d/i/ro": 0o555, mtime: 1.1e12 });
  });
});

function sandboxModes({ folder }: Unpacked): Record<string, number> {
  const stat = (path: string) => statSync(join(folder, path));
  return { d: stat("d").mode & 0o777, "d/i/ro": stat("d/i/ro").mode & 0o777, mtime: stat("d").mtimeMs };
}

describe("x -R: no end, and limits", () => {
  /** a.zip in a.zip in a.zip … */
  const nested = (levels: number): Buffer => Array.from({ length: levels }).reduce<Buffer>((content) => buildZip([{ name: "a.zip", content }]), buildZip([{ name: "end", content: "e" }]));
  it("goes as deep as it is told, and leaves what lies deeper as a file, with a word", async () => {
    const done = await unpack(nested(3), { levels: 2 });
    expect([done.code, Object.keys(files(done))]).toEqual([0, ["a/a/a.zip"]]);
    expect(done.summary!.warnings.map(({ message, details }) => [message, details.entry, details.hint])).toEqual([["Left an entry as it is: it lies 3 archives deep", "a.zip/a.zip/a.zip", "--depth 3"]]);
    expect(files(await unpack(nested(3), { levels: 3 }))).toEqual({ "a/a/a/end": "e" });
    expect((await listing(nested(3), EVERYTHING, 2)).paths).toEqual(["a.zip", "a.zip/a.zip", "a.zip/a.zip/a.zip"]);
  });
  it("an archive that is one of those around it is not opened", async () => {
    const file = sandbox().file("a.zip", inner);
    const [first, second] = [openSync(file, "r"), openSync(file, "r")];
    try {
      const around = [openedInput("a.zip", first, undefined).solid!];
      const options = { threads: 1, limits: DEFAULT_LIMITS, lenient: false, warn() {} };
      const error = await errorOf(openInside({ path: "a.zip", fd: second, mtime: undefined }, { prefix: "b.zip/", levels: 8, left: 8, around }, options));
      expect([error.code, error.message]).toEqual(["LIMIT", 'Cannot unpack "b.zip/a.zip": it is one of the archives that it lies in, and would never end']);
    } finally {
      closeSync(first);
      closeSync(second);
    }
  });
  it("the limits are those of all levels together", async () => {
    const bytes = buildZip([{ name: "a.zip", content: inner }, { name: "b.zip", content: inner }]);
    const policy = (limits: Partial<typeof DEFAULT_LIMITS>): { policy: Partial<Policy> } => ({ policy: { limits: { ...DEFAULT_LIMITS, ...limits } } });
    expect((await unpack(bytes, { ...R, ...policy({ files: 6 }) })).code).toBe(0);
    expect(await unpack(bytes, { ...R, ...policy({ files: 5 }) })).toMatchObject({ code: 12, contents: {}, error: { details: { entry: "b.zip" } } });
    expect(await unpack(bytes, { ...R, ...policy({ bytes: 2 * inner.length + 3 }) })).toMatchObject({ code: 12, contents: {} });
    expect((await unpack(bytes, { ...R, ...policy({ bytes: 2 * inner.length + 4 }) })).code).toBe(0);
  });
  it("a bomb inside is held against the size of the user's archive, and nothing is published", async () => {
    const zeros = deflateRawSync(Buffer.alloc(80 << 20));
    const bomb = buildZip([{ name: "zeros", content: Buffer.alloc(80 << 20), data: zeros, method: DEFLATE }]);
    const bytes = buildZip([{ name: "docs/bomb.zip", content: bomb, method: DEFLATE }]);
    expect(await unpack(bytes, R)).toMatchObject({ code: 12, contents: {}, error: { details: { entry: "docs/bomb.zip" } } });
    const archive = sandbox().file("outer", bytes);
    for (const work of [verify, list]) expect((await errorOf(work(archive, { limits: { ...DEFAULT_LIMITS, bytes: 1000 }, lenient: false, selection: EVERYTHING, ...R, threads: 1, reporter: {} }))).code).toBe("LIMIT");
  });
  it("folders of all levels count for the depth of a path, and their names for its length", async () => {
    const deep = buildZip([{ name: "d/d/d/x", content: "x" }]);
    const limits = { ...DEFAULT_LIMITS, depth: 5 };
    const done = await unpack(buildZip([{ name: "e/a.zip", content: deep }]), { ...R, policy: { limits } });
    expect([done.code, done.failures, Object.keys(files(done))]).toEqual([12, { "e/a.zip/d/d/d/x": "LIMIT" }, ["e/a.zip"]]);
    const long = `${"n".repeat(200)}/`.repeat(12);
    const tar = buildTar([paxHeader({ path: `${long}i.tar` }), { name: "i.tar", content: buildTar([paxHeader({ path: `${long}x` }), { name: "x", content: "x" }]) }]);
    expect((await unpack(tar, R)).code).toBe(6);
  });
});

describe("x -R: archives with something wrong inside", () => {
  const wrong = (data: Uint8Array): Buffer => {
    const copy = Buffer.from(data);
    copy[copy.indexOf("x.txt") + 5]! ^= 1; // the stored "x"
    return copy;
  };
  it("a damaged one is kept as it is, nothing of it appears, and everything else does", async () => {
    const bytes = buildZip([{ name: "docs/a.zip", content: wrong(inner) }, { name: "docs/b.zip", content: inner }, { name: "c", content: "c" }]);
    const done = await unpack(bytes, { ...R, into: "own-folder" });
    expect([done.code, done.failures]).toEqual([3, { "docs/a.zip/x.txt": "BAD_CHECKSUM" }]);
    expect(Object.keys(files(done))).toEqual(["own/c", "own/docs/a.zip", "own/docs/b/d/y.txt", "own/docs/b/x.txt"]);
    expect(readFileSync(join(done.folder, "own/docs/a.zip"))).toEqual(wrong(inner));
    expect((await testing(bytes)).failures).toEqual(["BAD_CHECKSUM docs/a.zip/x.txt"]);
  });
  it("one with a header larger than any needs is its own trouble, and not the end of all", async () => {
    const large = buildTar([paxHeader({ comment: "x".repeat(2 << 20) }), { name: "f" }]);
    const bytes = buildZip([{ name: "a.tar", content: large }, { name: "b.zip", content: inner }]);
    const done = await unpack(bytes, R);
    expect([done.code, done.failures, Object.keys(files(done))]).toEqual([12, { "a.tar": "LIMIT" }, ["a.tar", "b/d/y.txt", "b/x.txt"]]);
    expect((await testing(bytes)).failures).toEqual(["LIMIT a.tar"]);
    expect((await listing(bytes)).failures).toEqual(["LIMIT a.tar"]);
  });
  it("one that is damaged two levels down is kept in the folder of the one around it", async () => {
    const done = await unpack(buildTar([{ name: "o.tar", content: buildTar([{ name: "i.zip", content: wrong(inner) }, { name: "f", content: "f" }]) }]), R);
    expect([done.code, done.failures, Object.keys(files(done))]).toEqual([3, { "o.tar/i.zip/x.txt": "BAD_CHECKSUM" }, ["o/f", "o/i.zip"]]);
  });
  it("cut anywhere or with any bit flipped, an archive inside is unpacked right or kept", async () => {
    for (const [name, whole] of [["a.zip", inner], ["a.tgz", gzipSync(buildTar([{ name: "x.txt", content: "x" }, { name: "d/y.txt", content: "y" }]))]] as const) {
      const variants = [...whole].flatMap((_, at) => {
        const flipped = Buffer.from(whole);
        flipped[at]! ^= 1 << (at % 8);
        return [whole.subarray(0, at), flipped];
      });
      const outer = buildTar(variants.map((content, number) => ({ name: `${number}/${name}`, content })));
      const done = await unpack(outer, R);
      const contents = files(done);
      for (let number = 0; number < variants.length; number++) {
        const mine = Object.entries(contents).filter(([path]) => path.startsWith(`${number}/`));
        if (mine.length === 1 && mine[0]![0] === `${number}/${name}`) continue; // kept
        expect(mine.map(([, content]) => content).sort(), `${name} ${number}`).toEqual(["x", "y"]);
      }
    }
  });
  it("names and links that lead out of an archive's folder are refused, also where they would stay in the destination", async () => {
    const cases = [
      [buildTar([{ name: "../out", content: "o" }]), "UNSAFE_PATH", "../out"],
      [buildTar([{ name: "/abs", content: "o" }]), "UNSAFE_PATH", "/abs"],
      [buildTar([{ name: "l", type: "2", link: "../free.txt" }]), "UNSAFE_LINK", "l"],
      [buildTar([{ name: "l", type: "1", link: "free.txt" }]), "UNSAFE_LINK", "l"],
    ] as const;
    for (const [tar, code, path] of cases) {
      const done = await unpack(buildTar([{ name: "free.txt", content: "f" }, { name: "a.tar", content: tar }]), R);
      expect([done.code, done.failures, Object.keys(files(done))]).toEqual([6, { [`a.tar/${path}`]: code }, ["a.tar", "free.txt"]]);
    }
  });
  it.skipIf(isWindows)("links that stay inside are made", async () => {
    const tar = buildTar([{ name: "f", content: "f" }, { name: "s", type: "2", link: "f" }, { name: "h", type: "1", link: "f" }]);
    expect(files(await unpack(buildTar([{ name: "a.tar", content: tar }]), R))).toEqual({ "a/f": "f", "a/h": "f", "a/s": "-> f" });
  });
  it("an archive that a hard link leads to stays a file", async () => {
    const done = await unpack(buildTar([{ name: "a.zip", content: inner }, { name: "b.zip", type: "1", link: "a.zip" }]), R);
    expect([done.code, Object.keys(files(done))]).toEqual([0, ["a.zip", "b.zip"]]);
    expect(done.warnings).toEqual([expect.stringContaining("hard link")]);
  });
  it("names that would be no folder get another one", () => {
    expect(["..zip", "...zip", "....tar.gz", ".zip", "a.tar.gz"].map((name) => ownName(name))).toEqual(["..zip-extracted", "...zip-extracted", "....tar.gz-extracted", ".zip-extracted", "a"]);
  });
  it.skipIf(!has("zip"))("an encrypted one is kept without its password, and unpacked with it", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "s.txt"), "secret");
    run("zip", ["-q", "-P", "pw", "s.zip", "s.txt"], { cwd: folder });
    const bytes = buildZip([{ name: "s.zip", content: readFileSync(join(folder, "s.zip")) }]);
    expect(await unpack(bytes, R)).toMatchObject({ code: 82, failures: { "s.zip/s.txt": "PASSWORD" } });
    expect(files(await unpack(bytes, { ...R, password: async () => "pw" }))).toEqual({ "s/s.txt": "secret" });
  });
  it("a part of a set stays as it is", async () => {
    const done = await unpack(buildZip([{ name: "a.part1.rar", content: "Rar!" }, { name: "a.zip.001", content: inner.subarray(0, 50) }]), R);
    expect([done.code, done.warnings, Object.keys(files(done))]).toEqual([0, [], ["a.part1.rar", "a.zip.001"]]);
  });
});

describe("x -R: into a folder with something in it", () => {
  const bytes = buildZip([{ name: "a.zip", content: inner }, { name: "n.gz", content: gzipSync("new") }]);
  const prepared = (): ReturnType<typeof sandbox> => {
    const where = sandbox();
    where.file("out/a/x.txt", "old");
    where.file("out/n", "old");
    return where;
  };
  it("files there are treated as the policy says", async () => {
    const failing = prepared();
    expect((await errorOf(unpackInto(failing, bytes))).code).toBe("CONFLICT");
    expect(failing.contents("out")).toEqual({ "a/": "", "a/x.txt": "old", n: "old" });
    const expected = {
      always: { "a/": "", "a/d/": "", "a/d/y.txt": "y", "a/x.txt": "x", n: "new" },
      never: { "a/": "", "a/d/": "", "a/d/y.txt": "y", "a/x.txt": "old", n: "old" },
      rename: { "a/": "", "a/d/": "", "a/d/y.txt": "y", "a/x (1).txt": "x", "a/x.txt": "old", n: "old", "n (1)": "new" },
    } as const;
    for (const overwrite of ["always", "never", "rename"] as const) {
      const where = prepared();
      const summary = await unpackInto(where, bytes, { overwrite });
      expect(where.contents("out")).toEqual(expected[overwrite]);
      expect([overwrite, summary.failures, summary.files, summary.skipped]).toEqual([overwrite, [], overwrite === "never" ? 1 : 3, overwrite === "never" ? 2 : 0]);
    }
  });
  it("the user is asked about files inside as about any other", async () => {
    const where = prepared();
    const asked: string[] = [];
    await unpackInto(where, bytes, { overwrite: "ask" }, { ask: async ({ path }) => (asked.push(path), "yes") });
    expect(asked.sort()).toEqual(["a/x.txt", "n"]);
  });
  it("a file where the folder would be: the archive is kept", async () => {
    const where = sandbox();
    where.file("out/a", "mine");
    const summary = await unpackInto(where, buildZip([{ name: "a.zip", content: inner }]), { overwrite: "always" });
    expect([summary.failures.map(({ code }) => code), summary.files]).toEqual([["CONFLICT"], 1]);
    expect(Object.keys(where.contents("out"))).toEqual(["a", "a.zip"]);
  });
  it.skipIf(isWindows)("no link that is there is gone through, by files or by links from inside", async () => {
    const folder = sandbox();
    mkdirSync(join(folder.folder, "out"));
    symlinkSync("..", join(folder.folder, "out/a"));
    const first = await unpackInto(folder, buildZip([{ name: "a.zip", content: inner }]), { overwrite: "always" });
    expect(first.failures.map(({ code }) => code)).toEqual(["UNSAFE_LINK"]);
    expect(Object.keys(folder.contents("out"))).toEqual(["a", "a.zip"]);

    const passing = sandbox();
    mkdirSync(join(passing.folder, "out/a"), { recursive: true });
    symlinkSync("../../..", join(passing.folder, "out/a/up"));
    const second = await unpackInto(passing, buildZip([{ name: "a.tar", content: buildTar([{ name: "l", type: "2", link: "up/sentinel" }, { name: "f", content: "f" }]) }]));
    expect(second.failures.map(({ code, details }) => [code, details.entry])).toEqual([["UNSAFE_LINK", "a/l"]]);
    expect(Object.keys(passing.contents("out")).sort()).toEqual(["a.tar", "a/", "a/up"]);
  });
  it.skipIf(isRoot || isWindows)("a folder that cannot be written to comes beside what is there, below one that is there as well (root may move all)", async () => {
    const tar = buildTar([{ name: "in/", type: "5", mode: 0o755 }, { name: "in/ro/", type: "5", mode: 0o555 }, { name: "in/ro/f", content: "new" }]);
    for (const atomic of [false, true]) {
      const where = sandbox();
      where.file("out/i/in/g", "old");
      expect((await unpackInto(where, buildZip([{ name: "i.tar", content: tar }]), { atomic })).failures).toEqual([]);
      expect(where.contents("out")).toMatchObject({ "i/in/g": "old", "i/in/ro/f": "new" });
      expect(statSync(join(where.folder, "out/i/in/ro")).mode & 0o777).toBe(0o555);
    }
  });
  it.skipIf(isWindows)("what is replaced may lie in a folder that cannot be written to in the archive", async () => {
    const tar = buildTar([{ name: "ro/", type: "5", mode: 0o555 }, { name: "ro/f", content: "new" }]);
    const where = sandbox();
    where.file("out/i/ro/f", "old");
    expect((await unpackInto(where, buildZip([{ name: "i.tar", content: tar }]), { overwrite: "always" })).failures).toEqual([]);
    expect(where.contents("out")["i/ro/f"]).toBe("new");
  });
});

describe("-R: members", () => {
  const bytes = buildZip([{ name: "docs/a.zip", content: inner }, { name: "docs/b.tar", content: buildTar([{ name: "./d/z.txt", content: "z" }, { name: "w", content: "w" }]) }, { name: "y.txt", content: "outer" }]);
  const cases: [string, readonly string[], readonly string[], Record<string, string>][] = [
    ["a name means it at any depth", ["y.txt"], [], { "docs/a/d/y.txt": "y", "y.txt": "outer" }],
    ["an archive stands for all that is in it", ["docs/a.zip"], [], { "docs/a/d/y.txt": "y", "docs/a/x.txt": "x" }],
    ["a path goes through archives as through folders", ["docs/b.tar/d/*"], [], { "docs/b/d/z.txt": "z" }],
    ["what is excluded is so at any depth", [], ["*.txt"], { "docs/b/w": "w" }],
    ["an archive that is excluded is not looked into", ["*.txt"], ["a.zip"], { "docs/b/d/z.txt": "z", "y.txt": "outer" }],
  ];
  for (const [what, include, exclude, expected] of cases) {
    it(what, async () => {
      const done = await unpack(bytes, { ...R, selection: await selecting(include, exclude) });
      expect([done.code, files(done)]).toEqual([0, expected]);
      const listed = (await listing(bytes, await selecting(include, exclude))).paths.filter((path) => !/\.(zip|tar)$/.test(path));
      expect(listed.map((path) => path.replace(/\.(zip|tar)\//g, "/")).sort()).toEqual(Object.keys(expected).sort());
    });
  }
  it("nothing is left of an archive in which nothing was wanted, not even its folder", async () => {
    expect((await unpack(bytes, { ...R, selection: await selecting(["y.txt"], ["a.zip"]) })).contents).toEqual({ "y.txt": "outer" });
  });
  it("a pattern that matches nothing on any level is an error", async () => {
    expect((await unpack(bytes, { ...R, selection: await selecting(["nothing"]) })).code).toBe(11);
    const archive = sandbox().file("outer", bytes);
    const selection = await selecting(["nothing"]);
    for (const work of [verify, list]) expect((await errorOf(work(archive, { limits: DEFAULT_LIMITS, lenient: false, selection, ...R, threads: 1, reporter: {} }))).code).toBe("NO_MATCH");
  });
});

describe("l -R and t -R", () => {
  const bytes = buildTar([{ name: "./a.zip", content: inner }, { name: "o.tar", content: buildTar([{ name: "n.gz", content: gzipSync("n") }]) }, { name: "z.docx", content: inner }]);
  it("l shows what is inside behind each archive, with the whole way to it", async () => {
    expect(await listing(bytes)).toEqual({ paths: ["./a.zip", "./a.zip/x.txt", "./a.zip/d/y.txt", "o.tar", "o.tar/n.gz", "o.tar/n.gz/n", "z.docx"], failures: [] });
    const { entries } = await list(sandbox().file("outer", bytes), { limits: DEFAULT_LIMITS, selection: EVERYTHING });
    expect(Array.from(entries, ({ path }) => path)).toEqual(["./a.zip", "o.tar", "z.docx"]);
  });
  it("t verifies all of it", async () => {
    const tar = buildTar([{ name: "n.gz", content: gzipSync("n") }]);
    expect(await testing(bytes)).toEqual({ failures: [], files: 7, bytes: 2 * inner.length + 2 + tar.length + gzipSync("n").length + 1 });
  });
  it("damage inside is told with the whole way to it, and what follows is still seen", async () => {
    const cut = gzipSync(Buffer.alloc(50_000, "text ")).subarray(0, -9);
    const damaged = buildTar([{ name: "d/n.gz", content: cut }, { name: "d/e.zip", content: inner.subarray(0, -3) }, { name: "f.zip", content: inner }]);
    expect((await testing(damaged)).failures).toEqual(["TRUNCATED d/n.gz", "TRUNCATED d/e.zip"]);
    const listed = await listing(damaged);
    expect(listed.paths).toEqual(expect.arrayContaining(["d/n.gz", "d/e.zip", "f.zip", "f.zip/x.txt"]));
    expect(listed.failures).toEqual(["TRUNCATED d/n.gz", "TRUNCATED d/e.zip"]);
  });
  it("an archive that is damaged in its own archive is the trouble of that one", async () => {
    const copy = Buffer.from(buildZip([{ name: "a.zip", content: inner }, { name: "b.zip", content: inner }]));
    copy[copy.indexOf("x.txt") + 5]! ^= 1;
    expect((await testing(copy)).failures).toEqual(["BAD_CHECKSUM a.zip"]);
    const listed = await listing(copy);
    expect(listed.failures).toEqual(["BAD_CHECKSUM a.zip"]);
    expect(listed.paths).toContain("b.zip/x.txt");
  });
});

describe("-R: names and flags", () => {
  it("every extension that is opened is one of a format", () => {
    const known = CONTAINERS.flatMap(({ extensions }) => extensions);
    expect(ARCHIVE_EXTENSIONS.filter((one) => !known.includes(one))).toEqual([]);
  });
  it("what is opened is told by the name's end, in any case; a name that is nothing but that does not count", () => {
    expect(["a.zip", "A.ZIP", "d\\a.7z", "a.tar.xz", "a.TGZ", "a.Z", "a.deb", "a.iso"].filter((name) => !isArchiveName(name))).toEqual([]);
    expect([".zip", "d/.gz", "a.jar", "a.docx", "a.cbz", "a.exe", "a.msi", "a.doc", "a.img", "a.dmg", "a.vmdk", "a.a", "a.part01.rar", "a.zip.001", "zip"].filter(isArchiveName)).toEqual([]);
  });
  it("-R goes eight levels deep or as --depth says, which means nothing alone", () => {
    const levels = (flags: Record<string, unknown>): number | undefined => readingArguments(["a.zip"], [], flags).levels;
    expect([levels({}), levels({ recursive: true }), levels({ recursive: true, depth: "3" })]).toEqual([undefined, 8, 3]);
    for (const flags of [{ depth: "3" }, { recursive: true, depth: "0" }, { recursive: true, depth: "x" }]) expect(() => levels(flags)).toThrow(expect.objectContaining({ code: "USAGE" }));
  });
});
