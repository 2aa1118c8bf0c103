import { execFileSync } from "node:child_process";
import { lstatSync, mkdirSync, readFileSync, writeFileSync, openSync, closeSync, writeSync, ftruncateSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UnzipxError } from "../../src/errors.ts";
import type { ReadOptions, StreamEntry } from "../../src/formats/contract.ts";
import { readTar } from "../../src/formats/tar/read.ts";
import {
  base256, buildTar, gnuLong, inChunks, MTIME, paxHeader, paxRecord, signedSum, TAR_END, tarEntry, tarHeader, unsignedSum, type TarItem,
} from "../helpers/build.ts";
import { sandbox, sha256 } from "../helpers/cli.ts";
import { errorOf, readOptions, unpack } from "../helpers/library.ts";
import { has, run, temporaryFolder } from "../helpers/tools.ts";

const BLOCK = 512;

type Read = Pick<StreamEntry, "path" | "type" | "size" | "mtime" | "mode" | "linkTarget"> & { readonly text: string; readonly refusal: string | undefined };

interface Result {
  readonly entries: Read[];
  readonly notes: string[];
  readonly error: UnzipxError | undefined;
}

/** All entries with their content, as far as they could be read. */
async function read(bytes: Uint8Array, { chunk = Infinity, options = {} }: { chunk?: number; options?: Partial<ReadOptions> } = {}): Promise<Result> {
  const notes: UnzipxError[] = [];
  const entries: Read[] = [];
  let error: UnzipxError | undefined;
  try {
    for await (const entry of readTar(inChunks(bytes, chunk), readOptions(notes, options))) {
      const { path, type, size, mtime, mode, linkTarget, refusal } = entry;
      const pieces: Buffer[] = [];
      for await (const piece of entry.content()) pieces.push(Buffer.from(piece));
      entries.push({ path, type, size, mtime, mode, linkTarget, refusal: refusal?.code, text: Buffer.concat(pieces).toString("latin1") });
    }
  } catch (thrown) {
    if (!(thrown instanceof UnzipxError)) throw thrown;
    error = thrown;
  }
  return { entries, notes: notes.map(({ message }) => message), error };
}

/** Both sides of what makes the first refused entry ambiguous. */
async function detailsOf(bytes: Uint8Array): Promise<{ expected?: string; found?: string }> {
  for await (const { refusal } of readTar(inChunks(bytes), readOptions())) if (refusal?.code === "AMBIGUOUS") return refusal.details;
  throw new Error("nothing was refused");
}

const paths = (result: Result): string[] => result.entries.map(({ path }) => path);
const codeOf = async (bytes: Uint8Array): Promise<string | undefined> => (await read(bytes)).error?.code;

describe("tar: plain headers", () => {
  for (const dialect of ["v7", "ustar", "gnu"] as const) {
    it(`of ${dialect} give name, type, size, mode and time`, async () => {
      const bytes = buildTar([
        { name: "d/", type: dialect === "v7" ? "0" : "5", mode: 0o755, dialect }, { name: "d/a", content: "content", mode: 0o600, dialect },
        { name: "l", type: "2", link: "d/a", dialect }, { name: "h", type: "1", link: "d/a", dialect },
      ]);
      const { entries, notes, error } = await read(bytes);
      expect(error).toBeUndefined();
      expect(notes).toEqual([]);
      expect(entries).toMatchObject([
        { path: "d/", type: "directory", mode: 0o755 }, { path: "d/a", type: "file", size: 7, mode: 0o600, mtime: MTIME * 1000, text: "content" },
        { path: "l", type: "symlink", linkTarget: "d/a" }, { path: "h", type: "hardlink", linkTarget: "d/a" },
      ]);
    });
  }

  it("of v7 mark a regular file with NUL", async () => {
    expect((await read(buildTar([{ name: "a", type: "\0", dialect: "v7", content: "x" }]))).entries).toMatchObject([{ path: "a", type: "file", text: "x" }]);
  });

  it("of ustar join prefix and name, names that fill their fields too", async () => {
    const [prefix, name] = ["p".repeat(155), "n".repeat(100)];
    expect(paths(await read(buildTar([{ name: "b", prefix: "a" }, { name, prefix }, { name, link: "l".repeat(100), type: "2" }])))).toEqual(["a/b", `${prefix}/${name}`, name]);
  });

  it("of GNU keep other things where ustar has the prefix", async () => {
    expect(paths(await read(buildTar([{ name: "b", dialect: "gnu", raw: new Map([[345, "14717513222\0"]]) }])))).toEqual(["b"]);
  });

  it("may have signed checksums, as some old writers made them", async () => {
    const name = "n\u00e4me"; // bytes beyond 0x7f are where the sums differ
    const block = tarHeader({ name });
    const signed = tarHeader({ name, checksum: signedSum(block) });
    expect(signedSum(block)).not.toBe(unsignedSum(block));
    expect(paths(await read(Buffer.concat([signed, TAR_END])))).toEqual([name]);
  });

  it("may write their checksum in each of the usual ways, and not in others", async () => {
    const sum = unsignedSum(tarHeader({ name: "a" })).toString(8);
    for (const text of [`${sum.padStart(6, "0")}\0 `, `${sum.padStart(6, " ")}\0 `, `${sum.padStart(7, "0")}\0`, `${sum.padStart(6, "0")} \0`, `${sum}\0`]) {
      expect(paths(await read(buildTar([{ name: "a", checksum: text }]))), JSON.stringify(text)).toEqual(["a"]);
    }
    for (const text of ["00000000", "abcdef\0 ", "", `${sum}8\0`]) expect(await codeOf(buildTar([{ name: "a", checksum: text }])), JSON.stringify(text)).toBe("BAD_HEADER");
  });

  it("may carry any name: UTF-8, other bytes as %XX, nothing lost", async () => {
    expect(paths(await read(buildTar([{ name: "名前" }, { name: Buffer.from([0x61, 0xff]) }, { name: "" }])))).toEqual(["名前", "a%FF", ""]);
  });
});

describe("tar: numbers", () => {
  it("in base 256 are read, also negative times", async () => {
    const bytes = buildTar([{ name: "a", size: base256(7), mtime: base256(-1), content: "content" }, { name: "b", mtime: base256(2n ** 40n), mode: base256(0o640, 8) }]);
    expect((await read(bytes)).entries).toMatchObject([{ path: "a", text: "content", mtime: -1000 }, { path: "b", mtime: 2 ** 40 * 1000, mode: 0o640 }]);
  });

  it("may be padded with spaces and end with either terminator, or fill their field", async () => {
    for (const size of ["          7\0", "7\0", "7 ", "00000000007 ", "000000000007", "      7    "]) {
      expect((await read(buildTar([{ name: "a", size, content: "content" }]))).entries, JSON.stringify(size)).toMatchObject([{ text: "content" }]);
    }
  });

  const hopeless: Record<string, TarItem["size"]> = {
    "a negative size in base 256": base256(-512), "a size beyond 2^53": base256(2n ** 60n), "a size beyond 2^64": base256(2n ** 70n),
    "digits that are not octal": "9\0", "a size with a sign": "-7\0", "a size in hexadecimal": "0x7\0", "a number that breaks off": "7x\0",
  };
  for (const [what, size] of Object.entries(hopeless)) {
    it(`that are ${what} end the archive: nobody knows where the next header is`, async () => {
      expect((await read(buildTar([{ name: "ok" }, { name: "a", size: size!, content: "content" }, { name: "b" }]))).error?.code).toBe("BAD_HEADER");
    });
  }

  it("that are nonsense elsewhere do not", async () => {
    const bytes = buildTar([{ name: "a", mode: "rwxr-xr\0", uid: "nobody\0", gid: "zzzzzzz\0", mtime: "yesterday\0", content: "x" }]);
    expect((await read(bytes)).entries).toMatchObject([{ path: "a", text: "x" }]);
  });
});

describe("tar: GNU's long names", () => {
  it("replace the header's name and link", async () => {
    const long = `${"long/".repeat(60)}name`;
    const bytes = buildTar([gnuLong("L", long), { name: long.slice(0, 99), dialect: "gnu", content: "x" }, gnuLong("K", long), gnuLong("L", `${long}.l`), { name: "cut", type: "2", link: "cut", dialect: "gnu" }, { name: "after" }]);
    expect((await read(bytes)).entries).toMatchObject([{ path: long, text: "x" }, { path: `${long}.l`, type: "symlink", linkTarget: long }, { path: "after" }]);
  });
  it("end at their first NUL, and what goes on behind it is another reading: refused, both named", async () => {
    expect(await detailsOf(buildTar([gnuLong("L", "name\0rest"), { name: "cut" }]))).toMatchObject({ expected: '"name"', found: '"name\\u0000rest\\u0000"' });
    expect(paths(await read(buildTar([gnuLong("L", "name\0\0\0"), { name: "name" }])))).toEqual(["name"]);
  });
  it("are told when they come twice", async () => {
    const { entries, notes } = await read(buildTar([gnuLong("L", "first"), gnuLong("L", "second"), { name: "cut" }]));
    expect(entries.map(({ path }) => path)).toEqual(["second"]);
    expect(notes.join()).toContain("Two long names");
  });
  it("of a length that no system has are not read", async () => {
    expect(await codeOf(buildTar([gnuLong("L", "x".repeat(33 * 1024)), { name: "cut" }]))).toBe("LIMIT");
  });
});

describe("tar: pax headers", () => {
  const one = (records: Parameters<typeof paxHeader>[0], item: Partial<TarItem> = {}): Promise<Result> => read(buildTar([paxHeader(records), { name: "own", ...item }]));

  it("give path, linkpath, size and time, and speak of one entry only", async () => {
    const bytes = buildTar([
      paxHeader({ path: "名前/x", size: "7", mtime: "1000000000.25", atime: "1", ctime: "2", uid: "70000", gid: "70000", uname: "ü", gname: "ü", comment: "c", "SCHILY.xattr.user.x": Buffer.from([0, 255]), "LIBARCHIVE.creationtime": "1" }),
      { name: "own", content: "content" }, paxHeader({ linkpath: "名前" }), { name: "l", type: "2", link: "own" }, { name: "after", content: "y" },
    ]);
    const { entries, notes } = await read(bytes);
    expect(entries).toMatchObject([{ path: "名前/x", size: 7, mtime: 1_000_000_000_250, text: "content" }, { path: "l", linkTarget: "名前" }, { path: "after", mtime: MTIME * 1000, text: "y" }]);
    expect(notes).toEqual([]);
  });
  it("with a negative or nonsense time are taken as they can be", async () => {
    expect((await one({ mtime: "-1.5" })).entries).toMatchObject([{ mtime: -1500 }]);
    expect((await one({ mtime: "tomorrow" })).entries).toMatchObject([{ mtime: MTIME * 1000 }]);
  });
  it("with a size that is not the header's are another reading of all that follows: refused, both sizes named; --lenient takes the extended one", async () => {
    // A reader that goes by the header makes of the content an entry of its own.
    const hidden = tarEntry({ name: "hidden", content: "h" });
    for (const size of [0, 5]) {
      const bytes = buildTar([paxHeader({ size: String(hidden.length) }), tarHeader({ name: "a", size }), hidden, { name: "b" }]);
      const { entries, error } = await read(bytes);
      expect([entries, error?.code, error?.details.expected, error?.details.found, error?.details.hint]).toEqual([[], "AMBIGUOUS", "1024 bytes, as the extended header says", `${size} bytes in the header itself`, "--lenient"]);
      const lenient = await read(bytes, { options: { lenient: true } });
      expect(paths(lenient)).toEqual(["a", "b"]);
      expect(lenient.notes.join()).toContain("the extended one is taken");
      expect(await unpack(bytes)).toMatchObject({ code: 6, contents: {} });
    }
  });
  it("with the header's own size, or one that the header has no room for, are fine", async () => {
    for (const size of ["7", "000000000000000000000007"]) {
      expect(await read(buildTar([paxHeader({ size }), { name: "a", content: "content" }]))).toMatchObject({ entries: [{ text: "content" }], notes: [], error: undefined });
    }
    // 8 GiB and a byte: the archive is cut off there, but not refused for its sizes.
    expect((await read(buildTar([paxHeader({ size: String(8 ** 11 + 1) }), { name: "a", size: 0 }]))).error?.code).toBe("TRUNCATED");
  });
  it("with a length that begins with a zero are read, with a word", async () => {
    const { entries, notes } = await one(Buffer.from("008 a=b\n12 path=new\n"));
    expect(entries).toMatchObject([{ path: "new" }]);
    expect(notes.join()).toContain("begins with a zero");
    expect((await one({ path: "new", a: "b" })).notes.join()).not.toContain("begins with a zero");
  });
  it("with a size that is no number end the archive", async () => {
    for (const size of ["-1", "1e3", "", " 1", "99999999999999999999", "9007199254740993"]) expect((await one({ size })).error?.code, size).toBe("BAD_HEADER");
  });
  it("that give a path twice make the entry ambiguous, both of them named", async () => {
    for (const key of ["path", "linkpath"]) {
      const { entries } = await read(buildTar([paxHeader([[key, "a"], [key, "b"]]), { name: "own", type: "2", link: "x" }]));
      expect(entries, key).toMatchObject([{ refusal: "AMBIGUOUS" }]);
    }
    expect((await one([["comment", "a"], ["comment", "b"]])).entries).toMatchObject([{ path: "own", refusal: undefined }]);
    expect(await detailsOf(buildTar([paxHeader([["path", "a"], ["path", "b"]]), { name: "own" }]))).toMatchObject({ expected: '"a"', found: '"b"' });
  });
  it("that give the same path twice have one reading, with a word", async () => {
    const { entries, notes } = await one([["path", "a"], ["path", "a"]]);
    expect(entries).toMatchObject([{ path: "a", refusal: undefined }]);
    expect(notes.join()).toContain("both times the same");
  });
  it("that give two sizes, in one of them or in two in a row, end the archive; --lenient takes the second", async () => {
    for (const headers of [[paxHeader([["size", "0"], ["size", "7"]])], [paxHeader({ size: "0" }), paxHeader({ size: "7" })]]) {
      const bytes = buildTar([...headers, { name: "a", content: "content" }]);
      expect((await read(bytes)).error).toMatchObject({ code: "AMBIGUOUS", details: { expected: '"0"', found: '"7"' } });
      expect((await read(bytes, { options: { lenient: true } })).entries).toMatchObject([{ text: "content" }]);
    }
  });
  it("and GNU's must agree about the name", async () => {
    for (const both of [[gnuLong("L", "gnu"), paxHeader({ path: "pax" })], [paxHeader({ path: "pax" }), gnuLong("L", "gnu")]]) {
      expect(await detailsOf(buildTar([...both, { name: "own" }]))).toMatchObject({ expected: '"pax"', found: '"gnu"' });
    }
    expect(await detailsOf(buildTar([gnuLong("K", "gnu"), paxHeader({ linkpath: "pax" }), { name: "own", type: "2" }]))).toMatchObject({ expected: '"pax"', found: '"gnu"' });
    expect((await read(buildTar([gnuLong("L", "same"), paxHeader({ path: "same" }), { name: "own" }]))).entries).toMatchObject([{ path: "same", refusal: undefined }]);
  });
  it("with a NUL in the path make the entry ambiguous, an empty path is none", async () => {
    expect((await one({ path: "a\0b" })).entries).toMatchObject([{ refusal: "AMBIGUOUS" }]);
    expect((await one({ path: "" })).entries).toMatchObject([{ path: "own", refusal: undefined }]);
  });
  it("two in a row add up, with a word, which names both paths if there are two", async () => {
    const { entries, notes } = await read(buildTar([paxHeader({ path: "p" }), paxHeader({ mtime: "1" }), { name: "own" }]));
    expect(entries).toMatchObject([{ path: "p", mtime: 1000 }]);
    expect(notes.join()).toContain("Two extended headers");
    const two: UnzipxError[] = [];
    for await (const entry of readTar(inChunks(buildTar([paxHeader({ path: "p" }), paxHeader({ path: "q" }), { name: "own" }])), readOptions(two))) expect(entry.path).toBe("q");
    expect(two[0]).toMatchObject({ code: "ODDITY", details: { expected: '"p"', found: '"q"' } });
  });
  it("for all entries set times, and never a path, which is told", async () => {
    const { entries, notes } = await read(buildTar([paxHeader({ mtime: "1", path: "all" }, "g"), { name: "a" }, paxHeader({ mtime: "2" }), { name: "b" }, { name: "c", content: "c" }]));
    expect(entries).toMatchObject([{ path: "a", mtime: 1000 }, { path: "b", mtime: 2000 }, { path: "c", mtime: 1000, text: "c" }]);
    expect(notes).toEqual(['A global header sets the "path" of all entries: that is ignored']);
  });
  it("for all entries with a size are another reading of all that follows: refused; --lenient ignores it", async () => {
    const bytes = buildTar([paxHeader({ size: "1" }, "g"), { name: "a", content: "content" }, { name: "b" }]);
    expect((await read(bytes)).error).toMatchObject({ code: "AMBIGUOUS", details: { found: '"1"' } });
    expect((await read(bytes, { options: { lenient: true } })).entries).toMatchObject([{ text: "content" }, { path: "b" }]);
  });
  it("for all entries with a link's target refuse the links that have another one, and no file", async () => {
    const links = (global: string): Promise<Result> => read(buildTar([paxHeader({ linkpath: global }, "g"), { name: "a" }, { name: "l", type: "2", link: "a" }]));
    expect((await links("x")).entries).toMatchObject([{ path: "a", refusal: undefined }, { path: "l", refusal: "AMBIGUOUS" }]);
    expect((await links("a")).entries).toMatchObject([{ path: "a", refusal: undefined }, { path: "l", refusal: undefined }]);
  });
  it("without an entry behind them are counted, and so are their bytes", async () => {
    const many = Array.from({ length: 65 }, () => paxHeader({ comment: "c" }, "g"));
    expect((await read(buildTar([...many, { name: "a" }]))).error?.code).toBe("LIMIT");
    const large = paxHeader({ comment: "c".repeat(600_000) });
    expect((await read(buildTar([large, large, { name: "a" }]))).error?.code).toBe("LIMIT");
    const growing = Array.from({ length: 3 }, (_, i) => [paxHeader({ [`key${i}`]: "c".repeat(600_000) }, "g"), { name: `${i}` }]).flat();
    expect((await read(buildTar(growing))).error?.code).toBe("LIMIT");
    // The innocent twin: one in front of every entry, each saying the same of itself.
    const each = Array.from({ length: 3000 }, (_, i) => [paxHeader({ comment: "c".repeat(400) }, "g"), { name: `${i}` }]).flat();
    expect((await read(buildTar(each))).entries).toHaveLength(3000);
  });
  it("that give another name than a header which had room for it are told; shortened names are what they are for", async () => {
    expect((await one({ path: "other" })).notes.join()).toContain("had room for it");
    for (const [path, name] of [["own", "own"], ["./own", "own"], ["own/x/", "own/x"], ["n".repeat(101), "n".repeat(100)], ["na\u00efve", "na_ve"], ["two words", "two"]] as const) {
      expect((await read(buildTar([paxHeader({ path }), { name, mode: 0o755 }]))).notes, path).toEqual([]);
    }
  });
  it("that say nothing, and global ones without any entry, are told", async () => {
    expect((await one(Buffer.alloc(0))).notes.join()).toContain("says nothing");
    expect((await read(buildTar([paxHeader({ comment: "c" }, "g")]))).notes.join()).toContain("no entry");
  });
  it("with a time that no calendar has give none", async () => {
    for (const mtime of ["9".repeat(400), "99999999999999999"]) {
      const { entries, notes } = await one({ mtime });
      expect(entries).toMatchObject([{ path: "own", mtime: undefined }]);
      expect(notes.join()).toContain("no calendar");
    }
    expect(await unpack(buildTar([{ name: "a", mtime: base256(2n ** 90n) }]))).toMatchObject({ code: 0, contents: { a: "" } });
  });
  it("of Sun's type X are read the same", async () => {
    expect(paths(await read(buildTar([paxHeader({ path: "sun" }, "X"), { name: "own" }])))).toEqual(["sun"]);
  });
  it("of an unknown character set are read as UTF-8, with a word", async () => {
    expect((await one({ hdrcharset: "BINARY", path: Buffer.from([0x61, 0xff]) })).entries).toMatchObject([{ path: "a%FF" }]);
    expect((await one({ hdrcharset: "KOI8-R", path: "a" })).notes.join()).toContain("KOI8-R");
  });
  it("may call a record __proto__ without harm", async () => {
    expect(paths(await one([["__proto__", "polluted"], ["constructor", "x"], ["path", "p"]]))).toEqual(["p"]);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
  it("may count padding into their length", async () => {
    expect(paths(await one(Buffer.concat([paxRecord("path", "p"), Buffer.alloc(9)])))).toEqual(["p"]);
  });
  const broken: Record<string, string> = {
    "without a length": "path=x\n", "with a length of zero": "0 path=x\n", "with a length beyond the header": "99 path=x\n", "with a length that cuts": "5 path=x\n",
    "without a newline": "9 path=xy", "without a value": "7 path\n", "without a name": "5 =x\n", "with a negative length": "-9 path=x\n", "with a length that overflows": "99999999999999999999 path=x\n",
  };
  for (const [what, body] of Object.entries(broken)) {
    it(`with a record ${what} end the archive`, async () => expect((await one(Buffer.from(body))).error?.code).toBe("BAD_HEADER"));
  }
});

describe("tar: entries that are no file", () => {
  it("devices, FIFOs and unknown types are skipped with exit 1, and what follows is there", async () => {
    const bytes = buildTar([{ name: "char", type: "3" }, { name: "block", type: "4" }, { name: "fifo", type: "6" }, { name: "odd", type: "Z", content: "what is this" }, { name: "a", content: "a" }]);
    expect(await unpack(bytes)).toMatchObject({ code: 1, failures: { char: "SPECIAL_FILE", block: "SPECIAL_FILE", fifo: "SPECIAL_FILE", odd: "SPECIAL_FILE" }, contents: { a: "a" } });
  });
  it("access control lists of Solaris belong to the file behind them: a word, and nothing is missing; one with two sizes is refused", async () => {
    const list = { name: "a", type: "A", content: "1000005\0user::rwx,group::r-x,mask:rwx,other:r-x\0" };
    const bytes = buildTar([list, { name: "a", content: "a" }, { ...list, name: "d/" }, { name: "d/", type: "5", mode: 0o755 }]);
    expect((await read(bytes)).notes).toEqual(Array(2).fill(expect.stringContaining("access control list")));
    expect(await unpack(bytes)).toMatchObject({ code: 0, failures: {}, contents: { a: "a", "d/": "" } });
    expect((await unpack(buildTar([{ name: "a", type: "A", content: "anything else" }, { name: "b" }]))).failures).toEqual({ a: "SPECIAL_FILE" });
    expect(await codeOf(buildTar([paxHeader({ size: "1024" }), list, { name: "a" }, { name: "b" }]))).toBe("AMBIGUOUS");
  });
  it("links and devices with content are refused, and what follows is there", async () => {
    for (const type of ["1", "2", "3", "4", "6"]) {
      const { entries } = await read(buildTar([{ name: "a" }, { name: "l", type, link: "a", content: "content" }, { name: "b" }]));
      expect(entries, type).toMatchObject([{ path: "a" }, { path: "l", refusal: "AMBIGUOUS" }, { path: "b" }]);
    }
  });
  it("with content that is a header are two readings of the archive: refused, nothing of it is left; --lenient skips the content", async () => {
    for (const type of ["1", "2", "3", "4", "5", "6", "D"]) {
      const bytes = buildTar([{ name: "a" }, { name: "d/", type, link: "a", content: tarEntry({ name: "hidden" }) }, { name: "b" }]);
      const { entries, error } = await read(bytes);
      expect([type, entries.map(({ path }) => path), error?.code, error?.details.expected]).toEqual([type, ["a"], "AMBIGUOUS", "no content"]);
      expect(await unpack(bytes)).toMatchObject({ code: 6, contents: {} });
      expect(paths(await read(bytes, { options: { lenient: true } }))).toEqual(["a", "d/", "b"]);
    }
  });
  it("folders with content are made, their content is skipped with a word", async () => {
    for (const type of ["5", "D"]) {
      const { entries, notes } = await read(buildTar([{ name: "d/", type, content: "Yfile\0" }, { name: "b" }]));
      expect(entries.map(({ path }) => path)).toEqual(["d/", "b"]);
      expect(notes.join()).toContain("A folder has content");
    }
  });
  it("folders by their name alone are refused when they have content: it would be lost", async () => {
    expect((await read(buildTar([{ name: "d/", content: "content" }]))).entries).toMatchObject([{ path: "d/", refusal: "AMBIGUOUS" }]);
    expect((await read(buildTar([paxHeader({ path: "d/" }), { name: "d", content: "content" }]))).entries).toMatchObject([{ path: "d/", refusal: "AMBIGUOUS" }]);
    expect((await read(buildTar([{ name: "d/", dialect: "v7", type: "\0" }]))).entries).toMatchObject([{ path: "d/", type: "directory", refusal: undefined }]);
  });
  it("folders of v7 may carry a size that belongs to nothing, and lose no entry by it", async () => {
    const { entries, notes } = await read(buildTar([{ name: "d/", type: "\0", dialect: "v7", size: 1 }, { name: "e/", type: "\0", dialect: "v7" }, { name: "f", dialect: "v7", content: "f" }]));
    expect(entries.map(({ path, type }) => [path, type])).toEqual([["d/", "directory"], ["e/", "directory"], ["f", "file"]]);
    expect(notes.join()).toContain("belongs to nothing");
  });
  it("folders that nobody may enter are told, usual ones are not", async () => {
    expect((await read(buildTar([{ name: "d/", type: "5", mode: 0o644 }]))).notes.join()).toContain("not even its owner");
    for (const mode of [0o755, 0o700, 0o555, 0]) expect((await read(buildTar([{ name: "d/", type: "5", mode }]))).notes).toEqual([]);
  });
  it("hard links of v7 may carry the size of their file, and no content", async () => {
    expect((await read(buildTar([{ name: "a", content: "abc", dialect: "v7" }, { name: "h", type: "1", link: "a", size: 3, dialect: "v7" }, { name: "b", dialect: "v7" }]))).entries)
      .toMatchObject([{ path: "a" }, { path: "h", size: 0, refusal: undefined }, { path: "b" }]);
  });
  it("a volume label is no entry, one part of a split set is no archive", async () => {
    const { entries, notes } = await read(buildTar([{ name: "label", type: "V", dialect: "gnu" }, { name: "a" }]));
    expect(entries.map(({ path }) => path)).toEqual(["a"]);
    expect(notes.join()).toContain("volume label");
    expect(await codeOf(buildTar([{ name: "rest", type: "M", dialect: "gnu" }]))).toBe("UNSUPPORTED_FORMAT");
  });
  it("contiguous files are files", async () => {
    expect((await read(buildTar([{ name: "a", type: "7", content: "x" }]))).entries).toMatchObject([{ type: "file", text: "x" }]);
  });
});

describe("tar: the end", () => {
  const whole = buildTar([paxHeader({ mtime: "1" }), { name: "a", content: "a".repeat(600) }, { name: "d/", type: "5" }, gnuLong("L", "long"), { name: "b", content: "b" }], new Uint8Array(0));

  it("may be marked by two zero blocks, by more, by one, or by none", async () => {
    for (const zeros of [0, 1, 2, 3, 20]) {
      const { entries, error } = await read(Buffer.concat([whole, Buffer.alloc(zeros * BLOCK)]));
      expect(error, `${zeros}`).toBeUndefined();
      expect(entries.map(({ path }) => path)).toEqual(["a", "d/", "long"]);
    }
  });
  it("of content may lack its padding", async () => {
    expect((await read(buildTar([{ name: "a", content: "abc", unpadded: true }], new Uint8Array(0)))).entries).toMatchObject([{ text: "abc" }]);
  });
  it("in the middle of anything is an error, at every byte", async () => {
    // Behind a whole entry nobody can tell that more was to come.
    const boundaries = new Map([[0, 0]]);
    for (let at = 0, entries = 0; at < whole.length; ) {
      const size = Number.parseInt(whole.toString("latin1", at + 124, at + 135), 8);
      const extension = "xL".includes(String.fromCharCode(whole[at + 156]!));
      if (!extension) entries += 1;
      if (!extension) boundaries.set(at + BLOCK + size, entries);
      at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
      if (!extension) boundaries.set(at, entries);
    }
    for (let length = 0; length < whole.length; length++) {
      const { entries, error } = await read(whole.subarray(0, length));
      if (boundaries.has(length)) expect([length, error?.code, entries.length]).toEqual([length, undefined, boundaries.get(length)]);
      else expect([length, error?.code]).toEqual([length, "TRUNCATED"]);
    }
  });
  it("in the middle of anything leaves nothing on the disk", async () => {
    const where = sandbox();
    for (const length of [BLOCK - 1, BLOCK + 5, 3 * BLOCK - 1, 3 * BLOCK + 100, whole.length - 1]) {
      const { code, contents } = await unpack(whole.subarray(0, length), { name: "cut.tar", format: "tar" }, where);
      expect([length, code, contents]).toEqual([length, 51, {}]);
    }
  });
  it("may be followed by something else, which is told", async () => {
    const { entries, notes, error } = await read(Buffer.concat([whole, TAR_END, Buffer.from("garbage")]));
    expect(error).toBeUndefined();
    expect(entries).toHaveLength(3);
    expect(notes.join()).toContain("7 bytes");
  });
  it("may be followed by another tar, which is told and not read", async () => {
    for (const chunk of [Infinity, 700]) {
      const { entries, notes } = await read(Buffer.concat([whole, TAR_END, buildTar([{ name: "second" }])]), { chunk });
      expect(entries.map(({ path }) => path)).not.toContain("second");
      expect(notes.join()).toContain("were not read");
      if (chunk === Infinity) expect(notes.join()).toContain("look like another tar archive");
    }
  });
  it("cannot be a lone zero block with something behind it", async () => {
    expect((await read(Buffer.concat([whole, Buffer.alloc(BLOCK), tarEntry({ name: "second" })]))).error?.code).toBe("BAD_HEADER");
  });
  it("may be one zero block and a last one of something else, which is told; a header of an archive that goes on was lost", async () => {
    const last = Buffer.alloc(BLOCK);
    last[BLOCK - 1] = 0x0a;
    const { entries, notes, error } = await read(Buffer.concat([whole, Buffer.alloc(BLOCK), last]));
    expect([error, entries.length, notes.at(-1)]).toEqual([undefined, 3, expect.stringContaining("only half there")]);
    for (const behind of [Buffer.alloc(BLOCK), TAR_END]) expect((await read(Buffer.concat([whole, Buffer.alloc(BLOCK), last, behind]))).error?.code).toBe("BAD_HEADER");
    const wiped = buildTar([{ name: "a", content: "a" }, { name: "b", content: "b" }]).fill(0, 2 * BLOCK, 3 * BLOCK);
    expect(await codeOf(wiped)).toBe("BAD_HEADER");
  });
  it("cannot be garbage without a mark", async () => {
    expect((await read(Buffer.concat([whole, Buffer.alloc(BLOCK, "garbage ")]))).error?.code).toBe("BAD_HEADER");
  });
});

describe("tar: the way the bytes arrive does not matter", () => {
  it("in chunks of any size the entries are the same", async () => {
    const bytes = buildTar([paxHeader({ path: "name" }), { name: "a", content: "a".repeat(1000) }, gnuLong("L", "long"), { name: "b" }, { name: "c", content: "c".repeat(513) }]);
    const whole = await read(bytes);
    for (const chunk of [1, 7, 511, 512, 513, 4096]) expect(await read(bytes, { chunk }), `${chunk}`).toEqual(whole);
  });
  it("content that is not taken is skipped, and stopping early lets the input go", async () => {
    const bytes = buildTar([{ name: "a", content: "a".repeat(3_000_000) }, { name: "b", content: "b" }]);
    let ended = 0;
    const seen: string[] = [];
    for await (const entry of readTar(inChunks(bytes, 10_000, () => (ended += 1)), readOptions())) seen.push(entry.path);
    expect(seen).toEqual(["a", "b"]);
    for await (const entry of readTar(inChunks(bytes, 10_000, () => (ended += 1)), readOptions())) {
      for await (const _ of entry.content()) break;
      break;
    }
    expect(ended).toBe(2);
  });
  it("an entry larger than what is taken in one piece arrives whole", async () => {
    const content = Buffer.alloc(3_000_001);
    for (let at = 0; at < content.length; at += 13) content[at] = at & 0xff;
    const { contents, code } = await unpack(buildTar([{ name: "large", content }, { name: "small", content: "s" }]));
    expect([code, contents]).toEqual([0, { large: sha256(content), small: "s" }]);
  });
});

describe("tar: sparse files", () => {
  // 3 bytes at 1000, 2 at 5000, 6001 in all
  const expected = Buffer.alloc(6001);
  expected.write("abc", 1000);
  expected.write("de", 5000);
  const data = "abcde";
  const octal = (value: number): string => `${value.toString(8).padStart(11, "0")}\0`;
  const oldGnu = (stretches: readonly (readonly [number, number])[], size: number, more = false): Map<number, string> =>
    new Map([...stretches.flatMap(([offset, length], at): [number, string][] => [[386 + 24 * at, octal(offset)], [398 + 24 * at, octal(length)]]), [482, more ? "\x01" : "\0"], [483, octal(size)]]);
  const version = (minor: string, more: Record<string, string>): [string, string][] => Object.entries({ "GNU.sparse.major": "0", "GNU.sparse.minor": minor, "GNU.sparse.name": "real name", ...more });

  const forms: Record<string, Buffer> = {
    "old GNU": buildTar([{ name: "real name", type: "S", dialect: "gnu", content: data, raw: oldGnu([[1000, 3], [5000, 2], [6001, 0]], 6001) }]),
    "GNU 0.0": buildTar([
      paxHeader([...version("0", { "GNU.sparse.size": "6001", "GNU.sparse.numblocks": "2" }), ["GNU.sparse.offset", "1000"], ["GNU.sparse.numbytes", "3"], ["GNU.sparse.offset", "5000"], ["GNU.sparse.numbytes", "2"]]),
      { name: "GNUSparseFile.0/x", content: data },
    ]),
    "GNU 0.1": buildTar([paxHeader(version("1", { "GNU.sparse.size": "6001", "GNU.sparse.numblocks": "2", "GNU.sparse.map": "1000,3,5000,2" })), { name: "GNUSparseFile.0/x", content: data }]),
    "GNU 1.0": buildTar([
      paxHeader(Object.entries({ "GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "real name", "GNU.sparse.realsize": "6001" })),
      { name: "GNUSparseFile.0/x", content: Buffer.concat([Buffer.from("2\n1000\n3\n5000\n2\n".padEnd(BLOCK, "\0")), Buffer.from(data)]) },
    ]),
  };
  for (const [form, bytes] of Object.entries(forms)) {
    it(`of ${form} are whole again`, async () => {
      const { entries, error } = await read(Buffer.concat([bytes.subarray(0, -TAR_END.length), buildTar([{ name: "after", content: "x" }])]));
      expect(error).toBeUndefined();
      expect(entries).toMatchObject([{ path: "real name", size: 6001, text: expected.toString("latin1") }, { path: "after", text: "x" }]);
      expect(await unpack(bytes)).toMatchObject({ code: 0, contents: { "real name": sha256(expected) } });
    });
    it(`of ${form} that are cut anywhere leave nothing`, async () => {
      const where = sandbox();
      const end = bytes.length - TAR_END.length - (BLOCK - data.length);
      for (let length = end - 1; length > 0; length -= 149) {
        const { code, contents } = await unpack(bytes.subarray(0, length), { name: "cut.tar", format: "tar" }, where);
        expect([length, code, contents]).toEqual([length, 51, {}]);
      }
    });
  }

  it("of old GNU with more stretches than a header holds continue in further blocks", async () => {
    const more = Buffer.alloc(BLOCK);
    for (let at = 0; at < 2; at++) more.write(octal(5000 + 10 * at) + octal(1), 24 * at);
    const header = tarHeader({ name: "x", type: "S", dialect: "gnu", size: 6, raw: oldGnu([[0, 1], [10, 1], [20, 1], [30, 1]], 6001, true) });
    const { entries } = await read(Buffer.concat([header, more, Buffer.from("abcdef".padEnd(BLOCK, "\0")), TAR_END]));
    const whole = Buffer.alloc(6001);
    for (const [at, text] of [[0, "a"], [10, "b"], [20, "c"], [30, "d"], [5000, "e"], [5010, "f"]] as const) whole.write(text, at);
    expect(entries).toMatchObject([{ text: whole.toString("latin1") }]);
  });

  const map = (text: string, size = "6001"): Buffer => buildTar([paxHeader(version("1", { "GNU.sparse.size": size, "GNU.sparse.numblocks": "2", "GNU.sparse.map": text })), { name: "x", content: data }]);
  const broken: Record<string, Buffer> = {
    "stretches that overlap": map("1000,3,1001,2"), "stretches that go backwards": map("5000,3,1000,2"), "a stretch beyond the end": map("1000,3,6000,2"),
    "more data than there is": map("1000,3,5000,200"), "less data than there is": map("1000,3"), "an offset without a length": map("1000,3,5000"),
    "another number of stretches than it says": map("1000,5"), "numbers that are none": map("1000,3,-5,2"), "a size that is none": map("1000,3,5000,2", "-1"), "a size that overflows": map("1000,3,5000,2", "99999999999999999999"),
  };
  it("with two maps, a map where there is no file, or a size of the data that is no number end the archive", async () => {
    const records = version("1", { "GNU.sparse.size": "6001", "GNU.sparse.map": "1000,3,5000,2" });
    expect(await codeOf(buildTar([paxHeader(records), { name: "x", type: "S", dialect: "gnu", content: data, raw: oldGnu([[1000, 3], [5000, 2]], 6001) }]))).toBe("BAD_HEADER");
    expect(await codeOf(buildTar([paxHeader(records), { name: "x", type: "2", link: "y" }]))).toBe("BAD_HEADER");
    const inData = Object.entries({ "GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "6001", size: "x" });
    expect(await codeOf(buildTar([paxHeader(inData), { name: "x", content: "9999999\n".repeat(1000) }]))).toBe("BAD_HEADER");
    expect(await codeOf(buildTar([paxHeader([...records, ["GNU.sparse.map", "0,5"]]), { name: "x", content: data }]))).toBe("AMBIGUOUS");
  });
  it("have one name: that of a sparse file on a plain one is another", async () => {
    expect(await detailsOf(buildTar([paxHeader({ path: "a", "GNU.sparse.name": "b" }), { name: "a" }]))).toMatchObject({ expected: '"a"', found: '"b"' });
  });
  it("that stand under their own name where others would take their data for all of them are told", async () => {
    expect((await read(buildTar([paxHeader(version("1", { "GNU.sparse.size": "6001", "GNU.sparse.map": "1000,3,5000,2" })), { name: "real name", content: data }]))).notes.join()).toContain("others may take");
    for (const bytes of Object.values(forms)) expect((await read(bytes)).notes).toEqual([]);
  });
  for (const [what, bytes] of Object.entries(broken)) {
    it(`whose map has ${what} end the archive`, async () => expect((await read(bytes)).error?.code).toBe("BAD_HEADER"));
  }

  for (const [form, args] of Object.entries({
    "old GNU": ["--format=gnu"], "GNU 0.0": ["--format=posix", "--sparse-version=0.0"], "GNU 0.1": ["--format=posix", "--sparse-version=0.1"], "GNU 1.0": ["--format=posix", "--sparse-version=1.0"],
  })) {
    it.skipIf(!isGnuTar())(`of ${form}, made by GNU tar, are what GNU tar makes of them (needs GNU tar)`, async () => {
      const folder = temporaryFolder();
      mkdirSync(join(folder, "in"));
      const fd = openSync(join(folder, "in/holes"), "w");
      for (let at = 0; at < 40; at++) writeSync(fd, Buffer.alloc(4096, `${at}`), 0, 4096, at * 1_000_000);
      ftruncateSync(fd, 50_000_000);
      closeSync(fd);
      writeFileSync(join(folder, "in/plain"), "plain");
      run("tar", ["-cS", ...args, "-f", join(folder, "a.tar"), "-C", join(folder, "in"), "holes", "plain"]);
      mkdirSync(join(folder, "oracle"));
      run("tar", ["-xf", join(folder, "a.tar"), "-C", join(folder, "oracle")]);
      const { contents, code, folder: out } = await unpack(readFileSync(join(folder, "a.tar")));
      expect(code).toBe(0);
      expect(contents).toEqual({ holes: sha256(readFileSync(join(folder, "oracle/holes"))), plain: "plain" });
      // Holes stay holes where the file system has them, as the oracle shows.
      const [ours, theirs] = [join(out, "holes"), join(folder, "oracle/holes")].map((path) => lstatSync(path).blocks);
      expect(ours!).toBeLessThanOrEqual(theirs! * 2);
    });
  }
});

function isGnuTar(): boolean {
  return has("tar") && execFileSync("tar", ["--version"], { encoding: "utf8" }).includes("GNU tar");
}

describe("tar: made by GNU tar, reads like GNU tar (needs GNU tar)", () => {
  for (const format of ["v7", "oldgnu", "gnu", "ustar", "posix"]) {
    it.skipIf(!isGnuTar())(`--format=${format}`, async () => {
      const folder = temporaryFolder();
      const input = join(folder, "in");
      mkdirSync(join(input, "d/e"), { recursive: true });
      writeFileSync(join(input, "d/a"), "a");
      writeFileSync(join(input, "d/e/large"), Buffer.alloc(2_000_000, "large "));
      execFileSync("ln", ["-s", "a", join(input, "d/l")]);
      execFileSync("ln", [join(input, "d/a"), join(input, "d/h")]);
      if (format !== "v7") writeFileSync(join(input, `d/${format === "ustar" ? "n".repeat(99) : "ü".repeat(120)}`), "long");
      run("tar", ["-c", `--format=${format}`, "-f", join(folder, "a.tar"), "-C", input, "d"]);
      const where = sandbox();
      const { code, folder: out, warnings } = await unpack(readFileSync(join(folder, "a.tar")), {}, where);
      expect([code, warnings]).toEqual([0, []]);
      expect(run("diff", ["-r", join(input, "d"), join(out, "d")])).toBe("");
      expect(lstatSync(join(out, "d/h")).ino).toBe(lstatSync(join(out, "d/a")).ino);
    });
  }
});

it("tar: a header behind an extended header must not be missing", async () => {
  for (const extension of [paxHeader({ path: "x" }), gnuLong("L", "x"), gnuLong("K", "x")]) {
    expect(await codeOf(buildTar([{ name: "a" }, extension]))).toBe("TRUNCATED");
    expect(await codeOf(buildTar([{ name: "a" }, extension], new Uint8Array(0)))).toBe("TRUNCATED");
  }
});

it("tar: the reader tells how the archive is damaged, with the position", async () => {
  const bytes = buildTar([{ name: "a", content: "a" }, { name: "b", checksum: 1 }]);
  const error = await errorOf((async () => { for await (const _ of readTar(inChunks(bytes), readOptions())); })());
  expect(error.message).toBe("Cannot read the tar archive: the header at 1024 has a wrong checksum");
});
