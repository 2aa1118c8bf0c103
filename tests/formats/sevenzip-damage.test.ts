/** Blocks of a 7z that our own decoder reads: whatever is changed in them, 7-Zip and we come to the same verdict. */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { mixture, noise } from "../helpers/filters.ts";
import { has, temporaryFolder } from "../helpers/tools.ts";
import { encodeHeader } from "../../src/formats/sevenzip/encode-header.ts";
import { startHeader } from "../../src/formats/sevenzip/start-header.ts";
import { crc32 } from "../../src/bytes/crc32.ts";
import { test } from "../helpers/unzipx.ts";

/** The entries that failed, with how; "archive": what is wrong belongs to none. */
async function failures(bytes: Uint8Array): Promise<readonly string[]> {
  try {
    await test(bytes);
    return [];
  } catch (error) {
    const { summary, code } = error as { summary?: { failures: readonly { code: string; details: { entry?: string } }[] }; code?: string };
    return summary?.failures.map((failure) => `${failure.details.entry}: ${failure.code}`).sort() ?? [`archive: ${code}`];
  }
}

/** `ofBlock`: something is wrong with a block, and not with what is in it. */
function toldBy7zz(bytes: Uint8Array, folder: string): { isWhole: boolean; ofBlock: boolean; names: string[] } {
  writeFileSync(join(folder, "changed.7z"), bytes);
  const { stderr, status } = spawnSync("7zz", ["t", "changed.7z"], { cwd: folder, encoding: "utf8" });
  const names = [...stderr.matchAll(/^ERROR: (.*) : (.*)$/gm)].map(([, , name]) => name!);
  return { isWhole: status === 0, ofBlock: names.some((name) => name.startsWith("#")), names: names.sort() };
}

/** One file in one block, of which the header says what it likes. */
function archiveOf(method: Uint8Array, properties: Uint8Array, packed: Uint8Array, content: { size: number; crc32: number }): Buffer {
  const coders = Buffer.concat([Uint8Array.of(1, 0x20 | method.length), method, Uint8Array.of(properties.length), properties]);
  const header = encodeHeader([{ packSizes: [packed.length], coders, unpackSizes: [content.size], substreams: [content] }], [{ path: "a", isDirectory: false, hasStream: true, mtime: 0n, attributes: 0 }]);
  return Buffer.concat([startHeader(packed.length, header), packed, header]);
}

it.skipIf(!has("7zz") || !has("xz"))("a block that holds more than its header says is told as by 7-Zip, and not decoded to its end (needs 7zz and xz)", { timeout: 60_000 }, async () => {
  const folder = temporaryFolder();
  const raw = (content: Uint8Array, filter: string): Buffer => spawnSync("xz", ["-c", "--format=raw", filter], { input: content, maxBuffer: 1 << 28 }).stdout;
  const content = mixture(100_000);
  const zeros = Buffer.alloc(300_000_000);
  const first = { size: 10, crc32: crc32(zeros.subarray(0, 10)) };
  const less = { size: content.length - 1, crc32: crc32(content.subarray(0, -1)) };
  const lzma = Uint8Array.of(0x5d, 0, 0, 0x10, 0);
  for (const [name, bytes] of [
    ["LZMA2, zeros", archiveOf(Uint8Array.of(0x21), Uint8Array.of(18), raw(zeros, "--lzma2=preset=0,dict=2MiB"), first)],
    ["LZMA2, a byte more", archiveOf(Uint8Array.of(0x21), Uint8Array.of(18), raw(content, "--lzma2=preset=0,dict=2MiB"), less)],
    ["LZMA, zeros", archiveOf(Uint8Array.of(3, 1, 1), lzma, raw(zeros, "--lzma1=preset=0,dict=1MiB"), first)],
    ["LZMA, a byte more", archiveOf(Uint8Array.of(3, 1, 1), lzma, raw(content, "--lzma1=preset=0,dict=1MiB"), less)],
  ] as const) {
    const before = process.memoryUsage.rss();
    const ours = (await failures(bytes)).map((line) => line.split(":")[0]!);
    expect([name, ours.length > 0]).toEqual([name, !toldBy7zz(bytes, folder).isWhole]);
    expect(process.memoryUsage.rss() - before).toBeLessThan(200e6);
  }
});

it.skipIf(!has("7zz"))("a bit changed anywhere is told of the entries that 7-Zip tells it of (needs 7zz)", { timeout: 300_000 }, async () => {
  const folder = temporaryFolder();
  const names = ["a.txt", "b.txt", "c.bin", "d.txt"];
  const contents = [mixture(50_000), mixture(2000), noise(70_000), mixture(400_000)]; // small: without a thread
  names.forEach((name, i) => writeFileSync(join(folder, name), contents[i]!));
  for (const method of ["-m0=LZMA2", "-m0=LZMA", "-m0=LZMA2:d=64k", "-m0=LZMA:lc=0:lp=2"]) {
    for (const solid of ["-ms=on", "-ms=off"]) {
      if (method === "-m0=LZMA") writeFileSync(join(folder, "d.txt"), mixture(3_000_000));
      const archive = `a${method}${solid}.7z`.replace(/[=:]/g, "");
      expect(spawnSync("7zz", ["a", "-mx1", "-mhc=off", method, solid, archive, ...names], { cwd: folder }).status).toBe(0);
      const whole = readFileSync(join(folder, archive));
      expect(await failures(whole)).toEqual([]);
      const packed = Number(whole.readBigUInt64LE(12));
      const random = noise(8 * 12, whole.length);
      for (let i = 0; i < 12; i++) {
        // Every other one in the last bytes, where a stream ends.
        const place = random.readUInt32LE(8 * i);
        const at = i % 2 === 0 ? 32 + (place % packed) : 31 + packed - (place % 6);
        const changed = Buffer.from(whole);
        changed[at]! ^= 1 << (random[8 * i + 7]! % 8);
        const ours = (await failures(changed)).map((line) => line.split(":")[0]!);
        const { isWhole, ofBlock, names: theirs } = toldBy7zz(changed, folder);
        expect([archive, at, ours.length > 0]).toEqual([archive, at, !isWhole]);
        // What is wrong with the end of a block whose contents all have their checksums is to 7-Zip the last one's trouble.
        if (!ofBlock && ours[0] !== "archive") expect([archive, at, ours]).toEqual([archive, at, theirs]);
      }
    }
  }
});
