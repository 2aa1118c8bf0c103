import { linkSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { transformOf } from "../../src/core/transform.ts";
import { UnzipxError } from "../../src/errors.ts";
import { buildTar, buildZip } from "../helpers/build.ts";
import { isWindows, sandbox, type Sandbox } from "../helpers/cli.ts";
import { has, run } from "../helpers/tools.ts";

/** What comes out of an archive into a folder that is there, and how it ended. */
function extracted(bytes: Uint8Array, args: readonly string[], name = "a"): { code: number | null; contents: Record<string, string>; stderr: string } {
  const where = sandbox();
  where.file(name, bytes);
  mkdirSync(join(where.folder, "out"));
  const { code, stderr } = where.run(["x", name, "-C", "out", ...args]);
  where.assertOutsideUntouched();
  return { code, contents: where.contents("out"), stderr };
}

/** A folder with files, a hard link and a symbolic one, in one folder; and its tar. */
function tree(where: Sandbox): string {
  mkdirSync(join(where.folder, "top/sub/deep"), { recursive: true });
  writeFileSync(join(where.folder, "top/a.txt"), "a");
  writeFileSync(join(where.folder, "top/sub/b.txt"), "b");
  writeFileSync(join(where.folder, "top/sub/deep/c.txt"), "c");
  linkSync(join(where.folder, "top/sub/b.txt"), join(where.folder, "top/sub/b-too.txt"));
  symlinkSync("b.txt", join(where.folder, "top/sub/link"));
  run("tar", ["cf", "t.tar", "top"], { cwd: where.folder });
  return "t.tar";
}

const two = [{ name: "a/same.txt", content: "first" }, { name: "b/same.txt", content: "second" }, { name: "b/other.txt", content: "other" }];
const both: [what: string, bytes: Uint8Array][] = [["a zip", buildZip(two)], ["a tar", buildTar(two)]];

describe.skipIf(!has("tar") || isWindows)("as tar does it", () => {
  for (const args of [
    ["--strip-components=1"], ["--strip-components", "2"], ["--strip-components=9"], ["--strip-components=0"],
    ["--transform", "s/sub/SUB/"], ["--transform=s,^,pre/,"], ["--transform=s/\\.txt$/.md/"], ["--transform=s/b/B/g"], ["--transform=s/SUB/x/i"],
    ["--transform=s/top/new/", "--transform=s/new/newer/"], ["--transform=s,^,pre/,", "--strip-components=1"], ["--transform=s/a.txt/[&]/"],
  ]) {
    it(args.join(" "), () => {
      const where = sandbox();
      const archive = tree(where);
      for (const folder of ["ours", "theirs"]) mkdirSync(join(where.folder, folder));
      expect(where.run(["x", archive, "-C", "ours", ...args]).code).toBe(0);
      // tar changes the targets of symbolic links too, which are left alone here.
      run("tar", ["xf", archive, "-C", "theirs", ...args.map((arg) => (arg.includes("s/") || arg.includes("s,") ? `${arg}S` : arg))], { cwd: where.folder });
      expect(where.tree("ours")).toEqual(where.tree("theirs"));
    });
  }
  it("hard links stay hard links under their new names", () => {
    for (const args of [["--strip-components=1"], ["--strip-components=auto"], ["-j"], ["--transform", "s/sub/SUB/"]]) {
      const where = sandbox();
      expect(where.run(["x", tree(where), "-C", "out", ...args]).code).toBe(0);
      const folder = args[0] === "-j" ? "out" : args[0] === "--transform" ? "out/top/SUB" : "out/sub";
      expect(statSync(join(where.folder, folder, "b.txt")).ino, args[0]).toBe(statSync(join(where.folder, folder, "b-too.txt")).ino);
    }
  });
});

describe("--strip-components auto", () => {
  const items = [{ name: "top/a", content: "a" }, { name: "top/top/b", content: "b" }];
  for (const [what, bytes] of [["a zip", buildZip(items)], ["a tar", buildTar(items)]] as const) {
    it(`leaves out the one folder that all of ${what} lies in, though another in it has the same name`, () => {
      expect(extracted(bytes, ["--strip-components", "auto"])).toMatchObject({ code: 0, contents: { a: "a", "top/": "", "top/b": "b" } });
    });
  }
  it("leaves out nothing where there are two, or a single file", () => {
    for (const [what, bytes] of both) expect(Object.keys(extracted(bytes, ["--strip-components", "auto"]).contents), what).toContain("a/same.txt");
    expect(extracted(buildTar([{ name: "only", content: "x" }]), ["--strip-components", "auto"]).contents).toEqual({ only: "x" });
  });
  it("looks for files that exist where things will lie, and not where they would have", () => {
    const where = sandbox();
    where.file("a.tar", buildTar(items));
    where.file("out/top/a", "mine");
    expect(where.run(["x", "a.tar", "-C", "out", "--strip-components", "auto"]).code).toBe(0);
    where.file("out2/a", "mine");
    expect(where.run(["x", "a.tar", "-C", "out2", "--strip-components", "auto"]).code).toBe(5);
    expect(where.contents("out2")).toEqual({ a: "mine" });
    expect(where.run(["x", "a.tar", "-C", "out2", "--strip-components", "auto", "--overwrite", "rename"]).code).toBe(0);
    expect(where.contents("out2")).toMatchObject({ a: "mine", "a (1)": "a" });
  });
  it("without -C what is in it gets a folder named after the archive, and a damaged archive leaves nothing", () => {
    const where = sandbox();
    where.file("pack-1.2.tar", buildTar(items));
    expect(where.run(["x", "pack-1.2.tar", "--strip-components", "auto"]).code).toBe(0);
    expect(where.contents("pack-1.2")).toEqual({ a: "a", "top/": "", "top/b": "b" });
    where.file("bad.tar", buildTar(items).subarray(0, 1100));
    expect(where.run(["x", "bad.tar", "-C", "new", "--strip-components", "auto"]).code).toBe(51);
    expect(Object.keys(where.contents()).filter((path) => path.startsWith("new"))).toEqual([]);
  });
  it.skipIf(isWindows)("a link that only led outside of that folder is refused, since it would lead out of everything now", () => {
    const bytes = buildTar([{ name: "top/in", type: "2", link: "sub/x" }, { name: "top/out", type: "2", link: "../beside" }, { name: "top/sub/x", content: "x" }, { name: "top/hard", type: "1", link: "./top/sub/x" }]);
    const { code, contents } = extracted(bytes, ["--strip-components", "auto"]);
    expect([code, contents]).toEqual([6, { in: "-> sub/x", "sub/": "", "sub/x": "x", hard: "x" }]);
  });
  it("with many files, written by several threads, and with --atomic", () => {
    const many = Array.from({ length: 700 }, (_, at) => ({ name: `top/${at % 7}/${at}`, content: `${at}` }));
    for (const [bytes, more] of [[buildZip(many), []], [buildTar(many), []], [buildTar(many), ["--atomic"]]] as const) {
      const { code, contents } = extracted(bytes, ["--strip-components", "auto", "--threads", "2", ...more]);
      expect([code, Object.keys(contents).filter((path) => !path.endsWith("/")).length, contents["3/10"]]).toEqual([0, 700, "10"]);
    }
  });
});

describe("-j", () => {
  it.skipIf(!has("unzip"))("gives what unzip -j gives", () => {
    const where = sandbox();
    where.file("a.zip", buildZip([{ name: "d/" }, { name: "d/a.txt", content: "a" }, { name: "d/e/b.txt", content: "b" }, { name: "c", content: "c" }]));
    expect(where.run(["x", "a.zip", "-j", "-C", "ours"]).code).toBe(0);
    run("unzip", ["-qj", "a.zip", "-d", "theirs"], { cwd: where.folder });
    expect(where.contents("ours")).toEqual(where.contents("theirs"));
  });
  it("takes backslashes of a zip for what they are", () => {
    expect(extracted(buildZip([{ name: "dir\\a.txt", content: "a" }]), ["-j"]).contents).toEqual({ "a.txt": "a" });
  });
});

describe("what names become is checked as any other name", () => {
  for (const [what, bytes] of both) {
    for (const args of [["-j"], ["--strip-components", "1"], ["--transform", "s,^[ab]/,,"]]) {
      it(`${args.join(" ")}: of two files of ${what} that get one name the second is refused, and told`, () => {
        const { code, contents, stderr } = extracted(bytes, args);
        expect([code, contents]).toEqual([6, { "same.txt": "first", "other.txt": "other" }]);
        expect(stderr).toContain('refused "b/same.txt": another one has got the same name');
        expect(stderr).toContain("a/same.txt");
      });
    }
  }
  it("a file that a tar holds twice is still its later version", () => {
    const bytes = buildTar([{ name: "d/a", content: "old" }, { name: "./d/a", content: "new" }]);
    for (const args of [["-j"], ["--strip-components", "1"]]) expect(extracted(bytes, args)).toMatchObject({ code: 0, contents: { a: "new" } });
  });
  it.skipIf(isWindows)("a hard link never leads to a file that took the name of another", () => {
    const { code, contents, stderr } = extracted(buildTar([{ name: "c/y", content: "c" }, { name: "a/y", content: "a" }, { name: "b/x", type: "1", link: "a/y" }]), ["-j"]);
    expect([code, contents]).toEqual([6, { y: "c" }]);
    expect(stderr).toContain("another entry has got the name of what it leads to");
  });
  for (const [expression, name, refused] of [["s/a/../", "a/x", "climbs out"], ["s,^,/,", "a", "absolute path"], ["s/a/\\\\x/", "a", "backslashes"], ["s/a/.unzipx-0123456789abcdef.partial/", "a", "works in"]] as const) {
    it(`--transform ${expression} of ${name}`, () => {
      const { code, contents, stderr } = extracted(buildTar([{ name, content: "x" }]), ["--transform", expression]);
      expect([code, contents]).toEqual([6, {}]);
      expect(stderr).toContain(refused);
    });
  }
  it("an absolute name stays one when its first folders go", () => {
    expect(extracted(buildTar([{ name: "/etc/passwd", content: "x" }]), ["--strip-components", "1"])).toMatchObject({ code: 6, contents: {} });
  });
  it("what has no name left is left out, counted and told, and no failure", () => {
    const { code, contents, stderr } = extracted(buildTar([{ name: "d/", type: "5" }, { name: "d/a", content: "a" }, { name: "b", content: "b" }]), ["--strip-components", "1"]);
    expect([code, contents]).toEqual([0, { a: "a" }]);
    expect(stderr).toMatch(/left out "b": nothing is left of its name[^]*, 1 left/);
  });
  it("members are selected by their names in the archive", () => {
    for (const [, bytes] of both) expect(extracted(bytes, ["-j", "b/same.txt"])).toMatchObject({ code: 0, contents: { "same.txt": "second" } });
  });
});

describe("with -R each archive inside is renamed for itself", () => {
  const inner = buildZip([{ name: "top/x", content: "x" }, { name: "top/d/y", content: "y" }]);
  const bytes = buildZip([{ name: "all/docs/in.zip", content: inner }, { name: "all/notes.txt", content: "n" }]);
  for (const [args, contents] of [
    [["--strip-components", "auto"], { "docs/": "", "docs/in/": "", "docs/in/x": "x", "docs/in/d/": "", "docs/in/d/y": "y", "notes.txt": "n" }],
    [["-j"], { "in/": "", "in/x": "x", "in/y": "y", "notes.txt": "n" }],
    [["--transform", "s/in/IN/"], { "all/": "", "all/docs/": "", "all/docs/IN/": "", "all/docs/IN/top/": "", "all/docs/IN/top/x": "x", "all/docs/IN/top/d/": "", "all/docs/IN/top/d/y": "y", "all/notes.txt": "n" }],
  ] as const) {
    it(args.join(" "), () => expect(extracted(bytes, ["-R", ...args])).toMatchObject({ code: 0, contents }));
  }
  it("and a compressed file keeps its new name when it comes out", async () => {
    const { gzipSync } = await import("node:zlib");
    const packed = buildZip([{ name: "d/notes.txt.gz", content: gzipSync("n") }, { name: "d/b", content: "b" }]);
    expect(extracted(packed, ["-R", "--strip-components", "1", "--transform", "s/notes/mine/"]).contents).toEqual({ "mine.txt": "n", b: "b" });
  });
});

describe("expressions of --transform", () => {
  for (const [expression, name, becomes] of [
    ["s/a/b/", "aa", "ba"], ["s/a/b/g", "aa", "bb"], ["s/A/b/gi", "aA", "bb"], ["s/(.*)\\/(.*)/\\2-\\1/", "x/y", "y-x"], ["s/./<&>/", "ab", "<a>b"],
    ["s/a/\\&/", "a", "&"], ["s/a/$1$$/", "a", "$1$$"], ["s,a/b,c,", "a/b", "c"], ["s/a\\/b/c/", "a/b", "c"], ["s|a\\|b|c|", "a|b", "c"], ["s/(a)/\\10/", "a", "a0"],
    ["s/ä./x/", "äöü", "xü"], ["s/x//", "axb", "ab"],
  ] as const) {
    it(`${expression} makes ${becomes} of ${name}`, () => expect(transformOf([expression])(name)).toBe(becomes));
  }
  for (const expression of ["", "s", "s/a", "s/a/b", "s/a/b/c/", "s/a/b/x", "s/(/b/", "s/a/\\1/", "s/\\(a\\)/\\1/", "s/a/\\L&/", "y/a/b/", "sxaxbx"]) {
    it(`"${expression}" is none`, () => {
      const { code, contents } = extracted(both[1]![1], ["--transform", expression]);
      expect([code, contents]).toEqual([7, {}]);
    });
  }
  it("ends where a name of the archive would keep one busy for ever", () => {
    const started = Date.now();
    expect(() => transformOf(["s/^(a+)+$/x/"])(`${"a".repeat(60)}b`)).toThrow(UnzipxError);
    expect(() => transformOf(["s/.*.*.*.*.*x/y/"])("a".repeat(4000))).toThrow(/takes too long/);
    expect(Date.now() - started).toBeLessThan(30_000);
    expect(transformOf(["s/^(a+)+$/x/"])("aaa")).toBe("x");
  });
});

it("flags that contradict each other, and values that are none, are exit 7", () => {
  for (const args of [["-j", "--strip-components", "1"], ["--strip-components", "x"], ["--strip-components", "-1"], ["--strip-components", "1.5"]]) {
    expect(extracted(both[0]![1], args), args.join(" ")).toMatchObject({ code: 7, contents: {} });
  }
});
