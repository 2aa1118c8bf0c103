/** What a zip says twice about itself: end records, the directory they speak of, and what lies around and between. Each lie with its innocent twin. */
import { describe, expect, it } from "vitest";
import { EVERYTHING } from "../../src/core/select.ts";
import { list } from "../../src/core/list.ts";
import { DEFAULT_LIMITS } from "../../src/safe/policy.ts";
import { buildZip, FLAG_UTF8, type ZipItem, type ZipLies } from "../helpers/build.ts";
import { sandbox } from "../helpers/cli.ts";
import { codeOfTest, errorOf, unpack, type Unpacked } from "../helpers/library.ts";

const TEXT = "some text, some text, some text\n";
const A: ZipItem = { name: "a", content: TEXT };
const zip = (lies: ZipLies = {}, items: readonly ZipItem[] = [A, { name: "b", content: "b" }]): Buffer => buildZip(items, lies);
const warned = async (bytes: Uint8Array): Promise<[number, string]> => {
  const { code, warnings } = await unpack(bytes);
  return [code, warnings.join("; ")];
};
/** A zip64 end record by itself. */
const lone = (entries: number): Buffer => {
  const record = Buffer.alloc(56);
  record.write("PK\x06\x06", "latin1");
  record.writeUInt8(44, 4);
  for (const at of [24, 32]) record.writeUInt8(entries, at);
  return record;
};
/** What Android's packer fills room with: a local header without a name, whose extra field is `fill`. */
const virtual = (length: number, fill = 0): Buffer => {
  const header = Buffer.alloc(30 + length, fill);
  header.fill(0, 0, 30).write("PK\x03\x04", "latin1");
  header.writeUInt16LE(length, 28);
  return header;
};
const VIRTUAL: ZipItem = { name: "", extra: Buffer.alloc(102), hidden: true };
const DIRECTORY_SIGNATURE = Buffer.concat([Buffer.from("PK\x05\x05\x04\x00sign")]);

describe("zip: two readings of the whole archive are refused by x, t and l alike, with both sides named, and --lenient takes one:", () => {
  const inner = zip({}, [{ name: "inner", content: "inner" }]);
  const lies: Record<string, [bytes: Buffer, lenient: boolean]> = {
    "two end records that both fit": [Buffer.concat([zip().subarray(0, -2), Buffer.from([inner.length, 0]), inner]), true],
    "another number of entries": [zip({ end: { entries: 1 } }), true],
    "more entries than there are": [zip({ end: { entries: 3 } }), true],
    "another number of entries in this part": [zip({ end: { entriesHere: 1 } }), true],
    "a number in the zip64 end record that is not the end record's": [zip({ zip64: {}, end: { entries: 1 } }), true],
    "a size in the zip64 end record that is not the end record's": [zip({ zip64: {}, end: { size: 1 } }), true],
    "an offset in the zip64 end record that is not the end record's": [zip({ zip64: {}, end: { offset: 1 } }), true],
    "another number of entries in the part of the zip64 end record": [zip({ zip64: { entriesHere: 1 } }), true],
    "a zip64 end record that is longer than its room": [zip({ zip64: { recordSize: 45 } }), true],
    "a zip64 end record that is shorter than its room": [zip({ zip64: { recordSize: 43 } }), true],
    "a locator that leads elsewhere": [zip({ zip64: { recordOffset: 3 } }), true],
    "a zip64 end record whose extensible data hold another archive's records": [zip({ zip64: { data: inner } }), true],
    "a zip64 end record that no locator leads to": [zip({ gap: lone(2) }), true],
    "a zip64 end record that no locator leads to, and nothing else": [Buffer.concat([lone(0), buildZip([])]), true],
    "a record between the central directory and its end record": [zip({ gap: Buffer.concat([Buffer.alloc(9), inner.subarray(0, 36), Buffer.alloc(9)]) }), true],
    "what looks like an entry without a name in front of the first, and has data in its extra field": [zip({ prefix: virtual(50, 1), absolute: true }), true],
    "an entry in front of the first that nobody names, behind what fills room": [zip({}, [VIRTUAL, { ...A, name: "hidden", hidden: true }, A]), true],
    "an entry in front of the first that nobody names": [zip({}, [{ ...A, name: "hidden", hidden: true }, A]), true],
    "an entry in front of the first, behind the mark of a split set": [zip({ prefix: Buffer.from("PK\x07\x08"), absolute: true }, [{ ...A, name: "hidden", hidden: true }, A]), true],
    "another archive in front": [Buffer.concat([inner, zip()]), true],
    "another archive behind a program in front": [Buffer.concat([Buffer.from("#!/bin/sh\n"), inner, zip()]), true],
  };
  for (const [what, [bytes, lenient]] of Object.entries(lies)) {
    it(what, async () => {
      const where = sandbox();
      const refused = await unpack(bytes, {}, where);
      expect([refused.code, refused.error?.code, refused.contents]).toEqual([6, "AMBIGUOUS", {}]);
      expect(refused.error!.details).toMatchObject({ expected: expect.stringMatching(/\d/), found: expect.stringMatching(/\d/), hint: "--lenient" });
      expect(await codeOfTest(bytes, where)).toBe(6);
      const options = { limits: DEFAULT_LIMITS, selection: EVERYTHING };
      expect((await errorOf(list(where.file("listed", bytes), options))).code).toBe("AMBIGUOUS");
      const taken = await unpack(bytes, { policy: { lenient } }, where);
      expect([taken.code, taken.warnings.join("; ")]).toEqual([0, expect.stringMatching(/taken|left out/)]);
      const listed = await list(where.file("listed", bytes), { ...options, lenient });
      expect(Array.from(listed.entries, ({ path }) => path)).toEqual(Object.keys(taken.contents));
    });
  }
});

describe("zip: what lies around an archive and is none of it:", () => {
  const program = Buffer.from(`#!/bin/sh\nexit 0\n${"x".repeat(500)}`);
  const odd: Record<string, [bytes: Buffer, warning: RegExp]> = {
    "a program in front": [zip({ prefix: program }), /begins after 517 bytes/],
    "a program in front that the offsets count with": [zip({ prefix: program, absolute: true }), /behind 517 bytes/],
    "a program in front, with zip64": [zip({ prefix: program, zip64: {} }), /begins after 517 bytes/],
    "the mark of a split set, and one part": [zip({ prefix: Buffer.from("PK\x07\x08"), absolute: true }), /mark of a split set/],
    "bytes behind the end": [zip({ trailing: Buffer.from("more") }), /followed by 4 bytes/],
    "a comment that is longer than it says": [zip({ comment: "comment", end: { commentLength: 3 } }), /followed by 4 bytes/],
    "bytes between directory and end record": [zip({ gap: Buffer.alloc(9, 1) }), /9 bytes between/],
    "bytes between the last entry and the directory": [zip({ beforeDirectory: Buffer.alloc(9, 1) }), /9 bytes behind an entry/],
    "more than any header may need between two entries": [zip({}, [{ ...A, gap: Buffer.alloc(70_000) }, { name: "b" }]), /About 70000 bytes/],
    "extensible data in the zip64 end record": [zip({ zip64: { data: Buffer.alloc(20) } }), /20 bytes of extensible data/],
    "a locator that counts no part, as OneDrive's": [zip({ zip64: { disks: 0 } }), /says that it has no part/],
    "a signed directory": [signed(), /digital signature/],
    "nothing in it": [buildZip([]), /is empty/],
    "folders only": [buildZip([{ name: "d/" }]), /folders and no file/],
  };
  for (const [what, [bytes, warning]] of Object.entries(odd)) {
    it(`${what}: a warning`, async () => {
      expect(await warned(bytes)).toEqual([0, expect.stringMatching(warning)]);
    });
  }

  const quiet: Record<string, Buffer> = {
    "a comment": zip({ comment: "about this archive" }),
    "zip64 records without need, as many writers to a pipe have": zip({ zip64: {}, end: { entries: 2, size: 2 * 47, offset: 2 * 31 + TEXT.length + 1 } }),
    "the mark of a set that was not split after all": zip({ prefix: Buffer.from("PK00"), absolute: true }),
    "zeros that fill up the last block of a pipe": padded(zip()),
    "virtual entries in front of the first, as Android's packer leaves them": zip({}, [VIRTUAL, VIRTUAL, A, { name: "b", content: "b" }]),
    "virtual entries between two entries and in front of the directory": zip({ beforeDirectory: virtual(0) }, [{ ...A, gap: Buffer.concat([virtual(9), virtual(500)]) }, { name: "b", content: "b" }]),
    "more virtual entries than any header may need": zip({}, [{ ...A, gap: Buffer.concat([virtual(0xffff), virtual(0xffff), virtual(1)]) }, { name: "b", content: "b" }]),
    "virtual entries in front of the signatures of an apk": zip({ beforeDirectory: Buffer.concat([virtual(20), Buffer.alloc(100, 7), Buffer.from("APK Sig Block 42")]) }),
    "the signatures of an apk": zip({ beforeDirectory: Buffer.concat([Buffer.alloc(100, 7), Buffer.from("APK Sig Block 42")]) }),
  };
  for (const [what, bytes] of Object.entries(quiet)) {
    it(`${what}: not a word`, async () => {
      expect(await unpack(bytes)).toMatchObject({ code: 0, warnings: [], contents: { a: TEXT, b: "b" } });
    });
  }

  it("as many entries as 16 bits cannot count, without zip64: a warning", { timeout: 60_000 }, async () => {
    const items = Array.from({ length: 65_540 }, (_, at) => ({ name: `${at}` }));
    const { entries, summary } = await list(sandbox().file("a", buildZip(items, { end: { entries: 4 } })), { limits: DEFAULT_LIMITS, selection: EVERYTHING });
    expect([entries.length, summary.warnings.join()]).toEqual([65_540, expect.stringMatching(/says 4, and there are 65540/)]);
    const refused = await unpack(buildZip(items, { end: { entries: 5 } }));
    expect(refused).toMatchObject({ code: 6, contents: {} });
  });

  it("an encrypted central directory is told as what it is", async () => {
    expect(await unpack(zip({ zip64: { versionNeeded: 62, data: Buffer.alloc(28) } }))).toMatchObject({ code: 81, error: { code: "UNSUPPORTED_FORMAT" } });
  });

  it("parts of a set are told as what they are, whichever record says so", async () => {
    for (const lies of [{ end: { disk: 1 } }, { end: { directoryDisk: 1 } }, { zip64: { disk: 1 } }, { zip64: { directoryDisk: 1 } }, { zip64: { recordDisk: 1 } }, { zip64: { disks: 2 } }]) {
      expect([6, 51, 81]).toContain((await unpack(zip(lies))).code);
    }
  });

  it("a zip64 value that no file has room for is refused", async () => {
    expect(await unpack(zip({ zip64: { recordOffset: 2 ** 60 } }))).toMatchObject({ code: 3, contents: {} });
    expect(await unpack(zip({}, [{ ...A, central: { size: 0xffffffff, extra: Buffer.concat([Buffer.from([1, 0, 8, 0]), Buffer.alloc(8, 0xff)]) } }]))).toMatchObject({ code: 3, contents: {} });
  });
});

describe("zip: ranges", () => {
  const overlapping = async (by: number): Promise<Unpacked> => {
    const items: ZipItem[] = [A, { name: "b", content: "b" }];
    const offset = 31 + TEXT.length; // where "b" begins
    return unpack(zip({}, [{ ...items[0]!, central: { packedSize: TEXT.length + by, size: TEXT.length + by }, local: { packedSize: TEXT.length + by, size: TEXT.length + by } }, { ...items[1]!, central: { offset } }]));
  };
  it("entries that overlap by one byte are refused, both of them; by none they are not", async () => {
    expect(await overlapping(1)).toMatchObject({ code: 6, failures: { a: "AMBIGUOUS", b: "AMBIGUOUS" }, contents: {} });
    expect(await overlapping(0)).toMatchObject({ code: 0, contents: { a: TEXT, b: "b" } });
  });
  it("an entry whose local extra field reaches into the next one is refused, and the next one is not", async () => {
    const bytes = zip({}, [{ ...A, local: { extraLength: 8 } }, { name: "b", content: "b" }]);
    const { code, summary, contents } = await unpack(bytes);
    expect([code, contents]).toEqual([6, { b: "b" }]);
    expect(summary!.failures[0]!.details).toMatchObject({ expected: expect.stringContaining("63"), found: expect.stringContaining("71") });
  });
  it("what hides behind padding is found: an entry, a directory, an end record", async () => {
    for (const record of ["PK\x03\x04", "PK\x01\x02", "PK\x05\x06"]) {
      const bytes = zip({}, [{ ...A, gap: Buffer.concat([Buffer.alloc(50), Buffer.from(record, "latin1"), Buffer.alloc(50)]) }, { name: "b", content: "b" }]);
      expect(await unpack(bytes)).toMatchObject({ code: 6, failures: { a: "AMBIGUOUS" }, contents: { b: "b" } });
      expect(await unpack(bytes, { policy: { lenient: true } })).toMatchObject({ code: 0, contents: { a: TEXT, b: "b" } });
    }
  });
  it("an entry that leads into the directory, behind the file or into another one's data is refused", async () => {
    for (const offset of [31 + TEXT.length + 32, 100_000, 0xfffffffe, 5]) {
      const { code, contents } = await unpack(zip({}, [A, { name: "b", content: "b", central: { offset } }]));
      expect([offset, [3, 6].includes(code), contents["b"]]).toEqual([offset, true, undefined]);
    }
  });
  it("a size of exabytes allocates nothing", async () => {
    const huge = Buffer.concat([Buffer.from([1, 0, 16, 0]), Buffer.from([0, 0, 0, 0, 0, 0, 16, 0]), Buffer.from([0, 0, 0, 0, 0, 0, 16, 0])]);
    const lie = { size: 0xffffffff, packedSize: 0xffffffff, extra: huge };
    expect(await unpack(zip({}, [{ ...A, local: lie, central: lie }]))).toMatchObject({ code: 3, contents: {} });
  });
});

it("zip: names under the UTF-8 flag that are none, and a comment with an end record's mark in it, come out apart", async () => {
  const bytes = buildZip([{ name: Buffer.from([0x61, 0xff]), flags: FLAG_UTF8, content: "1" }, { name: Buffer.from([0x61, 0xfe]), flags: FLAG_UTF8, content: "2" }], { comment: "PK\x05\x06 and more than twenty-two bytes" });
  expect(await unpack(bytes)).toMatchObject({ code: 0, contents: { "a%FF": "1", "a%FE": "2" } });
});

/** The directory's last record is a signature, which its size counts. */
function signed(): Buffer {
  const plain = zip();
  const end = plain.length - 22;
  const record = Buffer.from(plain.subarray(end));
  record.writeUInt32LE(record.readUInt32LE(12) + DIRECTORY_SIGNATURE.length, 12);
  return Buffer.concat([plain.subarray(0, end), DIRECTORY_SIGNATURE, record]);
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(10_240 - bytes.length)]);
}
