/** Headers of rar and ARJ archives that are damaged or cut: 7-Zip would take them for the end, and lose what is behind. */
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { fixture } from "../helpers/filters.ts";
import { unpack, type Unpacked } from "../helpers/library.ts";
import { buildRar4, buildRar5 } from "../helpers/rar.ts";

const SAMPLES = [
  // Stored files are for rar 2.0, which has no end block: cut before one of the later blocks, nothing is missing that would have to be there.
  ["rar 4", "a.rar", fixture("rar/good-stored-4.rar"), [53, 98, 143]],
  ["rar 5", "a.rar", fixture("rar/good-stored-5.rar"), []],
  ["ARJ", "a.arj", fixture("arj/good.arj"), []],
] as const;
/** All of them are for rar 2.9. */
const ITEMS = [{ name: "a.txt", content: "alpha\n" }, { name: "b.txt", content: "beta\n" }];

/** What is wrong with what came out: nothing when it is an error, or as it is of the intact archive. */
function isSilentlyWrong({ code, contents }: Unpacked, intact: Unpacked): boolean {
  return code === 0 && JSON.stringify(contents) !== JSON.stringify(intact.contents);
}

for (const [what, name, bytes, borders] of SAMPLES) {
  describe(what, () => {
    it("one bit of any byte changed: an error, or all of the entries", async () => {
      const intact = await unpack(bytes, { name });
      expect([intact.code, Object.keys(intact.contents).length > 2]).toEqual([0, true]);
      const wrong: number[] = [];
      for (let at = 0; at < bytes.length; at++) {
        const changed = Buffer.from(bytes);
        changed[at]! ^= 0x40;
        if (isSilentlyWrong(await unpack(changed, { name }), intact)) wrong.push(at);
      }
      expect(wrong).toEqual([]);
    }, 300_000);
    it("cut at any length: an error, unless the format cannot tell", async () => {
      const intact = await unpack(bytes, { name });
      const wrong: number[] = [];
      for (let length = 0; length < bytes.length; length++) if (isSilentlyWrong(await unpack(bytes.subarray(0, length), { name }), intact)) wrong.push(length);
      expect(wrong).toEqual(borders);
    }, 300_000);
    it("bytes behind the end are no damage", async () => {
      const intact = await unpack(bytes, { name });
      const { code, contents, warnings } = await unpack(Buffer.concat([bytes, Buffer.from("something else")]), { name });
      expect([code, contents, warnings.length > 0]).toEqual([0, intact.contents, true]);
    });
  });
}

/** The same as before rar 2.9: files that are needed no newer one for, and no end block (the last seven bytes). */
function old(bytes: Buffer): Buffer {
  const changed = Buffer.from(bytes.subarray(0, -7));
  for (let at = 7 + 13; at < changed.length; ) {
    const length = changed.readUInt16LE(at + 5);
    changed[at + 24] = 20;
    changed.writeUInt16LE(crc32(changed.subarray(at + 2, at + length)) & 0xffff, at);
    at += length + changed.readUInt32LE(at + 7);
  }
  return changed;
}

describe("rar 2", () => {
  const intact = { "a.txt": "alpha\n", "b.txt": "beta\n" };

  it("ends with its file", async () => {
    const { code, contents } = await unpack(old(buildRar4(ITEMS)), { name: "a.rar" });
    expect([code, contents]).toEqual([0, intact]);
  });
  it("something else where a header has to be is damage", async () => {
    const { error } = await unpack(Buffer.concat([old(buildRar4(ITEMS)), Buffer.from("something else")]), { name: "a.rar" });
    expect(error?.code).toBe("BAD_HEADER");
  });
});

/** `bytes` with other fields in the first file's header, and its checksum made right. */
function withFileHeader(bytes: Buffer, change: (header: Buffer) => void): Buffer {
  const changed = Buffer.from(bytes);
  const at = 7 + 13;
  const header = changed.subarray(at, at + changed.readUInt16LE(at + 5));
  change(header);
  header.writeUInt16LE(crc32(header.subarray(2)) & 0xffff);
  return changed;
}

describe("rar 4, stored", () => {
  // The header says that version 2.0 can read it, whoever wrote it.
  const stored = (bytes: Buffer): Buffer => withFileHeader(bytes, (header) => void (header[24] = 20));
  const one = [{ name: "a.txt", content: "alpha\n" }];

  it("without an end block is whole, or cut between two entries: that is told", async () => {
    const { code, contents, warnings } = await unpack(stored(buildRar4(one)).subarray(0, -7), { name: "a.rar" });
    expect([code, contents, warnings.join()]).toEqual([0, { "a.txt": "alpha\n" }, expect.stringContaining("no end block")]);
    expect((await unpack(stored(buildRar4(one)), { name: "a.rar" })).warnings).toEqual([]);
  });
});

describe("rar 4: names in Unicode", () => {
  const named = (form: readonly number[]): Buffer => withFileHeader(buildRar4([{ name: `abc\0${"x".repeat(form.length)}`, content: "alpha\n" }]), (header) => {
    Buffer.from(form).copy(header, 32 + 4);
    header.writeUInt16LE(header.readUInt16LE(3) | 0x200, 3);
  });
  // High byte 0; 00 00 00: three characters of one byte each.
  it("are read", async () => {
    expect(await unpack(named([0, 0x00, 0x61, 0x62, 0x63]), { name: "a.rar" })).toMatchObject({ code: 0, contents: { abc: "alpha\n" } });
    // 01: under the high byte; 10: two bytes; 11: a run of the plain name.
    expect(await unpack(named([4, 0x60, 0x30, 0x31, 0x04]), { name: "a.rar" })).toMatchObject({ code: 0, contents: { "\u0430\u0431": "alpha\n" } });
  });
  it("that break off are damage: nobody knows what they were", async () => {
    for (const form of [[], [0], [0, 0x80, 0x30], [0, 0xc0]]) expect([form, (await unpack(named(form), { name: "a.rar" })).error?.code]).toEqual([form, "BAD_HEADER"]);
  });
});

describe("a rar behind a program", () => {
  for (const [what, build] of [["rar 4", buildRar4], ["rar 5", buildRar5]] as const) {
    it(`${what}: its headers are checked as well`, async () => {
      const bytes = Buffer.concat([Buffer.alloc(2000, "MZ\0\x01", "latin1"), build(ITEMS)]);
      expect(await unpack(bytes, { name: "a.exe" })).toMatchObject({ code: 0, contents: { "a.txt": "alpha\n", "b.txt": "beta\n" } });
      expect((await unpack(bytes.subarray(0, bytes.indexOf("beta") + 5), { name: "a.exe" })).error?.code).toBe("TRUNCATED");
      const changed = Buffer.from(bytes);
      changed[bytes.indexOf("b.txt")]! ^= 0x40;
      expect((await unpack(changed, { name: "a.exe" })).error?.code).toBe("BAD_HEADER");
    });
  }
});

describe("what is told", () => {
  const codeOf = async (bytes: Uint8Array): Promise<string | undefined> => (await unpack(bytes, { name: "a.rar" })).error?.code;

  for (const [what, build] of [["rar 4", buildRar4], ["rar 5", buildRar5]] as const) {
    it(`of ${what}: a header that is damaged, or an end that is missing`, async () => {
      const bytes = build(ITEMS);
      const changed = Buffer.from(bytes);
      changed[bytes.indexOf("b.txt")]! ^= 0x40;
      expect([await codeOf(changed), await codeOf(bytes.subarray(0, bytes.indexOf("beta") + 5))]).toEqual(["BAD_HEADER", "TRUNCATED"]);
    });
  }
  it("of ARJ: a header that is damaged, or an end that is missing", async () => {
    const bytes = fixture("arj/good.arj");
    const changed = Buffer.from(bytes);
    changed[bytes.lastIndexOf("numbers.txt")]! ^= 0x40;
    expect([await codeOf(changed), await codeOf(bytes.subarray(0, -4))]).toEqual(["BAD_HEADER", "TRUNCATED"]);
  });
});
