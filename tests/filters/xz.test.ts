import { spawnSync } from "node:child_process";
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { dictionaryOf } from "../../src/filters/xz-memory.ts";
import { xz } from "../../src/filters/xz.ts";
import { acceptedCuts, decode, fixture, letsGo, mixture, noise, silentFlips, textOf } from "../helpers/filters.ts";
import { has } from "../helpers/tools.ts";

const MIB = 1024 * 1024;
const both = fixture("xz/good-streams.xz");
const MAGIC = both.subarray(0, 6);
/** Two streams, with 8 bytes of padding between them. */
const second = both.subarray(both.indexOf(MAGIC, 1));
const first = both.subarray(0, both.length - second.length - 8);
/** No block at all: header, index, footer. */
const empty = Buffer.from("/Td6WFoAAATm1rRGAAAAABzfRCEftvN9AQAAAAAEWVo=", "base64");

function tool(bytes: Uint8Array, ...args: string[]): Buffer {
  const { stdout, status, stderr } = spawnSync("xz", ["-c", ...args], { input: bytes, maxBuffer: 1 << 28 });
  expect([status, stderr.toString()]).toEqual([0, ""]);
  return stdout;
}

/** The fixture's small stream, whose block asks for another dictionary; its header's CRC-32 is right. */
function asking(dictionary: number, stream = second): Buffer {
  const bytes = Buffer.from(stream);
  const size = bytes[12]! * 4 + 4;
  const at = bytes.indexOf(Buffer.from([0x21, 1]), 12) + 2; // LZMA2's id, the size of its properties, and those
  bytes[at] = dictionary;
  bytes.writeUInt32LE(crc32(bytes.subarray(12, 12 + size - 4)), 12 + size - 4);
  return bytes;
}

describe("xz.decode()", () => {
  it("gives the content of one stream, and of none", async () => {
    expect(await textOf(xz, second)).toHaveLength(21);
    expect(await textOf(xz, empty)).toBe("");
    expect(await textOf(xz, Buffer.concat([empty, second, empty]))).toBe(await textOf(xz, second));
  });

  it("joins streams with padding between them, whatever the chunks, also one byte at a time", async () => {
    const expected = (await textOf(xz, first)) + (await textOf(xz, second));
    expect(expected.length).toBeGreaterThan(3000);
    for (const chunk of [Infinity, 1, 7, 100]) expect(await textOf(xz, both, { chunk })).toBe(expected);
    expect(await textOf(xz, Buffer.concat([both, Buffer.alloc(400), both, Buffer.alloc(4)]))).toBe(expected + expected);
  });

  it("refuses what is no xz", async () => {
    for (const bytes of ["", "\xfd7zX", "no xz at all, and long enough to have a header"]) {
      expect([bytes, (await decode(xz, Buffer.from(bytes, "latin1"))).code]).toEqual([bytes, expect.stringMatching(/BAD_|TRUNCATED/)]);
    }
  });

  it("truncated anywhere is an error, but for the end of a stream", async () => {
    expect(await acceptedCuts(xz, second)).toEqual([]);
    const cuts = await acceptedCuts(xz, both, 3);
    expect(cuts.filter((length) => length < first.length || length > first.length + 8)).toEqual([]);
  });

  it("any bit changed is told", async () => {
    expect(await silentFlips(xz, second, 3)).toEqual([]);
    expect((await decode(xz, fixture("xz/bad-check.xz"))).code).toBe("BAD_CHECKSUM");
  });

  it("names the memory that it needs when it may not have it", async () => {
    // 3.1.1 of the format: 30 is 128 MiB, 33 is 384 MiB, 34 is 512 MiB.
    const { code, error } = await decode(xz, asking(34), { memory: 256 * MIB });
    expect([code, error?.details.found, error?.details.hint]).toEqual(["MEMORY", "512 MiB", "--max-memory 512M"]);
    expect((await decode(xz, asking(33), { memory: 384 * MIB })).code).toBeUndefined();
    expect((await decode(xz, asking(33), { memory: 384 * MIB - 1 })).code).toBe("MEMORY");
    expect((await decode(xz, asking(34), { memory: 512 * MIB })).code).toBeUndefined();
    expect((await decode(xz, fixture("xz/hostile-dictionary.xz"), { memory: 256 * MIB })).code).toBe("MEMORY");
    expect((await decode(xz, asking(40), { memory: 0 })).code).toBeUndefined(); // 4 GiB, of which the content needs next to nothing
  });

  it("a later stream may not ask for more either", async () => {
    for (const bytes of [Buffer.concat([second, asking(34)]), Buffer.concat([empty, Buffer.alloc(4), second, asking(34)])]) {
      expect((await decode(xz, bytes, { memory: 256 * MIB })).code).toBe("MEMORY");
      expect((await decode(xz, bytes, { memory: 256 * MIB, chunk: 1 })).code).toBe("MEMORY");
    }
  });

  it("lets its input go, stopped early and after an error", async () => {
    expect(await letsGo(xz, both)).toBe(true);
    expect(await letsGo(xz, fixture("xz/bad-check.xz"))).toBe(true);
  });

  it.skipIf(!has("xz"))("reads what xz made, with every check and filter, in many blocks and streams (needs xz)", async () => {
    const content = Buffer.concat([mixture(600_000), noise(100_000)]);
    const variants = [
      ["-0"], ["-6", "--check=none"], ["-2", "--check=crc32"], ["-2", "--check=sha256"], ["-1", "--block-size=100000"], ["-1", "-T2", "--block-size=100000"],
      ["--lzma2=dict=4KiB,lc=0,lp=2,pb=0"], ...["x86", "arm", "armthumb", "arm64", "powerpc", "ia64", "sparc", "delta=dist=3"].map((filter) => [`--${filter}`, "--lzma2=preset=1"]),
      ["--delta=dist=1", "--x86", "--arm64", "--lzma2=preset=1"],
    ];
    for (const args of variants) {
      const bytes = tool(content, ...args);
      const decoded = await decode(xz, Buffer.concat([bytes, bytes]), { chunk: 50_000, memory: 64 * MIB });
      expect([args, decoded.error?.message, decoded.content.equals(Buffer.concat([content, content]))]).toEqual([args, undefined, true]);
    }
  });

  it.skipIf(!has("xz"))("sees the dictionary of any block, behind content of any kind (needs xz)", async () => {
    for (const args of [["-0"], ["--check=sha256", "--block-size=30000"], ["--x86", "--lzma2=dict=1MiB"]]) {
      const bytes = Buffer.concat([tool(Buffer.concat([noise(70_000), mixture(200_000)]), ...args), Buffer.alloc(12), asking(34)]);
      for (const chunk of [Infinity, 1000]) expect([args, (await decode(xz, bytes, { memory: 256 * MIB, chunk })).code]).toEqual([args, "MEMORY"]);
    }
  });
});

describe("xz.bid()", () => {
  it("asks for the magic", () => {
    expect([second, empty, second.subarray(1), Buffer.alloc(0)].map((head) => xz.bid({ head, tail: undefined }) > 40)).toEqual([true, true, false, false]);
  });
});

describe("dictionaryOf()", () => {
  it("is the largest that a block header asks for, behind sizes and other filters too; 0 where there is none", () => {
    const lzma2 = (bits: number): number[] => [0x21, 1, bits];
    for (const [header, expected] of [
      [[0x00, ...lzma2(0)], 4096], [[0x00, ...lzma2(1)], 6144], [[0x00, ...lzma2(40)], 2 ** 32 - 1], // 5.3.1
      [[0xc0, 0x80, 1, 0x80, 1, ...lzma2(20)], 4 * MIB], // both sizes are there
      [[0x02, 0x03, 1, 0, 0x04, 0, ...lzma2(20)], 4 * MIB], // delta, x86
      [[0x01, ...lzma2(0), ...lzma2(20)], 4 * MIB], // against the rules
      [[0x00, 0x03, 1, 0], 0], [[0x00], 0], [[], 0],
    ] as const) expect([header, dictionaryOf(Uint8Array.from(header))]).toEqual([header, expected]);
  });
});
