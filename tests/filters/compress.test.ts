import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { compress } from "../../src/filters/compress.ts";
import { acceptedCuts, decode, fixture, letsGo, mixture, noise, textOf } from "../helpers/filters.ts";
import { has } from "../helpers/tools.ts";

const BLOCK_MODE = 0x80;
const CLEAR = 256;

/** Codes as compress(1) writes them: groups of 8 of one width, the last one of a width filled up. `clearAt` are numbers of bytes. */
function lzw(content: Uint8Array, { bits = 16, blockMode = true, clearAt = [] as number[] } = {}): Buffer {
  const out: number[] = [0x1f, 0x9d, bits | (blockMode ? BLOCK_MODE : 0)];
  let width = 9;
  let group: number[] = [];
  const flush = (whole: boolean): void => {
    const length = whole ? width : Math.ceil((group.length * width) / 8);
    let value = group.reduce((sum, code, at) => sum | (BigInt(code) << BigInt(at * width)), 0n);
    for (let at = 0; at < length && group.length > 0; at++, value >>= 8n) out.push(Number(value & 255n));
    group = [];
  };
  const put = (code: number): void => {
    group.push(code);
    if (group.length === 8) flush(true);
  };
  /** By prefix · 256 + byte. */
  let table = new Map<number, number>();
  let free = blockMode ? 257 : 256;
  let current: number | undefined;
  for (const [at, byte] of content.entries()) {
    const known = current === undefined ? byte : table.get(current * 256 + byte);
    if (known !== undefined) {
      current = known;
      continue;
    }
    put(current!);
    // The reader defines a code one step later, so the width changes when it has come that far.
    if (free > (1 << width) - 1 && width < bits) {
      flush(true);
      width += 1;
    }
    if (free < 1 << bits) table.set(current! * 256 + byte, free++);
    if (clearAt.includes(at)) {
      put(CLEAR);
      flush(true);
      width = 9;
      table = new Map();
      free = 257;
    }
    current = byte;
  }
  if (current !== undefined) put(current);
  flush(false);
  return Buffer.from(out);
}

describe("compress.decode()", () => {
  it("gives the content, of none and of one byte too", async () => {
    expect(await textOf(compress, lzw(Buffer.from("")))).toBe("");
    expect(await textOf(compress, lzw(Buffer.from("a")))).toBe("a");
    expect(await textOf(compress, lzw(Buffer.from("to be or not to be or to be or not")))).toBe("to be or not to be or to be or not");
  });

  it("knows a code that is only just being defined", async () => {
    expect(await textOf(compress, lzw(Buffer.alloc(1000, "a")))).toBe("a".repeat(1000));
  });

  it("skips what is left of a group when the width changes, with block mode and without", async () => {
    const content = mixture(300_000);
    for (const bits of [10, 11, 12, 13, 16]) {
      for (const blockMode of [true, false]) {
        const decoded = await decode(compress, lzw(content, { bits, blockMode }));
        expect([bits, blockMode, decoded.error?.message, decoded.content.equals(content)]).toEqual([bits, blockMode, undefined, true]);
      }
    }
  });

  it("forgets its table when it is told so, at any point of a group", async () => {
    const content = mixture(20_000);
    for (let first = 700; first < 712; first++) {
      const bytes = lzw(content, { clearAt: Array.from({ length: 2000 }, (_, at) => first + at * 7) });
      expect((await decode(compress, bytes)).content.equals(content)).toBe(true);
    }
  });

  it("gives the same whatever the chunks, also one byte at a time", async () => {
    const content = mixture(30_000);
    const bytes = lzw(content, { clearAt: [20_000, 20_001, 20_002, 20_003, 20_004] });
    for (const chunk of [1, 2, 3, 5, 100, 1000]) expect((await decode(compress, bytes, { chunk })).content.equals(content)).toBe(true);
  });

  it("gives content that fills its buffer many times, in long strings", async () => {
    const content = Buffer.alloc(3_000_000, "a");
    expect((await decode(compress, lzw(content))).content.equals(content)).toBe(true);
  });

  it("refuses a code that stands for nothing yet, also as the first one", async () => {
    const codes = (...list: number[]): Buffer => {
      const bits = list.reduce((sum, code, at) => sum | (BigInt(code) << BigInt(at * 9)), 0n);
      return Buffer.from([0x1f, 0x9d, 0x90, ...Array.from({ length: Math.ceil((list.length * 9) / 8) }, (_, at) => Number((bits >> BigInt(8 * at)) & 255n))]);
    };
    expect(await textOf(compress, codes(97, 257, 98))).toBe("aaab");
    for (const list of [[257], [256], [300], [97, 258], [97, 257, 259], [97, 98, 511]]) expect([list, (await decode(compress, codes(...list))).code]).toEqual([list, "BAD_DATA"]);
    // Behind a clear code it is the same as at the beginning.
    expect(await textOf(compress, codes(97, 256, 0, 0, 0, 0, 0, 0, 98))).toBe("ab");
    expect((await decode(compress, codes(97, 98, 256, 0, 0, 0, 0, 0, 257))).code).toBe("BAD_DATA");
  });

  it("refuses what is no compress, and flags that no version defines", async () => {
    for (const bytes of [[], [0x1f], [0x1f, 0x9d]]) expect((await decode(compress, Buffer.from(bytes))).code).toBe("TRUNCATED");
    for (const flags of [0x88, 0x91, 0xb0, 0xd0, 0x00]) expect((await decode(compress, Buffer.from([0x1f, 0x9d, flags, 0x61, 0]))).code).toBe("BAD_HEADER");
    expect((await decode(compress, Buffer.from("text"))).code).toBe("BAD_HEADER");
  });

  it("truncated within a code is an error; between two codes nothing in the format could tell", async () => {
    const bytes = fixture("compress/good-16-bits.Z");
    const whole = (await decode(compress, bytes)).content;
    const accepted = await acceptedCuts(compress, bytes);
    // Of 9 bytes that hold 8 codes of 9 bits, only where a code ends in the last bits of a byte, or is followed by zeros, is a cut not seen.
    expect(accepted.length).toBeLessThan(bytes.length / 3);
    for (const length of accepted) {
      const { content } = await decode(compress, bytes.subarray(0, length));
      expect(whole.subarray(0, content.length).equals(content)).toBe(true);
    }
    for (const length of [0, 1, 2, 4]) expect((await decode(compress, bytes.subarray(0, length))).code).toBe("TRUNCATED");
  });

  it("any bits changed lead to other content or to an error, never further", async () => {
    const bytes = lzw(mixture(2000));
    for (let bit = 16; bit < bytes.length * 8; bit += 7) {
      const changed = new Uint8Array(bytes);
      changed[bit >>> 3]! ^= 1 << (bit & 7);
      expect([undefined, "BAD_DATA", "BAD_HEADER", "TRUNCATED"]).toContain((await decode(compress, changed)).code);
    }
  });

  it("lets its input go, stopped early and after an error", async () => {
    expect(await letsGo(compress, lzw(noise(400_000)))).toBe(true);
    expect(await letsGo(compress, fixture("compress/bad-code.Z"))).toBe(true);
  });

  it.skipIf(!has("compress"))("reads what compress made, of 10 to 16 bits, with and without block mode, where tables are cleared too (needs compress)", async () => {
    const content = Buffer.concat([mixture(400_000), noise(60_000), mixture(100_000)]);
    for (const args of [["-b", "10"], ["-b", "11"], ["-b", "12"], ["-b", "14"], ["-b", "16"]]) {
      const { stdout } = spawnSync("compress", ["-c", "-f", ...args], { input: content, maxBuffer: 1 << 28 });
      for (const chunk of [Infinity, 777]) expect((await decode(compress, stdout, { chunk })).content.equals(content)).toBe(true);
    }
  });

  it.skipIf(!has("gzip"))("what these tests write is what gzip reads (needs gzip)", () => {
    const content = mixture(100_000);
    for (const bytes of [lzw(content), lzw(content, { bits: 11 }), lzw(content, { bits: 12, blockMode: false }), lzw(content, { clearAt: [5000, 5001, 5002, 5003] })]) {
      expect(spawnSync("gzip", ["-dc"], { input: bytes }).stdout.equals(content)).toBe(true);
    }
  });
});

describe("compress.bid()", () => {
  const bid = (...bytes: number[]): number => compress.bid({ head: Buffer.from(bytes), tail: undefined });
  it("counts the magic, the flags and the first code", () => {
    expect([bid(0x1f, 0x9d, 0x90), bid(0x1f, 0x9d, 0x90, 0x61, 0), bid(0x1f, 0x9d, 0x0c, 0x61, 2)]).toEqual([20, 21, 21]);
  });
  it("is none for other flags, a first code that cannot be, and other bytes", () => {
    for (const bytes of [[], [0x1f, 0x9d], [0x1f, 0x9d, 0x80], [0x1f, 0x9d, 0x91], [0x1f, 0x9d, 0xf0], [0x1f, 0x9d, 0x90, 0x61, 1], [0x1f, 0x8b, 0x90]]) expect(bid(...bytes)).toBe(0);
  });
});
