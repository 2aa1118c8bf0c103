/** bzip2 and xz on several engines: the same bytes, errors and notes as on one, whatever is wrong with the data. */
import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { Bits, bitsAt, BLOCK_MARK, CHECKSUM_BITS, END_MARK, MARK_BITS, nextMark, primer, PRIMER_CONTENT } from "../../src/filters/bzip2-bits.ts";
import { Bzip2Cutter } from "../../src/filters/bzip2-cut.ts";
import { bzip2 } from "../../src/filters/bzip2.ts";
import { xz } from "../../src/filters/xz.ts";
import { Room } from "../../src/bytes/room.ts";
import type { Piece } from "../../src/filters/decode-pieces.ts";
import type { Bytes, Filter } from "../../src/formats/contract.ts";
import { inChunks } from "../helpers/build.ts";
import { decode, mixture, noise } from "../helpers/filters.ts";
import { has } from "../helpers/tools.ts";

function tool(name: string, bytes: Uint8Array, ...args: string[]): Buffer {
  const { stdout, status } = spawnSync(name, ["-c", ...args], { input: bytes, maxBuffer: 1 << 28 });
  expect(status).toBe(0);
  return stdout;
}

async function bytesOf(input: Bytes): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of input) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

/** What somebody is told, and a mark of what came out. */
async function told(filter: Filter, bytes: Uint8Array, threads: number, chunk = Infinity): Promise<unknown[]> {
  const { content, error, notes } = await decode(filter, bytes, { threads, chunk });
  return [content.length, content.length === 0 ? 0 : content.readUInt32LE(Math.max(0, content.length - 4)), error?.code, error?.message, error?.details, notes];
}

/** One bit changed at each of `places`, from 0 to 1; cut off there; and with something behind. */
function* damaged(bytes: Buffer, places: readonly number[]): Generator<Buffer> {
  for (const place of places) {
    const at = Math.floor(place * (bytes.length - 1));
    const changed = Buffer.from(bytes);
    changed[at]! ^= 1 << (at % 8);
    yield changed;
    yield bytes.subarray(0, at);
  }
  yield Buffer.concat([bytes, Buffer.alloc(100)]);
  yield Buffer.concat([bytes, Buffer.from("a remark in plain text, of some length")]);
  yield Buffer.concat([bytes, noise(50)]);
  yield Buffer.concat([bytes, bytes.subarray(0, 20_000)]);
}

const PLACES = [0, 0.00001, 0.1, 0.35, 0.5, 0.77, 0.9, 0.99999, 1];
const content = Buffer.concat([mixture(3_000_000), noise(400_000), mixture(3_000_000), Buffer.alloc(2_500_000, "ab")]);

describe("bzip2 on several engines", () => {
  it.skipIf(!has("bzip2"))("many short streams are cut as well, and nothing is read far ahead of the first cut (needs bzip2)", async () => {
    const one = tool("bzip2", noise(300_000), "-9");
    let read = 0;
    const input = async function* (): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 60; i++) {
        read += one.length;
        yield one;
      }
    };
    const cutter = new Bzip2Cutter(input());
    const readBefore: number[] = [];
    const start = async (piece: Piece): Promise<void> => {
      readBefore.push(read);
      const rest = await bytesOf(piece.input); // before what it shares is moved
      expect(rest.length).toBeGreaterThan(0);
      piece.done?.();
    };
    await cutter.run(start, new Room(48 << 20), () => {});
    expect(readBefore.length).toBeGreaterThan(10);
    expect(readBefore[0]).toBeLessThan(10 * one.length);
    const whole = Buffer.concat(Array.from({ length: 60 }, () => one));
    expect(await told(bzip2, whole, 3)).toEqual(await told(bzip2, whole, 1));
  });

  it("a primer brings a decoder to any checksum, at any bit", async () => {
    for (const [i, sum] of [0, 0xffffffff, 1, 0x80000000, 0x12345678, 0xdeadbeef, 0x00ff00ff, 0xf0f0f0f0, 0xcafebabe].entries()) {
      const bits = primer(1 + (i % 9), sum, i % 8);
      expect(bits.length % 8).toBe(i % 8);
      const { content, error } = await decode(bzip2, bits.add(END_MARK, MARK_BITS).add(sum, CHECKSUM_BITS).bytes());
      expect([sum, error, content.length]).toEqual([sum, undefined, PRIMER_CONTENT]);
    }
  });

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

  it.skipIf(!has("bzip2"))("streams with blocks of every size come out as they were (needs bzip2)", { timeout: 120_000 }, async () => {
    const both = Buffer.concat([tool("bzip2", content, "-1"), tool("bzip2", Buffer.alloc(0)), tool("bzip2", content, "-9"), tool("bzip2", content.subarray(0, 1000), "-5")]);
    const whole = Buffer.concat([content, content, content.subarray(0, 1000)]);
    for (const chunk of [Infinity, 70_001]) {
      const decoded = await decode(bzip2, both, { threads: 3, chunk });
      expect([chunk, decoded.error?.message, decoded.notes, decoded.content.equals(whole)]).toEqual([chunk, undefined, [], true]);
    }
  });

  it.skipIf(!has("bzip2"))("what was cut can be taken back and decoded in order, from any piece on (needs bzip2)", { timeout: 60_000 }, async () => {
    const bytes = Buffer.concat([tool("bzip2", content, "-1"), tool("bzip2", content.subarray(0, 2_000_000), "-2")]);
    for (const done of [0, 1, 2]) {
      let started = 0;
      const cutter = new Bzip2Cutter(inChunks(bytes, 60_000));
      const start = async (piece: Piece): Promise<void> => {
        if (++started === done + 2) throw new Error("enough"); // one more is under way then
        if (started > done) return;
        piece.done?.();
      };
      await expect(cutter.run(start, new Room(1 << 30), () => {})).rejects.toThrow("enough");
      const { input, skip } = cutter.takeBack();
      const rest = (await decode(bzip2, await bytesOf(input))).content.subarray(skip);
      const whole = Buffer.concat([content, content.subarray(0, 2_000_000)]);
      expect([done, whole.subarray(whole.length - rest.length).equals(rest), rest.length < whole.length]).toEqual([done, true, done > 0]);
    }
  });

  it.skipIf(!has("bzip2"))("damage is told as by one engine, behind the same content (needs bzip2)", { timeout: 300_000 }, async () => {
    const bytes = Buffer.concat([tool("bzip2", content, "-1"), tool("bzip2", content.subarray(0, 500_000), "-3")]);
    for (const bad of damaged(bytes, PLACES)) expect(await told(bzip2, bad, 3, 100_000)).toEqual(await told(bzip2, bad, 1));
  });
});

describe("xz on several engines", () => {
  it.skipIf(!has("xz"))("blocks and streams of every size come out as they were (needs xz)", { timeout: 120_000 }, async () => {
    const padding = Buffer.alloc(8);
    for (const args of [["-0", "--block-size=3000000"], ["-1", "-T2", "--block-size=4500000", "--check=sha256"], ["-0", "--check=none", "--block-size=100000"], ["--x86", "--lzma2=preset=0"]]) {
      const one = tool("xz", content, ...args);
      const bytes = Buffer.concat([one, padding, tool("xz", Buffer.alloc(0)), one, tool("xz", content.subarray(0, 1000))]);
      const decoded = await decode(xz, bytes, { threads: 3, chunk: 70_001, memory: 64 << 20 });
      expect([args, decoded.error?.message, decoded.notes, decoded.content.equals(Buffer.concat([content, content, content.subarray(0, 1000)]))]).toEqual([args, undefined, [], true]);
    }
  });

  it.skipIf(!has("xz"))("damage is told as by one engine, behind the same content (needs xz)", { timeout: 300_000 }, async () => {
    const bytes = tool("xz", content, "-0", "--block-size=2500000");
    for (const bad of damaged(bytes, PLACES)) expect(await told(xz, bad, 3, 100_000)).toEqual(await told(xz, bad, 1));
  });

  it.skipIf(!has("xz"))("every byte of the index and the footer of a stream that was cut is verified (needs xz)", { timeout: 300_000 }, async () => {
    const bytes = tool("xz", Buffer.alloc(9_000_000, "abc"), "-0", "--block-size=4500000");
    const index = (bytes.readUInt32LE(bytes.length - 8) + 1) * 4;
    for (let at = bytes.length - 12 - index; at < bytes.length; at += 2) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1 << (at % 8);
      expect([at, await told(xz, changed, 2)]).toEqual([at, await told(xz, changed, 1)]);
      expect([at, await told(xz, bytes.subarray(0, at), 2)]).toEqual([at, await told(xz, bytes.subarray(0, at), 1)]);
    }
  });

  it.skipIf(!has("xz"))("a later block may not ask for more memory than is allowed (needs xz)", async () => {
    const bytes = Buffer.concat([tool("xz", content, "-0", "--block-size=2500000"), tool("xz", content.subarray(0, 1000), "-9")]);
    expect((await decode(xz, bytes, { threads: 2, memory: 32 << 20 })).code).toBe("MEMORY");
    expect((await decode(xz, bytes, { threads: 2, memory: 64 << 20 })).code).toBeUndefined();
  });
});

describe.each([["bzip2", bzip2], ["xz", xz]] as const)("%s on several engines", (name, filter) => {
  it.skipIf(!has(name))("stopped early it lets its input go, and the next one is decoded", { timeout: 60_000 }, async () => {
    const bytes = name === "xz" ? tool(name, content, "-0", "--block-size=2500000") : tool(name, content, "-1");
    let isClosed = false;
    const input = async function* () {
      try {
        for (let at = 0; at < bytes.length; at += 50_000) yield bytes.subarray(at, at + 50_000);
      } finally {
        isClosed = true;
      }
    };
    for await (const _ of filter.decode(input(), { memory: 0, threads: 3, warn() {} })) break;
    expect(isClosed).toBe(true);
    expect((await decode(filter, bytes, { threads: 3 })).content.equals(content)).toBe(true);
  });

  it.skipIf(!has(name))("trouble with reading its input is what is told", { timeout: 60_000 }, async () => {
    const bytes = name === "xz" ? tool(name, content, "-0", "--block-size=2500000") : tool(name, content, "-1");
    const input = async function* () {
      yield bytes.subarray(0, Math.floor(bytes.length / 2));
      throw new Error("the disk is gone");
    };
    await expect(async () => {
      for await (const _ of filter.decode(input(), { memory: 0, threads: 3, warn() {} }));
    }).rejects.toThrow("the disk is gone");
  });
});
