/** What our encoder of zstd makes, read by zstd(1) and by our decoder. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { zstd } from "../../src/filters/zstd.ts";
import { encodeFrame, FrameStream, MOST, MOST_PART } from "../../src/zstd/encoder.ts";
import { decode, mixture, noise } from "../helpers/filters.ts";
import { has } from "../helpers/tools.ts";

const LEVELS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
/** Those of zstd(1) that take about as long. */
const ZSTD_LEVELS = [1, 1, 1, 2, 2, 3, 3, 6, 12, 19];
const DEFAULT = 6;
const BLOCK = 128 << 10;

/** Real text: the lock file, the documents and two sources of this project. */
const TEXT = Buffer.concat(["package-lock.json", "ARCHITECTURE.md", "README.md", "CHANGELOG.md", "src/deflate/deflate.c", "src/bzip2/encode.c"].map((path) => readFileSync(new URL(`../../${path}`, import.meta.url))));

/** Words in no order. */
function words(length: number, kinds: number): Buffer {
  const all = Array.from({ length: kinds }, (_, i) => Buffer.concat([noise(2 + (i % 9), i).map((byte) => 97 + (byte % 26)), Buffer.from(" ")]));
  const picks = noise(2 * length, kinds);
  const parts: Uint8Array[] = [];
  for (let i = 0, size = 0; size < length; i++) size += parts[parts.push(all[picks.readUInt16LE(2 * i) % kinds]!) - 1]!.length;
  return Buffer.concat(parts).subarray(0, length);
}

/** The same `length` bytes twice, `distance` apart. */
function twice(length: number, distance: number): Buffer {
  const bytes = noise(distance + length, distance);
  bytes.copy(bytes, distance, 0, length);
  return bytes;
}

/** The same every time. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Few letters, and long repeats of what came before, also of themselves. */
function repeating(random: (below: number) => number): Buffer {
  const bytes = Buffer.alloc(200 + random(3000));
  const letters = 2 + random(3);
  for (let at = 0; at < bytes.length; ) {
    const distance = at > 8 && random(10) < 8 ? 1 + random(at) : 0;
    const end = Math.min(bytes.length, at + (distance > 0 ? 5 + random(300) : 1 + random(12)));
    for (; at < end; at++) bytes[at] = distance > 0 ? bytes[at - distance]! : 97 + random(letters);
  }
  return bytes;
}

/** Each period has `length` bytes. */
function period(of: number, length: number): Buffer {
  return Buffer.alloc(length, noise(of, of));
}

/** The Fibonacci word: it repeats itself everywhere, and never for long. */
function fibonacciWord(length: number): Buffer {
  let [one, other] = ["a", "ab"];
  while (other.length < length) [one, other] = [other, other + one];
  return Buffer.from(other.slice(0, length));
}

function fibonacci(n: number): number {
  return n < 2 ? 1 : fibonacci(n - 1) + fibonacci(n - 2);
}

const CONTENTS: [string, Buffer][] = [
  ...[0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 16, 31, 32, 33].map((length): [string, Buffer] => [`${length} bytes`, Buffer.from("abcabcabcd".repeat(4)).subarray(0, length)]),
  // Of the frame's size, and of a block.
  ...[255, 256, 257, 65_791, 65_792, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 2 * BLOCK + 9].flatMap((length): [string, Buffer][] => [[`${length} bytes of a mixture`, mixture(length)], [`${length} bytes of noise`, noise(length)]]),
  ["all bytes", Buffer.from(Array.from({ length: 256 }, (_, i) => i))],
  ["one byte again and again", Buffer.alloc(300_000, 7)],
  ["one byte, and one other in the middle", Buffer.alloc(300_000, 7).fill(8, 150_000, 150_001)],
  ["noise behind zeros", Buffer.concat([Buffer.alloc(100_000), noise(70_000), Buffer.alloc(200_003)])],
  ...[1, 2, 3, 4, 5, 7, 8, 9, 31, 70].map((of): [string, Buffer] => [`a period of ${of}`, period(of, 200_000)]),
  ...[3, 4, 8, 255, 256, 257, 70_000].flatMap((length) => [1000, 40_000, 200_000].map((distance): [string, Buffer] => [`${length} bytes, ${distance} apart`, twice(length, distance)])),
  ["the Fibonacci word", fibonacciWord(300_000)],
  ["few words", words(150_000, 40)],
  ["many words", words(400_000, 3000)],
  ["two kinds of bytes", noise(100_000, 9).map((byte) => byte & 1) as Buffer],
  ["bytes that are hardly ever others", noise(200_000, 3).map((byte) => (byte > 250 ? byte : 65)) as Buffer],
  ["more than 128 kinds of bytes, of which a few are frequent", noise(100_000, 4).map((byte, i) => (i % 4 === 0 ? byte : byte & 3)) as Buffer],
  // Fibonacci numbers: the codes would be longer than 11 bits.
  ["frequencies that ask for long codes", Buffer.concat(Array.from({ length: 24 }, (_, i) => Buffer.alloc(fibonacci(i), noise(fibonacci(i), i).map((byte) => (byte % 3) * 40 + i))))],
  ["text", TEXT],
  ["three blocks, of which only one shrinks", Buffer.concat([noise(BLOCK), mixture(BLOCK), noise(BLOCK, 2)])],
];

function packed(content: Uint8Array, level: number): Buffer {
  return Buffer.from(encodeFrame(content, level));
}

function byZstd(frame: Uint8Array, ...args: string[]): Buffer {
  const { status, stdout, stderr } = spawnSync("zstd", ["-qdc", ...args], { input: frame, maxBuffer: 1 << 28 });
  expect([status, stderr.toString()]).toEqual([0, ""]);
  return stdout;
}

describe.each(CONTENTS)("a zstd frame of %s", (_, content) => {
  it.each(LEVELS)("is read as what it was, at level %i, and is never much longer", async (level) => {
    const frame = packed(content, level);
    const { content: back, code, notes } = await decode(zstd, frame);
    expect([back.equals(content), code, notes]).toEqual([true, undefined, []]);
    // Header and checksum, and three bytes a block.
    expect(frame.length).toBeLessThanOrEqual(content.length + 13 + 3 * Math.max(1, Math.ceil(content.length / BLOCK)));
  });
});

it.skipIf(!has("zstd"))("zstd(1) reads it at every level (needs zstd)", () => {
  for (const level of LEVELS) {
    const frames = Buffer.concat(CONTENTS.map(([, content]) => packed(content, level)));
    expect([level, byZstd(frames).equals(Buffer.concat(CONTENTS.map(([, content]) => content)))]).toEqual([level, true]);
  }
}, 60_000);

it.skipIf(!has("zstd"))("zstd(1) reads every length up to 300 bytes, of what shrinks and what does not (needs zstd)", () => {
  for (const level of [1, 3, 6, 7, 9]) {
    const contents = Array.from({ length: 301 }, (_, length) => [TEXT.subarray(7 * length).subarray(0, length), noise(length), words(length, 5)]).flat();
    expect([level, byZstd(Buffer.concat(contents.map((content) => packed(content, level)))).equals(Buffer.concat(contents))]).toEqual([level, true]);
  }
}, 60_000);

it.each([1, 6, 7, 8, 9])("at level %i, as much as one call takes", async (level) => {
  const content = Buffer.alloc(MOST);
  for (let at = 0; at < MOST; at += content.length / 8) Buffer.concat([TEXT, noise(100_000, at)]).copy(content, at);
  const frame = packed(content, level);
  expect((await decode(zstd, frame)).content.equals(content)).toBe(true);
  // A window of more than 8 MiB is more than a reader has to have.
  expect(frame[4]! & 0x20).toBe(0);
  if (has("zstd")) expect(byZstd(frame, "--memory=8MB").equals(content)).toBe(true);
}, 60_000);

describe("a frame in parts", () => {
  it.each([1, 3, 6, 7, 8, 9])("is read as what all of them were, at level %i", async (level) => {
    for (const [content, sizes] of [[TEXT, [1000, 1, 0, 7, 100_000, 200_000]], [mixture(300_000), [MOST_PART]], [Buffer.alloc(0), [1]]] as const) {
      const frame = inParts(content, level, sizes);
      const { content: back, code } = await decode(zstd, frame);
      expect([back.equals(content), code]).toEqual([true, undefined]);
      if (has("zstd")) expect(byZstd(frame).equals(content)).toBe(true);
    }
  });

  it.each(LEVELS)("of nothing but zeros for longer than the window, and then of others, is as well, at level %i", async (level) => {
    const content = Buffer.concat([Buffer.alloc(18 << 20), TEXT, Buffer.alloc(9 << 20), TEXT]);
    expect((await decode(zstd, inParts(content, level, [MOST_PART]))).content.equals(content)).toBe(true);
  }, 30_000);

  it.each(LEVELS)("that end in the middle of what comes again is as well, at level %i", async (level) => {
    // Where a part ends, nothing tells yet which of two places is less.
    const random = numbers(level + 1);
    for (let times = 0; times < 400; times++) {
      const content = repeating(random);
      const frame = inParts(content, level, Array.from({ length: 40 }, () => 9 + random(500)));
      const { content: back, code } = await decode(zstd, frame);
      expect([times, code, back.equals(content)]).toEqual([times, undefined, true]);
    }
  }, 120_000);

  it("leaves its memory to the next one when it is closed", async () => {
    for (let times = 0; times < 3; times++) {
      const stream = new FrameStream(DEFAULT);
      const frame = Buffer.from(stream.pack(TEXT.subarray(0, 5000), true));
      stream.close();
      expect((await decode(zstd, frame)).content.equals(TEXT.subarray(0, 5000))).toBe(true);
    }
  });

  it.each([6, 7, 9])("of many times its window is as well, and still reaches back, at level %i", async (level) => {
    const content = Buffer.concat(Array.from({ length: 40 }, (_, i) => Buffer.concat([noise(400_000, i % 3), noise(200_000, 100 + i), words(100_000, 40 + i)])));
    const frame = inParts(content, level, [MOST_PART]);
    expect((await decode(zstd, frame)).content.equals(content)).toBe(true);
    if (has("zstd")) expect(byZstd(frame, "--memory=8MB").equals(content)).toBe(true);
    // The noise that comes again is found, the other is not.
    expect(frame.length).toBeLessThan(40 * 200_000 + 3 * 400_000 + 40 * 50_000);
  }, 60_000);
});

function inParts(content: Buffer, level: number, sizes: readonly number[]): Buffer {
  const stream = new FrameStream(level);
  const parts: Buffer[] = [];
  let at = 0;
  for (let i = 0; ; i++) {
    const part = content.subarray(at, at + sizes[i % sizes.length]!);
    at += part.length;
    parts.push(Buffer.from(stream.pack(part, at === content.length)));
    if (at === content.length) return Buffer.concat(parts);
  }
}

describe("what comes out", () => {
  afterEach(() => vi.resetModules());

  it("does not depend on what was packed before", async () => {
    const contents = Array.from({ length: 120 }, (_, i) => TEXT.subarray((i * 7919) % 300_000).subarray(0, i % 10 === 0 ? 30_000 + ((i * 31_000) % 300_000) : (i * 37) % 8000));
    const once = contents.map((content, i) => packed(content, i % 10));
    vi.resetModules();
    const { encodeFrame: fresh } = await import("../../src/zstd/encoder.ts");
    fresh(mixture(500_000), 9);
    const again = contents.map((content, i) => [content, i % 10] as const).reverse().map(([content, level]) => Buffer.from(fresh(content, level))).reverse();
    expect(again.findIndex((one, i) => !one.equals(once[i]!))).toBe(-1);
  }, 60_000);

  it.each(LEVELS)("does not depend on what lay behind its end, at level %i", (level) => {
    const content = Buffer.from("abcdeXYZ 123456;abcdeQRS 789|abcdefghijklm abcde");
    const first = packed(content, level);
    packed(Buffer.concat([content, Buffer.from("XYZ 123456; abcdefghijklm")]), level);
    expect(packed(content, level).equals(first)).toBe(true);
  });

  // Of xxHash's own test (xxhash_spec.md, xxhsum): XXH64 with the seed 0, the lower half.
  it.each([["", 0x51d8e999], ["a", 0xa98c6e5b], ["abc", 0xad770999]])("ends with the checksum of %j", (text, sum) => {
    expect(packed(Buffer.from(text), DEFAULT).subarray(-4).readUInt32LE()).toBe(sum);
  });

  it("has a checksum or not, as asked for", () => {
    expect(encodeFrame(TEXT, DEFAULT, { sum: false }).length).toBe(packed(TEXT, DEFAULT).length - 4);
  });
});

describe.skipIf(!has("zstd"))("next to zstd(1) (needs zstd)", () => {
  const program = readFileSync(new URL("../../node_modules/typescript/lib/typescript.js", import.meta.url)).subarray(0, 4 << 20);

  it.each(LEVELS)("at level %i, text and a program take no more than a hundredth beyond what it makes of them", (level) => {
    for (const [name, content] of [["text", TEXT], ["a program", program]] as const) {
      const its = spawnSync("zstd", ["-qc", `-${ZSTD_LEVELS[level]!}`, `--stream-size=${content.length}`], { input: content, maxBuffer: 1 << 28 }).stdout;
      expect([name, Math.max(1.01, packed(content, level).length / its.length)]).toEqual([name, 1.01]);
    }
  }, 60_000);
});

it("what nothing could be made of takes no longer than what much can be made of", () => {
  const [text, ...others] = [Buffer.concat([TEXT, TEXT, TEXT]), noise(1 << 20), period(3, 1 << 20), period(70, 1 << 20), fibonacciWord(1 << 20), noise(1 << 20, 9).map((byte) => byte & 1), words(1 << 20, 3)];
  for (const level of LEVELS) {
    const times = [text!, ...others].map((content) => timeOf(content.subarray(0, 1 << 20), level));
    expect([level, Math.max(...times) < 20 * times[0]! + 100]).toEqual([level, true]);
  }
}, 60_000);

function timeOf(content: Uint8Array, level: number): number {
  const { user } = process.cpuUsage();
  encodeFrame(content, level);
  return (process.cpuUsage().user - user) / 1000;
}

it("says how much it takes at once, and which levels there are", () => {
  expect(() => encodeFrame(Buffer.alloc(MOST + 1), DEFAULT)).toThrow(RangeError);
  expect(() => new FrameStream(DEFAULT).pack(Buffer.alloc(MOST_PART + 1), true)).toThrow(RangeError);
  for (const level of [-1, 10, Number.NaN]) expect(() => encodeFrame(TEXT.subarray(0, 10), level)).toThrow(RangeError);
});
