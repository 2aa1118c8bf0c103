import { basename, join } from "node:path";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { volumesOf } from "../../src/core/volumes.ts";
import { UnzipxError } from "../../src/errors.ts";
import { buildTar, buildZip } from "../helpers/build.ts";
import { isRoot, isWindows, sandbox } from "../helpers/cli.ts";
import { mixture } from "../helpers/filters.ts";
import { buildRar4Volumes, buildRar5, buildRar5Volumes, type RarItem } from "../helpers/rar.ts";
import { has, run, temporaryFolder } from "../helpers/tools.ts";

function folderOf(...names: readonly string[]): string {
  const folder = temporaryFolder();
  for (const name of names) writeFileSync(join(folder, name), "");
  return folder;
}

/** The set as names: [main, joined, parts]; undefined for no set, the expected part for one that is missing. */
function setOf(names: readonly string[], given: string): unknown {
  const folder = folderOf(...names);
  try {
    const set = volumesOf(join(folder, given));
    if (set === undefined) return undefined;
    for (const part of set.parts) expect(names).toContain(basename(part));
    return [basename(set.main), set.joined === undefined ? undefined : basename(set.joined), set.parts.map((part) => basename(part))];
  } catch (error) {
    if (!(error instanceof UnzipxError)) throw error;
    return `${error.code} ${error.details.expected}`;
  }
}

const many = (count: number, name: (number: number) => string, from = 1): string[] => Array.from({ length: count }, (_, i) => name(from + i));
const padded = (number: number, width: number): string => String(number).padStart(width, "0");

describe("volumesOf(): the parts of a set, whichever of them is named", () => {
  const rar = many(12, (number) => `a.part${padded(number, 2)}.rar`);
  const unpadded = many(12, (number) => `a.part${number}.rar`);
  const old = ["a.rar", ...many(100, (number) => `a.r${padded(number, 2)}`, 0), "a.s00", "a.s01"];
  const zip = [...many(101, (number) => `a.z${padded(number, 2)}`), "a.zip"];
  const cut = many(3, (number) => `a.7z.${padded(number, 3)}`);
  const long = many(1001, (number) => `a.${padded(number, 3)}`);
  for (const [what, names, main, joined] of [
    ["a.part01.rar …", rar, "a.part01.rar", undefined],
    ["a.part1.rar … a.part12.rar", unpadded, "a.part1.rar", undefined],
    ["a.rar a.r00 … a.r99 a.s00 …", old, "a.rar", undefined],
    ["a.z01 … a.z101 a.zip", zip, "a.zip", undefined],
    ["a.7z.001 …", cut, "a.7z.001", "a.7z"],
    ["a.001 … a.1001", long, "a.001", "a"],
    ["a program and its parts", ["a.part1.exe", "a.part2.rar", "a.part3.rar"], "a.part1.exe", undefined],
    ["a program and its old parts", ["a.exe", "a.r00", "a.r01"], "a.exe", undefined],
    ["upper case", ["A.PART1.RAR", "A.PART2.RAR"], "A.PART1.RAR", undefined],
    ["mixed case", ["A.ZIP", "a.z01", "A.z02"], "A.ZIP", undefined],
    ["a dot and a number in the name", ["v1.2.part1.rar", "v1.2.part2.rar"], "v1.2.part1.rar", undefined],
    ["one part alone", ["a.7z.001"], "a.7z.001", "a.7z"],
    ["spaces and brackets", ["a [1] (x).7z.001", "a [1] (x).7z.002"], "a [1] (x).7z.001", "a [1] (x).7z"],
  ] as const) {
    it(what, () => {
      const ordered = what.startsWith("mixed") ? ["a.z01", "A.z02", "A.ZIP"] : names;
      for (const given of new Set([names[0]!, names[1] ?? names[0]!, names.at(-2) ?? names[0]!, names.at(-1)!])) {
        expect([given, setOf([...names, "b.part1.rar", "other.txt", "a2.rar", "ab.7z.001"], given)]).toEqual([given, [main, joined, ordered]]);
      }
    });
  }
  it("a missing part is named", () => {
    expect(setOf(["a.part1.rar", "a.part3.rar"], "a.part1.rar")).toBe("NO_INPUT a.part2.rar");
    expect(setOf(["a.part2.rar"], "a.part2.rar")).toBe("NO_INPUT a.part1.rar");
    expect(setOf(["a.part01.rar", "a.part03.rar"], "a.part03.rar")).toBe("NO_INPUT a.part02.rar");
    expect(setOf([...many(9, (number) => `a.part${number}.rar`), "a.part11.rar"], "a.part11.rar")).toBe("NO_INPUT a.part10.rar");
    expect(setOf(["a.7z.001", "a.7z.003"], "a.7z.001")).toBe("NO_INPUT a.7z.002");
    expect(setOf(["a.7z.002"], "a.7z.002")).toBe("NO_INPUT a.7z.001");
    expect(setOf(["a.r00", "a.r01"], "a.r01")).toBe("NO_INPUT a.rar");
    expect(setOf(["a.rar", "a.r01"], "a.r01")).toBe("NO_INPUT a.r00");
    expect(setOf(["a.rar", "a.r00", "a.r02"], "a.rar")).toBe("NO_INPUT a.r01");
    expect(setOf(["a.rar", ...many(99, (number) => `a.r${padded(number, 2)}`, 1), "a.s00"], "a.s00")).toBe("NO_INPUT a.r00");
    expect(setOf(["a.z01", "a.z02"], "a.z01")).toBe("NO_INPUT a.zip");
    expect(setOf(["a.z02", "a.zip"], "a.z02")).toBe("NO_INPUT a.z01");
    expect(setOf(["a.z01", "a.z03", "a.zip"], "a.zip")).toBe("NO_INPUT a.z02");
    expect(setOf(["a.rar", "a.r00", "a.r02"], "a.r02")).toBe("NO_INPUT a.r01");
  });
  it("what only looks like a part stands alone", () => {
    for (const name of ["notes.2024", "a.rar", "a.zip", "a.tar.gz", "a.exe", "tool.x64", "game.z80", "a.v10", "report.part1.txt", "a.12", ".001", "a.part.rar"]) expect([name, setOf([name, "other.txt"], name)]).toEqual([name, undefined]);
    expect(setOf(["notes.2023", "notes.2024", "notes.2025"], "notes.2024")).toBeUndefined();
  });
  it("a neighbour that only looks like a part does not keep an archive from being read", () => {
    for (const [archive, ...neighbours] of [
      ["game.zip", "game.z80"], ["setup.exe", "setup.x64"], ["tool.rar", "tool.x64", "tool.x86"], ["a.rar", "a.r01"], ["a.zip", "a.z02"], ["a.exe", "a.s00"],
    ] as const) expect([archive, setOf([archive, ...neighbours], archive)]).toEqual([archive, undefined]);
    for (const neighbour of ["tool.x64", "tool.s00", "tool.z80"]) {
      expect(setOf(["tool.rar", neighbour], neighbour)).toBeUndefined();
      expect(setOf(["tool.rar", "tool.r00", neighbour], "tool.rar")).toEqual(["tool.rar", undefined, ["tool.rar", "tool.r00"]]);
    }
    for (const part of ["a.r05", "a.z03", "a.s00"]) expect([part, setOf([part], part)]).toEqual([part, undefined]);
  });
  it("a program beside a set of its name is not that set", () => {
    expect(setOf(["a.exe", "a.rar", "a.r00"], "a.exe")).toBeUndefined();
    expect(setOf(["a.exe", "a.rar", "a.r00"], "a.r00")).toEqual(["a.rar", undefined, ["a.rar", "a.r00"]]);
  });
  it.skipIf(isRoot || isWindows)("in a folder that may be entered and not listed a file stands alone (not for root)", () => {
    const folder = folderOf("a.zip", "a.z01", "a.7z.001");
    chmodSync(folder, 0o311);
    try {
      for (const name of ["a.zip", "a.z01", "a.7z.001"]) expect(volumesOf(join(folder, name))).toBeUndefined();
    } finally {
      chmodSync(folder, 0o700);
    }
  });
  it("two sets of one name, told apart by their digits or their case, do not mix", () => {
    const names = ["a.part1.rar", "a.part2.rar", "a.part01.rar", "a.part02.rar", "a.part03.rar"];
    expect(setOf(names, "a.part2.rar")).toEqual(["a.part1.rar", undefined, ["a.part1.rar", "a.part2.rar"]]);
    expect(setOf(names, "a.part02.rar")).toEqual(["a.part01.rar", undefined, ["a.part01.rar", "a.part02.rar", "a.part03.rar"]]);
  });
});

const items: readonly RarItem[] = [{ name: "first", content: "1" }, { name: "cut", content: "0123456789", splitAt: 4 }, { name: "last", content: "2" }];
const three = { first: "1", cut: "0123456789", last: "2" };

describe("split archives on the command line", () => {
  const sets: readonly (readonly [what: string, names: readonly [string, string], volumes: readonly [Buffer, Buffer]])[] = [
    ["rar 5", ["s.part1.rar", "s.part2.rar"], buildRar5Volumes(items)],
    ["rar 4", ["s.part01.rar", "s.part02.rar"], buildRar4Volumes(items)],
    ["rar 4 with the old names", ["s.rar", "s.r00"], buildRar4Volumes(items, false)],
    ["rar in upper case", ["S.PART1.RAR", "S.PART2.RAR"], buildRar5Volumes(items)],
    ["rar with a name that a shell would quote", ["s & 'x' [1].part1.rar", "s & 'x' [1].part2.rar"], buildRar5Volumes(items)],
  ];
  for (const [what, names, volumes] of sets) {
    it(`${what}: any part will do, all of them at once are one archive`, () => {
      const where = sandbox();
      names.forEach((name, i) => where.file(name, volumes[i]!));
      for (const given of [[names[0]], [names[1]], names, [names[1], names[0]]]) {
        expect(where.run(["x", ...given, "-C", "out"])).toMatchObject({ code: 0 });
        expect(where.contents("out")).toEqual(three);
        run("rm", ["-r", join(where.folder, "out")]);
      }
      where.assertOutsideUntouched();
    });
    it(`${what}: without one of its parts it is an error that names the part, and nothing is made`, () => {
      for (const [here, gone] of [[0, 1], [1, 0]] as const) {
        const where = sandbox();
        where.file(names[here], volumes[here]!);
        const { code, stderr } = where.run(["x", names[here], "-C", "out"]);
        expect([code, stderr.toLowerCase()]).toEqual([9, expect.stringContaining("missing")]);
        if (gone === 0 || !what.includes("quote")) expect(stderr.toLowerCase()).toContain(names[gone].toLowerCase());
        expect(Object.keys(where.contents())).toEqual([names[here]]);
      }
    });
  }

  it("parts of several archives, and one that stands alone, are each done once", () => {
    const where = sandbox();
    const [one, two] = buildRar5Volumes(items);
    for (const [name, bytes] of [["a.part1.rar", one], ["a.part2.rar", two], ["b.part1.rar", one], ["b.part2.rar", two], ["c.zip", buildZip([{ name: "z", content: "z" }])]] as const) where.file(name, bytes);
    const { code, stdout } = where.run(["t", "--json", "a.part1.rar", "a.part2.rar", "b.part2.rar", "b.part1.rar", "c.zip", "./a.part1.rar"]);
    const { archives } = JSON.parse(stdout) as { archives: { archive: string }[] };
    expect([code, archives.map(({ archive }) => archive)]).toEqual([0, ["a.part1.rar", "b.part2.rar", "c.zip"]]);
  });

  for (const [what, name, bytes] of [
    ["zip", "z.zip", buildZip([{ name: "a", content: "alpha" }, { name: "b", content: "beta" }])],
    ["tar.gz", "z.tar.gz", gzipSync(buildTar([{ name: "a", content: "alpha" }, { name: "b", content: "beta" }]))],
    ["tar", "z.tar", buildTar([{ name: "a", content: "alpha" }, { name: "b", content: "beta" }])],
    ["rar", "z.rar", buildRar5([{ name: "a", content: "alpha" }, { name: "b", content: "beta" }])],
  ] as const) {
    it(`a ${what} that was cut into pieces is joined`, () => {
      const where = sandbox();
      const size = Math.ceil(bytes.length / 3);
      for (let i = 0; i < 3; i++) where.file(`${name}.${padded(i + 1, 3)}`, bytes.subarray(i * size, (i + 1) * size));
      const pieces = [1, 2, 3].map((number) => `${name}.00${number}`);
      for (const given of [[pieces[0]!], [pieces[2]!], pieces]) {
        expect(where.run(["x", ...given, "-C", "out", "-f"])).toMatchObject({ code: 0 });
        expect(where.contents("out")).toEqual({ a: "alpha", b: "beta" });
      }
    });
  }
  it.each([
    ["zip", buildZip([{ name: "a", content: "alpha" }, { name: "b", content: "beta" }])],
    ["tar.gz", gzipSync(buildTar([{ name: "a", content: "alpha" }, { name: "b", content: "beta" }]))],
    ["7z", readFileSync(join(import.meta.dirname, "../../fixtures/7z/good-bcj2.7z"))],
  ] as const)("joined parts of a %s without the last one: the error says which part may be missing", (name, bytes) => {
    const where = sandbox();
    const size = Math.ceil(bytes.length / 3);
    for (let i = 0; i < 2; i++) where.file(`a.${name}.00${i + 1}`, bytes.subarray(i * size, (i + 1) * size));
    for (const verb of ["x", "t"]) {
      const { code, stderr } = where.run([verb, `a.${name}.001`]);
      expect([3, 51, 81]).toContain(code);
      expect(stderr).toContain(`a.${name}.003 may be missing`);
    }
  });
  it("the first part of a set on standard input: the others cannot be found from there, and no name is made up", () => {
    const where = sandbox();
    for (const [part] of [buildRar5Volumes(items), buildRar4Volumes(items)]) {
      for (const verb of ["x", "l", "t"]) {
        const { code, stderr } = where.run([verb, "-"], { input: part });
        expect([code, stderr]).toEqual([9, expect.stringContaining("parts of a set from standard input")]);
        expect(stderr).not.toMatch(/archive\.|beside/);
      }
    }
    expect(where.contents()).toEqual({});
  });
  it("the folder is called after the whole", () => {
    const where = sandbox();
    const bytes = buildZip([{ name: "a", content: "alpha" }, { name: "b", content: "beta" }]);
    where.file("whole.zip.001", bytes.subarray(0, 50));
    where.file("whole.zip.002", bytes.subarray(50));
    expect(where.run(["x", "whole.zip.002"]).code).toBe(0);
    expect(where.contents("whole")).toEqual({ a: "alpha", b: "beta" });
    const [one, two] = buildRar5Volumes(items);
    where.file("movie.part1.rar", one);
    where.file("movie.part2.rar", two);
    expect(where.run(["x", "movie.part1.rar", "movie.part2.rar"]).code).toBe(0);
    expect(where.contents("movie")).toEqual(three);
  });
  it("the parts are never a target of their own content", () => {
    const where = sandbox();
    const [one, two] = buildRar5Volumes([{ name: "s.part2.rar", content: "mine", splitAt: 2 }]);
    where.file("s.part1.rar", one);
    where.file("s.part2.rar", two);
    const { code } = where.run(["x", "s.part1.rar", "--here", "-f"]);
    expect(code).not.toBe(0);
    expect(readFileSync(join(where.folder, "s.part2.rar")).equals(two)).toBe(true);
  });

  it.skipIf(!has("7zz"))("7z and zip in volumes of 7-Zip (needs 7zz)", () => {
    const where = sandbox();
    where.file("in/text", mixture(30_000));
    where.file("in/more", "more");
    for (const [name, ...args] of [["v.7z"], ["e.7z", "-mhe", "-psecret"], ["v.zip"]] as const) {
      run("7zz", ["a", "-bso0", "-v2k", ...args, name, "in"], { cwd: where.folder });
      for (const part of ["001", "002"]) {
        expect(where.run(["x", `${name}.${part}`, "-C", `out-${name}`, "-f"], { env: { UNZIPX_PASSWORD: "secret" } })).toMatchObject({ code: 0 });
        expect(where.contents(`out-${name}`)).toEqual({ "in/": "", ...Object.fromEntries(Object.entries(where.contents("in")).map(([path, content]) => [`in/${path}`, content])) });
      }
      run("rm", [join(where.folder, `${name}.002`)]);
      const { code, stderr } = where.run(["x", `${name}.001`, "-C", "gap"]);
      expect([code, stderr]).toEqual([9, expect.stringContaining(`${name}.002`)]);
    }
  });
  it.skipIf(!has("zip"))("a zip in parts of Info-ZIP (needs zip)", () => {
    const where = sandbox();
    mkdirSync(join(where.folder, "in"));
    where.file("in/noise", Buffer.from(Array.from({ length: 150_000 }, (_, i) => (i * i * 7919) >>> 5 & 0xff)));
    where.file("in/more", "more");
    run("zip", ["-qr0", "-s", "64k", "s.zip", "in"], { cwd: where.folder });
    for (const given of [["s.zip"], ["s.z01"], ["s.z02", "s.zip", "s.z01"]]) {
      expect(where.run(["x", ...given, "-C", "out", "-f"])).toMatchObject({ code: 0 });
      expect(where.contents("out/in")).toEqual(where.contents("in"));
    }
    run("rm", [join(where.folder, "s.z02")]);
    const { code, stderr } = where.run(["x", "s.zip", "-C", "gap"]);
    expect([code, stderr]).toEqual([9, expect.stringContaining("s.z02")]);
  });
});
