/** What follows compressed data: a further member, padding, a remark, or something that may be a damaged member. */
import { brotliCompressSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { FILTERS } from "../../src/filters/index.ts";
import type { Filter } from "../../src/formats/contract.ts";
import { buildTar } from "../helpers/build.ts";
import { sandbox } from "../helpers/cli.ts";
import { decode, fixture, noise } from "../helpers/filters.ts";
import { codeOfTest, unpack } from "../helpers/library.ts";

const xzBoth = fixture("xz/good-streams.xz");

interface Case {
  readonly one: Buffer;
  /** Whether its own program bears a remark. */
  readonly remarks: boolean;
  /** Bytes of the beginning of a member without which it is none. */
  readonly magic: number;
  /** The format knows one stream only. */
  readonly single?: boolean;
  /** Where the data ends, the format does not tell. */
  readonly endless?: boolean;
}

const CASES: Record<string, Case> = {
  gzip: { one: gzipSync(noise(300)), remarks: true, magic: 3 },
  bzip2: { one: fixture("bzip2/good-streams.bz2"), remarks: true, magic: 4 },
  lzip: { one: fixture("lzip/good-members.lz"), remarks: true, magic: 4 },
  xz: { one: xzBoth.subarray(xzBoth.lastIndexOf(Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]))), remarks: false, magic: 6 },
  zstd: { one: fixture("zstd/good-frames.zst"), remarks: false, magic: 4 },
  lz4: { one: fixture("lz4/good-linked.lz4"), remarks: false, magic: 4 },
  lzop: { one: fixture("lzop/good-members.lzo"), remarks: false, magic: 9 },
  brotli: { one: brotliCompressSync(noise(300)), remarks: false, magic: 0, single: true },
  lzma: { one: fixture("lzma/good-size.lzma"), remarks: false, magic: 0, single: true, endless: true },
};
const REMARK = "This is a remark that somebody put here\n";
const RUBBISH = Buffer.concat([Buffer.from("\x7f\x00rubbish \xff", "latin1"), noise(5000)]);

for (const [name, { one, remarks, magic, single, endless }] of Object.entries(CASES)) {
  const filter = FILTERS.find((format) => format.name === name) as Filter;

  describe(`behind ${name}`, () => {
    it("zeros are padding", async () => {
      const { content } = await decode(filter, one);
      for (const zeros of endless === true ? [] : [4, 512, 100_000]) {
        const padded = await decode(filter, Buffer.concat([one, Buffer.alloc(zeros)]));
        expect([zeros, padded.code, padded.notes, padded.content.equals(content)]).toEqual([zeros, undefined, [], true]);
      }
    });

    it.skipIf(single)("a further member is content, and a damaged one is never a success, whatever byte of its beginning is another", { timeout: 120_000 }, async () => {
      const { content } = await decode(filter, one);
      const twice = await decode(filter, Buffer.concat([one, one]));
      expect([twice.code, twice.content.equals(Buffer.concat([content, content]))]).toEqual([undefined, true]);
      for (let at = 0; at < magic; at++) {
        for (const change of [0x01, 0x20, 0x80, 0xff]) {
          const second = Buffer.from(one);
          second[at]! ^= change;
          const { code, notes, content: got } = await decode(filter, Buffer.concat([one, second]));
          // Another digit of bzip2's level, or bit of lzip's, is another header: it may be read as well, and completely.
          if (code !== undefined || !got.equals(twice.content)) expect([at, change, code, notes]).toEqual([at, change, expect.stringMatching(/^(BAD_|TRUNCATED|UNSUPPORTED_)/), notes]);
        }
      }
      const lost = Buffer.concat([one, Buffer.alloc(magic + 4, 0xee), one.subarray(magic + 4)]);
      expect((await decode(filter, lost)).code).toMatch(/^BAD_/);
    });

    it.skipIf(single)("a member that is cut off anywhere in its beginning is no success", async () => {
      for (let length = 1; length <= magic + 6; length++) expect([length, (await decode(filter, Buffer.concat([one, one.subarray(0, length)]))).code]).toEqual([length, expect.stringMatching(/^(BAD_|TRUNCATED)/)]);
    });

    it("rubbish is refused, with its place and size; --lenient keeps what came before, and says so", async () => {
      const { content } = await decode(filter, one);
      for (const rubbish of [RUBBISH, Buffer.from("x"), Buffer.concat([Buffer.alloc(8), Buffer.from("rubbish")])]) {
        for (const chunk of [Infinity, 1000]) {
          const bytes = Buffer.concat([one, rubbish]);
          const refused = await decode(filter, bytes, { chunk });
          expect([rubbish.length, refused.code]).toEqual([rubbish.length, "BAD_DATA"]);
          expect(refused.error?.details.hint).toBe("--lenient");
          if (endless !== true) expect(refused.error?.details.found).toMatch(new RegExp(`^${rubbish.length} bytes? at ${one.length}: `));
          const lenient = await decode(filter, bytes, { chunk, lenient: true });
          expect([lenient.code, lenient.content.equals(content), lenient.notes.length]).toEqual([undefined, true, 1]);
          expect(lenient.notes[0]).toContain("were ignored");
        }
      }
    });

    it(remarks ? "a remark in plain text is borne, with a word, as its own program does; a short one may be a member that is cut off" : "a remark in plain text is refused as well", async () => {
      const { code, notes } = await decode(filter, Buffer.concat([one, Buffer.from(REMARK)]));
      expect([code, notes.length]).toEqual(remarks ? [undefined, 1] : ["BAD_DATA", 0]);
      if (remarks) expect(notes[0]).toContain(`${REMARK.length} bytes`);
      expect((await decode(filter, Buffer.concat([one, Buffer.from("BZh91AY&SY")]))).code).toMatch(/^(BAD_|TRUNCATED)/);
    });
  });
}

it("rubbish behind the gzip of a tar leaves nothing; --lenient gives what is in the tar", async () => {
  const bytes = Buffer.concat([gzipSync(buildTar([{ name: "a", content: "a" }])), RUBBISH]);
  expect(await unpack(bytes, { name: "a.tar.gz" })).toMatchObject({ code: 3, contents: {} });
  expect(await codeOfTest(bytes, sandbox(), { name: "a.tar.gz" })).toBe(3);
  const lenient = await unpack(bytes, { name: "a.tar.gz", policy: { lenient: true } });
  expect(lenient).toMatchObject({ code: 0, contents: { a: "a" } });
  expect(lenient.warnings.join()).toContain("were ignored");
});
