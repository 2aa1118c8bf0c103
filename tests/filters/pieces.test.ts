/** xz on several engines: the same bytes, errors and notes as on one, whatever is wrong with the data. */
import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { xz } from "../../src/filters/xz.ts";
import type { Filter } from "../../src/formats/contract.ts";
import { content, damaged } from "../helpers/damage.ts";
import { decode } from "../helpers/filters.ts";
import { has } from "../helpers/tools.ts";

function tool(name: string, bytes: Uint8Array, ...args: string[]): Buffer {
  const { stdout, status } = spawnSync(name, ["-c", ...args], { input: bytes, maxBuffer: 1 << 28 });
  expect(status).toBe(0);
  return stdout;
}

/** What somebody is told, and a mark of what came out. */
async function told(filter: Filter, bytes: Uint8Array, threads: number, chunk = Infinity): Promise<unknown[]> {
  const { content, error, notes } = await decode(filter, bytes, { threads, chunk });
  return [content.length, content.length === 0 ? 0 : content.readUInt32LE(Math.max(0, content.length - 4)), error?.code, error?.message, error?.details, notes];
}

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
    for (const bad of damaged(bytes)) expect(await told(xz, bad, 3, 100_000)).toEqual(await told(xz, bad, 1));
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

  it.skipIf(!has("xz"))("blocks with other filters between those without, and streams of every check, come out as they were (needs xz)", { timeout: 120_000 }, async () => {
    const parts: Buffer[] = [];
    const contents: Buffer[] = [];
    for (const args of [["-0"], ["--x86", "--lzma2=preset=0"], ["-0", "--check=none"], ["--delta=dist=2", "--lzma2=preset=0"], ["-0", "--check=sha256"]]) {
      for (const length of [0, 100, 5_000_000]) {
        contents.push(content.subarray(0, length));
        parts.push(tool("xz", content.subarray(0, length), ...args));
      }
    }
    for (const threads of [1, 3]) {
      const decoded = await decode(xz, Buffer.concat(parts), { threads, chunk: 300_000 });
      expect([threads, decoded.error?.message, decoded.content.equals(Buffer.concat(contents))]).toEqual([threads, undefined, true]);
    }
  });

  it.skipIf(!has("xz"))("a later block may not ask for more memory than is allowed (needs xz)", async () => {
    const bytes = Buffer.concat([tool("xz", content, "-0", "--block-size=2500000"), tool("xz", content.subarray(0, 1000), "-9")]);
    expect((await decode(xz, bytes, { threads: 2, memory: 32 << 20 })).code).toBe("MEMORY");
    expect((await decode(xz, bytes, { threads: 2, memory: 64 << 20 })).code).toBeUndefined();
  });

  it.skipIf(!has("xz"))("stopped early it lets its input go, and the next one is decoded (needs xz)", { timeout: 60_000 }, async () => {
    const bytes = tool("xz", content, "-0", "--block-size=2500000");
    let isClosed = false;
    const input = async function* () {
      try {
        for (let at = 0; at < bytes.length; at += 50_000) yield bytes.subarray(at, at + 50_000);
      } finally {
        isClosed = true;
      }
    };
    for await (const _ of xz.decode(input(), { memory: 0, threads: 3, warn() {} })) break;
    expect(isClosed).toBe(true);
    expect((await decode(xz, bytes, { threads: 3 })).content.equals(content)).toBe(true);
  });

  it.skipIf(!has("xz"))("trouble with reading its input is what is told (needs xz)", { timeout: 60_000 }, async () => {
    const bytes = tool("xz", content, "-0", "--block-size=2500000");
    const input = async function* () {
      yield bytes.subarray(0, Math.floor(bytes.length / 2));
      throw new Error("the disk is gone");
    };
    await expect(async () => {
      for await (const _ of xz.decode(input(), { memory: 0, threads: 3, warn() {} }));
    }).rejects.toThrow("the disk is gone");
  });
});
