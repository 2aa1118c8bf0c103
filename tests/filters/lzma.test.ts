import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { lzma } from "../../src/filters/lzma.ts";
import { acceptedCuts, decode, fixture, letsGo, mixture, noise, textOf } from "../helpers/filters.ts";
import { has } from "../helpers/tools.ts";

const MIB = 1024 * 1024;
const marked = fixture("lzma/good.lzma");
const sized = fixture("lzma/good-size.lzma");

function tool(bytes: Uint8Array, ...args: string[]): Buffer {
  const { stdout, status } = spawnSync("xz", ["--format=lzma", "-c", ...args], { input: bytes, maxBuffer: 1 << 28 });
  expect(status).toBe(0);
  return stdout;
}

/** The same with another dictionary: 1 to 4 of the header. */
function asking(dictionary: number): Buffer {
  const bytes = Buffer.from(marked);
  bytes.writeUInt32LE(dictionary, 1);
  return bytes;
}

describe("lzma.decode()", () => {
  it("gives the content, whether an end marker or the header says where it ends, also one byte at a time", async () => {
    const expected = await textOf(lzma, marked);
    expect(expected).toHaveLength(3492);
    for (const chunk of [Infinity, 1, 100]) expect([await textOf(lzma, marked, { chunk }), await textOf(lzma, sized, { chunk })]).toEqual([expected, expected]);
  });

  it("truncated anywhere is an error", async () => {
    // The size in the header is reached before the last bytes of the range coder are looked at.
    expect((await acceptedCuts(lzma, sized, 3)).filter((length) => length < sized.length - 5)).toEqual([]);
    expect(await acceptedCuts(lzma, marked, 3)).toEqual([]);
    for (let length = marked.length - 10; length < marked.length; length++) expect([length, (await decode(lzma, marked.subarray(0, length))).code]).toEqual([length, "TRUNCATED"]);
  });

  it("any bit changed leads to one of our errors, or to other content: the format has no checksum", async () => {
    let told = 0;
    for (let bit = 0; bit < sized.length * 8; bit += 7) {
      const changed = Buffer.from(sized);
      changed[bit >>> 3]! ^= 1 << (bit & 7);
      if ((await decode(lzma, changed, { memory: 64 * MIB })).code !== undefined) told += 1;
    }
    expect(told).toBeGreaterThan(0);
    expect((await decode(lzma, sized)).code).toBeUndefined();
  });

  it("names the memory that it needs when it may not have it", async () => {
    const { code, error } = await decode(lzma, asking(512 * MIB), { memory: 256 * MIB });
    expect([code, error?.details.found, error?.details.hint]).toEqual(["MEMORY", "512 MiB", "--max-memory 512M"]);
    expect((await decode(lzma, asking(512 * MIB), { memory: 512 * MIB })).code).toBeUndefined();
    expect((await decode(lzma, asking(0xffff_ffff), { memory: 256 * MIB })).code).toBe("MEMORY");
  });

  it("refuses what is no lzma", async () => {
    for (const bytes of [Buffer.alloc(0), marked.subarray(0, 5), marked.subarray(0, 13), Buffer.alloc(50, 0xff)]) {
      expect([bytes.length, (await decode(lzma, bytes)).code]).toEqual([bytes.length, expect.stringMatching(/BAD_|TRUNCATED/)]);
    }
  });

  it("lets its input go, stopped early and after an error", async () => {
    expect(await letsGo(lzma, marked)).toBe(true);
    expect(await letsGo(lzma, fixture("lzma/bad-truncated.lzma"))).toBe(true);
  });

  it.skipIf(!has("xz"))("reads what xz made (needs xz)", async () => {
    const content = Buffer.concat([mixture(600_000), noise(100_000)]);
    for (const args of [["-0"], ["-6"], ["--lzma1=lc=0,lp=2,pb=0,dict=64KiB"]]) {
      const decoded = await decode(lzma, tool(content, ...args), { chunk: 50_000 });
      expect([args, decoded.error?.message, decoded.content.equals(content)]).toEqual([args, undefined, true]);
    }
    expect(await textOf(lzma, tool(Buffer.alloc(0)))).toBe("");
  });
});

describe("lzma.bid()", () => {
  const bid = (head: Uint8Array): number => lzma.bid({ head, tail: undefined });
  it("is surer with the usual properties, and needs a dictionary size that is in use and a zero byte", () => {
    expect([bid(marked) > 60, bid(sized) > 60]).toEqual([true, true]);
    const withProperties = (bytes: Uint8Array, properties: number): Buffer => Buffer.concat([Buffer.of(properties), bytes.subarray(1)]);
    // An unknown size is 64 ones, which are no accident; a known one is zeros for the most part.
    expect([bid(withProperties(marked, 0x5e)) > 30, bid(withProperties(marked, 0x5e)) < bid(marked), bid(withProperties(sized, 0x5e)), bid(withProperties(marked, 0x62))]).toEqual([true, true, 8, 8]);
    const wrong = Buffer.from(marked);
    wrong[13] = 1;
    expect([bid(wrong), bid(asking(12345)), bid(marked.subarray(0, 10)), bid(Buffer.alloc(0))]).toEqual([0, 0, 0, 0]);
  });
});
