/** What our encoder makes, read by bzip2(1), 7zz and our decoder. */
import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { encodeBzip2Stream } from "../../src/bzip2/encoder.ts";
import { bzip2 } from "../../src/filters/bzip2.ts";
import { outOfOrder } from "../helpers/compressor.ts";
import { inChunks } from "../helpers/build.ts";
import { decode, mixture, noise } from "../helpers/filters.ts";
import { has } from "../helpers/tools.ts";

/** What a program makes of a .bz2; undefined: it is not there. */
function unpacked(name: "bzip2" | "7zz", bytes: Uint8Array): Buffer | undefined {
  if (!has(name)) return undefined;
  const args = name === "bzip2" ? ["-dc"] : ["x", "-tbzip2", "-si", "-so"];
  const { stdout, stderr, status } = spawnSync(name, args, { input: bytes, maxBuffer: 1 << 28 });
  expect([name, status, stderr.toString()]).toEqual([name, 0, ""]);
  return stdout;
}

/** All of them read all of it. */
async function expectContent(bytes: Uint8Array, content: Uint8Array, what: unknown): Promise<void> {
  const { content: found, error, notes } = await decode(bzip2, bytes);
  expect([what, error?.message, notes, found.equals(content)]).toEqual([what, undefined, [], true]);
  for (const program of ["bzip2", "7zz"] as const) expect([what, program, unpacked(program, bytes)?.equals(content) ?? true]).toEqual([what, program, true]);
}

async function encoded(content: Uint8Array, level: number, width = 1, chunk = 1 << 20): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of bzip2.encode!(inChunks(content, chunk), { level, compressor: outOfOrder(width) })) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Each word is the two before it, joined: no part of it is repeated four times, but nearly all parts are somewhere else. */
function fibonacci(length: number): Buffer {
  let [before, word] = ["a", "ab"];
  while (word.length < length) [before, word] = [word, word + before];
  return Buffer.from(word.slice(0, length));
}

function repeated(length: number, period: Uint8Array): Buffer {
  return Buffer.alloc(length, period);
}

/** Bytes from 97 on, of so many kinds. */
function few(length: number, kinds: number, seed: number): Buffer {
  return noise(length, seed).map((byte) => 97 + ((byte * kinds) >> 8)) as Buffer;
}

const BLOCK = 100_000;
/** The least that is sure to be of more than one block. */
const MORE = BLOCK + 50_000;

describe("a bzip2 stream of ours", () => {
  it("of ordinary bytes is what it was", { timeout: 60_000 }, async () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const contents: [string, Uint8Array][] = [
      ["nothing", Buffer.alloc(0)], ["one byte", Buffer.from("x")], ["two", Buffer.from("ab")], ["the other way round", Buffer.from("ba")], ["all bytes", all], ["downwards", Buffer.from(all).reverse()],
      ["noise", noise(MORE)], ["text", mixture(MORE)], ["two kinds", few(MORE, 2, 1)], ["three kinds", few(MORE, 3, 2)], ["stairs", Buffer.from(Array.from({ length: MORE }, (_, i) => i >> 9))],
      ["the same noise twice", Buffer.concat([noise(40_000, 3), noise(40_000, 3), Buffer.from("x")])],
    ];
    for (const [name, content] of contents) await expectContent(encodeBzip2Stream(content, 1), content, name);
  });

  it("of bytes that repeat themselves is what it was", { timeout: 120_000 }, async () => {
    const contents: Buffer[] = [];
    // 251 equal bytes behind the first four have a count that is the same byte: a block of nothing else.
    for (const byte of [0, 97, 251, 252]) contents.push(Buffer.alloc(6_000_000, byte));
    for (const period of [2, 3, 4, 5, 6, 7, 8, 100, 255, 1000, 4099, 33_333, 49_990, BLOCK - 21]) {
      for (const one of [noise(period, period), few(period, 2, period)]) {
        // Cut off anywhere, and all around, which rotations are.
        contents.push(repeated(MORE, one), repeated(Math.floor((BLOCK - 21) / period) * period, one));
      }
    }
    contents.push(repeated(900_000, Buffer.from("ab")), fibonacci(1000), fibonacci(MORE), fibonacci(899_979));
    await expectContent(Buffer.concat(contents.map((content, i) => encodeBzip2Stream(content, i % 2 === 0 ? 1 : 9))), Buffer.concat(contents), "repeated");
  });

  it("of any few bytes is what they were", async () => {
    const streams: Uint8Array[] = [];
    const contents: Uint8Array[] = [];
    const random = noise(4000, 9);
    for (let i = 0; i < 1000; i++) {
      const [length, kinds, period] = [1 + random[4 * i]! % 60, 1 + (random[4 * i + 1]! % 4), 1 + (random[4 * i + 2]! % 20)];
      const content = i % 2 === 0 ? few(length, kinds, i + 1) : repeated(length, few(period, kinds, i + 1));
      contents.push(content);
      streams.push(encodeBzip2Stream(content, 1 + (i % 9)));
    }
    await expectContent(Buffer.concat(streams), Buffer.concat(contents), "any");
  });

  it("with runs of every length at the end of a block is what it was", { timeout: 120_000 }, async () => {
    const streams: Uint8Array[] = [];
    const contents: Uint8Array[] = [];
    for (const run of [3, 4, 5, 255, 256, 259, 260]) {
      for (let before = BLOCK - 27; before < BLOCK - 16; before++) {
        const content = Buffer.concat([noise(before, run), Buffer.alloc(run, "="), noise(50, 2)]);
        contents.push(content);
        streams.push(encodeBzip2Stream(content, 1));
      }
    }
    await expectContent(Buffer.concat(streams), Buffer.concat(contents), "runs");
  });

  it.skipIf(!has("bzip2"))("is not larger than that of bzip2(1) by more than a thousandth, at every level (needs bzip2)", { timeout: 60_000 }, async () => {
    const content = mixture(1_000_000);
    for (let level = 1; level <= 9; level++) {
      const bytes = encodeBzip2Stream(content, level);
      expect(bytes.subarray(0, 4).toString()).toBe(`BZh${level}`);
      await expectContent(bytes, content, level);
      expect(bytes.length).toBeLessThan(1.001 * spawnSync("bzip2", [`-${level}`], { input: content, maxBuffer: 1 << 28 }).stdout.length);
    }
  });
});

describe("bzip2.encode()", () => {
  /** Where streams begin. */
  const beginnings = (bytes: Buffer, level: number): number => bytes.toString("latin1").split(`BZh${level}1AY&SY`).length - 1;

  it("fills each stream's one block to the end, also where runs take less, or more, than they are long", { timeout: 60_000 }, async () => {
    // Of 200 bytes 155 are left, of 8 there are 10, and noise is what it is.
    const parts = [Buffer.concat([noise(150, 1), Buffer.alloc(50)]), Buffer.from("aaaabbbb"), noise(1000, 2)];
    for (const [i, share] of [155 / 200, 10 / 8, 1].entries()) {
      const content = repeated(1_000_000, parts[i]!);
      const bytes = await encoded(content, 1);
      await expectContent(bytes, content, i);
      expect([i, beginnings(bytes, 1)]).toEqual([i, Math.ceil((content.length * share) / (BLOCK - 21))]);
    }
  });

  it("gives the same bytes however many threads there are, and however the input arrives", { timeout: 60_000 }, async () => {
    const content = Buffer.concat([mixture(700_000), Buffer.alloc(300_000), noise(100_000), repeated(200_000, Buffer.from("aaaab"))]);
    const one = await encoded(content, 2);
    await expectContent(one, content, "all");
    for (const [width, chunk] of [[2, 1 << 20], [5, 4099], [1, 99_979]] as const) expect((await encoded(content, 2, width, chunk)).equals(one)).toBe(true);
  });

  it("holds a bounded piece of what is one byte over and over", { timeout: 60_000 }, async () => {
    const content = Buffer.alloc(20 << 20);
    const bytes = await encoded(content, 9);
    expect([beginnings(bytes, 9), bytes.length < 300]).toEqual([5, true]);
    await expectContent(bytes, content, "zeros");
  });
});
