import { crc32, deflateRawSync } from "node:zlib";
import { statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  buildZip, DEFLATE, DOS_DATE, extraField, FLAG_DESCRIPTOR, FLAG_ENCRYPTED, FLAG_UTF8, timeExtra, unicodePathExtra, zip64Extra, type ZipItem, type ZipLies,
} from "../helpers/build.ts";
import { isWindows, sandbox, sha256 } from "../helpers/cli.ts";
import { codeOfTest, entriesOf, unpack, type Unpacked } from "../helpers/library.ts";

const TEXT = "some text, some text, some text\n";
const MEBI = 1024 * 1024;
const one = (item: Partial<ZipItem> = {}, lies?: ZipLies): Promise<Unpacked> => unpack(buildZip([{ name: "a.txt", content: TEXT, ...item }], lies));

describe("zip: an honest archive", () => {
  it("of stored and deflated entries, folders and empty files is extracted", async () => {
    const bytes = buildZip([
      { name: "d/" }, { name: "d/store", content: TEXT }, { name: "d/deflate", content: TEXT, method: DEFLATE }, { name: "empty" },
      { name: "empty deflate", method: DEFLATE }, { name: "made/without/entry", content: "x" },
    ]);
    const where = sandbox();
    expect(await unpack(bytes, {}, where)).toMatchObject({
      code: 0, warnings: [], contents: { "d/": "", "d/store": TEXT, "d/deflate": TEXT, empty: "", "empty deflate": "", "made/": "", "made/without/": "", "made/without/entry": "x" },
      summary: { files: 5, directories: 1, format: ["zip"] },
    });
    expect(await codeOfTest(bytes, where)).toBe(0);
  });

  it("without entries is an empty folder", async () => {
    expect(await unpack(buildZip([]))).toMatchObject({ code: 0, contents: {} });
  });

  for (const signature of [true, false]) {
    for (const long of [false, true]) {
      it(`with data descriptors ${signature ? "with" : "without"} signature in ${long ? 64 : 32} bits is extracted`, async () => {
        const items: ZipItem[] = [
          { name: "a", content: TEXT, method: DEFLATE, descriptor: { signature, long } }, { name: "b", content: TEXT, descriptor: { signature, long } },
          { name: "c", method: DEFLATE, descriptor: { signature, long } },
        ];
        expect(await unpack(buildZip(items))).toMatchObject({ code: 0, contents: { a: TEXT, b: TEXT, c: "" } });
      });
    }
  }

  it("with zip64 records and sizes is extracted", async () => {
    const packed = deflateRawSync(TEXT).length;
    const bytes = buildZip([{
      name: "a", content: TEXT, method: DEFLATE,
      local: { size: 0xffffffff, packedSize: 0xffffffff, extra: zip64Extra(TEXT.length, packed) },
      central: { size: 0xffffffff, packedSize: 0xffffffff, offset: 0xffffffff, extra: zip64Extra(TEXT.length, packed, 0) },
    }], { zip64: {} });
    expect(await unpack(bytes)).toMatchObject({ code: 0, contents: { a: TEXT } });
  });

  it("with more than 65,535 entries is extracted", async () => {
    const items = Array.from({ length: 65_540 }, (_, at) => ({ name: `${at}` }));
    expect((await entriesOf(buildZip(items, { zip64: {} }))).length).toBe(65_540);
  });

  it("behind a program is extracted, with a word about it, whether its offsets were adjusted or not", async () => {
    const prefix = Buffer.from(`#!/bin/sh\necho "PK"\nexit 0\n${"x".repeat(5000)}`);
    for (const absolute of [false, true]) {
      const unpacked = await one({}, { prefix, absolute });
      expect(unpacked).toMatchObject({ code: 0, contents: { "a.txt": TEXT } });
      if (!absolute) expect(unpacked.warnings.join()).toContain(`${prefix.length} bytes`);
    }
  });

  it("with bytes behind it is extracted, with a word about them", async () => {
    const { code, contents, warnings } = await one({}, { trailing: Buffer.from("trailing") });
    expect({ code, contents }).toEqual({ code: 0, contents: { "a.txt": TEXT } });
    expect(warnings.join()).toContain("8 bytes");
  });

  it("with a comment in which an end record stands is read by the real one", async () => {
    const inner = buildZip([{ name: "inner", content: "inner" }]);
    expect(await one({}, { comment: inner.subarray(0, -22) })).toMatchObject({ code: 0, contents: { "a.txt": TEXT } });
  });

  it("shows its comments", async () => {
    const entries = await entriesOf(buildZip([{ name: "a", central: { comment: "über a" } }, { name: "b", central: { comment: Buffer.from([0x81]) } }]));
    expect(entries.map(({ comment }) => comment)).toEqual(["über a", "ü"]);
  });
});

describe("zip: entries", () => {
  it.skipIf(isWindows)("keep the permissions that Unix made, and lose what is not theirs to have", async () => {
    const { folder } = await unpack(buildZip([
      { name: "run", mode: 0o100755 }, { name: "private", mode: 0o100600 }, { name: "setuid", mode: 0o104777 }, { name: "none", mode: 0o100000 }, { name: "dos" },
      { name: "d/", mode: 0o040700 },
    ]));
    const modes = ["run", "private", "setuid", "none", "dos", "d"].map((name) => (statSync(join(folder, name)).mode & 0o7777).toString(8));
    const masked = (mode: number): string => (mode & ~process.umask()).toString(8);
    expect(modes).toEqual([masked(0o755), "600", masked(0o755), masked(0o666), masked(0o666), "700"]);
  });

  it("that are symlinks become links, stored or deflated, last and only inside", async () => {
    const bytes = buildZip([
      { name: "l", content: "d/x", mode: 0o120777 }, { name: "m", content: "./d//x", mode: 0o120777, method: DEFLATE }, { name: "out", content: "../x", mode: 0o120777 },
      { name: "d/x", content: "x" },
    ]);
    expect(await unpack(bytes)).toMatchObject({ code: 6, failures: { out: "UNSAFE_LINK" }, contents: { "d/": "", "d/x": "x", l: "-> d/x", m: "-> ./d//x" } });
  });

  it("that are symlinks with an empty, damaged or endless target are refused", async () => {
    const long = Buffer.alloc(5000, "x");
    // 5 bytes of content behind 5 MiB of empty deflate blocks
    const slow = Buffer.concat([...Array<Buffer>(MEBI).fill(Buffer.from([0, 0, 0, 0xff, 0xff])), deflateRawSync("aaaaa")]);
    const bytes = buildZip([
      { name: "empty", mode: 0o120777 }, { name: "long", content: long, mode: 0o120777 }, { name: "damaged", content: "x", mode: 0o120777, central: { crc32: 1 }, local: { crc32: 1 } },
      { name: "slow", content: "aaaaa", data: slow, method: DEFLATE, mode: 0o120777 }, { name: "good", content: "x" },
    ]);
    const { failures, contents } = await unpack(bytes);
    expect(failures).toMatchObject({ empty: "UNSAFE_LINK", long: "UNSAFE_LINK", damaged: "BAD_CHECKSUM" });
    expect(failures["slow"]).toBeDefined();
    expect(contents).toEqual({ good: "x" });
  });

  it("that came through a pipe of Info-ZIP are files, other FIFOs and devices are skipped", async () => {
    const bytes = buildZip([{ name: "piped", content: TEXT, mode: 0o010600 }, { name: "fifo", mode: 0o010600 }, { name: "device", mode: 0o060600 }, { name: "socket", mode: 0o140600 }]);
    expect(await unpack(bytes)).toMatchObject({ code: 1, failures: { fifo: "SPECIAL_FILE", device: "SPECIAL_FILE", socket: "SPECIAL_FILE" }, contents: { piped: TEXT } });
  });

  it("have the UT field's time where there is one, else MS-DOS's in local time", async () => {
    const entries = await entriesOf(buildZip([{ name: "ut", extra: timeExtra(1_000_000_001) }, { name: "dos" }]));
    expect(entries.map(({ mtime }) => mtime)).toEqual([1_000_000_001_000, new Date(2024, 1, 3, 4, 5, 6).getTime()]);
  });

  it("with times that no calendar has are extracted", async () => {
    const nonsense: Partial<ZipItem>[] = [{ date: 0, time: 0 }, { date: 0xffff, time: 0xffff }, { date: (44 << 9) | (2 << 5) | 30, time: 0 }].map((lie) => ({ local: lie, central: lie }));
    for (const item of [...nonsense, { extra: timeExtra(-1) }, { extra: timeExtra(-(2 ** 31)) }]) expect(await one(item)).toMatchObject({ code: 0, contents: { "a.txt": TEXT } });
  });

  it("of DOS may be folders by their attribute, or by a backslash at the end", async () => {
    const entries = await entriesOf(buildZip([{ name: "d", central: { attributes: 0x10 } }, { name: "e\\" }, { name: "f", content: "x", central: { attributes: 0x10 } }]));
    expect(entries.map(({ type }) => type)).toEqual(["directory", "directory", "file"]);
  });

  it("with backslashes lie in folders", async () => {
    expect(await one({ name: "d\\e\\f.txt" })).toMatchObject({ code: 0, contents: { "d/": "", "d/e/": "", "d/e/f.txt": TEXT } });
  });
});

describe("zip: names", () => {
  const named = async (item: Partial<ZipItem>): Promise<string[]> => (await entriesOf(buildZip([{ name: "x", content: TEXT, ...item }]))).map(({ path }) => path);
  it("with the UTF-8 flag are UTF-8", async () => {
    expect(await named({ name: "名前 🙂.txt", flags: FLAG_UTF8 })).toEqual(["名前 🙂.txt"]);
  });
  it("with the UTF-8 flag that are none keep every byte apart", async () => {
    expect(await named({ name: Buffer.from([0x61, 0xff, 0xfe]), flags: FLAG_UTF8 })).toEqual(["a%FF%FE"]);
  });
  it("without it are UTF-8 where they look like it, else CP437", async () => {
    expect(await named({ name: "naïve" })).toEqual(["naïve"]);
    expect(await named({ name: Buffer.from([0x81, 0x62, 0x65, 0x72]) })).toEqual(["über"]);
  });
  it("are those of the Unicode path field where its checksum fits", async () => {
    expect(await named({ name: "ber.txt", extra: unicodePathExtra("über.txt", "ber.txt") })).toEqual(["über.txt"]);
  });
  it("are the header's own where the field's checksum belongs to another name", async () => {
    expect(await named({ name: "new.txt", extra: unicodePathExtra("old.txt", "old.txt") })).toEqual(["new.txt"]);
  });
  it("of the Unicode path field are checked like any other", async () => {
    expect(await one({ name: "a", extra: unicodePathExtra("../a", "a") })).toMatchObject({ code: 6, contents: {} });
  });
  it("that are two different Unicode path fields are refused", async () => {
    const extra = Buffer.concat([unicodePathExtra("a", "x"), unicodePathExtra("b", "x")]);
    expect(await one({ name: "x", extra })).toMatchObject({ code: 6, contents: {} });
  });
  it("that are empty become one that can be written", async () => {
    expect(await one({ name: "" })).toMatchObject({ code: 0, contents: { unnamed: TEXT } });
  });
  it("with a NUL byte are refused", async () => {
    expect(await one({ name: "a\0b" })).toMatchObject({ code: 6, contents: {} });
  });
});

describe("zip: local header and central directory must agree, else the entry is refused:", () => {
  const lies: Record<string, Partial<ZipItem>> = {
    name: { local: { name: "b.txt" } },
    "name, of the same length of bytes": { local: { name: "A.txt" } },
    method: { local: { method: DEFLATE } },
    "encryption flag": { local: { flags: FLAG_ENCRYPTED } },
    "CRC-32": { local: { crc32: 1 } },
    size: { local: { size: 1 } },
    "compressed size": { local: { packedSize: 1 } },
    "zip64 size": { local: { size: 0xffffffff, packedSize: 0xffffffff, extra: zip64Extra(TEXT.length + 1, TEXT.length) } },
    "CRC-32, although a descriptor follows": { descriptor: { signature: true, long: false }, local: { crc32: 1 } },
    "size, although a descriptor follows": { descriptor: { signature: true, long: false }, local: { size: 1 } },
    "descriptor's CRC-32": { descriptor: { signature: true, long: false, crc32: 1 } },
    "descriptor's size": { descriptor: { signature: true, long: false, size: 1 } },
    "descriptor's compressed size": { descriptor: { signature: true, long: true, packedSize: 1 } },
    "descriptor that is promised and missing": { local: { flags: FLAG_DESCRIPTOR } },
    "descriptor that only the central directory promises": { central: { flags: FLAG_DESCRIPTOR } },
  };
  for (const [field, item] of Object.entries(lies)) {
    for (const [kind, content] of [["small", TEXT], ["large", Buffer.alloc(5 * MEBI, TEXT)]] as const) {
      it(`${field} (${kind})`, async () => {
        const lie = content === TEXT || !field.startsWith("zip64") ? item : { local: { size: 0xffffffff, packedSize: 0xffffffff, extra: zip64Extra(content.length + 1, content.length) } };
        const bytes = buildZip([{ name: "a.txt", content, ...lie }, { name: "z", content: "good" }]);
        expect(await unpack(bytes)).toMatchObject({ code: 6, failures: { "a.txt": "AMBIGUOUS" }, contents: { z: "good" } });
      });
    }
  }

  it("also of a folder, behind whose name a file could hide", async () => {
    const bytes = buildZip([{ name: "d/", local: { name: "evil.txt", size: TEXT.length, packedSize: TEXT.length, crc32: crc32(TEXT) }, data: Buffer.from(TEXT), central: { size: 0, packedSize: 0, crc32: 0 } }, { name: "z", content: "good" }]);
    expect(await unpack(bytes)).toMatchObject({ code: 6, failures: { "d/": "AMBIGUOUS" } });
  });

  it("also of a folder that is packed by a method nobody needs to read", async () => {
    const data = Buffer.from([1, 2, 3]);
    const folder = (more: Partial<ZipItem> = {}): Promise<Unpacked> => one({ name: "d/", content: "", data, method: 93, ...more });
    expect(await folder()).toMatchObject({ code: 0, contents: { "d/": "" } });
    expect(await folder({ local: { name: "e/" } })).toMatchObject({ code: 6, failures: { "d/": "AMBIGUOUS" } });
  });

  it("and time and version are no matter", async () => {
    expect(await one({ local: { time: 0, date: DOS_DATE + 1, versionNeeded: 99 } })).toMatchObject({ code: 0, warnings: [] });
  });
});

describe("zip: two readings of one archive are refused:", () => {
  it("entries that overlap", async () => {
    const whole = buildZip([{ name: "a", content: TEXT }]);
    const bytes = buildZip([{ name: "a", content: TEXT }, { name: "b", content: TEXT, ghost: true, central: { offset: 0 } }]);
    expect(whole.length).toBeLessThan(bytes.length);
    expect(await unpack(bytes)).toMatchObject({ code: 6, failures: { a: "AMBIGUOUS", b: "AMBIGUOUS" }, contents: {} });
  });

  it("an entry whose data holds another entry, as a bomb of 42 KB does", async () => {
    const inner = buildZip([{ name: "b", content: TEXT }]).subarray(0, 31 + TEXT.length);
    const bytes = buildZip([{ name: "a", content: inner }, { name: "b", content: TEXT, ghost: true, central: { offset: 31 } }]);
    expect(await unpack(bytes)).toMatchObject({ code: 6, failures: { a: "AMBIGUOUS", b: "AMBIGUOUS" }, contents: {} });
  });

  for (const [where, items] of Object.entries<ZipItem[]>({
    "in front of the first": [{ name: "hidden", content: TEXT, hidden: true }, { name: "a", content: TEXT }],
    "between two": [{ name: "a", content: TEXT }, { name: "hidden", content: TEXT, hidden: true }, { name: "b", content: TEXT }],
    "behind the last": [{ name: "a", content: TEXT }, { name: "hidden", content: TEXT, hidden: true }],
    "behind a large one": [{ name: "a", content: Buffer.alloc(5 * MEBI) }, { name: "hidden", content: TEXT, hidden: true }],
    "behind a descriptor": [{ name: "a", content: TEXT, descriptor: { signature: true, long: false } }, { name: "hidden", content: TEXT, hidden: true }],
  })) {
    it(`an entry that the directory does not name, ${where}`, async () => {
      const { code, contents } = await unpack(buildZip(items));
      expect(code).toBe(6);
      expect(Object.keys(contents)).not.toContain("hidden");
    });
  }

  it("a central record that leads to no local header", async () => {
    expect(await unpack(buildZip([{ name: "a", content: TEXT }, { name: "b", content: "", ghost: true, central: { offset: 5 } }]))).toMatchObject({ contents: {} });
    const beyond = await unpack(buildZip([{ name: "a", content: TEXT }, { name: "b", content: TEXT, ghost: true, central: { offset: 100_000 } }]));
    expect(beyond).toMatchObject({ code: 3, failures: { b: "BAD_HEADER" }, contents: { "a": TEXT } });
  });

  it("two end records that both fit", async () => {
    const first = buildZip([{ name: "a", content: "first" }]);
    const second = buildZip([{ name: "a", content: "second" }]);
    // The first one's comment is the whole second archive: both end where the file ends.
    const both = Buffer.concat([first.subarray(0, -2), Buffer.from([second.length & 0xff, second.length >> 8]), second]);
    expect(await unpack(both)).toMatchObject({ code: 6, contents: {} });
  });

  it("end record and zip64 end record", async () => {
    for (const end of [{ entries: 2 }, { size: 1 }, { offset: 1 }]) expect(await one({}, { zip64: {}, end })).toMatchObject({ code: 6, contents: {} });
  });

  it("a zip64 record that does not reach its locator, or a locator that leads nowhere", async () => {
    expect(await one({}, { zip64: { recordSize: 45 } })).toMatchObject({ code: 6, contents: {} });
    expect(await one({}, { zip64: { recordSize: 43 } })).toMatchObject({ code: 6, contents: {} });
  });

  it("a directory with more or fewer entries than its end record says", async () => {
    for (const entries of [1, 3]) {
      const { code, contents } = await unpack(buildZip([{ name: "a" }, { name: "b" }], { end: { entries } }));
      expect([3, 6, 51]).toContain(code);
      expect(contents).toEqual({});
    }
  });

  it("a folder with content", async () => {
    expect(await one({ name: "d/" })).toMatchObject({ code: 6, failures: { "d/": "AMBIGUOUS" } });
  });

  it("a stored entry of two sizes", async () => {
    expect(await one({ central: { size: 1 }, local: { size: 1 } })).toMatchObject({ code: 6, contents: {} });
  });

  it("two entries of one name", async () => {
    expect(await unpack(buildZip([{ name: "a", content: "1" }, { name: "a", content: "2" }]))).toMatchObject({ code: 6, failures: { a: "COLLISION" }, contents: { a: "1" } });
  });

  it("a central directory that lies outside the file", async () => {
    for (const end of [{ offset: 0xfffffff0 }, { size: 0xfffffff0 }]) {
      const { code, contents } = await one({}, { end });
      expect([3, 51]).toContain(code);
      expect(contents).toEqual({});
    }
  });
});

describe("zip: damaged content is never kept", () => {
  const both = (lie: { crc32?: number; size?: number; packedSize?: number }): Partial<ZipItem> => ({ local: lie, central: lie });
  for (const [kind, content] of [["small", Buffer.from(TEXT)], ["large", Buffer.alloc(5 * MEBI, TEXT)]] as const) {
    const packed = deflateRawSync(content);
    const cases: Record<string, [Partial<ZipItem>, string]> = {
      "a wrong CRC of stored data": [both({ crc32: 1 }), "BAD_CHECKSUM"],
      "a wrong CRC of deflated data": [{ method: DEFLATE, ...both({ crc32: 1 }) }, "BAD_CHECKSUM"],
      "content that is longer than promised": [{ method: DEFLATE, ...both({ size: content.length - 1 }) }, "BAD_SIZE"],
      "content that is shorter than promised": [{ method: DEFLATE, ...both({ size: content.length + 1 }) }, "BAD_SIZE"],
      "compressed data that is cut": [{ method: DEFLATE, data: packed.subarray(0, -3) }, "BAD_DATA"],
      "compressed data that is followed by more": [{ method: DEFLATE, data: Buffer.concat([packed, Buffer.from("more")]) }, "?"],
      "compressed data that is none": [{ method: DEFLATE, data: Buffer.alloc(packed.length, 0xff) }, "BAD_DATA"],
    };
    for (const [what, [item, code]] of Object.entries(cases)) {
      it(`${what} (${kind})`, async () => {
        const bytes = buildZip([{ name: "a", content, ...item }, { name: "z", content: "good" }]);
        const where = sandbox();
        const unpacked = await unpack(bytes, {}, where);
        expect(unpacked.contents).toEqual({ z: "good" });
        expect(unpacked.failures["a"]).toEqual(code === "?" ? expect.any(String) : code);
        expect(unpacked.code).not.toBe(0);
        expect(await codeOfTest(bytes, where)).toBe(unpacked.code);
      });
    }
  }

  it("nor is anything else, where the folder would be a new one", async () => {
    const where = sandbox();
    const bytes = buildZip([{ name: "a", content: "x", ...both({ crc32: 1 }) }, { name: "z", content: "good" }]);
    const directory = join(where.folder, "new");
    const { code, summary } = await unpack(bytes, { directory }, where);
    expect(code).toBe(3);
    expect(summary).toMatchObject({ destination: undefined, files: 0, bytes: 0 });
    expect(Object.keys(where.contents()).filter((path) => path.startsWith("new"))).toEqual([]);
  });

  it("large entries that are whole arrive whole, stored and deflated", async () => {
    const content = Buffer.alloc(5 * MEBI + 12_345);
    for (let at = 0; at < content.length; at += 7) content[at] = at & 0xff;
    expect(await unpack(buildZip([{ name: "store", content }, { name: "deflate", content, method: DEFLATE, descriptor: { signature: true, long: true } }]))).toMatchObject({
      code: 0, contents: { store: sha256(content), deflate: sha256(content) },
    });
  });

  it("truncated at any byte an archive is an error, and leaves nothing", async () => {
    const bytes = buildZip([{ name: "d/" }, { name: "d/a", content: TEXT, method: DEFLATE, descriptor: { signature: true, long: false } }, { name: "b", content: "b" }], { comment: "comment" });
    const where = sandbox();
    for (let length = 0; length < bytes.length; length++) {
      const { code, contents } = await unpack(bytes.subarray(0, length), { name: "cut.zip" }, where);
      expect([length, code === 0, contents]).toEqual([length, false, {}]);
    }
    expect((await unpack(bytes, {}, where)).code).toBe(0);
  });

  it("with any one byte changed an archive gives the right content, or an error", async () => {
    const bytes = buildZip([{ name: "d/a", content: TEXT, method: DEFLATE }, { name: "b", content: "bbb" }]);
    const where = sandbox();
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 0x55;
      const { code, contents } = await unpack(changed, { name: "x.zip" }, where);
      const files = Object.entries(contents).filter(([path]) => !path.endsWith("/")).map(([, content]) => content);
      expect(files.every((content) => content === TEXT || content === "bbb"), `byte ${at}: ${JSON.stringify(contents)}`).toBe(true);
      if (code === 0) expect(files.length, `byte ${at}`).toBe(2);
    }
  });
});

describe("zip: what this version does not read is said so", () => {
  it("an unknown method: exit 81, the other entries are there", async () => {
    for (const method of [2, 10, 18, 94, 97, 1234]) {
      const bytes = buildZip([{ name: "a", content: TEXT, data: Buffer.from(TEXT), method }, { name: "z", content: "good" }]);
      expect(await unpack(bytes)).toMatchObject({ code: 81, failures: { a: "UNSUPPORTED_METHOD" }, contents: { z: "good" } });
    }
  });
  it("an encrypted entry: exit 82, nothing of it is there", async () => {
    const data = Buffer.concat([Buffer.alloc(12), Buffer.from(TEXT)]); // behind the encryption header
    const bytes = buildZip([{ name: "a", content: TEXT, data, flags: FLAG_ENCRYPTED }, { name: "z", content: "good" }]);
    expect(await unpack(bytes)).toMatchObject({ code: 82, failures: { a: "PASSWORD" }, contents: { z: "good" } });
  });
  it("WinZip's AES: exit 82", async () => {
    const extra = extraField(0x9901, Buffer.from([2, 0, 0x41, 0x45, 3, 8, 0]));
    expect(await one({ method: 99, data: Buffer.alloc(50), flags: FLAG_ENCRYPTED, extra })).toMatchObject({ code: 82, contents: {} });
  });
  it("the last part of a split set, alone: exit 51; a number of parts that cannot be: exit 81", async () => {
    expect(await one({}, { end: { disk: 1, directoryDisk: 1 } })).toMatchObject({ code: 51, contents: {} });
    expect(await one({}, { zip64: { disks: 2 } })).toMatchObject({ code: 81, contents: {} });
  });
});

it("zip: __proto__ and its kin are names like any other", async () => {
  const { code, contents } = await unpack(buildZip([{ name: "__proto__/polluted", content: "x" }, { name: "constructor", content: "y" }, { name: "toString", content: "z" }]));
  expect(code).toBe(0);
  expect(Object.keys(contents).sort()).toEqual(["__proto__/", "__proto__/polluted", "constructor", "toString"]);
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
});
