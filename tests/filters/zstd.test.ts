import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { zstd } from "../../src/filters/zstd.ts";
import { acceptedCuts, decode, fixture, letsGo, mixture, noise, silentFlips, skippable, textOf, u32 } from "../helpers/filters.ts";
import { has, temporaryFolder } from "../helpers/tools.ts";

const MAGIC = u32(0xfd2fb528);
const SINGLE_SEGMENT = 0x20;
const MIB = 1024 * 1024;

interface Frame {
  readonly descriptor?: number;
  /** Window, dictionary and content size, as the descriptor announces them. */
  readonly fields?: readonly number[];
  readonly blocks?: readonly Uint8Array[];
  readonly sum?: Uint8Array;
}

/** One frame; without options of raw "content", with a window of 1 KiB and no size. */
function frame({ descriptor = 0, fields = [0], blocks = [raw("content", true)], sum }: Frame = {}): Buffer {
  return Buffer.concat([MAGIC, Buffer.from([descriptor, ...fields]), ...blocks, sum ?? Buffer.alloc(0)]);
}

function block(type: number, size: number, body: Uint8Array, last: boolean): Buffer {
  const header = u32((size << 3) | (type << 1) | (last ? 1 : 0)).subarray(0, 3);
  return Buffer.concat([header, body]);
}

const raw = (text: string, last = false): Buffer => block(0, text.length, Buffer.from(text), last);
const rle = (byte: string, size: number, last = false): Buffer => block(1, size, Buffer.from(byte), last);

/** A Window_Descriptor: 2^(10 + exponent), and eighths of it. */
const windowOf = (exponent: number, eighths = 0): number => (exponent << 3) | eighths;

function tool(content: Uint8Array, ...args: string[]): Buffer {
  const { stdout, status } = spawnSync("zstd", ["-q", "-c", ...args], { input: content, maxBuffer: 1 << 28 });
  expect(status).toBe(0);
  return stdout;
}

describe("zstd.decode()", () => {
  it("gives the content of raw and repeated blocks, with and without a size", async () => {
    expect(await textOf(zstd, frame())).toBe("content");
    expect(await textOf(zstd, frame({ blocks: [raw("one "), rle("x", 5), raw(" two", true)] }))).toBe("one xxxxx two");
    expect(await textOf(zstd, frame({ descriptor: SINGLE_SEGMENT, fields: [7] }))).toBe("content");
    expect(await textOf(zstd, frame({ blocks: [raw("", true)] }))).toBe("");
  });

  it("two frames: gives the content of both", async () => {
    expect(await textOf(zstd, Buffer.concat([frame({ blocks: [raw("one ", true)] }), frame({ blocks: [raw("two", true)] })]))).toBe("one two");
  });

  it("leading skippable frame: gives what is behind it, and nothing where nothing is", async () => {
    for (const first of [skippable(Buffer.from("12345"), 3), skippable(Buffer.alloc(0)), skippable(noise(100_000), 15)]) {
      for (const chunk of [Infinity, 1000]) expect(await textOf(zstd, Buffer.concat([first, frame()]), { chunk })).toBe("content");
    }
    expect(await textOf(zstd, skippable(Buffer.from("nothing else")))).toBe("");
    expect(await textOf(zstd, Buffer.concat([frame(), skippable(Buffer.from("last"))]))).toBe("content");
  });

  it("gives the same whatever the chunks, also one byte at a time", async () => {
    const expected = await textOf(zstd, fixture("zstd/good-frames.zst"));
    for (const chunk of [1, 2, 5, 100]) expect(await textOf(zstd, fixture("zstd/good-frames.zst"), { chunk })).toBe(expected);
  });

  it("joins thousands of small frames", async () => {
    const frames = Array.from({ length: 3000 }, (_, at) => frame({ blocks: [raw(`${at}\n`, true)] }));
    expect((await textOf(zstd, Buffer.concat(frames), { chunk: 5000 })).split("\n")).toHaveLength(3001);
  });

  it("truncated at any byte is an error", async () => {
    // Every way of a frame to end: raw and repeated blocks, a checksum, and skippable frames, where ends of frames are ends.
    const bytes = Buffer.concat([skippable(Buffer.from("ab")), frame({ blocks: [raw("ab"), rle("x", 5, true)] })]);
    expect(await acceptedCuts(zstd, bytes)).toEqual([10]);
    const real = fixture("zstd/good-frames.zst");
    const second = real.indexOf(MAGIC, real.indexOf(MAGIC) + 1);
    for (const length of [40, 100, second - 4, second - 1]) expect([length, (await decode(zstd, real.subarray(0, length))).code]).toEqual([length, "TRUNCATED"]);
    expect((await decode(zstd, real.subarray(0, second))).code).toBeUndefined();
  });

  it("any bit changed is told", async () => {
    const real = fixture("zstd/good-frames.zst");
    const first = real.subarray(real.indexOf(MAGIC), real.indexOf(MAGIC, real.indexOf(MAGIC) + 1));
    // The unused bit of the descriptor, and windows of other sizes, change nothing of the content.
    expect(await silentFlips(zstd, first)).toEqual([]);
  });

  it("refuses a wrong checksum", async () => {
    expect((await decode(zstd, fixture("zstd/bad-checksum.zst"))).code).toBe("BAD_CHECKSUM");
    const { error } = await decode(zstd, frame({ descriptor: 4, sum: u32(1) }));
    expect(error?.code).toBe("BAD_CHECKSUM");
  });

  it("refuses content of another size than the header says", async () => {
    for (const [text, size] of [["content", 8], ["content", 9], ["", 1]] as const) {
      expect([text, size, (await decode(zstd, frame({ descriptor: SINGLE_SEGMENT, fields: [size], blocks: [raw(text, true)] }))).code?.slice(0, 4)]).toEqual([text, size, "BAD_"]);
    }
    // 256 is where a size of two bytes begins; its window is another one.
    const two = (size: number): Buffer => frame({ descriptor: 0x40, fields: [windowOf(0), size - 256, 0], blocks: [rle("x", 300, true)] });
    expect((await textOf(zstd, two(300))).length).toBe(300);
    for (const size of [299, 301]) expect((await decode(zstd, two(size))).code?.slice(0, 4)).toBe("BAD_");
  });

  it("refuses blocks that are larger than the header allows, and those of the reserved type", async () => {
    expect((await textOf(zstd, frame({ blocks: [rle("x", 1024, true)] }))).length).toBe(1024);
    expect((await decode(zstd, frame({ blocks: [rle("x", 1025, true)] }))).code).toBe("BAD_DATA");
    expect((await decode(zstd, frame({ blocks: [raw("x".repeat(1025), true)] }))).code).toBe("BAD_DATA");
    expect((await decode(zstd, frame({ fields: [windowOf(10)], blocks: [rle("x", 128 * 1024 + 1, true)] }))).code).toBe("BAD_DATA");
    expect((await decode(zstd, frame({ blocks: [block(3, 1, Buffer.from("x"), true)] }))).code).toBe("BAD_DATA");
  });

  it("tells of what is valid and made by no encoder: the unused bit, empty blocks in the middle, empty frames and skippable ones in a row", async () => {
    const empty = frame({ blocks: [raw("", true)] });
    const whole = frame();
    const odd: Record<string, Buffer> = {
      "no meaning": frame({ descriptor: 0x10 }),
      "holds nothing": frame({ blocks: [raw(""), raw("content", true)] }),
      "hold nothing": Buffer.concat([empty, empty, whole]),
      "Several skippable": Buffer.concat([skippable(Buffer.from("a")), skippable(Buffer.from("b")), whole]),
    };
    for (const [word, bytes] of Object.entries(odd)) {
      const { content, code, notes } = await decode(zstd, bytes);
      expect([word, content.toString(), code, notes.length]).toEqual([word, "content", undefined, 1]);
      expect(notes[0]).toContain(word);
    }
    // pzstd puts a skippable frame before each frame, the seekable format and image layers put some behind the last, an empty file is an empty frame.
    for (const bytes of [Buffer.concat([skippable(Buffer.alloc(4)), whole, skippable(Buffer.alloc(4)), whole]), Buffer.concat([whole, skippable(Buffer.alloc(9)), skippable(Buffer.alloc(9))]), empty, Buffer.concat([empty, whole]), frame({ blocks: [raw("content"), raw("", true)] })]) {
      expect((await decode(zstd, bytes)).notes).toEqual([]);
    }
  });

  it("refuses the reserved flag, and dictionaries, which it has not", async () => {
    expect((await decode(zstd, frame({ descriptor: 0x08 }))).code).toBe("BAD_HEADER");
    for (const [descriptor, fields] of [[1, [0, 7]], [2, [0, 0, 7]], [3, [0, 0, 0, 0, 7]]] as const) {
      expect((await decode(zstd, frame({ descriptor, fields }))).code).toBe("UNSUPPORTED_METHOD");
    }
    expect(await textOf(zstd, frame({ descriptor: 1, fields: [0, 0] }))).toBe("content");
  });

  it("long window: takes what it may, and names the memory that it needs otherwise", async () => {
    const wide = (exponent: number, eighths = 0): Buffer => frame({ fields: [windowOf(exponent, eighths)] });
    expect((await decode(zstd, wide(17), { memory: 128 * MIB })).code).toBeUndefined();
    const { code, error } = await decode(zstd, wide(17, 1), { memory: 128 * MIB });
    expect([code, error?.details.found, error?.details.hint]).toEqual(["MEMORY", "144 MiB", "--max-memory 144M"]);
    expect((await decode(zstd, wide(31, 7), { memory: 2 ** 32 })).code).toBe("MEMORY");
    // With a single segment, all of the content is the window: 4 bytes of size.
    const single = frame({ descriptor: 0x80 | SINGLE_SEGMENT, fields: [0, 0, 0, 0x40] });
    expect((await decode(zstd, single, { memory: 256 * MIB })).code).toBe("MEMORY");
    expect((await decode(zstd, fixture("zstd/hostile-window.zst"), { memory: 256 * MIB })).code).toBe("MEMORY");
  });

  it.skipIf(!has("zstd"))("long window: reads what zstd made with --long=27 and --long=31 (needs zstd)", async () => {
    const content = Buffer.concat([mixture(200_000), noise(50_000), mixture(200_000)]);
    for (const log of [27, 31]) {
      const bytes = tool(content, "--ultra", `--long=${log}`, "-5");
      expect((await decode(zstd, bytes)).content.equals(content)).toBe(true);
      expect((await decode(zstd, bytes, { memory: 64 * MIB })).code).toBe("MEMORY");
    }
  });

  it("refuses what is no zstd", async () => {
    for (const bytes of ["", "(\xb5/", "no zstd at all"]) expect((await decode(zstd, Buffer.from(bytes, "latin1"))).code).toBe("BAD_HEADER");
    expect((await decode(zstd, MAGIC)).code).toBe("TRUNCATED");
  });

  it("lets its input go, stopped early and after an error", async () => {
    expect(await letsGo(zstd, frame({ fields: [windowOf(10)], blocks: [...Array.from({ length: 20 }, () => raw("x".repeat(100_000))), raw("", true)] }))).toBe(true);
    expect(await letsGo(zstd, frame({ blocks: [block(3, 1, Buffer.from("x"), true)] }))).toBe(true);
  });

  it.skipIf(!has("zstd"))("reads what zstd made, from a file and from a pipe, with every option (needs zstd)", async () => {
    const content = Buffer.concat([mixture(1_500_000), noise(100_000)]);
    const file = join(temporaryFolder(), "content");
    writeFileSync(file, content);
    for (const args of [["-1"], ["-19"], ["--no-check"], ["--fast=5"], ["-3", file], ["-3", "--no-check", file]]) {
      const bytes = tool(args.includes(file) ? Buffer.alloc(0) : content, ...args);
      for (const chunk of [Infinity, 65_536]) {
        const decoded = await decode(zstd, Buffer.concat([bytes, bytes]), { chunk });
        expect([args, decoded.error?.message, decoded.content.equals(Buffer.concat([content, content]))]).toEqual([args, undefined, true]);
      }
    }
  });
});

describe("zstd.bid()", () => {
  const bid = (bytes: Uint8Array): number => zstd.bid({ head: bytes, tail: undefined });
  it("is sure of its own magic, also behind skippable frames, and leaves those alone to the name", () => {
    expect([frame(), Buffer.concat([skippable(Buffer.from("x")), frame()]), skippable(Buffer.from("x")), Buffer.concat([skippable(Buffer.from("x")), u32(0x184d2204)])].map(bid)).toEqual([32, 32, 15, 0]);
  });
});
