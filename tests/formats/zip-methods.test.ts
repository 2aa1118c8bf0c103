/** Sizes that lie, for every method that a tool here can write: the content is refused, and nothing of it is kept. */
import { deflateRawSync } from "node:zlib";
import { closeSync, openSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fileSource } from "../../src/core/sources.ts";
import { decodeZipEntry } from "../../src/formats/zip/decode.ts";
import { openZip } from "../../src/formats/zip/read.ts";
import { prose } from "../create/sample.ts";
import { buildZip, DEFLATE, STORE, type ZipItem } from "../helpers/build.ts";
import { sandbox, sha256 } from "../helpers/cli.ts";
import { codeOfTest, unpack } from "../helpers/library.ts";
import { has, run, temporaryFolder } from "../helpers/tools.ts";

const CONTENT = prose(20_000);
const both = (lie: object): Partial<ZipItem> => ({ local: lie, central: lie });

/** The entry that 7-Zip makes, taken out of its zip. */
function madeBy7zz(method: string): ZipItem {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "a"), CONTENT);
  run("7zz", ["a", "-bso0", "-tzip", `-mm=${method}`, "made.zip", "a"], { cwd: folder });
  const bytes = readFileSync(join(folder, "made.zip"));
  const start = 30 + bytes.readUInt16LE(26) + bytes.readUInt16LE(28);
  return { name: "a", content: CONTENT, method: bytes.readUInt16LE(8), flags: bytes.readUInt16LE(6), data: bytes.subarray(start, start + bytes.readUInt32LE(18)) };
}

describe("zip: an entry whose size is not what it says is refused:", () => {
  const methods: Record<string, () => ZipItem> = {
    store: () => ({ name: "a", content: CONTENT, method: STORE, data: CONTENT }),
    deflate: () => ({ name: "a", content: CONTENT, method: DEFLATE, data: deflateRawSync(CONTENT) }),
    ...Object.fromEntries(["Deflate64", "BZip2", "LZMA", "PPMd", "xz"].map((method) => [method, () => madeBy7zz(method)])),
  };
  for (const [method, make] of Object.entries(methods)) {
    it.skipIf(method !== "store" && method !== "deflate" && !has("7zz"))(`${method} (skipped where 7zz is missing)`, { timeout: 60_000 }, async () => {
      const item = make();
      const data = item.data!;
      const where = sandbox();
      const z: ZipItem = { name: "z", content: "good" };
      expect(await unpack(buildZip([item, z]), {}, where)).toMatchObject({ code: 0, warnings: [], contents: { a: sha256(CONTENT), z: "good" } });
      const lies: Record<string, Partial<ZipItem>> = {
        "one byte less": both({ size: CONTENT.length - 1 }),
        "one byte more": both({ size: CONTENT.length + 1 }),
        "no byte at all": both({ size: 0, crc32: 0 }),
        "compressed data that are cut": { data: data.subarray(0, -9) },
        "compressed data with more behind": { data: Buffer.concat([data, Buffer.from("more and more")]) },
      };
      for (const [what, lie] of Object.entries(lies)) {
        const bytes = buildZip([{ ...item, ...lie }, z]);
        const { code, contents } = await unpack(bytes, {}, where);
        expect([what, code === 0, contents]).toEqual([what, false, { z: "good" }]);
        expect([what, await codeOfTest(bytes, where)]).toEqual([what, code]);
      }
    });
  }
});

describe("zip: content that the engine decodes", () => {
  it.skipIf(!has("7zz"))("stays as it is while the next is decoded: it may be written meanwhile (skipped where 7zz is missing)", async () => {
    const archive = join(temporaryFolder(), "a.zip");
    writeFileSync(archive, buildZip([madeBy7zz("LZMA")]));
    const fd = openSync(archive, "r");
    try {
      const { entries } = await openZip(fileSource(archive, fd, statSync(archive).size, async () => {}), { limits: { entries: 0, headerBytes: 1 << 20, memory: 0 }, lenient: false, warn: () => {} });
      let chunks = 0;
      for await (const chunk of decodeZipEntry(fd, entries.at(0)!.locator).chunks!) {
        expect(chunk.buffer).not.toBeInstanceOf(SharedArrayBuffer);
        chunks += 1;
      }
      expect(chunks).toBeGreaterThan(0);
    } finally {
      closeSync(fd);
    }
  });
});

describe("zip: LZMA that ends with a marker", () => {
  const reason = "(skipped where 7zz is missing)";
  it.skipIf(!has("7zz"))(`comes out whole, whether its flags tell of the marker or not, as PKZIP's do ${reason}`, { timeout: 60_000 }, async () => {
    const told = madeBy7zz("LZMA:eos");
    expect(told.flags! & 2).toBe(2);
    const bare = madeBy7zz("LZMA:eos=off");
    expect(bare.flags! & 2).toBe(0);
    expect(await unpack(buildZip([bare]))).toMatchObject({ code: 0, warnings: [], contents: { a: sha256(CONTENT) } });
    for (const flags of [told.flags!, told.flags! & ~2]) {
      expect(await unpack(buildZip([{ ...told, flags }]))).toMatchObject({ code: 0, warnings: [], contents: { a: sha256(CONTENT) } });
    }
  });
  it.skipIf(!has("7zz"))(`is refused where more lies behind the marker, or it is cut ${reason}`, { timeout: 60_000 }, async () => {
    const { data, flags, ...item } = madeBy7zz("LZMA:eos");
    const bare = madeBy7zz("LZMA:eos=off");
    const lies: Record<string, ZipItem> = {
      "more behind": { ...item, flags: flags! & ~2, data: Buffer.concat([data!, Buffer.from("more")]) },
      "cut": { ...item, flags: flags! & ~2, data: data!.subarray(0, -3) },
      "more behind data without one": { ...bare, flags: bare.flags! | 2, data: Buffer.concat([bare.data!, Buffer.from("more")]) },
    };
    for (const [what, lie] of Object.entries(lies)) {
      const { code, contents } = await unpack(buildZip([lie]));
      expect([what, code, contents]).toEqual([what, 3, {}]);
    }
  });
});
