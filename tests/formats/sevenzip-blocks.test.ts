import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { readSegments, sizeOf, sliceSegments } from "../../src/bytes/segments.ts";
import { createSelection } from "../../src/core/select.ts";
import { UnzipxError } from "../../src/errors.ts";
import type { Segment } from "../../src/formats/contract.ts";
import { blockArchive } from "../../src/formats/sevenzip/block-archive.ts";
import { decodeHeader, type Block, type Header } from "../../src/formats/sevenzip/decode-header.ts";
import type { Described } from "../../src/formats/sevenzip/describe.ts";
import { chain, encodeHeader, encodePackedHeader, METHOD, type FileRecord } from "../../src/formats/sevenzip/encode-header.ts";
import { planBlocks } from "../../src/formats/sevenzip/plan-blocks.ts";
import { storedHeader } from "../../src/formats/sevenzip/start-header.ts";
import { contentsOf } from "../helpers/cli.ts";
import { mixture, noise } from "../helpers/filters.ts";
import { unpack } from "../helpers/library.ts";
import { has, run, temporaryFolder } from "../helpers/tools.ts";

function tree(files: Record<string, Uint8Array>): string {
  const folder = temporaryFolder();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

/** What 7-Zip makes of a folder; the header in the clear. */
function pack(folder: string, ...args: readonly string[]): Buffer {
  const out = join(temporaryFolder(), "a.7z");
  run("7zz", ["a", "-bso0", "-bsp0", "-mhc=off", "-mx3", ...args, out, "."], { cwd: folder });
  return readFileSync(out);
}

function bytesOf(segments: readonly Segment[]): Buffer {
  const bytes = Buffer.alloc(sizeOf(segments));
  expect(readSegments(segments, bytes, 0)).toBe(bytes.length);
  return bytes;
}

/** Small files and large ones, in several blocks. */
const files: Record<string, Uint8Array> = {
  ...Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`d${i % 3}/f${i}`, mixture(20_000 + 999 * i)])),
  "d1/large": mixture(700_000), "noise": noise(300_000), "z/last": mixture(50_000), "z/empty": new Uint8Array(0),
};

const file = (path: string, more: Partial<FileRecord> = {}): FileRecord => ({ path, isDirectory: false, hasStream: true, mtime: 0n, attributes: 0, ...more });
const lzma2 = chain([{ method: METHOD.LZMA2, properties: Uint8Array.of(24), unpackSize: 500 }]);
const header = encodeHeader(
  [
    { packSizes: [100], ...lzma2, substreams: [{ size: 200, crc32: 1 }, { size: 300, crc32: 2 }] },
    { packSizes: [70_000], ...chain([{ method: METHOD.AES, properties: Uint8Array.of(1, 2), unpackSize: 69_990 }, { method: METHOD.COPY, properties: new Uint8Array(0), unpackSize: 69_985 }]), substreams: [{ size: 69_985, crc32: 3 }] },
  ],
  [file("a"), file("b"), file("c"), file("empty", { hasStream: false }), file("d/e", { isDirectory: true, hasStream: false })],
);

function plainHeader(bytes: Uint8Array): Extract<Header, { kind: "plain" }> {
  const found = decodeHeader(bytes, Infinity);
  if (found.kind !== "plain") throw new Error("the header is packed");
  return found;
}

describe("the header of a 7z", () => {
  it("tells where each block lies, what undoes it, and how much is in it", () => {
    const { blocks, files: found } = plainHeader(header);
    expect(blocks.map(({ position, packSizes, unpackSizes, size, sizes, sums }) => ({ position, packSizes, unpackSizes, size, sizes, sums }))).toEqual([
      { position: 0, packSizes: [100], unpackSizes: [500], size: 500, sizes: [200, 300], sums: [1, 2] },
      { position: 100, packSizes: [70_000], unpackSizes: [69_990, 69_985], size: 69_985, sizes: [69_985], sums: [3] },
    ]);
    expect(found.map(({ path, hasStream, isFolder }) => [path, hasStream, isFolder])).toEqual([["a", true, false], ["b", true, false], ["c", true, false], ["empty", false, false], ["d/e", false, true]]);
    expect(Buffer.from(blocks[0]!.coders)).toEqual(Buffer.from(lzma2.coders));
  });
  it("one that is packed is a block itself", () => {
    const decoded = decodeHeader(encodePackedHeader(5000, { packSizes: [100], ...lzma2, substreams: [{ size: 500, crc32: 1 }] }), Infinity);
    expect(decoded.kind === "packed" && [decoded.block.position, decoded.block.size, decoded.block.sums]).toEqual([5000, 500, [1]]);
  });
  it("more entries than are allowed are an error", () => {
    expect(() => decodeHeader(header, 4)).toThrow(UnzipxError);
  });
  it("cut anywhere it is an error of ours", () => {
    for (let length = 0; length < header.length; length++) {
      let error: unknown;
      try {
        decodeHeader(header.subarray(0, length), Infinity);
      } catch (thrown) {
        error = thrown;
      }
      expect([length, error instanceof UnzipxError && error.code]).toEqual([length, "BAD_HEADER"]);
    }
  });
  it("any byte changed it is an error of ours, or read in some way, at once", () => {
    const outcomes = new Set<string>();
    for (let at = 0; at < header.length; at++) {
      for (const value of [0, 1, 0x7f, 0xc0, 0xfe, 0xff]) {
        const bent = Uint8Array.from(header);
        bent[at] = value;
        try {
          outcomes.add(decodeHeader(bent, Infinity).kind);
        } catch (error) {
          if (!(error instanceof UnzipxError)) throw error;
          outcomes.add(error.code);
        }
      }
    }
    expect([...outcomes].sort()).toEqual(["BAD_HEADER", "plain"]);
  });
});

describe("the plan for blocks", () => {
  const block = (size: number, count: number, packed: number): Block => ({ position: 0, packSizes: [packed], coders: new Uint8Array(0), methods: [], unpackSizes: [size], size, sizes: Array<number>(count).fill(size / count), sums: Array<number>(count).fill(1) });
  const entry = (path: string, inBlock: string, size: number, crc32: number | undefined = 1): Described => ({
    path, type: "file", size, packedSize: undefined, mtime: undefined, mode: undefined, linkTarget: undefined, method: "", crc32, encrypted: false, comment: undefined, refusal: undefined,
    rawPath: path, memory: 0, block: inBlock, contentSize: size,
  });
  const MIB = 1024 * 1024;

  it("what takes longest comes first, small blocks share a run, and blocks of which nothing is wanted are none of it", () => {
    const blocks = [block(MIB, 1, 10), block(MIB, 1, 10), block(20 * MIB, 1, 9 * MIB), block(9 * MIB, 1, MIB), block(MIB, 1, 10)];
    const all = blocks.map(({ size }, i) => entry(`f${i}`, String(i), size));
    const { runs, left } = planBlocks(blocks, all, new Set(all.slice(0, 4)));
    expect([runs.map((one) => one.map(({ contents }) => contents.map((content) => content.entry.path).join())), left]).toEqual([[["f0", "f1", "f2"], ["f3"]], []]);
  });
  it("a block that is not filled by what is listed, has another number of contents, or lacks a checksum is left; so is a number that there is not", () => {
    const all = [entry("short", "0", 9), entry("many", "1", 5), entry("also", "1", 5), entry("unsummed", "2", 10, undefined), entry("good", "3", 10), entry("nowhere", "7", 10), entry("empty", "", 0), entry("unknown", "", 3)];
    all[3] = { ...all[3]!, crc32: undefined };
    const { runs, left, empty } = planBlocks([block(10, 1, 1), block(10, 3, 1), block(10, 1, 1), block(10, 1, 1)], all, new Set(all));
    const paths = (entries: readonly Described[]): string[] => entries.map(({ path }) => path).sort();
    expect([runs.flat().flatMap(({ contents }) => paths(contents.map((content) => content.entry))), paths(left), paths(empty)]).toEqual([["good"], ["also", "many", "nowhere", "short", "unknown", "unsummed"], ["empty"]]);
  });
});

it("a slice of segments is the bytes between, across their ends", () => {
  const segments = ["abc", "", "defg", "h"].map((text) => ({ bytes: Buffer.from(text) }));
  for (let start = 0; start <= 8; start++) {
    for (let end = start; end <= 8; end++) expect(bytesOf(sliceSegments(segments, start, end)).toString()).toBe("abcdefgh".slice(start, end));
  }
});

describe.skipIf(!has("7zz"))("7z archives block by block (needs 7zz)", () => {
  it("an archive of some blocks is one to 7-Zip, and its files are what the blocks hold", () => {
    const folder = tree(files);
    const bytes = pack(folder, "-ms=100k");
    const { blocks } = plainHeader(storedHeader([{ bytes }], Infinity)!.bytes);
    expect(blocks.length).toBeGreaterThan(4);
    const chosen = [blocks[0]!, blocks[1]!, blocks[3]!];
    const place = temporaryFolder();
    writeFileSync(join(place, "blocks.7z"), bytesOf(blockArchive(chosen, [{ bytes }])));
    run("7zz", ["x", "-bso0", "blocks.7z"], { cwd: place });
    expect(chosen.map((_, i) => readFileSync(join(place, String(i))).length)).toEqual(chosen.map(({ size }) => size));
  });

  for (const args of [["-ms=on"], ["-ms=100k"], ["-ms=off"], ["-m0=bcj2", "-m1=lzma", "-m2=lzma", "-m3=lzma", "-mb0:1", "-mb0s1:2", "-mb0s2:3"], ["-m0=copy"]]) {
    it(`${args.join(" ")}: any bit of the contents changed, what comes and what fails is what 7-Zip says`, async () => {
      const folder = tree(files);
      const good = pack(folder, ...args);
      const whole = contentsOf(folder);
      const packed = Number(good.readBigUInt64LE(12));
      for (let i = 0; i < 12; i++) {
        const bytes = Buffer.from(good);
        bytes[32 + Math.floor((packed * (i + 0.5)) / 12)]! ^= 1 << (i % 8);
        const { code, failures, error, contents } = await unpack(bytes, { threads: 1 + (i % 2) });
        const place = join(temporaryFolder(), "bad.7z");
        writeFileSync(place, bytes);
        const said = spawnSync("7zz", ["t", "-bso0", place]).stderr.toString();
        const bad = [...said.matchAll(/^ERROR: .* : (.+)$/gm)].map(([, path]) => path!).filter((path) => !path.startsWith("#")).sort(); // "#2": of the block
        expect(bad.length).toBeGreaterThan(0);
        expect([i, error?.code, code, Object.keys(failures).sort()]).toEqual([i, undefined, 3, bad]);
        expect(contents).toEqual(Object.fromEntries(Object.entries(whole).filter(([path]) => !bad.includes(path))));
      }
    });
  }

  it("a few files from the middle of a large block, small and large, come with their content", async () => {
    const folder = tree({ ...files, "zz/behind": mixture(6_000_000) });
    const bytes = pack(folder, "-ms=on");
    const selection = await createSelection({ include: ["d1/f4", "d1/large", "z/empty"], exclude: [], ignoreCase: false });
    const { code, contents } = await unpack(bytes, { selection });
    const wanted = contentsOf(folder);
    expect([code, Object.fromEntries(Object.entries(contents).filter(([path]) => !path.endsWith("/")))]).toEqual([0, Object.fromEntries(["d1/f4", "d1/large", "z/empty"].map((path) => [path, wanted[path]]))]);
  });

  it("several engines or one, the same comes out", async () => {
    const folder = tree(Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`d/f${i}`, mixture(5_000_000 + i)])));
    const bytes = pack(folder, "-mx1", "-ms=5m");
    for (const threads of [1, 3]) {
      const { code, contents } = await unpack(bytes, { threads });
      expect([code, contents]).toEqual([0, contentsOf(folder)]);
    }
  });
});
