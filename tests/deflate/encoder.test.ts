/** What our encoder makes, read by Node's zlib, gzip(1) and 7zz. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { crc32, deflateRawSync, inflateRawSync } from "node:zlib";
import { afterEach, describe, expect, it, vi } from "vitest";
import { deflate, MOST, WINDOW } from "../../src/deflate/encoder.ts";
import { mixture, noise, u32 } from "../helpers/filters.ts";
import { has } from "../helpers/tools.ts";

const LEVELS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
const DEFAULT = 6;
/** Behind a stored block that is not the last. */
const SYNC = Buffer.from("0000ffff", "hex");

/** Real text: the lock file, the documents and two sources of this project. */
const TEXT = Buffer.concat(["package-lock.json", "ARCHITECTURE.md", "README.md", "CHANGELOG.md", "src/deflate/deflate.c", "src/bzip2/encode.c"].map((path) => readFileSync(new URL(`../../${path}`, import.meta.url))));

/** Words in no order: many matches of each length, the longest far behind others. */
function words(length: number, kinds: number): Buffer {
  const all = Array.from({ length: kinds }, (_, i) => noise(2 + (i % 9), i).map((byte) => 97 + (byte % 26)));
  const parts: Uint8Array[] = [];
  for (let at = 0, size = 0; size < length; at += 2) {
    const place = noise(2, at).readUInt16LE();
    parts.push(all[place % kinds]!, Buffer.from(" "));
    size += all[place % kinds]!.length + 1;
  }
  return Buffer.concat(parts).subarray(0, length);
}

/** The same `length` bytes twice, `distance` apart. */
function twice(length: number, distance: number): Buffer {
  const bytes = noise(distance + length, distance);
  bytes.copy(bytes, distance, 0, length);
  return bytes;
}

const CONTENTS: [string, Buffer][] = [
  ...[0, 1, 2, 3, 4, 5, 6, 7, 9].map((length): [string, Buffer] => [`${length} bytes`, Buffer.from("abcabcabc").subarray(0, length)]),
  ["all bytes", Buffer.from(Array.from({ length: 256 }, (_, i) => i))],
  ["one byte again and again", Buffer.alloc(300_000, 7)],
  ["matches of 258 and one", Buffer.alloc(258 * 3 + 2, "x")],
  ["a period of two", Buffer.alloc(5000, "ab")],
  ["noise", noise(200_000)],
  ["noise behind zeros", Buffer.concat([Buffer.alloc(100_000), noise(70_000), Buffer.alloc(3)])],
  ...[3, 4, 8, 257, 258, 259, 600].flatMap((length) => [511, 512, 513, 1000, 2048, 2049, WINDOW - 1, WINDOW, WINDOW + 1].map((distance): [string, Buffer] => [`${length} bytes, ${distance} apart`, twice(length, distance)])),
  ["a mixture", mixture(400_000)],
  ["few words", words(150_000, 40)],
  ["many words", words(150_000, 3000)],
  ["two kinds of bytes", noise(100_000, 9).map((byte) => byte & 1) as Buffer],
  // Fibonacci numbers: the codes would be longer than 15 bits.
  ["frequencies that ask for long codes", Buffer.concat(Array.from({ length: 24 }, (_, i) => Buffer.alloc(fibonacci(i), i)))],
  ["as much as one call takes", Buffer.concat([TEXT, mixture(MOST)]).subarray(0, MOST)],
  ["as much noise", noise(MOST, 5)],
];

function fibonacci(n: number): number {
  return n < 2 ? 1 : fibonacci(n - 1) + fibonacci(n - 2);
}

function packed(content: Uint8Array, level: number): Buffer {
  return Buffer.from(deflate(content, level));
}

describe.each(CONTENTS)("a deflate stream of %s", (_, content) => {
  it.each(LEVELS)("is read as what it was, at level %i, and is never much longer", (level) => {
    const stream = packed(content, level);
    const { buffer, engine } = inflateRawSync(stream, { info: true }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
    expect([buffer.equals(content), engine.bytesWritten]).toEqual([true, stream.length]);
    expect(stream.length).toBeLessThanOrEqual(content.length + 10 * Math.ceil((content.length + 1) / 65535));
  });
});

it.skipIf(!has("gzip") && !has("7zz"))("gzip(1) and 7zz read it at every level (needs gzip or 7zz)", () => {
  for (const level of LEVELS) {
    for (const [name, content] of CONTENTS) {
      // 1f 8b 08: gzip's header (RFC 1952, 2.3), without anything that may be left out.
      const file = Buffer.concat([Buffer.from("1f8b08000000000000ff", "hex"), packed(content, level), u32(crc32(content)), u32(content.length)]);
      const program = has("gzip") && level % 2 === 0 ? ["gzip", "-dc"] : has("7zz") ? ["7zz", "x", "-tgzip", "-si", "-so"] : ["gzip", "-dc"];
      const { status, stdout } = spawnSync(program[0]!, program.slice(1), { input: file, maxBuffer: 1 << 28 });
      expect([program[0], level, name, status, stdout.equals(content)]).toEqual([program[0], level, name, 0, true]);
    }
  }
}, 120_000);

it.each(LEVELS)("parts of a stream, each with what was before it, are the stream, at level %i", (level) => {
  const content = Buffer.concat([mixture(100_000), words(60_000, 200), noise(50_000), mixture(90_000)]);
  const cuts = [0, 1, 1, 4, 1000, 32_767, 32_768, 32_769, 65_000, 150_000, 150_003, content.length, content.length];
  const parts = cuts.map((from, i) => partOf(content, from, cuts[i + 1] ?? content.length, level, i === cuts.length - 1));
  for (const part of parts.slice(0, -1)) expect(part.subarray(-4)).toEqual(SYNC);
  expect(inflateRawSync(Buffer.concat(parts)).equals(content)).toBe(true);
});

function partOf(content: Buffer, from: number, to: number, level: number, isLast: boolean): Buffer {
  return Buffer.from(deflate(content.subarray(from, to), level, { before: content.subarray(0, from), isLast }));
}

it("what was before is matched", () => {
  const content = noise(10_000);
  const before = Buffer.concat([noise(50_000, 2), content, noise(WINDOW - content.length, 3)]);
  expect(deflate(content, DEFAULT, { before }).length).toBeLessThan(300);
  // One byte farther away, the first one is out of reach.
  expect(deflate(content, DEFAULT, { before: before.subarray(0, -1) }).length).toBeLessThan(300);
  expect(deflate(content, DEFAULT, { before: Buffer.concat([before, content]).subarray(0, 50_000) }).length).toBeGreaterThan(9900);
});

describe("what comes out", () => {
  afterEach(() => vi.resetModules());

  /** An encoder that has packed nothing yet. */
  async function fresh(): Promise<typeof deflate> {
    vi.resetModules();
    return (await import("../../src/deflate/encoder.ts")).deflate;
  }

  it("does not depend on what was packed before", async () => {
    const contents = Array.from({ length: 200 }, (_, i) => TEXT.subarray((i * 7919) % 300_000).subarray(0, i % 10 === 0 ? 30_000 + ((i * 31_000) % 300_000) : (i * 37) % 8000));
    const once = contents.map((content, i) => packed(content, 1 + (i % 9)));
    const again = contents.map((content, i) => [content, 1 + (i % 9)] as const).reverse().map(([content, level]) => packed(content, level)).reverse();
    expect(again.findIndex((one, i) => !one.equals(once[i]!))).toBe(-1);
  }, 30_000);

  it.each([5, 6])("does not depend on the same content just packed, of which all places are still there, at level %i", async (level) => {
    const step = Math.floor(TEXT.length / 60);
    for (let from = 0; from + 60_000 < TEXT.length; from += step) {
      const content = TEXT.subarray(from, from + 60_000);
      const one = await fresh();
      expect([from, Buffer.from(one(content, level)).equals(one(content, level))]).toEqual([from, true]);
    }
  }, 60_000);

  it.each(LEVELS)("does not depend on what lay behind its end, at level %i", async (level) => {
    const content = Buffer.from("abcdeXYZ 123456;abcdeQRS 789|abcde");
    const one = await fresh();
    const first = Buffer.from(one(content, level));
    one(Buffer.concat([content, Buffer.from("XYZ........")]), level);
    expect(Buffer.from(one(content, level)).equals(first)).toBe(true);
  });
});

it("the same content gives the same bytes after so many others that places begin anew", () => {
  const content = TEXT.subarray(0, 5000);
  const expected = packed(content, DEFAULT);
  let differing = 0;
  // Each call takes 2^15 places and more, of 2^32.
  for (let i = 0; i < 140_000; i++) {
    if (i % 100 !== 0) deflate(content.subarray(0, 5), 1);
    else if (!packed(content, DEFAULT).equals(expected)) differing++;
  }
  expect(differing).toBe(0);
}, 30_000);

describe("on a processor without vectors", () => {
  afterEach(() => {
    vi.doUnmock("../../src/bytes/webassembly.ts");
    vi.resetModules();
  });

  it("it gives the same bytes", async () => {
    const { CODE } = await import("../../src/deflate/code.ts");
    const { instantiate } = await import("../../src/bytes/webassembly.ts");
    const asked: boolean[] = [];
    vi.resetModules();
    vi.doMock("../../src/bytes/webassembly.ts", () => ({
      instantiate(code: string) {
        asked.push(code === CODE);
        if (code === CODE) throw new Error("no vectors");
        return instantiate(code);
      },
    }));
    const { deflate: plain } = await import("../../src/deflate/encoder.ts");
    for (const level of LEVELS) {
      for (const [name, content] of CONTENTS) expect([name, level, packed(content, level).equals(plain(content, level))]).toEqual([name, level, true]);
    }
    expect(asked).toEqual([true, false]);
  }, 60_000);
});

it.each([1, 2, 3, 4, 5, 6, 7, 8, 9])("at level %i, text takes no more than 2 %% beyond what zlib makes of it", (level) => {
  expect(packed(TEXT, level).length / deflateRawSync(TEXT, { level }).length).toBeLessThan(1.02);
});

it.each([5, 6, 7, 8])("at level %i, text of few words takes no more than 1 %% beyond what zlib makes of it at level 6", (level) => {
  const kinds = "about after again all also and any are as at away back be because before but by come could day different do does down each even find first for from get give go good great had have he her here him his how if in into is it just know large like line little long look made make man many may me more most must my name new no not now number of off old on one or other our out over part people place right same see she so some such take than that the their them then there these they thing think this three time to two up us use very was water way we well went were what when where which who why will with word work world would write year you your".split(" ");
  const picks = noise(200_000);
  const text = Buffer.from(Array.from({ length: 100_000 }, (_, at) => kinds[picks.readUInt16LE(2 * at) % kinds.length]!).join(" "));
  expect(packed(text, level).length / deflateRawSync(text, { level: 6 }).length).toBeLessThan(1.01);
});

it("says how much it takes at once, and which levels there are", () => {
  expect(() => deflate(Buffer.alloc(MOST + 1), DEFAULT)).toThrow(RangeError);
  for (const level of [-1, 10, Number.NaN]) expect(() => deflate(TEXT.subarray(0, 10), level)).toThrow(RangeError);
});
