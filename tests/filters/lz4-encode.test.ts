import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { encodeLz4 } from "../../src/filters/lz4-encode.ts";
import { encodeLz4Block } from "../../src/filters/lz4-block-encode.ts";
import { lz4 } from "../../src/filters/lz4.ts";
import { outOfOrder } from "../helpers/compressor.ts";
import { decode, mixture, noise } from "../helpers/filters.ts";
import { has } from "../helpers/tools.ts";

async function encoded(data: Uint8Array, level: number): Promise<Buffer> {
  const input = async function* () {
    yield data;
  };
  const out: Buffer[] = [];
  for await (const chunk of encodeLz4(input(), { level, compressor: outOfOrder(1) })) out.push(Buffer.from(chunk));
  return Buffer.concat(out);
}

/** Few letters, so that matches are found everywhere, also across each other and up to the end. */
function babble(length: number, letters: number): Buffer {
  return Buffer.from(noise(length, length + letters).map((byte) => byte % letters));
}

it.each([1, 3, 9])("lz4 level %i: every length and any repetition is read back", async (level) => {
  for (let length = 1; length < 120; length++) {
    for (const data of [Buffer.alloc(length, 7), babble(length, 2), babble(length, 4), noise(length)]) {
      expect((await decode(lz4, await encoded(data, level))).content.equals(data)).toBe(true);
    }
  }
});

it.skipIf(!has("lz4")).each([1, 3, 9])("lz4 level %i: matches as far as they reach, and lengths of many bytes, are what lz4 reads", async (level) => {
  const far = noise(0xffff + 20, 3);
  const samples = [
    Buffer.concat([far, far]), // a match of everything, just out of reach
    Buffer.concat([far.subarray(0, 0xffff), far.subarray(0, 0xffff)]), // and just within
    Buffer.concat([noise(300), Buffer.alloc(70_000), noise(15), Buffer.alloc(19), noise(270)]),
    babble(100_000, 3), mixture(300_000),
  ];
  for (const data of samples) {
    const packed = await encoded(data, level);
    const { status, stdout } = spawnSync("lz4", ["-dc"], { input: packed });
    expect([status, stdout.equals(data)]).toEqual([0, true]);
    expect((await decode(lz4, packed)).content.equals(data)).toBe(true);
  }
});

it("what lz4 cannot shrink is stored, and 4 bytes longer", () => {
  const data = noise(5000);
  const block = encodeLz4Block(data, 1);
  expect(Buffer.from(block.subarray(0, 4)).readUInt32LE()).toBe(0x8000_0000 + 5000);
  expect(Buffer.from(block.subarray(4)).equals(data)).toBe(true);
});

it("a match is found at the farthest distance, and none beyond it", () => {
  const far = noise(0xffff, 5);
  expect(encodeLz4Block(Buffer.concat([far, far.subarray(0, 1000)]), 9).length).toBeLessThan(0xffff + 500);
  expect(encodeLz4Block(Buffer.concat([far, Buffer.alloc(1), far.subarray(0, 1000)]), 9).length).toBeGreaterThan(0xffff + 900);
});
