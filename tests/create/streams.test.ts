import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { create } from "../../src/core/create.ts";
import { encodeBlocks } from "../../src/filters/encode-blocks.ts";
import { FILTERS } from "../../src/filters/index.ts";
import type { Filter } from "../../src/formats/contract.ts";
import { outOfOrder } from "../helpers/compressor.ts";
import { decode, mixture } from "../helpers/filters.ts";
import { has, run, temporaryFolder, treeOf } from "../helpers/tools.ts";
import { makeSample, noise, prose } from "./sample.ts";

const built = existsSync(join(import.meta.dirname, "../../dist/thread.cjs")); // xz runs in it; "npm run build" makes it

interface Row {
  readonly filter: Filter;
  /** The format of a single file; "tar." in front makes that of a tar. */
  readonly format: "gz" | "bz2" | "xz" | "zst" | "lz4" | "br";
  /** Its own tool, and whether that can be told to look at the checksums. */
  readonly tool: string;
  readonly test: readonly string[];
  /** Bytes of a block at a level that is quick. */
  readonly block: number;
  readonly level: number;
}

const ROWS: readonly Row[] = ([
  ["gzip", "gz", "gzip", ["-t"], 1 << 20, 6],
  ["bzip2", "bz2", "bzip2", ["-t"], 100_000 - 21, 1],
  ["xz", "xz", "xz", ["-t"], 24 << 20, 0],
  ["zstd", "zst", "zstd", ["-tq"], 4 << 20, 6],
  ["lz4", "lz4", "lz4", ["-tq"], 4 << 20, 1],
  ["brotli", "br", "brotli", ["-t"], 1 << 20, 4],
] as const).map(([name, format, tool, test, block, level]) => ({ filter: FILTERS.find((one) => one.name === name)!, format, tool, test, block, level }));

it("every filter that writes is tested here", () => {
  expect(ROWS.map(({ filter }) => filter.name)).toEqual(FILTERS.filter((filter) => filter.encode !== undefined).map((filter) => filter.name));
});

async function encoded({ filter }: Row, chunks: Iterable<Uint8Array>, level: number, width = 1): Promise<Buffer> {
  const out: Buffer[] = [];
  const input = async function* () {
    // As the contract allows: a chunk is somebody else's when the next one is asked for.
    for (const chunk of chunks) {
      const copy = new Uint8Array(chunk);
      yield copy;
      if (filter.name !== "gzip") copy.fill(0xee);
    }
  };
  for await (const chunk of filter.encode!(input(), { level, compressor: outOfOrder(width) })) out.push(Buffer.from(chunk));
  return Buffer.concat(out);
}

function* pieces(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

for (const row of ROWS) {
  const { filter, format, tool, test, block, level } = row;
  const needsBuild = format === "xz";

  it.skipIf(needsBuild && !built).each([0, 1, 20, 70_000, block, block + 1])(`${filter.name} of %i bytes is read back, by us and by ${tool} where that is installed`, async (size) => {
    const data = Buffer.concat([prose(size >> 1), mixture(size - (size >> 1))]);
    const packed = await encoded(row, pieces(data, 1 << 20), level);
    const { content, error, notes } = await decode(filter, packed);
    expect([error?.message, notes, sha256(content)]).toEqual([undefined, [], sha256(data)]);
    if (!has(tool)) return;
    run(tool, test, { input: packed });
    expect(sha256(spawnSync(tool, ["-dc"], { input: packed, maxBuffer: 1 << 28 }).stdout)).toBe(sha256(data));
  });

  it.skipIf(needsBuild && !built)(`${filter.name} gives the same bytes however the input arrives and however many blocks are under way`, async () => {
    const data = Buffer.concat([prose(5 << 20), noise(3 << 20), prose(1234)]);
    const one = sha256(await encoded(row, [data], level));
    const small = await encoded(row, pieces(data, 65_537), level, 2);
    expect(sha256((await decode(filter, small)).content)).toBe(sha256(data));
    // Brotli's own cuts follow the pieces that it is given; those of a tar and of a file are always the same.
    if (format !== "br") expect(sha256(small)).toBe(one);
    expect(sha256(await encoded(row, pieces(data, 1 << 20), level, 5))).toBe(format === "br" ? sha256(await encoded(row, pieces(data, 1 << 20), level)) : one);
  });

  it.skipIf((needsBuild && !built) || !has(tool))(`${tool} reads every level of ${filter.name}, and the last is not larger than the first`, async () => {
    const data = Buffer.concat([mixture(300_000), noise(1000), Buffer.alloc(100_000)]);
    const sizes: number[] = [];
    for (let each = 0; each <= 9; each++) {
      const packed = await encoded(row, pieces(data, 100_000), each);
      sizes.push(packed.length);
      expect(sha256(spawnSync(tool, ["-dc"], { input: packed }).stdout)).toBe(sha256(data));
    }
    expect(sizes[9]).toBeLessThanOrEqual(sizes[0]!);
  });

  it.skipIf(needsBuild && !built)(`${filter.name} ends its producer when its consumer stops early`, async () => {
    let ended = false;
    const input = async function* () {
      try {
        for (let seed = 1; ; seed++) yield noise(1 << 20, seed);
      } finally {
        ended = true;
      }
    };
    let size = 0;
    for await (const chunk of filter.encode!(input(), { level, compressor: outOfOrder(1) })) if ((size += chunk.length) > 1000) break;
    expect(ended).toBe(true);
  });

  it.skipIf((needsBuild && !built) || !has(tool) || !has("tar"))(`tar and ${tool} unpack a tar.${format} of ours to the same files`, async () => {
    const base = temporaryFolder();
    makeSample(base);
    const summary = await create(join(base, "out"), ["sample"], { format: `tar.${format}`, base, threads: 1, level });
    expect(summary).toMatchObject({ files: 10, failures: [], format: [filter.name, "tar"] });
    mkdirSync(join(base, "back"));
    run("tar", ["-xf", "-", "-C", join(base, "back")], { input: spawnSync(tool, ["-dc"], { input: readFileSync(join(base, "out")), maxBuffer: 1 << 28 }).stdout });
    expect(treeOf(join(base, "back/sample"))).toEqual(treeOf(join(base, "sample")));
  });

  it.skipIf(needsBuild && !built)(`a .${format} holds one file: a link to it is followed, anything else is refused with what to make instead`, async () => {
    const base = temporaryFolder();
    makeSample(base);
    symlinkSync("sample/a/text.txt", join(base, "link"));
    const summary = await create(join(base, `link.${format}`), ["link"], { format, base, threads: 1 });
    expect(summary).toMatchObject({ files: 1, bytes: 50_000, format: [filter.name] });
    expect((await decode(filter, readFileSync(join(base, `link.${format}`)))).content.equals(prose(50_000))).toBe(true);
    for (const inputs of [["sample"], ["sample/a/text.txt", "sample/empty"], []]) {
      await expect(create(join(base, "no"), inputs, { format, base, threads: 1 })).rejects.toMatchObject({ code: "USAGE", details: { hint: `unzipx c OUT.tar.${format} INPUT…` } });
    }
    expect(readdirSync(base).sort()).toEqual(["link", `link.${format}`, "sample"]);
  });

  it.skipIf(needsBuild && !built)(`a .${format} of an empty file is read back as one`, async () => {
    const base = temporaryFolder();
    writeFileSync(join(base, "empty"), "");
    await create(join(base, "out"), ["empty"], { format, base, threads: 1 });
    const bytes = readFileSync(join(base, "out"));
    expect(bytes.length).toBeGreaterThan(0);
    expect(await decode(filter, bytes)).toMatchObject({ content: Buffer.alloc(0), error: undefined, notes: [] });
  });

  it.skipIf(needsBuild && !built)(`the same content gives the same .${format}, whatever its file is called, when that is wanted`, async () => {
    const base = temporaryFolder();
    writeFileSync(join(base, "a"), "same");
    writeFileSync(join(base, "b"), "same");
    for (const name of ["a", "b"]) await create(join(base, `${name}.out`), [name], { format, base, threads: 1, reproducible: true });
    expect(readFileSync(join(base, "a.out")).equals(readFileSync(join(base, "b.out")))).toBe(true);
  });
}

// 7zz knows no lz4, and neither of them brotli.
it.skipIf(!built || !has("bsdtar")).each([["bz2", "7zz"], ["xz", "7zz"], ["zst", "7zz"], ["lz4", "bsdtar"]] as const)("bsdtar, and 7zz where it can, read a tar.%s of several blocks", async (format, also) => {
  const base = temporaryFolder();
  writeFileSync(join(base, "large"), Buffer.concat([mixture(26 << 20), noise(1 << 20)]));
  const out = join(base, `out.tar.${format}`);
  await create(out, ["large"], { format: `tar.${format}`, base, threads: 1, level: format === "bz2" ? 9 : 1 });
  mkdirSync(join(base, "back"));
  run("bsdtar", ["-xf", out, "-C", join(base, "back")]);
  expect(sha256(readFileSync(join(base, "back/large")))).toBe(sha256(readFileSync(join(base, "large"))));
  if (also === "7zz" && has("7zz")) expect(run("7zz", ["t", out])).toContain("Everything is Ok");
});

it.skipIf(!has("zstd"))("each zstd frame tells the size of its content, and has a checksum", async () => {
  const base = temporaryFolder();
  writeFileSync(join(base, "a"), prose(9 << 20));
  await create(join(base, "a.zst"), ["a"], { format: "zst", base, threads: 1 });
  const said = spawnSync("zstd", ["-lv", join(base, "a.zst")], { encoding: "utf8" });
  expect(said.stdout + said.stderr).toMatch(/Frames: 3[\s\S]*\(9437184 B\)[\s\S]*Check: XXH64/);
});

it.skipIf(!has("zstd"))("a flipped bit of a zstd frame's content is found by zstd", async () => {
  const row = ROWS.find(({ format }) => format === "zst")!;
  const packed = await encoded(row, [noise(5000)], 6);
  packed[2500]! ^= 0x10; // noise is stored as it is, so nothing but the checksum can tell
  expect(spawnSync("zstd", ["-tq"], { input: packed }).status).not.toBe(0);
});

it("encodeBlocks() holds no more blocks than their memory allows, and always one", async () => {
  const most = async (memory: number): Promise<number> => {
    let now = 0;
    let highest = 0;
    const encode = async (block: Uint8Array): Promise<Uint8Array> => {
      highest = Math.max(highest, ++now);
      await new Promise((resolve) => setTimeout(resolve, 2));
      now -= 1;
      return new Uint8Array(block);
    };
    const input = async function* () {
      yield prose(10_000);
    };
    const out: Uint8Array[] = [];
    for await (const piece of encodeBlocks(input(), { size: 1000, width: 8, workspace: 1000, memory, isShared: false, encode })) out.push(piece);
    expect(Buffer.concat(out).equals(prose(10_000))).toBe(true);
    return highest;
  };
  expect([await most(100_000), await most(6000), await most(10)]).toEqual([8, 3, 1]);
});

it.skipIf(!built).each(["bz2", "xz"] as const)("create() of a tar.%s that is stopped in the middle of a block waits neither for it nor for its engine", async (format) => {
  const base = temporaryFolder();
  writeFileSync(join(base, "much"), noise(12 << 20));
  const script = `
    const { create } = await import(${JSON.stringify(join(import.meta.dirname, "../../dist/index.js"))});
    const stop = new AbortController();
    // All is read, and what is under way are blocks.
    const onProgress = ({ bytes }) => bytes === 12 << 20 && setTimeout(() => stop.abort(), 50);
    await create("out", ["much"], { format: "tar.${format}", level: 9, threads: 2, signal: stop.signal, onProgress }).catch((error) => console.log(error.name));
  `;
  writeFileSync(join(base, "script.mjs"), script);
  const { stdout, status } = spawnSync(process.execPath, ["script.mjs"], { cwd: base, encoding: "utf8", timeout: 20_000 });
  expect([stdout, status]).toEqual(["AbortError\n", 0]);
  expect(readdirSync(base).sort()).toEqual(["much", "script.mjs"]);
});
