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
