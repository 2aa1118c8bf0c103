import { mkdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { create, type CreateOptions } from "../../src/core/create.ts";
import { encodeGzip } from "../../src/filters/gzip-encode.ts";
import { outOfOrder } from "../helpers/compressor.ts";
import { has, run, temporaryFolder, treeOf } from "../helpers/tools.ts";
import { makeSample, noise, prose } from "./sample.ts";

const compressor = outOfOrder(3);

async function encoded(chunks: Uint8Array[], level = 6, inner = {}): Promise<Buffer> {
  const out: Uint8Array[] = [];
  const input = async function* () {
    yield* chunks;
  };
  for await (const chunk of encodeGzip(input(), { level, compressor, inner })) out.push(chunk);
  return Buffer.concat(out);
}

it.each([0, 1, 32_768, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 5_000_000])("encodeGzip() of %i bytes is read back, on every kind of level", async (size) => {
  const data = Buffer.concat([prose(size >> 1), noise(size - (size >> 1))]);
  for (const level of [0, 1, 6, 9]) expect(gunzipSync(await encoded([data], level)).equals(data)).toBe(true);
});

it("encodeGzip() gives the same bytes however the input arrives", async () => {
  const data = prose(3_500_000);
  const pieces = (size: number): Uint8Array[] => Array.from({ length: Math.ceil(data.length / size) }, (_, i) => data.subarray(i * size, (i + 1) * size));
  const whole = await encoded([data]);
  for (const size of [1000, 65_536, 1 << 20, 1_100_000]) expect((await encoded(pieces(size))).equals(whole)).toBe(true);
});

it("encodeGzip() lets matches reach back over its cuts", async () => {
  const data = Buffer.alloc(4 << 20, noise(20_000));
  const cut = (await encoded([data])).length;
  const dictionaries = compressor.deflate;
  compressor.deflate = (block, _, level, last) => dictionaries.call(compressor, block, undefined, level, last);
  const without = (await encoded([data])).length;
  compressor.deflate = dictionaries;
  // Without them, each of three blocks begins with 20,000 bytes that match nothing.
  expect(cut).toBeLessThan(without - 3 * 19_000);
});

it("encodeGzip() keeps several blocks under way, and not all", async () => {
  compressor.most = 0;
  await encoded([prose(30 << 20)], 1);
  expect(compressor.most).toBeGreaterThan(2);
  expect(compressor.most).toBeLessThan(12);
});

it("encodeGzip() ends its producer when the consumer stops early", async () => {
  let ended = false;
  const input = async function* () {
    try {
      for (;;) yield new Uint8Array(1 << 20);
    } finally {
      ended = true;
    }
  };
  for await (const chunk of encodeGzip(input(), { level: 1, compressor })) if (chunk.length > 100) break;
  expect(ended).toBe(true);
});

it("a gzip header names no time unless it is given one", async () => {
  expect([...(await encoded([prose(10)])).subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
  const named = await encoded([prose(10)], 9, { name: "ä", mtime: 0x01020304 });
  expect([...named.subarray(0, 13)]).toEqual([0x1f, 0x8b, 8, 8, 4, 3, 2, 1, 2, 3, 0xc3, 0xa4, 0]);
});

const gz = (out: string, base: string, inputs: string[], options: Partial<CreateOptions> = {}) => create(out, inputs, { format: "gz", base, threads: 1, ...options });

it.skipIf(!has("gzip"))("gzip finds no fault with a file of ours, and restores its name and time", async () => {
  const base = temporaryFolder();
  mkdirSync(join(base, "d"));
  writeFileSync(join(base, "d/notes.txt"), prose(2_500_000));
  utimesSync(join(base, "d/notes.txt"), 1_234_567_890, 1_234_567_890);
  const summary = await gz(join(base, "out.gz"), base, ["d/notes.txt"]);
  expect(summary).toMatchObject({ files: 1, bytes: 2_500_000, archiveBytes: statSync(join(base, "out.gz")).size, format: ["gzip"] });
  run("gzip", ["-t", join(base, "out.gz")]);
  run("gzip", ["-dN", join(base, "out.gz")]);
  expect(readFileSync(join(base, "notes.txt")).equals(prose(2_500_000))).toBe(true);
  expect(statSync(join(base, "notes.txt")).mtimeMs).toBe(1_234_567_890_000);
});

it("a .gz holds one file: a link to it is followed, anything else is refused", async () => {
  const base = temporaryFolder();
  makeSample(base);
  symlinkSync("sample/a/text.txt", join(base, "link"));
  await gz(join(base, "link.gz"), base, ["link"]);
  expect(gunzipSync(readFileSync(join(base, "link.gz"))).equals(prose(50_000))).toBe(true);
  for (const inputs of [["sample"], ["sample/a/text.txt", "sample/empty"], []]) {
    await expect(gz(join(base, "no.gz"), base, inputs)).rejects.toMatchObject({ code: "USAGE" });
  }
  expect(Object.keys(treeOf(base)).filter((name) => /no\.gz|partial/.test(name))).toEqual([]);
});

it("a reproducible .gz names neither file nor time", async () => {
  const base = temporaryFolder();
  writeFileSync(join(base, "a"), "same");
  writeFileSync(join(base, "b"), "same");
  await gz(join(base, "a.gz"), base, ["a"], { reproducible: true });
  await gz(join(base, "b.gz"), base, ["b"], { reproducible: true });
  expect(readFileSync(join(base, "a.gz")).equals(readFileSync(join(base, "b.gz")))).toBe(true);
});

for (const program of ["tar", "bsdtar"]) it.skipIf(!has(program))(`${program} unpacks a tar.gz of ours`, async () => {
  const base = temporaryFolder();
  makeSample(base);
  await create(join(base, "out.tgz"), ["sample"], { format: "tar.gz", base, threads: 1 });
  mkdirSync(join(base, "back"));
  run(program, ["-xzf", join(base, "out.tgz"), "-C", join(base, "back")]);
  expect(treeOf(join(base, "back/sample"))).toEqual(treeOf(join(base, "sample")));
});
