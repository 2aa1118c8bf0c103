import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { bzip2 } from "../../src/filters/bzip2.ts";
import { acceptedCuts, decode, fixture, letsGo, mixture, noise, silentFlips, textOf } from "../helpers/filters.ts";
import { has } from "../helpers/tools.ts";

const both = fixture("bzip2/good-streams.bz2");
const cut = both.indexOf("BZh", 3);
const [first, second] = [both.subarray(0, cut), both.subarray(cut)];
/** No block at all: header, end mark, checksum of nothing. */
const empty = Buffer.from("425a683917724538509000000000", "hex");

function tool(bytes: Uint8Array, ...args: string[]): Buffer {
  const { stdout, status } = spawnSync("bzip2", ["-c", ...args], { input: bytes, maxBuffer: 1 << 28 });
  expect(status).toBe(0);
  return stdout;
}

describe("bzip2.decode()", () => {
  it("gives the content of one stream, and of none", async () => {
    expect(await textOf(bzip2, second)).toHaveLength(21);
    expect(await textOf(bzip2, empty)).toBe("");
  });

  it("joins streams, whatever the chunks, also one byte at a time", async () => {
    const expected = (await textOf(bzip2, first)) + (await textOf(bzip2, second));
    expect(expected).toHaveLength(3492 + 21);
    for (const chunk of [Infinity, 1, 7, 100]) expect(await textOf(bzip2, both, { chunk })).toBe(expected);
    expect(await textOf(bzip2, Buffer.concat([both, empty, both]))).toBe(expected + expected);
  });

  it("refuses what is no bzip2", async () => {
    for (const bytes of ["", "BZ", "BZh", "BZh9", "no bzip2 at all, and long enough to have a header"]) {
      expect([bytes, (await decode(bzip2, Buffer.from(bytes))).code]).toEqual([bytes, expect.stringMatching(/BAD_|TRUNCATED/)]);
    }
  });

  it("truncated anywhere is an error, or told", async () => {
    expect(await acceptedCuts(bzip2, second)).toEqual([]);
    expect(await acceptedCuts(bzip2, both, 5)).toEqual(cut % 5 === 0 ? [cut] : []);
  });

  it("any bit changed is told", async () => {
    expect(await silentFlips(bzip2, second)).toEqual([]);
    expect((await decode(bzip2, fixture("bzip2/bad-crc.bz2"))).code).toMatch(/BAD_/);
  });

  it("lets its input go, stopped early and after an error", async () => {
    expect(await letsGo(bzip2, both)).toBe(true);
    expect(await letsGo(bzip2, fixture("bzip2/bad-crc.bz2"))).toBe(true);
  });

  it.skipIf(!has("bzip2"))("reads what bzip2 made, with every size of block (needs bzip2)", async () => {
    const content = Buffer.concat([mixture(900_000), noise(200_000), Buffer.alloc(50_000, "ab")]);
    for (const level of ["-1", "-5", "-9"]) {
      const bytes = tool(content, level);
      const decoded = await decode(bzip2, Buffer.concat([bytes, bytes]), { chunk: 60_000 });
      expect([level, decoded.error?.message, decoded.content.equals(Buffer.concat([content, content]))]).toEqual([level, undefined, true]);
    }
  });
});

describe("bzip2.bid()", () => {
  it("asks for the header, and is surer when a block or the end follows", () => {
    expect([first, empty, Buffer.from("BZh0"), Buffer.from("BZh9 is text"), Buffer.alloc(0)].map((head) => bzip2.bid({ head, tail: undefined }))).toEqual([76, 76, 0, 29, 0]);
  });
});
