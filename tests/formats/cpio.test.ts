import { spawnSync } from "node:child_process";
import { linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { UnzipxError } from "../../src/errors.ts";
import type { ReadOptions, StreamEntry } from "../../src/formats/contract.ts";
import { cpio } from "../../src/formats/cpio/index.ts";
import { Links, type Named } from "../../src/formats/cpio/links.ts";
import { readCpio } from "../../src/formats/cpio/read.ts";
import { inChunks } from "../helpers/build.ts";
import { readOptions, unpack } from "../helpers/library.ts";
import { buildCpio, cpioEnd, cpioEntry, type CpioItem } from "../helpers/packages.ts";
import { has, temporaryFolder, treeOf } from "../helpers/tools.ts";

type Read = Pick<StreamEntry, "path" | "type" | "size" | "mtime" | "mode" | "linkTarget"> & { readonly text: string; readonly refusal: string | undefined };

interface Result {
  readonly entries: Read[];
  readonly notes: string[];
  readonly error: UnzipxError | undefined;
}

/** All entries with their content, as far as they could be read. Anything but an UnzipxError fails the test. */
async function read(bytes: Uint8Array, { chunk = Infinity, options = {} }: { chunk?: number; options?: Partial<ReadOptions> } = {}): Promise<Result> {
  const notes: UnzipxError[] = [];
  const entries: Read[] = [];
  let error: UnzipxError | undefined;
  try {
    for await (const entry of readCpio(inChunks(bytes, chunk), readOptions(notes, options))) {
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

const codeOf = async (bytes: Uint8Array): Promise<string | undefined> => (await read(bytes)).error?.code;
const brief = ({ entries }: Result): string[] => entries.map(({ path, type, linkTarget, text }) => `${type} ${path}${linkTarget === undefined ? `: ${text}` : ` -> ${linkTarget}`}`);
const fixture = (name: string): Buffer => readFileSync(fileURLToPath(new URL(`../../fixtures/cpio/${name}`, import.meta.url)));

const DIALECTS = ["newc", "crc", "odc", "afio", "big", "little"] as const;
const FOLDER = 0o040755;
const SYMLINK = 0o120777;

describe("cpio: every dialect", () => {
  for (const dialect of DIALECTS) {
    const archive = buildCpio([
      { name: "d", mode: FOLDER, nlink: 2 }, { name: "d/a", content: "odd", mode: 0o100600, inode: 2, mtime: 1706933106 }, { name: "d/link", mode: SYMLINK, content: "../d/a" },
      { name: "pipe", mode: 0o010644 }, { name: "disk", mode: 0o060644 }, { name: "no type at all", mode: 0o600, content: "x" },
    ], dialect);

    it(`${dialect}: gives name, type, size, mode, time and target, in chunks of any size`, async () => {
      for (const chunk of [Infinity, 1, 7]) {
        const { entries, notes, error } = await read(archive, { chunk });
        expect([error, notes]).toEqual([undefined, []]);
        expect(entries).toMatchObject([
          { path: "d", type: "directory", mode: 0o755, text: "" }, { path: "d/a", type: "file", size: 3, mode: 0o600, mtime: 1706933106_000, text: "odd" },
          { path: "d/link", type: "symlink", linkTarget: "../d/a", text: "" }, { path: "pipe", type: "special" }, { path: "disk", type: "special" }, { path: "no type at all", type: "file", text: "x" },
        ]);
      }
    });

    it(`${dialect}: is recognised`, () => expect(cpio.bid({ head: archive, tail: undefined })).toBeGreaterThanOrEqual(16));

    it(`${dialect}: cut off anywhere is an error`, async () => {
      for (let length = 0; length < archive.length; length++) {
        const { error, entries } = await read(archive.subarray(0, length));
        // Behind the name of the end marker only padding is missing.
        if (length >= archive.lastIndexOf("TRAILER!!!\0") + 11) expect([length, error, entries.length]).toEqual([length, undefined, 6]);
        else expect([length, error?.code]).toEqual([length, "TRUNCATED"]);
      }
    });

    it(`${dialect}: with any bit flipped ends, and breaks nothing`, async () => {
      for (let bit = 0; bit < archive.length * 8; bit++) {
        const damaged = Buffer.from(archive);
        damaged[bit >> 3]! ^= 1 << (bit & 7);
        const { entries, error } = await read(damaged);
        expect(error !== undefined || entries.length > 0).toBe(true);
      }
    });
  }

  it("old binary counts sizes with the upper word first, whatever the order of bytes", async () => {
    const content = Buffer.alloc(0x10003, "x");
    for (const dialect of ["big", "little"] as const) expect((await read(buildCpio([{ name: "a", content }, { name: "b" }], dialect))).entries.map(({ size }) => size)).toEqual([0x10003, 0]);
  });
  it("two bytes of magic alone are no evidence of old binary", () => {
    for (const start of [[0x71, 0xc7], [0xc7, 0x71]]) expect(cpio.bid({ head: Buffer.concat([Buffer.from(start), Buffer.alloc(100, 0x41)]), tail: undefined })).toBe(0);
  });
  it("contents that are large come in pieces and are verified", async () => {
    const content = Buffer.alloc(3_000_001, "content");
    const archive = buildCpio([{ name: "large", content }, { name: "after", content: "x" }], "crc");
    expect((await read(archive, { chunk: 65536 })).entries).toMatchObject([{ size: content.length, text: content.toString() }, { path: "after", text: "x" }]);
    archive[1_000_000]! ^= 1;
    expect(await codeOf(archive)).toBe("BAD_CHECKSUM");
  });
});

describe("cpio: hard links", () => {
  for (const dialect of ["newc", "crc"] as const) {
    it(`${dialect}: names that come before the content lead to the one that has it`, async () => {
      const archive = buildCpio([
        { name: "a", inode: 7, nlink: 3 }, { name: "other", inode: 8, content: "other" }, { name: "b", inode: 7, nlink: 3 }, { name: "c", inode: 7, nlink: 3, content: "content" }, { name: "last" },
      ], dialect);
      expect(brief(await read(archive))).toEqual(["file other: other", "file c: content", "hardlink a -> c", "hardlink b -> c", "file last: "]);
    });
  }
  it("names that come after the content lead to it as well", async () => {
    expect(brief(await read(buildCpio([{ name: "a", nlink: 2, content: "content" }, { name: "b", nlink: 2 }])))).toEqual(["file a: content", "hardlink b -> a"]);
  });
  it("a file without content is empty under all of its names, also where one of them is missing", async () => {
    expect(brief(await read(buildCpio([{ name: "a", nlink: 2 }, { name: "b", nlink: 2 }, { name: "c" }])))).toEqual(["file a: ", "hardlink b -> a", "file c: "]);
    expect(brief(await read(buildCpio([{ name: "a", nlink: 3 }, { name: "b", nlink: 3 }, { name: "c", inode: 9 }])))).toEqual(["file c: ", "file a: ", "hardlink b -> a"]);
  });
  it("the number of a file whose names have all come may stand for another one", async () => {
    const archive = buildCpio([{ name: "a", nlink: 2 }, { name: "b", nlink: 2, content: "1" }, { name: "c", nlink: 2 }, { name: "d", nlink: 2, content: "2" }]);
    expect(brief(await read(archive))).toEqual(["file b: 1", "hardlink a -> b", "file d: 2", "hardlink c -> d"]);
  });
  it("odc repeats the content under each name: each is a file, and one without content leads to it", async () => {
    const archive = buildCpio([{ name: "a", nlink: 3, content: "x" }, { name: "b", nlink: 3, content: "x" }, { name: "c", nlink: 3 }], "odc");
    expect(brief(await read(archive))).toEqual(["file a: x", "file b: x", "hardlink c -> a"]);
  });
  it("links of folders are no hard links", async () => {
    expect(brief(await read(buildCpio([{ name: "a", mode: FOLDER, nlink: 2 }, { name: "b", mode: FOLDER, nlink: 2 }])))).toEqual(["directory a: ", "directory b: "]);
  });
  it("that wait for their content are held up to a limit, and let go when it came", () => {
    const links = new Links(10_000);
    const header = { dialect: "newc", inode: "1", mode: 0o100644, uid: 0, gid: 0, nlink: 2, mtime: 0, nameSize: 0, check: 0, namePadding: 0, padding: 0 } as const;
    const named = (inode: number, size: number): Named => ({ header: { ...header, inode: `${inode}`, size }, path: "x".repeat(800), escaped: false });
    for (let inode = 0; inode < 1000; inode++) {
      expect([links.add(named(inode, 0)).is, links.settled(named(inode, 0)).length]).toEqual(["waiting", 0]);
      expect([links.add(named(inode, 1)).is, links.settled(named(inode, 1)).length]).toEqual(["file", 1]);
    }
    for (let inode = 0; inode < 10; inode++) links.add(named(inode, 0));
    expect(() => links.add(named(10, 0))).toThrow(/more hard links/);
  });
});

describe("cpio: hostile headers", () => {
  const codes: [what: string, item: CpioItem, code: string][] = [
    ["a name of 4 GiB", { name: "a", nameSize: 0xffffffff }, "LIMIT"],
    ["a name longer than any system allows", { name: "x".repeat(32 * 1024 + 1) }, "LIMIT"],
    ["no name", { name: "", nameSize: 0 }, "BAD_HEADER"],
    ["a name that does not end where it should", { name: "abcd", terminated: false }, "BAD_HEADER"],
    ["a content that is not there", { name: "a", size: 0xffffffff }, "TRUNCATED"],
    ["an end marker with content", { name: "TRAILER!!!", content: "x" }, "BAD_HEADER"],
    ["a size beyond 2^53", { name: "a", dialect: "afio", size: 2 ** 63 }, "BAD_HEADER"],
  ];
  for (const [what, item, code] of codes) it(`${what}: ${code}`, async () => expect(await codeOf(buildCpio([item]))).toBe(code));

  it("any field that is no number ends the archive", async () => {
    for (const dialect of ["newc", "odc", "afio"] as const) {
      const archive = buildCpio([{ name: "a" }], dialect);
      const header = dialect === "newc" ? 110 : dialect === "odc" ? 76 : 116;
      for (let at = 6; at < header; at++) {
        for (const character of [" ", "-", "g", "\0", "x"]) {
          const damaged = Buffer.from(archive);
          damaged.write(character, at, "latin1");
          expect([dialect, at, character, await codeOf(damaged)]).toEqual([dialect, at, character, "BAD_HEADER"]);
        }
      }
    }
  });
  it("something that is no header behind an entry ends the archive", async () => {
    expect(await codeOf(Buffer.concat([cpioEntry({ name: "a" }), Buffer.alloc(200, "x")]))).toBe("BAD_HEADER");
  });
  it("a folder with content is refused, and read on request", async () => {
    const archive = buildCpio([{ name: "d", mode: FOLDER, content: "content" }, { name: "a", content: "x" }]);
    expect((await read(archive)).entries).toMatchObject([{ path: "d", refusal: "AMBIGUOUS" }, { path: "a", refusal: undefined, text: "x" }]);
    expect((await read(archive, { options: { lenient: true } })).entries).toMatchObject([{ path: "d", refusal: undefined }, { path: "a" }]);
  });
  it("a symlink with a target of any length takes no memory, and is refused", async () => {
    const archive = buildCpio([{ name: "l", mode: SYMLINK, content: "x".repeat(4097) }, { name: "m", mode: SYMLINK, content: "y".repeat(4096) }, { name: "a" }]);
    expect((await read(archive)).entries).toMatchObject([{ path: "l", refusal: "UNSAFE_LINK", linkTarget: "" }, { path: "m", refusal: undefined, linkTarget: "y".repeat(4096) }, { path: "a" }]);
  });
  it("a NUL at the end of a target is no part of it, one inside is refused", async () => {
    const archive = buildCpio([{ name: "l", mode: SYMLINK, content: "a\0" }, { name: "m", mode: SYMLINK, content: "a\0b" }, { name: "a", content: "x" }]);
    const { contents, failures } = await unpack(archive);
    expect(contents["l"]).toContain("a");
    expect([Object.keys(contents).sort(), failures]).toEqual([["a", "l"], { m: "UNSAFE_LINK" }]);
  });
  it("a wrong checksum refuses its entry, and the others are extracted", async () => {
    const { code, contents, failures } = await unpack(buildCpio([{ name: "a", content: "x" }, { name: "bad", content: "y", check: 1 }, { name: "b", content: "z" }], "crc"));
    expect([code, failures, Object.keys(contents).sort()]).toEqual([3, { bad: "BAD_CHECKSUM" }, ["a", "b"]]);
  });
  it("names that leave are refused, devices skipped, and the rest is extracted", async () => {
    const { failures, contents } = await unpack(buildCpio([
      { name: "../evil", content: "x" }, { name: "/tmp/evil", content: "x" }, { name: "a\0/../b", content: "x" }, { name: "dev", mode: 0o020666 }, { name: "good", content: "x" },
      { name: "l", mode: SYMLINK, content: "/etc" }, { name: "l/evil", content: "x" }, { name: "h", inode: 5, nlink: 2 }, { name: "../h", inode: 5, nlink: 2, content: "x" },
    ]));
    expect(failures).toEqual({
      "../evil": "UNSAFE_PATH", "/tmp/evil": "UNSAFE_PATH", "a\0/../b": "UNSAFE_PATH", dev: "SPECIAL_FILE", "l/evil": "COLLISION", "../h": "UNSAFE_PATH", h: "UNSAFE_LINK", l: "UNSAFE_LINK",
    });
    expect(Object.keys(contents)).toEqual(["good"]);
  });
  it("bytes of a name that are no UTF-8 are written as %XX, with a word", async () => {
    const { entries, notes } = await read(buildCpio([{ name: Buffer.from([0x61, 0xff]) }]));
    expect([entries.map(({ path }) => path), notes.join()]).toEqual([["a%FF"], expect.stringContaining("%XX")]);
  });
  it("names and targets are read in the character set that the user names", async () => {
    const archive = buildCpio([{ name: Buffer.from([0x93, 0xfa]) }, { name: "l", mode: SYMLINK, content: Buffer.from([0x96, 0x7b]) }]);
    expect(await read(archive, { options: { encoding: "shift_jis" } })).toMatchObject({ entries: [{ path: "日" }, { path: "l", linkTarget: "本" }], notes: [] });
  });
  it("an rpm's stripped payload says what it is", async () => {
    const { error } = await read(Buffer.from("07070X00000000\0\0content"));
    expect([error?.code, error?.message]).toEqual(["UNSUPPORTED_FORMAT", expect.stringContaining("rpm")]);
  });
});

describe("cpio: behind the end marker", () => {
  const first = buildCpio([{ name: "a", inode: 1, nlink: 2, content: "1" }]);
  const second = buildCpio([{ name: "b", inode: 1, nlink: 2 }], "newc");

  it("zeros are silent padding", async () => expect(await read(Buffer.concat([first, Buffer.alloc(5000)]), { chunk: 100 })).toMatchObject({ notes: [], error: undefined }));
  it("another archive is read as well, and files are not linked across", async () => {
    const both = await read(Buffer.concat([first, Buffer.alloc(512 - (first.length % 512)), second]));
    expect(brief(both)).toEqual(["file a: 1", "file b: "]);
    expect(both.notes.join()).toContain("follows the first one");
  });
  it("so is a compressed one, as an initramfs has it", async () => {
    const both = await read(Buffer.concat([first, gzipSync(Buffer.concat([second, first]))]), { chunk: 50 });
    expect(brief(both)).toEqual(["file a: 1", "file b: ", "file a: 1"]);
    expect(both.notes[0]).toContain("gzip");
  });
  it("compression inside compression has an end", async () => {
    let bytes = first;
    for (let depth = 0; depth < 20; depth++) bytes = Buffer.concat([first, gzipSync(bytes)]);
    const { entries, notes } = await read(bytes);
    expect(entries.length).toBe(8);
    expect(notes.at(-1)).toContain("not read");
  });
  it("anything else is told", async () => {
    for (const rest of [Buffer.from("hello"), gzipSync("hello"), Buffer.from([0xc7, 0x71])]) {
      expect((await read(Buffer.concat([first, Buffer.alloc(3), rest]))).notes.at(-1)).toBe(`The cpio archive is followed by ${rest.length} bytes that were not read`);
    }
  });
});

describe("cpio as other programs write it (skipped where they do not exist)", () => {
  const make = (): string => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "tree/d"), { recursive: true });
    writeFileSync(join(folder, "tree/a"), "content");
    linkSync(join(folder, "tree/a"), join(folder, "tree/d/b"));
    linkSync(join(folder, "tree/a"), join(folder, "tree/d/größe"));
    symlinkSync("../a", join(folder, "tree/d/l"));
    for (const name of ["e", "f"]) writeFileSync(join(folder, `tree/${name}`), name === "e" ? "" : Buffer.alloc(100_001, "f"));
    return folder;
  };
  const LIST = "a\nd\nd/b\nd/größe\nd/l\ne\nf\n";
  const CASES = [["cpio", "newc"], ["cpio", "crc"], ["cpio", "odc"], ["cpio", "bin"], ["cpio", "hpodc"], ["cpio", "hpbin"], ["bsdcpio", "newc"], ["bsdcpio", "odc"]] as const;
  for (const [program, format] of CASES) {
    it.skipIf(!has(program))(`${program} -H ${format}`, async () => {
      const folder = make();
      const { stdout, status } = spawnSync(program, ["-o", "--quiet", "-H", format], { cwd: join(folder, "tree"), input: LIST, maxBuffer: 1 << 24 });
      expect(status).toBe(0);
      const { code, folder: out } = await unpack(stdout);
      expect([code, treeOf(out)]).toEqual([0, treeOf(join(folder, "tree"))]);
    });
  }
  it("a damaged sample never passes for the whole one", async () => {
    const sample = fixture("good-crc.cpio");
    const whole = brief(await read(sample));
    for (let length = 0; length < sample.lastIndexOf("TRAILER!!!"); length++) expect((await read(sample.subarray(0, length))).error).toBeDefined();
    const start = sample.indexOf("größe.txt\0") + 12;
    for (let at = sample.indexOf("größe\n", start); at < sample.indexOf("größe\n", start) + 8; at++) {
      const damaged = Buffer.from(sample);
      damaged[at]! ^= 4;
      const { entries } = await read(damaged);
      expect(entries.filter(({ refusal }) => refusal === "BAD_CHECKSUM").length).toBe(1);
    }
    expect(brief(await read(Buffer.concat([sample.subarray(0, sample.lastIndexOf("070702")), cpioEnd("newc")])))).toEqual(whole);
  });
});
