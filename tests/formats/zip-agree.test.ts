/** What a zip says twice about one entry: local header, central record, data descriptor, extra fields. Each lie with its innocent twin. */
import { describe, expect, it } from "vitest";
import { aesExtra } from "../../src/formats/zip/crypto-aes.ts";
import {
  buildZip, DEFLATE, extraField, FLAG_DESCRIPTOR, FLAG_ENCRYPTED, FLAG_UTF8, timeExtra, unicodeCommentExtra, unicodePathExtra, zip64Extra, type ZipItem, type ZipLies,
} from "../helpers/build.ts";
import { sandbox } from "../helpers/cli.ts";
import { codeOfTest, entriesOf, unpack, type Unpacked } from "../helpers/library.ts";

const TEXT = "some text, some text, some text\n";
const SIZE = TEXT.length;
const MAX = 0xffffffff;
const HIGH_A = Buffer.from([0x84, 0x2e, 0x74]); // "ä.t" in CP437
const one = (item: Partial<ZipItem> = {}, lies?: ZipLies, lenient = false): Promise<Unpacked> =>
  unpack(buildZip([{ name: "a", content: TEXT, ...item }, { name: "z", content: "good" }], lies), { policy: { lenient } });
const both = (lie: object): Partial<ZipItem> => ({ local: lie, central: lie });

describe("zip: two readings of one entry are refused, t says the same, and --lenient takes one and says which:", () => {
  const AES2 = aesExtra({ version: 2, strength: 3, method: 0 });
  const longName = unicodePathExtra("b", "a");
  const lies: Record<string, [item: Partial<ZipItem>, expected: RegExp, found: RegExp]> = {
    "the name": [{ local: { name: "b" } }, /"a" \(central directory\)/, /"b" \(local header\)/],
    "the method": [{ local: { method: DEFLATE } }, /0, store \(central/, /8, deflate \(local/],
    "the CRC-32": [{ local: { crc32: 1 } }, /[0-9a-f]{8} \(central/, /00000001 \(local/],
    "the size": [{ local: { size: 1 } }, /32 \(central/, /1 \(local/],
    "the compressed size": [{ local: { packedSize: 33 } }, /32 \(central/, /33 \(local/],
    "the encryption flag": [{ local: { flags: FLAG_ENCRYPTED } }, /0 \(central/, /1 \(local/],
    "the patch flag, in the local header only": [{ local: { flags: 0x20 } }, /0 \(central/, /1 \(local/],
    "the strong encryption flag, in the local header only": [{ local: { flags: 0x40 } }, /0 \(central/, /1 \(local/],
    "the flag of masked headers, in the local header only": [{ local: { flags: 0x2000 } }, /0 \(central/, /1 \(local/],
    "a data descriptor with another CRC-32": [{ descriptor: { signature: true, long: false, crc32: 1 } }, /central directory/, /CRC-32 00000001, 32 and 32 bytes \(data descriptor\)/],
    "a data descriptor with another size": [{ descriptor: { signature: true, long: false, size: 33 } }, /central directory/, /32 and 33 bytes/],
    "a data descriptor that is promised and missing": [{ local: { flags: FLAG_DESCRIPTOR } }, /central directory/, /data descriptor/],
    "a Unicode path field with another name": [{ extra: longName }, /"a" \(header\)/, /"b" \(Unicode path field\)/],
    "a Unicode path field with another name, where the header's is UTF-8": [{ name: "ä", flags: FLAG_UTF8, extra: unicodePathExtra("ö", "ä") }, /"ä" \(header\)/, /"ö" \(Unicode/],
    "a Unicode path field in the local header only": [{ local: { extra: longName } }, /"a" \(central/, /"b" \(local/],
    "two Unicode path fields, one a header": [{ name: HIGH_A, extra: unicodePathExtra("ä.t", HIGH_A), local: { extra: unicodePathExtra("ö.t", HIGH_A) } }, /"ä.t" \(central/, /"ö.t" \(local/],
    "two Unicode path fields in one header": [{ name: HIGH_A, extra: Buffer.concat([unicodePathExtra("ä.t", HIGH_A), unicodePathExtra("ö.t", HIGH_A)]) }, /"ä.t" \(first/, /"ö.t" \(another/],
    "a Unicode path field whose header hides a NUL": [{ name: "a\0b", extra: unicodePathExtra("ab", "a\0b") }, /header/, /"ab" \(Unicode/],
    "zip64 sizes that the local header has room for, and are others": [{ local: { extra: zip64Extra(SIZE + 1, SIZE) } }, /size 32, compressed size 32 \(header\)/, /^21/],
    "zip64 sizes that the central directory has room for, and are others": [{ central: { extra: zip64Extra(SIZE + 1, SIZE) } }, /size 32, compressed size 32, offset 0/, /^21/],
    "zip64 sizes in the local header": [{ local: { size: MAX, packedSize: MAX, extra: zip64Extra(SIZE + 1, SIZE) } }, /32 \(central/, /33 \(local/],
    "two zip64 fields in the local header": [{ local: { size: MAX, packedSize: MAX, extra: Buffer.concat([zip64Extra(SIZE, SIZE), zip64Extra(SIZE, 1)]) } }, /first zip64/, /another/],
    "two zip64 fields in the central directory": [{ central: { size: MAX, packedSize: MAX, extra: Buffer.concat([zip64Extra(SIZE, SIZE), zip64Extra(SIZE, 1)]) } }, /first zip64/, /another/],
    "a zip64 field that is too long": [{ central: { size: MAX, extra: extraField(1, Buffer.concat([zip64Extra(SIZE).subarray(4), Buffer.alloc(5)])) } }, /size 32/, /zip64 field/],
    "a zip64 field that is read in two ways": [{ central: { packedSize: MAX, extra: zip64Extra(SIZE, 7) } }, /compressed size 32/, /zip64 field/],
    "a part that there is not": [{ central: { disk: 1 } }, /part 1/, /part 2/],
  };
  for (const [what, [item, expected, found]] of Object.entries(lies)) {
    it(what, async () => {
      const where = sandbox();
      const bytes = buildZip([{ name: "a", content: TEXT, ...item }, { name: "z", content: "good" }]);
      const refused = await unpack(bytes, {}, where);
      const failure = refused.summary!.failures[0]!;
      expect([refused.code, failure.code, failure.details.hint, refused.contents]).toEqual([6, "AMBIGUOUS", "--lenient", { z: "good" }]);
      expect(failure.details.expected).toMatch(expected);
      expect(failure.details.found).toMatch(found);
      expect(await codeOfTest(bytes, where)).toBe(6);
      const lenient = await unpack(bytes, { policy: { lenient: true } }, where);
      if (item.name === "a\0b") return;
      expect([lenient.code, lenient.warnings[0]]).toEqual([0, expect.stringMatching(/taken|left out|looked for/)]);
      expect(Object.values(lenient.contents).sort()).toEqual(["good", TEXT]);
    });
  }

  it("AES extra fields, two in one header or another one in the other", async () => {
    const sealed = (local: Uint8Array, central: Uint8Array): Partial<ZipItem> => ({
      method: 99, flags: FLAG_ENCRYPTED, data: Buffer.alloc(28 + SIZE), local: { extra: local }, central: { extra: central },
    });
    const field = extraField(0x9901, AES2);
    const other = extraField(0x9901, aesExtra({ version: 2, strength: 1, method: 0 }));
    for (const item of [sealed(other, field), sealed(Buffer.concat([field, other]), field), sealed(new Uint8Array(0), field), sealed(field, Buffer.concat([field, other]))]) {
      expect(await one(item)).toMatchObject({ code: 6, failures: { a: "AMBIGUOUS" }, contents: { z: "good" } });
    }
    expect((await one({ central: { extra: field } })).warnings.join()).toContain("AES extra field");
  });

  it("a central extra field that is longer than the room for all of them", async () => {
    expect(await one({ central: { extra: Buffer.from([0x55, 0x54, 9, 0, 1]) } })).toMatchObject({ code: 3, failures: { a: "BAD_HEADER" }, contents: { z: "good" } });
  });

  it("an entry that says it is empty and has compressed data", async () => {
    const data = Buffer.alloc(65, 1);
    for (const method of [12, 14, 93]) expect(await one({ content: "", data, method })).toMatchObject({ code: 6, failures: { a: "AMBIGUOUS" } });
    expect(await one({ name: "d/", content: "", data, method: 93 })).toMatchObject({ code: 6, failures: { "d/": "AMBIGUOUS" } });
    expect(await one({ content: "", data: data.subarray(0, 19), method: 14 })).toMatchObject({ code: 0, warnings: [], contents: { a: "" } });
  });
});

describe("zip: what real producers write extracts in silence:", () => {
  const honest: Record<string, Partial<ZipItem>> = {
    "a local header without what a descriptor says later": { method: DEFLATE, descriptor: { signature: true, long: false } },
    "zip64 sizes that are not known yet, and a descriptor in 64 bits": { method: DEFLATE, descriptor: { signature: true, long: true }, local: { size: MAX, packedSize: MAX, extra: zip64Extra(0, 0) } },
    "zip64 sizes in both headers": { local: { size: MAX, packedSize: MAX, extra: zip64Extra(SIZE, SIZE) }, central: { size: MAX, packedSize: MAX, extra: zip64Extra(SIZE, SIZE) } },
    "a zip64 field with the uncompressed size only": { central: { size: MAX, extra: zip64Extra(SIZE) } },
    "an empty zip64 field, as minizip writes": { central: { extra: extraField(1, new Uint8Array(0)) } },
    "an empty file with a descriptor in 64 bits": { content: "", descriptor: { signature: true, long: true }, local: { size: MAX, packedSize: MAX, extra: zip64Extra(0, 0) } },
    "bits of the compression level in one header": { method: DEFLATE, local: { flags: 2 } },
    "another time and version in the local header": { local: { time: 0, versionNeeded: 45 } },
    "a Unicode path field that says the header's own name": { name: "ä", flags: FLAG_UTF8, extra: unicodePathExtra("ä", "ä") },
    "a Unicode path field of a name in an old character set": { name: HIGH_A, extra: unicodePathExtra("ä.t", HIGH_A) },
    "a Unicode path field in another normal form": { name: "a\u0308", flags: FLAG_UTF8, extra: unicodePathExtra("ä", "a\u0308") },
    "a Unicode path field in the central directory only": { name: HIGH_A, central: { extra: unicodePathExtra("ä.t", HIGH_A) } },
    "Info-ZIP's times and owners, longer in the local header": { local: { extra: Buffer.concat([extraField(0x5455, Buffer.alloc(9, 3)), extraField(0x7875, Buffer.from([1, 4, 1, 2, 0, 0, 4, 1, 2, 0, 0]))]) }, central: { extra: timeExtra(1e9) } },
    "zeros that align an apk's data": { local: { extra: Buffer.alloc(3) } },
    "zeros that align an apk's data, four and more": { local: { extra: Buffer.alloc(7) } },
    "a field of Java's that is empty": { extra: extraField(0xcafe, new Uint8Array(0)) },
    "a field that nobody knows": { extra: extraField(0xabcd, Buffer.from("whatever")) },
  };
  for (const [what, item] of Object.entries(honest)) {
    it(what, async () => {
      const unpacked = await one(item);
      expect([unpacked.code, unpacked.warnings]).toEqual([0, []]);
      expect(Object.values(unpacked.contents)).toContain(item.content ?? TEXT);
    });
  }
});

describe("zip: what is odd and can be read rightly extracts with a word about it:", () => {
  const odd: Record<string, [item: Partial<ZipItem>, warning: RegExp, lies?: ZipLies]> = {
    "a descriptor without its signature": [{ descriptor: { signature: false, long: false } }, /no signature/],
    "a descriptor in 64 bits that nothing announces": [{ descriptor: { signature: true, long: true } }, /64 bits/],
    "a descriptor that only the central directory promises": [{ descriptor: { signature: true, long: false }, local: { flags: 0, crc32: 0, size: 0, packedSize: 0 }, content: "" }, /whether a data descriptor follows/],
    "a descriptor that nothing promises": [{ gap: Buffer.from("PK\x07\x08............") }, /16 bytes behind an entry/],
    "bytes between two entries": [{ gap: Buffer.alloc(10, 1) }, /10 bytes behind an entry/],
    "a UTF-8 flag in one header only": [{ name: "ä", flags: FLAG_UTF8, local: { flags: 0 } }, /whether its name is in UTF-8/],
    "an ASCII rendering beside the Unicode path field": [{ name: "?.txt", extra: unicodePathExtra("ä.txt", "?.txt") }, /two names/],
    "a Unicode path field of another name": [{ extra: unicodePathExtra("b", "other") }, /belongs to another name/],
    "a Unicode path field that is no UTF-8": [{ extra: extraField(0x7075, Buffer.concat([unicodePathExtra("", "a").subarray(4), Buffer.from([0xff])])) }, /no UTF-8|form/],
    "a Unicode path field in the local header only, of a name in an old character set": [{ name: HIGH_A, local: { extra: unicodePathExtra("ä.t", HIGH_A) } }, /Only the local header/],
    "zip64 sizes that the header has room for": [{ central: { extra: zip64Extra(SIZE, SIZE) } }, /repeats/],
    "the same zip64 field twice": [{ central: { size: MAX, extra: Buffer.concat([zip64Extra(SIZE), zip64Extra(SIZE)]) } }, /twice/],
    "content whose checksum is 0": [{ content: Buffer.from([0x9d, 0x0a, 0xd9, 0x6d]) }, /checksum 0/],
    "a folder's name and a file's mode": [{ name: "d/", content: "", mode: 0o100644 }, /folder by its name and a file by its mode/],
    "a folder's attributes and content": [{ central: { attributes: 0x10 } }, /folder by its attributes/],
    "a symlink's mode from MS-DOS": [{ central: { attributes: 0o120777 * 0x10000 } }, /mode of a symlink/],
    "a month that is none": [both({ date: 13 << 5 | 1 }), /no calendar/],
    "30 February": [both({ date: (44 << 9) | (2 << 5) | 30 }), /no calendar/],
    "an hour that is none": [both({ time: 24 << 11 }), /no calendar/],
    "a local extra field that is longer than its room": [{ local: { extra: Buffer.from([0x55, 0x54, 9, 0, 1]) } }, /local header of an entry do not fill/],
    "a central extra field with a byte too many": [{ central: { extra: Buffer.concat([timeExtra(1e9), Buffer.from([0])]) } }, /do not fill/],
    "a timestamp that is cut off": [{ central: { extra: extraField(0x5455, Buffer.from([1, 0, 0])) } }, /timestamp field/],
    "an NTFS time that is cut off": [{ central: { extra: extraField(0x000a, Buffer.alloc(31)) } }, /NTFS time field/],
    "an NTFS time of the year 60000": [{ central: { extra: extraField(0x000a, Buffer.concat([Buffer.from([0, 0, 0, 0, 1, 0, 24, 0]), Buffer.alloc(24, 0xff)])) } }, /no calendar/],
    "a Unicode comment field that belongs to another comment": [{ central: { comment: "later", extra: unicodeCommentExtra("sooner", "sooner") } }, /belongs to another comment/],
    "two Unicode comment fields in the local header": [{ local: { extra: Buffer.concat([unicodeCommentExtra("1", "1"), unicodeCommentExtra("2", "2")]) } }, /two Unicode comment fields/],
    "a timestamp field that promises a time and holds none": [{ extra: extraField(0x5455, Buffer.from([1])) }, /timestamp field/],
    "a timestamp field with flags that mean nothing": [{ extra: extraField(0x5455, Buffer.alloc(13, 8)) }, /timestamp field/],
    "a growth hint with something in its room": [{ local: { extra: extraField(0xa220, Buffer.from([0x28, 0xa0, 4, 0, 0, 0, 7, 0])) } }, /growth hint field/],
    "a minizip hash that is empty": [{ extra: extraField(0x1a51, Buffer.from([0x44, 0, 0, 0])) }, /minizip hash field/],
    "a minizip signature that is empty": [{ extra: extraField(0x10c5, Buffer.alloc(0)) }, /minizip signature field/],
    "owners that do not fill their field": [{ central: { extra: extraField(0x7875, Buffer.from([1, 1, 1, 4, 1])) } }, /third Unix field/],
    "owners of a version that nobody knows": [{ local: { extra: extraField(0x7875, Buffer.from([2, 0, 0])) } }, /third Unix field in the local header/],
    "old times of a length that nobody writes": [{ local: { extra: extraField(0x5855, Buffer.alloc(14)) } }, /old Unix field/],
    "a digest that is longer than its field": [{ central: { extra: extraField(0x1a51, Buffer.from([10, 0, 4, 0, 1, 2, 3])) } }, /minizip hash/],
    "an Xceed name that is cut off": [{ central: { extra: extraField(0x554e, Buffer.from("NUCX\x08\0\0\0a\0", "latin1")) } }, /Xceed name/],
  };
  for (const [what, [item, warning, lies]] of Object.entries(odd)) {
    it(what, async () => {
      const unpacked = await one(item, lies);
      expect([unpacked.code, unpacked.warnings.join("; ")]).toEqual([0, expect.stringMatching(warning)]);
      expect(unpacked.contents["z"]).toBe("good");
      expect(unpacked.summary!.files + unpacked.summary!.directories).toBe(2);
    });
  }

  it("a backslash in one header and a slash in the other is another name, and refused", async () => {
    expect(await one({ name: "d\\a", local: { name: "d/a" } })).toMatchObject({ code: 6, failures: { "d\\a": "AMBIGUOUS" } });
  });

  it("two names that only differ in their slashes are one place: the second is refused", async () => {
    expect(await unpack(buildZip([{ name: "d/a", content: "1" }, { name: "d\\a", content: "2" }]))).toMatchObject({ code: 6, contents: { "d/": "", "d/a": "1" } });
  });

  it("two entries that get one name by decoding are one place: the second is refused", async () => {
    const bytes = buildZip([{ name: "ä.t", flags: FLAG_UTF8, content: "1" }, { name: HIGH_A, content: "2", extra: unicodePathExtra("ä.t", HIGH_A) }]);
    expect(await unpack(bytes)).toMatchObject({ code: 6, failures: { "ä.t": "COLLISION" }, contents: { "ä.t": "1" } });
  });

  it("a NUL in the Unicode path field is refused like one in the header", async () => {
    expect(await one({ name: HIGH_A, extra: unicodePathExtra("ä\0.t", HIGH_A) })).toMatchObject({ code: 6, contents: { z: "good" } });
  });

  it("the Unicode comment field is shown where it belongs to the comment", async () => {
    const comment = Buffer.from([0x84]);
    const entries = await entriesOf(buildZip([
      { name: "a", central: { comment, extra: unicodeCommentExtra("Ω", comment) } }, { name: "b", central: { comment, extra: unicodeCommentExtra("Ω", "other") } },
      { name: "c", central: { comment, extra: unicodeCommentExtra("Ω", "") } }, // WinZip's: without a CRC
    ]));
    expect(entries.map(({ comment: shown }) => shown)).toEqual(["Ω", "ä", "Ω"]);
  });
});
