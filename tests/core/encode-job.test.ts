/** Blocks that are packed on one thread at the same time. */
import { describe, expect, it } from "vitest";
import { runEncode } from "../../src/core/encode-job.ts";
import { mixture } from "../helpers/filters.ts";

describe("blocks packed on one thread, none of which waits for the one before", () => {
  it.each(["lz4", "zstd", "bzip2"] as const)("each have their own bytes: %s", async (codec) => {
    const blocks = Array.from({ length: 6 }, (_, i) => mixture(20_000 + 3000 * i).subarray(100 * i));
    const pack = async (block: Uint8Array): Promise<Buffer> => Buffer.from((await runEncode({ kind: "encode", codec, block, level: 6, into: new ArrayBuffer(1 << 16) })).result);
    const apart: Buffer[] = [];
    for (const block of blocks) apart.push(await pack(block));
    const together = await Promise.all(blocks.map(pack));
    expect(together.map((bytes, i) => bytes.equals(apart[i]!))).toEqual(blocks.map(() => true));
  });
});
