/** Our decoder of zstd, next to zstd(1) and, from Node 22.15 on, Node's. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import zlib from "node:zlib";
import { describe, expect, it } from "vitest";
import { zstd as ours } from "../../src/filters/zstd.ts";
import { COMPRESSED, RAW, ZstdDecoder } from "../../src/zstd/decoder.ts";
import { encodeFrame } from "../../src/zstd/encoder.ts";
import { decode, mixture, noise, u32, type Decoded } from "../helpers/filters.ts";
import { has } from "../helpers/tools.ts";

/** Node's, from 22.15 on. */
const { zstdDecompressSync: byNode } = zlib as { zstdDecompressSync?: (bytes: Uint8Array) => Buffer };
const corpus = fileURLToPath(new URL("../../../shared/corpus", import.meta.url));

/** As from a pipe: the frame does not tell the size of its content. */
function zstd(content: Uint8Array, ...args: string[]): Buffer {
  const { stdout, status } = spawnSync("zstd", ["-q", "-c", ...args], { input: content, maxBuffer: 1 << 28 });
  expect(status).toBe(0);
  return stdout;
}

/** Repeats itself nearby and far away, with few literals in between, and at every short distance. */
function far(length: number): Buffer {
  const base = Buffer.concat([mixture(300_000), noise(60_000)]);
  const bytes = Buffer.alloc(length);
  const places = noise(4 * Math.ceil(length / 100), 5);
  for (let at = 0, i = 0; at < length; i += 4) {
    const place = places.readUInt32LE(i);
    const from = place % base.length;
    at += base.copy(bytes, at, from, from + 1 + (place % 3000));
    for (let left = place % 90, period = 1 + (i % 37); left > 0 && at < length && at >= period; left--, at++) bytes[at] = bytes[at - period]!;
    if (place % 7 === 0 && at > 2_000_000) at += bytes.copy(bytes, at, at - 1_900_000, at - 1_900_000 + (place % 1000));
  }
  return bytes;
}

/** Undefined where Node refuses it. */
function ofNode(bytes: Uint8Array): Buffer | undefined {
  try {
    return byNode!(bytes);
  } catch {
    return undefined;
  }
}

const told = ({ content, code, notes }: Decoded, expected: Uint8Array): unknown[] => [code, content.equals(expected), notes];
const RIGHT = [undefined, true, []];

describe.skipIf(!has("zstd"))("what zstd(1) made (needs zstd)", () => {
  it("at each level is what it was", { timeout: 120_000 }, async () => {
    const content = far(3_000_000);
    for (const args of [["--fast=10"], ["-1"], ["-3"], ["-5"], ["-9"], ["-13"], ["-16"], ["-19"], ["--ultra", "-22", "--long=27"], ["-3", "--no-check"], ["-3", "--no-compress-literals"], ["-1", "--compress-literals"]]) {
      const bytes = zstd(content, ...args);
      for (const chunk of [Infinity, 1000]) expect([args, ...told(await decode(ours, bytes, { chunk }), content)]).toEqual([args, ...RIGHT]);
    }
  });

  it("of every kind and length is what it was", { timeout: 120_000 }, async () => {
    const lengths = [0, 1, 2, 3, 5, 8, 16, 31, 33, 64, 100, 255, 256, 257, 1000, 65_535, 131_072, 131_073, 400_000];
    const kinds: Record<string, (length: number) => Buffer> = {
      noise, mixture, far, "all equal": (length) => Buffer.alloc(length, 7), "two bytes": (length) => noise(length).map((byte) => byte & 1) as Buffer, "few bytes": (length) => noise(length).map((byte) => byte & (byte >> 4)) as Buffer,
      text: (length) => Buffer.from(Array.from({ length: Math.ceil(length / 4) }, (_, i) => String((i * 7919) % 1009).padStart(4)).join("")).subarray(0, length),
    };
    for (const [kind, make] of Object.entries(kinds)) {
      for (const length of lengths) {
        const content = make(length);
        expect([kind, length, ...told(await decode(ours, zstd(content, length % 2 === 0 ? "-3" : "-19")), content)]).toEqual([kind, length, ...RIGHT]);
      }
    }
  });

  it("with windows that are passed many times is what it was, also where the size is known", { timeout: 120_000 }, async () => {
    const content = far(5_000_000);
    for (const log of [10, 11, 14, 17, 18, 20, 21]) {
      for (const size of [[], [`--stream-size=${content.length}`]]) {
        const bytes = zstd(content, `--zstd=wlog=${log}`, "-6", ...size);
        expect([log, ...told(await decode(ours, bytes), content)]).toEqual([log, ...RIGHT]);
      }
    }
  });

  it("in frames of every kind, one behind the other, is what it was", async () => {
    const parts = [mixture(100_000), Buffer.alloc(0), far(2_500_000), noise(70_000), Buffer.alloc(300_000)];
    const frames = parts.flatMap((part, i) => [zstd(part, ["-1", "-3", "-19"][i % 3]!, ...(i % 2 === 0 ? ["--no-check"] : []), ...(i % 3 === 0 ? [`--stream-size=${part.length}`] : []))]);
    for (const chunk of [Infinity, 333]) expect(told(await decode(ours, Buffer.concat(frames), { chunk }), Buffer.concat(parts))).toEqual(RIGHT);
  });

  it("several at once, on one thread, do not meet", async () => {
    const contents = [far(2_500_000), mixture(3_000_000), noise(2_000_000)];
    const found = await Promise.all(contents.map((content, i) => decode(ours, zstd(content, `-${i + 1}`), { chunk: 5000 })));
    expect(found.map((one, i) => told(one, contents[i]!))).toEqual([RIGHT, RIGHT, RIGHT]);
  });

  it("changed in any byte gives no other content", { timeout: 120_000 }, async () => {
    for (const args of [["-3"], ["-19"], ["-1", "--stream-size=1800"]]) {
      const content = mixture(1800);
      const bytes = zstd(content, ...args);
      for (let at = 0; at < bytes.length; at++) {
        for (const change of [1, 0x10, 0x80, 0xff]) {
          const changed = Buffer.from(bytes);
          changed[at]! ^= change;
          const { content: found, code, notes } = await decode(ours, changed);
          if (code === undefined && notes.length === 0) expect([args, at, change, found.equals(content)]).toEqual([args, at, change, true]);
        }
      }
    }
  });

  it.skipIf(byNode === undefined)("changed anywhere, without a checksum, gives what Node's gives, or is refused (needs Node 22.15)", { timeout: 120_000 }, async () => {
    let same = 0;
    for (const [seed, content] of [mixture(20_000), far(200_000), noise(500), Buffer.from("abcabcabcabcabc".repeat(9))].entries()) {
      const bytes = zstd(content, "--no-check", seed % 2 === 0 ? "-3" : "-19");
      const random = noise(8 * 300, seed + 1);
      for (let i = 0; i < 300; i++) {
        const changed = Buffer.from(bytes);
        const place = random.readUInt32LE(8 * i);
        changed[i % 2 === 0 ? place % bytes.length : place % Math.min(150, bytes.length)]! ^= 1 << (random[8 * i + 7]! % 8);
        const [found, theirs] = [await decode(ours, changed), ofNode(changed)];
        // Theirs does not look whether the streams of literals end where they should.
        if (found.code === undefined) expect([seed, i, theirs !== undefined && found.content.equals(theirs)]).toEqual([seed, i, true]);
        if ((found.code === undefined) === (theirs !== undefined)) same += 1;
      }
    }
    expect(same).toBeGreaterThan(1100);
  });

  it.skipIf(!existsSync(corpus))("in archives of other projects, where they lie beside this one, is what zstd(1) says", { timeout: 120_000 }, async () => {
    const files = readdirSync(corpus, { recursive: true, encoding: "utf8" }).filter((path) => /\.(zst|tzst|pzstd)$/.test(path) && !path.includes("4gig")); // which are 4 GiB
    for (const path of files) {
      const bytes = readFileSync(join(corpus, path));
      const { content, code } = await decode(ours, bytes);
      // Of these zstd(1) has another opinion before 1.5.5.
      if (path.includes("golden-decompression")) {
        expect([path, code]).toEqual([path, path.includes("-errors") ? "BAD_DATA" : undefined]);
        continue;
      }
      const { stdout, status } = spawnSync("zstd", ["-dcq", "--long=31"], { input: bytes, maxBuffer: 1 << 28 });
      if (code === undefined) expect([path, status, content.equals(stdout)]).toEqual([path, 0, true]);
      else expect([path, code, status === 0 && code !== "TRAILING_DATA" && code !== "BAD_HEADER"]).toEqual([path, code, false]);
    }
  });
});

describe("ZstdDecoder", () => {
  it("of any bits makes content or an error, and never more than a block may have", { timeout: 60_000 }, () => {
    const decoder = new ZstdDecoder("it");
    const codes = new Map<string, number>();
    // A byte as literals, and sequences by the tables that need no description; four streams, and one, of a tree of four symbols.
    const begins = [[0x15, 0x80, 0x61, 4, 0], [0x15, 0x01, 0x61, 1, 0], [0x46, 0x40, 0x09, 131, 0x11, 0x11], [0x42, 0x40, 0x01, 131, 0x11, 0x11], []];
    for (let seed = 0; seed < 20_000; seed++) {
      const begin = begins[seed % begins.length]!;
      const bytes = Buffer.concat([Buffer.from(begin), noise(2 + (seed % 13), seed)]);
      const window = seed % 5 === 0 ? 1024 : 1 << 20;
      decoder.open(window);
      let code = "none";
      try {
        decoder.put(noise(1024), 0);
        decoder.block(RAW, 1024);
        for (let i = 0; i < 3; i++) {
          decoder.put(bytes, 0);
          expect(decoder.block(COMPRESSED, bytes.length)).toBeLessThanOrEqual(Math.min(window, 1 << 17));
        }
        decoder.take(true);
      } catch (error) {
        code = (error as { code: string }).code;
        expect((error as Error).cause).toBeUndefined(); // nothing stopped but what looked
      }
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    expect([...codes.keys()].sort()).toEqual(["BAD_DATA", "none"]);
    decoder.open(1024, 5);
    decoder.put(Buffer.from("hello"), 0);
    expect(decoder.block(RAW, 5)).toBe(5);
    expect(Buffer.from(decoder.take(true)).toString()).toBe("hello");
  });

  it("sums as xxHash does, whatever the pieces", () => {
    const decoder = new ZstdDecoder("it");
    const content = noise(3000);
    for (const length of [0, 1, 3, 4, 7, 8, 12, 31, 32, 33, 63, 64, 100, 3000]) {
      // Of which zstd(1) is the judge, in the encoder's tests.
      const sum = Buffer.from(encodeFrame(content.subarray(0, length), 1).slice(-4)).readUInt32LE();
      for (const piece of [1, 5, 31, 32, 100, 3000]) {
        decoder.open(1 << 20);
        for (let at = 0; at < length; at += piece) {
          const part = content.subarray(at, Math.min(length, at + piece));
          decoder.put(part, 0);
          decoder.block(RAW, part.length);
          decoder.take(true);
        }
        expect([length, piece, decoder.sum]).toEqual([length, piece, sum]);
      }
    }
  });

  it("with the largest window takes the memory of its content", () => {
    const decoder = new ZstdDecoder("it");
    decoder.open(2 ** 31);
    decoder.put(Buffer.from("hello"), 0);
    expect([decoder.block(RAW, 5), decoder.isLarge]).toEqual([5, false]);
    expect(() => decoder.open(2 ** 31 + 1)).toThrow("needs more memory than there is");
  });
});

describe("the edges of what is allowed", () => {
  /** One frame of one compressed block, with a window of 1 KiB. */
  const compressed = (...bytes: number[]): Buffer => Buffer.concat([u32(0xfd2fb528), Buffer.from([0, 0]), u32((bytes.length << 3) | (2 << 1) | 1).subarray(0, 3), Buffer.from(bytes)]);
  const cases: [what: string, bytes: Buffer, content: string | undefined][] = [
    ["raw literals, no sequences", compressed(5 << 3, ...Buffer.from("hello"), 0), "hello"],
    ["a byte as literals, no sequences", compressed((5 << 3) | 1, 0x61, 0), "aaaaa"],
    ["no sequences in two bytes", compressed(5 << 3, ...Buffer.from("hello"), 0x80, 0), "hello"],
    ["no sequences section", compressed(5 << 3, ...Buffer.from("hello")), undefined],
    ["something behind no sequences", compressed(5 << 3, ...Buffer.from("hello"), 0, 0), undefined],
    ["more literals than bytes", compressed(6 << 3, ...Buffer.from("hello")), undefined],
    ["more literals than a block may have", compressed(0x15 | (1 << 4), 0xff, 0x61, 0), undefined],
    ["a tree from nowhere", compressed(0x53, 0, 0, 0), undefined],
    // Three symbols as tables: literal length 5, distance 4 - 3 = 1 (code 2, two bits: 0), match length 3.
    ["a sequence of one-symbol tables", compressed(5 << 3, ...Buffer.from("hello"), 1, 0b01010100, 5, 2, 0, 0b100), "hellooo" + "o"],
    ["a reserved bit", compressed(5 << 3, ...Buffer.from("hello"), 1, 0b01010101, 5, 2, 0, 0b100), undefined],
    ["bits that are left", compressed(5 << 3, ...Buffer.from("hello"), 1, 0b01010100, 5, 2, 0, 0b1000), undefined],
    ["bits that are missing", compressed(5 << 3, ...Buffer.from("hello"), 1, 0b01010100, 5, 2, 0, 0b10), undefined],
    ["no end mark", compressed(5 << 3, ...Buffer.from("hello"), 1, 0b01010100, 5, 2, 0, 0), undefined],
    ["a match in front of the beginning", compressed(5 << 3, ...Buffer.from("hello"), 1, 0b01010100, 5, 3, 0, 0b1000), "hellohel"],
    ["a match in front of the beginning", compressed(4 << 3, ...Buffer.from("hell"), 1, 0b01010100, 4, 3, 0, 0b1000), undefined],
    ["more literals than there are", compressed(5 << 3, ...Buffer.from("hello"), 1, 0b01010100, 6, 2, 0, 0b100), undefined],
    // Without literals the first repeat offset, 1, less a byte.
    ["a repeat offset of 0", compressed(5 << 3, ...Buffer.from("hello"), 1, 0b01010100, 0, 1, 0, 0b11), undefined],
    ["tables from nowhere", compressed(5 << 3, ...Buffer.from("hello"), 1, 0b11111100, 1), undefined],
    ["a symbol that is none", compressed(5 << 3, ...Buffer.from("hello"), 1, 0b01010100, 36, 2, 0, 0b100), undefined],
  ];
  it.each(cases)("%s", async (_, bytes, content) => {
    const { content: found, code } = await decode(ours, bytes);
    expect(code === undefined ? found.toString() : code).toBe(content ?? "BAD_DATA");
    if (byNode !== undefined) expect(ofNode(bytes)?.toString()).toBe(content);
  });
});
