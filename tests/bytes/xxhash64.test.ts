import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { xxh64 } from "../../src/bytes/xxhash64.ts";
import { noise } from "../helpers/filters.ts";
import { has } from "../helpers/tools.ts";

// Of the specification's own test (xxhash_spec.md, xxhsum): XXH64 with the seed 0.
it.each([["", 0xef46db37, 0x51d8e999], ["a", 0xd24ec4f1, 0xa98c6e5b], ["abc", 0x44bc2cf5, 0xad770999]])("xxh64() of %j", (text, high, low) => {
  expect(xxh64(Buffer.from(text))).toEqual({ high, low });
});

it.skipIf(!has("zstd"))("xxh64() of every length up to three stripes is what zstd writes behind its frames", () => {
  for (const length of [...Array(100).keys(), 1000, 65_535, 65_536, 65_537, 200_000]) {
    const data = noise(length, length + 1);
    const frame = spawnSync("zstd", ["-qc", "--check"], { input: data }).stdout;
    expect(xxh64(data).low).toBe(frame.readUInt32LE(frame.length - 4));
  }
});

it.skipIf(!has("wat2wasm"))("its WebAssembly is what wat2wasm makes of the text", () => {
  const made = spawnSync("wat2wasm", ["src/bytes/xxhash64.wat", "--output=-"], { encoding: "base64" }).stdout;
  const lines = readFileSync("src/bytes/xxhash64.ts", "utf8").matchAll(/^ {2}"([A-Za-z0-9+/=]+)"/gm);
  expect([...lines].map(([, part]) => part).join("")).toBe(made);
});
