import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { xxh32 } from "../../src/bytes/xxhash32.ts";
import { lz4 } from "../../src/filters/lz4.ts";
import { acceptedCuts, decode, fixture, letsGo, mixture, noise, silentFlips, skippable, textOf, u32 } from "../helpers/filters.ts";
import { has } from "../helpers/tools.ts";

const MAGIC = u32(0x184d2204);
const LEGACY = u32(0x184c2102);

interface Frame {
  readonly flags?: number;
  readonly descriptor?: number;
  readonly size?: number;
  readonly dictionary?: number;
  readonly headerCheck?: number;
  /** Stored, unless it is a block as it lies in the file. */
  readonly blocks?: readonly (string | Uint8Array)[];
  readonly contentSum?: number;
  readonly end?: Uint8Array;
}

/** A frame with whatever its header may hold, or lie about. Strings are stored blocks, bytes are compressed ones. */
function frame(options: Frame): Buffer {
  const { size, dictionary, blocks = ["content"], contentSum } = options;
  const flags = options.flags ?? 0x60 | (size === undefined ? 0 : 8) | (contentSum === undefined ? 0 : 4) | (dictionary === undefined ? 0 : 1);
  const header = Buffer.concat([
    Buffer.from([flags, options.descriptor ?? 0x40]),
    ...(size === undefined ? [] : [u32(size), u32(0)]), ...(dictionary === undefined ? [] : [u32(dictionary)]),
  ]);
  return Buffer.concat([
    MAGIC, header, Buffer.from([options.headerCheck ?? (xxh32(header) >>> 8) & 0xff]),
    ...blocks.flatMap((block) => (typeof block === "string" ? [u32(block.length + 0x80000000), Buffer.from(block)] : [u32(block.length), block])),
    options.end ?? u32(0), ...(contentSum === undefined ? [] : [u32(contentSum)]),
  ]);
}

/** One compressed block: literals, then matches of [distance, length], then the last literals. */
function block(literals: string, distance: number, length: number, last: string): Buffer {
  const more = length - 4 >= 15 ? [...new Array<number>(Math.floor((length - 19) / 255)).fill(255), (length - 19) % 255] : [];
  return Buffer.concat([
    Buffer.from([(literals.length << 4) | Math.min(15, length - 4)]), Buffer.from(literals), Buffer.from([distance & 0xff, distance >>> 8, ...more]),
    Buffer.from([last.length << 4]), Buffer.from(last),
  ]);
}

function tool(content: Uint8Array, ...args: string[]): Buffer {
  const { stdout, status } = spawnSync("lz4", ["-q", "-c", ...args], { input: content, maxBuffer: 1 << 28 });
  expect(status).toBe(0);
  return stdout;
}

describe("xxh32()", () => {
  it("gives the values that the specification's test vectors have", () => {
    const vectors: [string, number][] = [["", 0x02cc5d05], ["a", 0x550d7456], ["abc", 0x32d153ff], ["Nobody inspects the spammish repetition", 0xe2293b2f]];
    for (const [text, hash] of vectors) expect(xxh32(Buffer.from(text))).toBe(hash);
  });
});

describe("lz4.decode()", () => {
  it("gives the content of a frame", async () => {
    expect(await textOf(lz4, frame({}))).toBe("content");
    expect(await textOf(lz4, frame({ size: 7, contentSum: xxh32(Buffer.from("content")) }))).toBe("content");
    expect(await textOf(lz4, frame({ blocks: [] }))).toBe("");
  });

  it("multi-frame: joins all frames, also skippable ones and those of the legacy format", async () => {
    const legacy = Buffer.concat([LEGACY, u32(4), Buffer.from([0x30]), Buffer.from("two")]);
    const parts = [skippable(Buffer.from("first")), frame({ blocks: ["one "] }), skippable(noise(3000), 15), legacy, frame({ blocks: [" three"] }), legacy, skippable(Buffer.alloc(0))];
    for (const chunk of [Infinity, 1, 7, 1000]) expect(await textOf(lz4, Buffer.concat(parts), { chunk })).toBe("one two threetwo");
    expect(await textOf(lz4, skippable(Buffer.from("nothing else")))).toBe("");
  });

  it("repeats what a match says, also when it overlaps itself", async () => {
    for (const [distance, length] of [[1, 4], [1, 18], [1, 19], [2, 300], [3, 1000], [4, 5], [4, 31], [4, 32], [4, 33]] as const) {
      const expected = `abcd${"abcd".slice(4 - distance).repeat(length).slice(0, length)}end`;
      expect(await textOf(lz4, frame({ blocks: [block("abcd", distance, length, "end")] })), `${distance} ${length}`).toBe(expected);
    }
  });

  it("a match reaches into the blocks before only where they are linked", async () => {
    const second = block("x", 5, 4, "y");
    expect(await textOf(lz4, frame({ flags: 0x40, blocks: ["abcd", second] }))).toBe("abcdxabcdy");
    expect((await decode(lz4, frame({ flags: 0x60, blocks: ["abcd", second] }))).code).toBe("BAD_DATA");
    expect((await decode(lz4, Buffer.concat([frame({ blocks: ["abcd"] }), frame({ flags: 0x40, blocks: [second] })]))).code).toBe("BAD_DATA");
  });

  it("refuses a match that reaches to before the data, or nowhere", async () => {
    for (const distance of [0, 5, 65535]) expect((await decode(lz4, frame({ blocks: [block("abcd", distance, 4, "x")] }))).code).toBe("BAD_DATA");
  });

  it("refuses a block that holds more than the header allows, whatever it is made of", async () => {
    const most = 64 * 1024;
    expect((await textOf(lz4, frame({ blocks: [block("a", 1, most - 2, "b")] }))).length).toBe(most);
    expect((await decode(lz4, frame({ blocks: [block("a", 1, most - 1, "b")] }))).code).toBe("BAD_DATA");
    expect((await decode(lz4, frame({ blocks: ["x".repeat(most + 1)] }))).code).toBe("BAD_DATA");
  });

  it("refuses a block that ends where it should not", async () => {
    for (const hex of ["40", "4061", "f0", "f0ff", "f001", "106101", "1f6101", "1f6101ff", "10610100", "1f61010000"]) {
      expect([hex, (await decode(lz4, frame({ blocks: [Buffer.from(hex, "hex")] }))).code]).toEqual([hex, "BAD_DATA"]);
    }
    for (const [hex, text] of [["00", ""], ["1061", "a"], ["1061010000", "aaaaa"]] as const) expect(await textOf(lz4, frame({ blocks: [Buffer.from(hex, "hex")] }))).toBe(text);
  });

  it("refuses a wrong checksum of header, block and content, and a wrong size", async () => {
    const blockSum = (sum: number): Buffer => frame({ flags: 0x70, blocks: [], end: Buffer.concat([u32(0x80000001), Buffer.from("a"), u32(sum), u32(0)]) });
    expect((await decode(lz4, frame({ headerCheck: 0 }))).code).toBe("BAD_HEADER");
    expect(await textOf(lz4, blockSum(xxh32(Buffer.from("a"))))).toBe("a");
    expect((await decode(lz4, blockSum(1))).code).toBe("BAD_CHECKSUM");
    expect((await decode(lz4, frame({ contentSum: 1 }))).code).toBe("BAD_CHECKSUM");
    expect((await decode(lz4, frame({ size: 8 }))).code).toBe("BAD_SIZE");
  });

  it("refuses versions, block sizes and flags that do not exist, and dictionaries, which it has not", async () => {
    for (const flags of [0x00, 0x20, 0xa0, 0xe0, 0x62]) expect([flags, (await decode(lz4, frame({ flags }))).code]).toEqual([flags, "BAD_HEADER"]);
    for (const descriptor of [0x00, 0x30, 0xc0, 0x41, 0x48]) expect((await decode(lz4, frame({ descriptor }))).code).toBe("BAD_HEADER");
    expect((await decode(lz4, frame({ dictionary: 7 }))).code).toBe("UNSUPPORTED_METHOD");
    expect(await textOf(lz4, frame({ dictionary: 0 }))).toBe("content");
  });

  it("refuses what is no lz4", async () => {
    for (const bytes of ["", "lz4", "no lz4 at all"]) expect((await decode(lz4, Buffer.from(bytes))).code).toBe("BAD_HEADER");
  });

  it("a frame of the legacy format has one short block, the last", async () => {
    const short = Buffer.concat([u32(4), Buffer.from([0x30]), Buffer.from("two")]);
    expect((await decode(lz4, Buffer.concat([LEGACY, short, short]))).code).toBe("BAD_DATA");
    expect(await textOf(lz4, Buffer.concat([LEGACY, short, Buffer.alloc(99)]))).toBe("two");
    expect((await decode(lz4, Buffer.concat([LEGACY, short, Buffer.from("rubbish, and more of it")]))).code).toBe("BAD_DATA");
    expect((await decode(lz4, Buffer.concat([LEGACY, u32(0)]))).code).toBe("BAD_DATA");
    // 8 MiB exactly: the content of one full block may be followed by another.
    const full = block("a", 1, 8 * 1024 * 1024 - 2, "b");
    expect((await textOf(lz4, Buffer.concat([LEGACY, u32(full.length), full, short]))).slice(-5)).toBe("abtwo");
  });

  it("truncated at any byte is an error, but for the legacy format between two blocks", async () => {
    const frames = fixture("lz4/good-frames.lz4");
    // Behind the leading skippable frame, and where the second of the frames begins, are ends like any other.
    const ends = [13, 232, 245];
    expect(await acceptedCuts(lz4, frames)).toEqual(ends);
    expect(await acceptedCuts(lz4, fixture("lz4/good-linked.lz4"))).toEqual([]);
    const legacy = fixture("lz4/good-legacy.lz4");
    expect(await acceptedCuts(lz4, legacy)).toEqual([4, 8 + legacy.readUInt32LE(4), 12 + legacy.readUInt32LE(4)]);
  });

  it("any one bit changed is told, unless the content stays what it was", async () => {
    expect(await silentFlips(lz4, fixture("lz4/good-frames.lz4"))).toEqual([]);
  });

  it("lets its input go, stopped early and after an error", async () => {
    expect(await letsGo(lz4, frame({ blocks: ["a".repeat(50_000), "b".repeat(50_000)] }))).toBe(true);
    expect(await letsGo(lz4, frame({ blocks: [block("a", 9, 9, "")] }))).toBe(true);
  });

  it.skipIf(!has("lz4"))("reads what lz4 made, with every option and in any chunks (needs lz4)", async () => {
    const content = mixture(700_000);
    for (const args of [["-1"], ["-9"], ["-BD", "-B4"], ["-BD", "-B5", "-BX"], ["-B4", "-BX", "--no-frame-crc"], ["-B7", "-BD", "-9"], ["-l"], ["--fast=9"]]) {
      const bytes = tool(content, ...args);
      for (const chunk of [Infinity, 65_536, 999]) {
        const decoded = await decode(lz4, Buffer.concat([bytes, bytes]), { chunk });
        expect([args, decoded.error?.message, decoded.content.equals(Buffer.concat([content, content]))]).toEqual([args, undefined, true]);
      }
    }
  });

  it.skipIf(!has("lz4"))("reads more than one block of 8 MiB of the legacy format (needs lz4)", async () => {
    const content = Buffer.concat([mixture(1_000_000), Buffer.alloc(16 * 1024 * 1024, "0123456789"), mixture(1000)]);
    expect((await decode(lz4, tool(content, "-l"))).content.equals(content)).toBe(true);
  });
});

describe("lz4.bid()", () => {
  const bid = (bytes: Uint8Array): number => lz4.bid({ head: bytes, tail: undefined });
  it("is sure of its own magic, also behind skippable frames", () => {
    expect([MAGIC, LEGACY, Buffer.concat([skippable(Buffer.from("xy")), skippable(Buffer.alloc(0)), MAGIC])].map(bid)).toEqual([32, 32, 32]);
  });
  it("knows zstd behind a skippable frame, and leaves it to the name where nothing is to be seen", () => {
    expect(bid(Buffer.concat([skippable(Buffer.from("xy")), u32(0xfd2fb528)]))).toBe(0);
    expect([skippable(Buffer.from("xy")), skippable(noise(100)).subarray(0, 50), skippable(noise(9)).subarray(0, 6)].map(bid)).toEqual([15, 15, 15]);
    expect([Buffer.alloc(0), Buffer.from([4, 0x22]), Buffer.from("text")].map(bid)).toEqual([0, 0, 0]);
  });
});
