/** bzip2's blocks against bzip2(1): what it reads and what it refuses, on one thread and on several. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { blocksOn } from "../../src/core/blocks.ts";
import { BLOCK_MARK, bitsAt, END_MARK, MARK_BITS, nextMark } from "../../src/filters/bzip2-bits.ts";
import { bzip2 } from "../../src/filters/bzip2.ts";
import { Bits, blockOf, blockOfLongCodes, LONG_CODE_PLACES, randomised, streamOf, withSum } from "../helpers/bzip2.ts";
import { content, damaged } from "../helpers/damage.ts";
import { decode, mixture, noise } from "../helpers/filters.ts";
import { has } from "../helpers/tools.ts";

const worker = join(import.meta.dirname, "../../dist/thread.cjs"); // "npm run build" makes it
const needs = has("bzip2") && existsSync(worker);
const threaded = blocksOn(3);
afterAll(() => threaded.close());

function packed(name: string, bytes: Uint8Array, ...args: string[]): Buffer {
  const { stdout, status } = spawnSync(name, ["-c", ...args], { input: bytes, maxBuffer: 1 << 28 });
  expect(status).toBe(0);
  return stdout;
}

/** What bzip2(1) makes of it; undefined: it refuses it. */
function unpacked(bytes: Uint8Array): Buffer | undefined {
  const { stdout, status } = spawnSync("bzip2", ["-dc"], { input: bytes, maxBuffer: 1 << 28 });
  return status === 0 ? stdout : undefined;
}

/** What somebody is told, and what came out. */
async function told(bytes: Uint8Array, isThreaded: boolean, chunk = Infinity): Promise<unknown[]> {
  const { content, error, notes } = await decode(bzip2, bytes, { chunk, blocks: isThreaded ? threaded : undefined });
  return [content.length, content.toString("latin1", content.length - 100), error?.code, error?.message, error?.details, notes];
}

/** The checksum that a stream of one block should have had. */
async function sumOf(stream: Uint8Array): Promise<number> {
  const { code, error } = await decode(bzip2, stream);
  expect([code, error?.message]).toEqual(["BAD_CHECKSUM", error?.message]);
  return Number.parseInt(String(error!.details.found), 16);
}

describe("a block of bzip2", () => {
  it.skipIf(!needs)("of every length, with runs of every length, is what it was (needs bzip2)", { timeout: 120_000 }, async () => {
    const texts: Buffer[] = [];
    for (const length of [1, 2, 3, 4, 5, 6, 49, 50, 51, 100, 255, 256, 257, 258, 259, 260, 261, 1000]) {
      texts.push(Buffer.alloc(length, "a"), Buffer.alloc(length, "ab"), noise(length, length), mixture(length), Buffer.concat([Buffer.from("b"), Buffer.alloc(length, 0), Buffer.from("c")]));
    }
    texts.push(Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)), Buffer.concat(Array.from({ length: 300 }, (_, i) => Buffer.alloc(i, i))));
    texts.push(Buffer.alloc(100_000, "abc"), noise(99_981), noise(99_982), noise(100_001));
    for (const text of texts) {
      const { error, content } = await decode(bzip2, packed("bzip2", text, "-1"));
      expect([text.length, error?.message, content.equals(text)]).toEqual([text.length, undefined, true]);
    }
  });

  it.skipIf(!needs)("that is all runs comes piece by piece (needs bzip2)", { timeout: 60_000 }, async () => {
    const zeros = Buffer.alloc(60_000_000);
    for (const blocks of [undefined, threaded]) {
      const sizes: number[] = [];
      let length = 0;
      const input = async function* () {
        yield packed("bzip2", zeros);
      };
      for await (const piece of bzip2.decode(input(), { memory: 0, warn() {}, blocks: blocks && (async () => blocks) })) {
        sizes.push(piece.length);
        length += piece.length;
        if (piece.some((byte) => byte !== 0)) throw new Error("not zero");
      }
      expect([length, Math.max(...sizes) <= 2 << 20]).toEqual([zeros.length, true]);
    }
  });

  it.skipIf(!needs)("that was randomised is read as bzip2 does (needs bzip2)", { timeout: 60_000 }, async () => {
    for (const text of [noise(800_000), mixture(300_000), Buffer.alloc(400_000, "abcd")]) {
      const flagged = randomised(packed("bzip2", text));
      const stream = withSum(flagged, await sumOf(flagged));
      const { error, content } = await decode(bzip2, stream);
      expect([error?.message, content.equals(unpacked(stream)!)]).toEqual([undefined, true]);
    }
  });

  it.skipIf(!needs)("of any bits is read as bzip2 reads it, also with more selectors than there are symbols (needs bzip2)", { timeout: 60_000 }, async () => {
    for (const surplus of [0, 1, 17_000, 18_002, 32_000]) {
      for (const seed of [1, 2, 3]) {
        const symbols = new Bits();
        for (const byte of noise(3000, seed + 10 * surplus)) symbols.add(byte % 0xfe, 8);
        const stream = await streamOf([blockOf(symbols, { surplus, origin: seed })], 1, sumOf);
        const { error, content } = await decode(bzip2, stream);
        expect([surplus, seed, error?.message, content.equals(unpacked(stream)!)]).toEqual([surplus, seed, undefined, true]);
      }
    }
  });

  it.skipIf(!needs)("with codes of every length, as lbzip2 makes them, is read as bzip2 reads it, wherever they begin (needs bzip2)", { timeout: 60_000 }, async () => {
    for (const seed of [1, 2, 3]) {
      const places = Array.from(noise(3000, seed), (byte) => 1 + (byte % LONG_CODE_PLACES));
      const stream = await streamOf([blockOfLongCodes(places)], 1, sumOf);
      const { error, content } = await decode(bzip2, stream);
      expect([seed, error?.message, content.equals(unpacked(stream)!)]).toEqual([seed, undefined, true]);
    }
  });

  it.skipIf(!needs)("larger than its level is refused, and so is one that begins behind its end (needs bzip2)", async () => {
    const five = packed("bzip2", noise(450_000), "-5");
    const four = Buffer.from(five);
    four[3] = "4".charCodeAt(0);
    expect([unpacked(four), (await decode(bzip2, four)).code]).toEqual([undefined, "BAD_DATA"]);
    const behind = blockOf(new Bits().add(0x123456, 24), { origin: 1000 });
    const stream = new Bits().add(0x425a6831, 32).all(behind).add(END_MARK, 48).add(0, 32).bytes();
    expect([unpacked(stream), (await decode(bzip2, stream)).code]).toEqual([undefined, "BAD_DATA"]);
  });

  it.skipIf(!needs)("changed anywhere is what bzip2 makes of it as well, once its checksum fits (needs bzip2)", { timeout: 120_000 }, async () => {
    const codes = new Map<string, number>();
    let read = 0;
    for (const [seed, text] of [mixture(3000), noise(700), Buffer.alloc(2000, "abcab")].entries()) {
      const whole = packed("bzip2", text, "-1");
      const random = noise(500 * 8, seed + 7);
      for (let i = 0; i < 250; i++) {
        const changed = Buffer.from(whole);
        // Behind the checksum, and in front of the end; every other one among the codes, where most is decided.
        const span = i % 2 === 0 ? Math.min(100, whole.length - 26) : whole.length - 26;
        for (let k = 0; k <= i % 3; k++) changed[14 + (random.readUInt32LE(8 * i + k) % span)]! ^= 1 << (random[8 * i + 7]! % 8);
        const first = await decode(bzip2, changed);
        codes.set(first.code ?? "none", (codes.get(first.code ?? "none") ?? 0) + 1);
        expect(first.code ?? "none").toMatch(/^(BAD_CHECKSUM|BAD_DATA|TRUNCATED|none)$/);
        expect([i, unpacked(changed)?.equals(first.content)]).toEqual([i, first.code === undefined ? true : undefined]); // two changes may be none
        if (first.code !== "BAD_CHECKSUM") continue;
        const fitting = withSum(changed, Number.parseInt(String(first.error!.details.found), 16));
        const { error, content } = await decode(bzip2, fitting);
        // A block that now ends elsewhere is followed by no other one.
        const expected = unpacked(fitting);
        if (expected !== undefined) read += 1;
        expect([i, error?.message, expected?.equals(content)]).toEqual([i, error?.message, error === undefined ? true : undefined]);
      }
    }
    expect(read).toBeGreaterThan(100);
    expect(codes.get("BAD_DATA")).toBeGreaterThan(50);
  });
});

describe("bzip2 on several threads", () => {
  it("marks are found at any bit, and nothing else is", () => {
    for (let before = 0; before < 40; before++) {
      for (const mark of [BLOCK_MARK, END_MARK]) {
        const bytes = new Bits().add(0b1011, before < 4 ? 0 : 4).add(0, before < 4 ? before : before - 4).add(mark, MARK_BITS).add(0xffff, 16).bytes();
        expect(nextMark(bytes, 0, bytes.length)).toEqual({ at: before, isEnd: mark === END_MARK });
        expect(nextMark(bytes, before + 1, bytes.length)).toBeUndefined();
        expect(bitsAt(bytes, before, MARK_BITS)).toBe(mark);
      }
    }
  });

  it.skipIf(!needs)("streams with blocks of every size come out as they were (needs bzip2)", { timeout: 120_000 }, async () => {
    const both = Buffer.concat([packed("bzip2", content, "-1"), packed("bzip2", Buffer.alloc(0)), packed("bzip2", content, "-9"), packed("bzip2", content.subarray(0, 1000), "-5")]);
    const whole = Buffer.concat([content, content, content.subarray(0, 1000)]);
    for (const chunk of [Infinity, 70_001]) {
      const { error, notes, content } = await decode(bzip2, both, { blocks: threaded, chunk });
      expect([chunk, error?.message, notes, content.equals(whole)]).toEqual([chunk, undefined, [], true]);
    }
  });

  for (const [name, args] of [["lbzip2", ["-n", "2"]], ["pbzip2", []], ["7zz", ["a", "-tbzip2", "-si", "-so", "-mx9", "x"]]] as const) {
    it.skipIf(!needs || !has(name))(`what ${name} wrote comes out as it was (needs ${name})`, { timeout: 60_000 }, async () => {
      const bytes = name === "7zz" ? spawnSync(name, args, { input: content, maxBuffer: 1 << 28 }).stdout : packed(name, content, ...args);
      for (const blocks of [undefined, threaded]) expect((await decode(bzip2, bytes, { blocks })).content.equals(content)).toBe(true);
    });
  }

  it.skipIf(!needs)("a mark within a block is none, and costs a block that is decoded twice (needs bzip2)", { timeout: 60_000 }, async () => {
    const blocks = [1, 2, 3].map((seed) => {
      const symbols = new Bits();
      for (const byte of noise(500, seed)) symbols.add(byte % 0xfe, 8);
      // Another whole block's beginning, at any bit, and one that ends at once.
      symbols.add(0, seed).add(BLOCK_MARK, 48).add(0xdeadbeef, 32).add(seed, 25);
      for (const byte of noise(100, seed + 5)) symbols.add(byte % 0xfe, 8);
      return blockOf(symbols.add(0, 5 - seed).add(END_MARK, 48).add(BLOCK_MARK, 48));
    });
    const one = await streamOf(blocks, 1, sumOf);
    const stream = Buffer.concat([one, packed("bzip2", mixture(300_000), "-1"), one]);
    const expected = unpacked(stream)!;
    expect(expected.length).toBeGreaterThan(303_000);
    for (const chunk of [Infinity, 100]) {
      for (const blocks of [undefined, threaded]) {
        const { error, content } = await decode(bzip2, stream, { blocks, chunk });
        expect([error?.message, content.equals(expected)]).toEqual([undefined, true]);
      }
    }
  });

  it.skipIf(!needs)("damage is told as on one thread, behind the same content (needs bzip2)", { timeout: 300_000 }, async () => {
    const bytes = Buffer.concat([packed("bzip2", content, "-1"), packed("bzip2", content.subarray(0, 500_000), "-3")]);
    for (const bad of damaged(bytes)) expect(await told(bad, true, 100_000)).toEqual(await told(bad, false));
  });

  it.skipIf(!needs)("nothing is read far ahead of what is decoded (needs bzip2)", { timeout: 60_000 }, async () => {
    const one = packed("bzip2", noise(300_000), "-9");
    let read = 0;
    const input = async function* () {
      for (let i = 0; i < 60; i++) {
        read += one.length;
        yield one;
      }
    };
    let given = 0;
    for await (const piece of bzip2.decode(input(), { memory: 0, warn() {}, blocks: async () => threaded })) {
      given += piece.length;
      expect(read - given).toBeLessThan(12 * one.length);
    }
    expect(given).toBe(60 * 300_000);
  });

  it.skipIf(!needs)("stopped early it lets its input go, and the next one is decoded (needs bzip2)", { timeout: 60_000 }, async () => {
    const bytes = packed("bzip2", content, "-1");
    let isClosed = false;
    const input = async function* () {
      try {
        for (let at = 0; at < bytes.length; at += 50_000) yield bytes.subarray(at, at + 50_000);
      } finally {
        isClosed = true;
      }
    };
    for await (const _ of bzip2.decode(input(), { memory: 0, blocks: async () => threaded, warn() {} })) break;
    expect(isClosed).toBe(true);
    expect((await decode(bzip2, bytes, { blocks: threaded })).content.equals(content)).toBe(true);
  });

  it.skipIf(!needs)("trouble with reading its input is what is told (needs bzip2)", { timeout: 60_000 }, async () => {
    const bytes = packed("bzip2", content, "-1");
    const input = async function* () {
      yield bytes.subarray(0, Math.floor(bytes.length / 2));
      throw new Error("the disk is gone");
    };
    await expect(async () => {
      for await (const _ of bzip2.decode(input(), { memory: 0, blocks: async () => threaded, warn() {} }));
    }).rejects.toThrow("the disk is gone");
  });
});
