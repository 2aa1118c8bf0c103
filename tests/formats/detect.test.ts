import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { FILTERS } from "../../src/filters/index.ts";
import { detect, formatOfName, HEAD_BYTES, TAIL_BYTES } from "../../src/formats/detect.ts";
import { CONTAINERS } from "../../src/formats/index.ts";
import { KNOWN } from "../../src/formats/known.ts";
import { buildTar, buildZip, tarHeader } from "../helpers/build.ts";
import { codeOfTest, unpack } from "../helpers/library.ts";
import { sandbox } from "../helpers/cli.ts";

/** The name of the format that these bytes are taken for; `tail` false is a pipe. */
function detected(bytes: Uint8Array, name = "", seekable = true): string | undefined {
  return detect({ head: bytes.subarray(0, HEAD_BYTES), tail: seekable ? bytes.subarray(Math.max(0, bytes.length - TAIL_BYTES)) : undefined }, name)?.name;
}

const zip = buildZip([{ name: "a", content: "a" }]);
const tar = buildTar([{ name: "a", content: "a" }]);
const magic = (offset: number, ...bytes: number[]): Buffer => Buffer.concat([Buffer.alloc(offset), Buffer.from(bytes), Buffer.alloc(100)]);

const TABLE: [what: string, bytes: Uint8Array, format: string | undefined][] = [
  ["a zip", zip, "zip"],
  ["an empty zip", buildZip([]), "zip"],
  ["a zip behind its spanning marker", Buffer.concat([Buffer.from("PK\x07\x08"), zip]), "zip"],
  ["a zip behind a program", Buffer.concat([Buffer.from("\x7fELF"), Buffer.alloc(100_000, "x"), zip]), "zip"],
  ["a zip with bytes behind it", Buffer.concat([zip, Buffer.alloc(1000, "x")]), "zip"],
  ["a tar of ustar", tar, "tar"],
  ["a tar of GNU", buildTar([{ name: "a", dialect: "gnu" }]), "tar"],
  ["a tar of v7, by its checksum", buildTar([{ name: "a", dialect: "v7" }]), "tar"],
  ["a tar that begins with a pax header", buildTar([{ name: "x", type: "g" }]), "tar"],
  ["a header with the magic and a wrong checksum: a damaged tar", tarHeader({ name: "a", checksum: 1 }), "tar"],
  ["a header with a wrong checksum and no magic", tarHeader({ name: "a", checksum: 1, dialect: "v7" }), undefined],
  ["a gzip", gzipSync("a"), "gzip"],
  ["a gzip with a name", Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 8]), Buffer.alloc(6), Buffer.from("a\0")]), "gzip"],
  ["gzip's magic with flags that no version defines", magic(0, 0x1f, 0x8b, 8, 0x20), undefined],
  ["gzip's magic with another method", magic(0, 0x1f, 0x8b, 7, 0), undefined],
  ["a 7z", magic(0, 0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c), "7z"],
  ["a rar of version 5", Buffer.from("Rar!\x1a\x07\x01\0", "latin1"), "rar"],
  ["a rar of version 4", Buffer.from("Rar!\x1a\x07\0", "latin1"), "rar"],
  ["an xz", magic(0, 0xfd, 0x37, 0x7a, 0x58, 0x5a, 0), "xz"],
  ["a bzip2", Buffer.from("BZh91AY&SY"), "bzip2"],
  ["a zstd", magic(0, 0x28, 0xb5, 0x2f, 0xfd), "zstd"],
  ["an iso", magic(32769, 0x43, 0x44, 0x30, 0x30, 0x31), "iso"],
  ["an ar", Buffer.from("!<arch>\n"), "ar"],
  ["a cpio", Buffer.from("070701"), "cpio"],
  ["text", Buffer.from("Hello, this is some text.\n"), undefined],
  ["text that begins with PK", Buffer.from("PK is a pair of letters\n"), undefined],
  ["nothing", Buffer.alloc(0), undefined],
  ["one byte", Buffer.from("P"), undefined],
  ["a tar cut within its first header", tar.subarray(0, 511), undefined],
  ["a zip cut behind its magic", zip.subarray(0, 4), "zip"],
];

describe("detect() goes by the bytes:", () => {
  for (const [what, bytes, format] of TABLE) {
    it(`${what} is ${format ?? "nothing known"}, whatever its name`, () => {
      for (const name of ["", "a.zip", "a.tar", "a.tar.gz", "a.7z", "a.txt", "-"]) {
        // Only zero blocks and bids below it ask the name; none of these is such a thing.
        expect([name, detected(bytes, name)]).toEqual([name, format]);
      }
    });
  }

  it("zeros are an empty tar when they are called so, and nothing otherwise", () => {
    const zeros = Buffer.alloc(10240);
    expect(["a.tar", "a.TAR", "a.tar.gz", "a.tgz"].map((name) => detected(zeros, name))).toEqual(["tar", "tar", "tar", "tar"]);
    expect(["a", "a.bin", "a.zip"].map((name) => detected(zeros, name))).toEqual([undefined, undefined, undefined]);
    expect(detected(Buffer.alloc(10241), "a.tar")).toBeUndefined();
  });

  it("a stored zip inside a tar is a tar, a tar inside a zip a zip", () => {
    expect(detected(buildTar([{ name: "a.zip", content: zip }]))).toBe("tar");
    expect(detected(buildZip([{ name: "a.tar", content: tar }]))).toBe("zip");
  });

  it("from a pipe a zip is found by its beginning alone", () => {
    expect(detected(zip, "-", false)).toBe("zip");
    expect(detected(Buffer.concat([Buffer.from("#!/bin/sh\n"), zip]), "-", false)).toBeUndefined();
  });

  it("no bid throws or changes the bytes, whatever they are", () => {
    for (let length = 0; length < 600; length += 7) {
      const bytes = Buffer.from(Array.from({ length }, (_, at) => (at * 31 + length) & 0xff));
      const before = Buffer.from(bytes);
      for (const format of [...FILTERS, ...CONTAINERS, ...KNOWN]) expect(format.bid({ head: bytes, tail: bytes })).toBeGreaterThanOrEqual(0);
      expect(bytes.equals(before)).toBe(true);
    }
  });
});

describe("formatOfName()", () => {
  it("goes by the extension in any case", () => {
    const named: [string, string | undefined][] = [
      ["a.zip", "zip"], ["A.ZIP", "zip"], ["a.jar", "zip"], ["a.tar", "tar"], ["a.tar.gz", "gzip"], ["a.tgz", "gzip"], ["a.gz", "gzip"], ["a.7z", "7z"], ["a.txt", undefined], ["zip", undefined], ["", undefined],
    ];
    for (const [name, format] of named) expect(formatOfName(name)?.name, name).toBe(format);
  });
  it("is right about the extensions that every format claims, and no two claim the same", () => {
    const claimed = [...FILTERS, ...CONTAINERS, ...KNOWN].flatMap((format) => [...format.extensions, ...("tarExtensions" in format ? format.tarExtensions : [])].map((extension) => [extension.toLowerCase(), format.name] as const));
    expect(new Set(claimed.map(([extension]) => extension)).size).toBe(claimed.length);
    for (const [extension, name] of claimed) expect(formatOfName(`a${extension}`)?.name).toBe(name);
  });
});

describe("a name that says otherwise", () => {
  it("is told, and the bytes decide", async () => {
    for (const [bytes, name, format] of [[zip, "a.tar", "zip"], [tar, "a.zip", "tar"], [gzipSync(tar), "a.zip", "gzip"]] as const) {
      const { code, summary, warnings } = await unpack(bytes, { name });
      expect([code, summary?.format[0]]).toEqual([0, format]);
      expect(warnings.join()).toContain(`is ${format}`);
    }
  });
  it("is no matter where the names agree, or say nothing", async () => {
    for (const [bytes, name] of [[zip, "a.zip"], [zip, "a.docx"], [tar, "a.tar"], [gzipSync(tar), "a.tgz"], [zip, "a"], [tar, "a.bin"]] as const) {
      expect((await unpack(bytes, { name })).warnings, name).toEqual([]);
    }
  });
});

describe("--format", () => {
  it("reads as what the user says, also through the filters that are seen", async () => {
    const where = sandbox();
    const empty = Buffer.alloc(1024);
    expect(await codeOfTest(empty, where, { name: "e" })).toBe(81);
    expect(await codeOfTest(empty, where, { name: "e", format: "tar" })).toBe(0);
    expect(await codeOfTest(gzipSync(tar), where, { format: "tar" })).toBe(0);
    expect(await codeOfTest(gzipSync(tar), where, { format: "tar.gz" })).toBe(0);
    expect(await codeOfTest(gzipSync(tar), where, { format: "gzip" })).toBe(0);
  });
  it("fails where the bytes are something else", async () => {
    const where = sandbox();
    expect(await codeOfTest(zip, where, { format: "tar" })).not.toBe(0);
    expect(await codeOfTest(tar, where, { format: "zip" })).not.toBe(0);
    expect(await codeOfTest(tar, where, { format: "gzip" })).not.toBe(0);
    expect(await codeOfTest(tar, where, { format: "nonsense" })).toBe(7);
  });
  it("gzip takes what is inside as it is: one file", async () => {
    const { contents, summary } = await unpack(gzipSync(tar), { name: "a.tar.gz", format: "gzip" });
    expect(summary?.format).toEqual(["gzip"]);
    expect(Object.keys(contents)).toEqual(["a.tar"]);
  });
});

describe("a single compressed file is called", () => {
  const named = (name: string, ...header: [string?]): Promise<string[]> => {
    const plain = gzipSync("x");
    const bytes = header[0] === undefined ? plain : Buffer.concat([plain.subarray(0, 3), Buffer.from([8]), plain.subarray(4, 10), Buffer.from(`${header[0]}\0`), plain.subarray(10)]);
    return unpack(bytes, { name }).then(({ contents }) => Object.keys(contents));
  };
  it("as the archive without its extension", async () => expect(await named("notes.txt.gz", "other")).toEqual(["notes.txt"]));
  it("as its header says, where the archive's name tells nothing", async () => expect(await named("download", "notes.txt")).toEqual(["notes.txt"]));
  it("by the last component of that only", async () => {
    expect(await named("download", "../../etc/passwd")).toEqual(["passwd"]);
    expect(await named("download", "..\\..\\evil")).toEqual(["evil"]);
  });
  it("and never by a name that leaves", async () => {
    for (const header of ["..", ".", "/", "a/.."]) expect(await named("download", header), header).toEqual(["download.out"]);
  });
});
