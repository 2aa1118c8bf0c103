import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { UnzipxError } from "../../src/errors.ts";
import type { StreamEntry } from "../../src/formats/contract.ts";
import { ar } from "../../src/formats/ar/index.ts";
import { readAr } from "../../src/formats/ar/read.ts";
import { inChunks } from "../helpers/build.ts";
import { readOptions, unpack } from "../helpers/library.ts";
import { AR_START, buildAr, type ArItem } from "../helpers/packages.ts";
import { has, run, temporaryFolder, treeOf } from "../helpers/tools.ts";

interface Result {
  readonly entries: (Pick<StreamEntry, "path" | "size" | "mtime" | "mode"> & { readonly text: string })[];
  readonly notes: string[];
  readonly error: UnzipxError | undefined;
}

/** All members with their content, as far as they could be read. Anything but an UnzipxError fails the test. */
async function read(bytes: Uint8Array, chunk = Infinity): Promise<Result> {
  const notes: UnzipxError[] = [];
  const entries: Result["entries"] = [];
  let error: UnzipxError | undefined;
  try {
    for await (const { path, size, mtime, mode, content } of readAr(inChunks(bytes, chunk), readOptions(notes))) {
      const pieces: Buffer[] = [];
      for await (const piece of content()) pieces.push(Buffer.from(piece));
      entries.push({ path, size, mtime, mode, text: Buffer.concat(pieces).toString("latin1") });
    }
  } catch (thrown) {
    if (!(thrown instanceof UnzipxError)) throw thrown;
    error = thrown;
  }
  return { entries, notes: notes.map(({ message }) => message), error };
}

const codeOf = async (items: readonly ArItem[]): Promise<string | undefined> => (await read(buildAr(items))).error?.code;
const brief = (result: Result): string[] => result.entries.map(({ path, text }) => `${path}: ${text}`);
const BLANK = { mtime: "", uid: "", gid: "", mode: "" };

describe("ar: names", () => {
  it("may be short, in the way of GNU and of BSD", async () => {
    expect(await read(buildAr([{ name: "a b.o/", content: "odd" }, { name: "c.o", content: "even" }]))).toMatchObject({
      entries: [{ path: "a b.o", size: 3, mtime: 981173106_000, mode: 0o644, text: "odd" }, { path: "c.o", text: "even" }], notes: [], error: undefined,
    });
  });
  it("may lie in GNU's table, and hold a line feed or a slash", async () => {
    const table = "a long name with a\nline feed/\nfolder/another long name/\n";
    const archive = buildAr([{ name: "//", content: table, fields: BLANK }, { name: "/0", content: "1" }, { name: "/30", content: "2" }]);
    for (const chunk of [Infinity, 1, 61]) expect(brief(await read(archive, chunk))).toEqual(["a long name with a\nline feed: 1", "folder/another long name: 2"]);
  });
  it("may lie in Microsoft's table, and end with a NUL", async () => {
    expect(brief(await read(buildAr([{ name: "//", content: "first name.obj\0second name.obj\0", fields: { ...BLANK, mtime: "-1" } }, { name: "/0", content: "1" }, { name: "/15", content: "2" }])))).toEqual(["first name.obj: 1", "second name.obj: 2"]);
  });
  it("may stand in front of the content, filled up with NULs, as BSD does it", async () => {
    expect((await read(buildAr([{ name: "#1/16", content: "a long name\0\0\0\0\0content" }, { name: "#1/3", content: "abc" }]))).entries).toMatchObject([{ path: "a long name", size: 7, text: "content" }, { path: "abc", size: 0 }]);
  });
  it("that are symbol tables are no entries; BSD's has the name of a file and is one", async () => {
    const tables = ["/", "/SYM64/", "/<ECSYMBOLS>/"].map((name) => ({ name, content: "\0\0\0\0", fields: BLANK }));
    expect(brief(await read(buildAr([...tables, { name: "__.SYMDEF", content: "x" }, { name: "a/", content: "y" }])))).toEqual(["__.SYMDEF: x", "a: y"]);
  });
  it("that are no UTF-8 are written as %XX, with a word", async () => {
    const { entries, notes } = await read(buildAr([{ name: "\xe4/" }]));
    expect([entries.map(({ path }) => path), notes.join()]).toEqual(["%E4".split(" "), expect.stringContaining("%XX")]);
  });
});

describe("ar: what is wrong", () => {
  const cases: [what: string, items: readonly ArItem[], code: string][] = [
    ["a size that is no number", [{ name: "a/", fields: { size: "1.23" } }], "BAD_HEADER"],
    ["no size", [{ name: "a/", fields: { size: "" } }], "BAD_HEADER"],
    ["a negative size", [{ name: "a/", fields: { size: "-1" } }], "BAD_HEADER"],
    ["a group that is no number", [{ name: "a/", fields: { gid: "1.23" } }], "BAD_HEADER"],
    ["a time that is no number", [{ name: "a/", fields: { mtime: "yesterday" } }], "BAD_HEADER"],
    ["a mode that is not octal", [{ name: "a/", fields: { mode: "100684" } }], "BAD_HEADER"],
    ["a header that does not end like one", [{ name: "a/", fields: { end: "xx" } }], "BAD_HEADER"],
    ["a size beyond the file", [{ name: "a/", fields: { size: "9999999999" } }], "TRUNCATED"],
    ["a name in a table that is not there", [{ name: "/0" }], "BAD_HEADER"],
    ["a name behind the table", [{ name: "//", content: "abc/\n" }, { name: "/5" }], "BAD_HEADER"],
    ["a name that does not end", [{ name: "//", content: "abcdef" }, { name: "/0" }], "BAD_HEADER"],
    ["two tables of names", [{ name: "//", content: "abcd/\n" }, { name: "//", content: "efgh/\n" }], "BAD_HEADER"],
    ["a table larger than any", [{ name: "//", fields: { size: "99999999" } }], "LIMIT"],
    ["a name longer than its member", [{ name: "#1/9", content: "abcd" }], "BAD_HEADER"],
    ["a length of a name that is no number", [{ name: "#1/x", content: "abcd" }], "BAD_HEADER"],
    ["a name longer than any system allows", [{ name: "#1/40000", content: "x".repeat(40000) }], "LIMIT"],
  ];
  for (const [what, items, code] of cases) it(`${what}: ${code}`, async () => expect(await codeOf(items)).toBe(code));

  it("a thin archive has no files in it, and says so", async () => {
    const thin = Buffer.from("!<thin>\n");
    expect(ar.bid({ head: thin, tail: undefined })).toBe(64);
    const { error } = await read(thin);
    expect([error?.code, error?.message]).toEqual(["UNSUPPORTED_FORMAT", expect.stringContaining("thin")]);
  });
  it("the byte that fills up may be missing at the end, and is told when it is something else", async () => {
    const archive = buildAr([{ name: "a/", content: "x" }]);
    expect(await read(archive.subarray(0, -1))).toMatchObject({ entries: [{ text: "x" }], notes: [], error: undefined });
    expect((await read(buildAr([{ name: "a/", content: "x", padding: "?" }, { name: "b/" }]))).notes.join()).toContain("fills up");
  });
  it("cut off anywhere it is an error, but for the places where it may as well end", async () => {
    const items: ArItem[] = [{ name: "//", content: "a very long name of a file/\n" }, { name: "/0", content: "odd" }, { name: "#1/4", content: "nameeven" }, { name: "c/", content: "x" }];
    const archive = buildAr(items);
    const ends = new Set(items.flatMap((_, i) => {
      const end = buildAr(items.slice(0, i + 1)).length;
      return [end, end - (Buffer.from(items[i]!.content ?? "").length % 2)];
    }));
    for (let length = 8; length < archive.length; length++) {
      const { error } = await read(archive.subarray(0, length));
      expect([length, error?.code]).toEqual([length, ends.has(length) || length === 8 ? undefined : "TRUNCATED"]);
    }
    for (let length = 0; length < 8; length++) expect((await read(AR_START.subarray(0, length))).error?.code).toBe("TRUNCATED");
  });
  it("with any bit flipped it ends, and breaks nothing", async () => {
    const archive = buildAr([{ name: "//", content: "a very long name of a file/\n" }, { name: "/0", content: "odd" }, { name: "#1/4", content: "nameeven" }]);
    for (let bit = 0; bit < archive.length * 8; bit++) {
      const damaged = Buffer.from(archive);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      const { entries, error } = await read(damaged);
      expect(error !== undefined || entries.length > 0).toBe(true);
    }
  });
  it("names that leave are refused, and the rest is extracted", async () => {
    const { failures, contents } = await unpack(buildAr([{ name: "../evil/" }, { name: "/etc/evil/" }, { name: "//evil/" }, { name: "tmp/../../x/" }, { name: "good/", content: "x" }]));
    expect(failures).toEqual({ "../evil": "UNSAFE_PATH", "/etc/evil": "UNSAFE_PATH", "//evil": "UNSAFE_PATH", "tmp/../../x": "UNSAFE_PATH" });
    expect(Object.keys(contents)).toEqual(["good"]);
  });
  it("a library may hold two members of one name: the last one is extracted, with a word", async () => {
    const { code, contents, warnings } = await unpack(buildAr([{ name: "a.o/", content: "1" }, { name: "a.o/", content: "2" }]));
    expect([code, Object.keys(contents), warnings.join()]).toEqual([0, ["a.o"], expect.stringContaining("twice")]);
  });
});

describe("ar as other programs write it (skipped where they do not exist)", () => {
  const CASES: [program: string, ...words: string[]][] = [["ar", "rc"], ["ar", "rcD"], ["llvm-ar", "--format=gnu", "rc"], ["llvm-ar", "--format=bsd", "rc"], ["llvm-ar", "--format=darwin", "rc"], ["bsdtar", "--format=arbsd", "-cf"]];
  for (const [program, ...words] of CASES) {
    it.skipIf(!has(program))([program, ...words].join(" "), async () => {
      const folder = temporaryFolder();
      mkdirSync(join(folder, "in"));
      mkdirSync(join(folder, "out"));
      // Darwin's members are filled up to 8 bytes: these are as long already.
      const names = ["a", "größe.txt", "a name with spaces that is longer than sixteen bytes"];
      for (const name of names) writeFileSync(join(folder, "in", name), "content.".repeat(name.length));
      run(program, [...words, join(folder, "x.a"), ...names], { cwd: join(folder, "in") });
      const { code, folder: out } = await unpack(readFileSync(join(folder, "x.a")));
      expect(code).toBe(0);
      expect(Object.keys(treeOf(out)).filter((name) => !name.startsWith("__.SYMDEF"))).toEqual(names.sort());
      for (const name of names) expect(readFileSync(join(out, name), "utf8")).toBe("content.".repeat(name.length));
    });
  }
  it("GNU's and BSD's samples hold the same", async () => {
    const of = async (name: string): Promise<string[]> => brief(await read(readFileSync(fileURLToPath(new URL(`../../fixtures/ar/${name}`, import.meta.url))), 10)).sort();
    expect(await of("good-gnu.a")).toEqual(await of("good-bsd.a"));
  });
});
