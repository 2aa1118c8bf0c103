import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { buildTar, buildZip } from "../helpers/build.ts";
import { sandbox, type Ran, type Sandbox } from "../helpers/cli.ts";

const NAMES = ["src/a.ts", "src/deep/c.ts", "README.md", "odd [1].txt", "star*.txt", "line\nend.txt"];
const zip = buildZip(NAMES.map((name) => ({ name, content: name })));
const tar = buildTar([{ name: "./", type: "5" }, ...NAMES.map((name) => ({ name: `./${name}`, content: name }))]);

function withArchive(bytes: Uint8Array = zip, name = "a.zip"): Sandbox {
  const where = sandbox();
  where.file(name, bytes);
  return where;
}

/** The files that come out, and how it ended. */
function extracted(args: readonly string[], list: string | undefined, { bytes = zip, input }: { readonly bytes?: Uint8Array; readonly input?: Uint8Array } = {}): { code: number | null; files: string[]; ran: Ran } {
  const where = withArchive(bytes, "archive");
  if (list !== undefined) where.file("list", list);
  where.file("out/.mine", ""); // so that what could be had stays
  const ran = where.run(["x", "archive", "-C", "out", ...args], input === undefined ? {} : { input });
  where.assertOutsideUntouched();
  return { code: ran.code, files: Object.keys(where.contents("out")).filter((path) => !path.endsWith("/") && path !== ".mine"), ran };
}

describe("-T: names in a file", () => {
  for (const [what, list, files] of [
    ["one a line", "README.md\nsrc/a.ts\n", ["README.md", "src/a.ts"]],
    ["without an end of the last line", "README.md", ["README.md"]],
    ["with lines as Windows ends them, and empty ones", "README.md\r\n\r\nsrc/a.ts\r\n", ["README.md", "src/a.ts"]],
    ["behind the mark that some editors put in front", "\ufeffREADME.md\n", ["README.md"]],
    ["a folder brings what is below it", "src/\n", ["src/a.ts", "src/deep/c.ts"]],
    ["./ in front and a slash behind mean nothing", "./src/deep/\n./README.md\n", ["README.md", "src/deep/c.ts"]],
    ["no character in a name stands for others", "star*.txt\nodd [1].txt\n", ["odd [1].txt", "star*.txt"]],
  ] as const) {
    it(`${what}, of a zip and of a tar whose names begin with ./`, () => {
      for (const bytes of [zip, tar]) expect(extracted(["-T", "list"], list, { bytes })).toMatchObject({ code: 0, files });
    });
  }
  it("the root of the archive stands for all of it", () => {
    expect(extracted(["-T", "list"], "./\n", { bytes: tar }).files).toHaveLength(NAMES.length);
  });
  it("a name without a slash means the root, and no other folder", () => {
    const { code, files, ran } = extracted(["-T", "list"], "a.ts\n");
    expect([code, files]).toEqual([11, []]);
    expect(ran.stderr).toContain('cannot select "a.ts": no entry has this name');
  });
  it("a name that is not there is exit 11, it is named, and nothing is extracted", () => {
    for (const bytes of [zip, tar]) {
      const { code, files, ran } = extracted(["-T", "list"], "README.md\nmissing\nother\nthird\n", { bytes });
      expect([code, files]).toEqual([11, []]);
      expect(ran.stderr).toContain('"missing": no entry has this name, nor 2 other names of the list');
    }
  });
  it("with -0 names end with a NUL, and may hold an end of a line", () => {
    expect(extracted(["-0", "-T", "list"], "line\nend.txt\0README.md\0")).toMatchObject({ code: 0, files: ["README.md", "line\nend.txt"] });
  });
  it("a list with a NUL in it needs -0", () => {
    const { code, ran } = extracted(["-T", "list"], "README.md\0src\0");
    expect(code).toBe(7);
    expect(ran.stderr).toContain("hint: -0");
  });
  it("- is standard input", () => {
    expect(extracted(["-T", "-"], undefined, { input: Buffer.from("README.md\n") })).toMatchObject({ code: 0, files: ["README.md"] });
  });
  it("several lists, members and -i add up, and -x still leaves out", () => {
    const where = withArchive();
    where.file("one", "README.md\n");
    where.file("two", "src/a.ts\n");
    expect(where.run(["x", "a.zip", "-C", "out", "-T", "one", "-T", "two", "-i", "odd*", "-x", "a.ts"]).code).toBe(0);
    expect(Object.keys(where.contents("out"))).toEqual(["README.md", "odd [1].txt"]);
  });
  it("--ignore-case holds for them as well", () => {
    expect(extracted(["--ignore-case", "-T", "list"], "readme.MD\nSRC\n").files).toEqual(["README.md", "src/a.ts", "src/deep/c.ts"]);
  });
  it("an empty list selects nothing, and not everything", () => {
    for (const list of ["", "\n\r\n"]) expect(extracted(["-T", "list"], list)).toMatchObject({ code: 11, files: [] });
  });
  it("l and t take the same lists", () => {
    const where = withArchive();
    where.file("list", "src\n");
    expect(where.run(["l", "a.zip", "-T", "list", "--json"]).stdout.match(/"path": "[^"]*"/g)).toEqual(['"path": "src/a.ts"', '"path": "src/deep/c.ts"']);
    const { code, stderr } = where.run(["t", "a.zip", "-T", "list"]);
    expect(code).toBe(0);
    expect(stderr).toContain("2 files");
    expect(where.run(["t", "a.zip", "-T", "-"], { input: Buffer.from("nothing\n") }).code).toBe(11);
  });
  it("with -R names lead into archives inside", () => {
    const where = withArchive(buildZip([{ name: "docs/in.zip", content: zip }, { name: "b.txt", content: "b" }]));
    where.file("list", "docs/in.zip/src/a.ts\n");
    expect(where.run(["x", "-R", "a.zip", "-C", "out", "-T", "list"]).code).toBe(0);
    expect(where.contents("out")).toEqual({ "docs/": "", "docs/in/": "", "docs/in/src/": "", "docs/in/src/a.ts": "src/a.ts" });
  });
});

describe("-X: patterns of what is left out", () => {
  it("a line is a pattern as -x takes it; one that matches nothing is no error", () => {
    expect(extracted(["-X", "list"], "*.ts\r\n\r\nodd*\nnothing.*\nline*\n")).toMatchObject({ code: 0, files: ["README.md", "star*.txt"] });
  });
  it("both kinds of lists work together, and -0 is for names only", () => {
    const where = withArchive();
    where.file("names", "src\0README.md\0");
    where.file("patterns", "deep\n");
    expect(where.run(["x", "a.zip", "-C", "out", "-0", "-T", "names", "-X", "patterns"]).code).toBe(0);
    expect(Object.keys(where.contents("out"))).toEqual(["README.md", "src/", "src/a.ts"]);
  });
});

describe("lists that cannot be had", () => {
  it("standard input is not read twice", () => {
    for (const args of [["-", "-T", "-"], ["a.zip", "-T", "-", "-X", "-"], ["a.zip", "-T", "-", "-T", "-"], ["a.zip", "-T", "-", "--password-stdin"]]) {
      const { code, stderr } = withArchive().run(["x", ...args], { input: Buffer.from("README.md\n") });
      expect([code, stderr.includes("standard input")], args.join(" ")).toEqual([7, true]);
    }
  });
  it("a file that is not there is exit 9, and one that is no text exit 7", () => {
    const where = withArchive();
    expect(where.run(["x", "a.zip", "-T", "missing"]).code).toBe(9);
    where.file("bytes", Buffer.from([0xff, 0xfe, 0x41]));
    expect(where.run(["x", "a.zip", "-X", join(where.folder, "bytes")]).code).toBe(7);
    expect(Object.keys(where.contents())).toEqual(["a.zip", "bytes"]);
  });
});
