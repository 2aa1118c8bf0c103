/** What a name promises of the inside of compressed data, and how often that may be compressed. */
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { buildTar, buildZip, tarHeader } from "../helpers/build.ts";
import { fixture, u32 } from "../helpers/filters.ts";
import { unpack } from "../helpers/library.ts";
import { buildAr, buildRpm } from "../helpers/packages.ts";

const tar = buildTar([{ name: "a", content: "a" }]);

/** Of any content, for every filter that can be written in a line. */
const PACKERS: Record<string, (bytes: Buffer) => Buffer> = {
  gz: (bytes) => gzipSync(bytes),
  // One block as it is: the header of a frame, the block's size with its highest bit, the end mark.
  lz4: (bytes) => Buffer.concat([u32(0x184d2204), Buffer.from([0x60, 0x70, 0x73]), u32(bytes.length + 0x80000000), bytes, u32(0)]),
  // One raw block, the last: window of 128 KiB, no size, no checksum.
  zst: (bytes) => Buffer.concat([u32(0xfd2fb528), Buffer.from([0, 0x38]), u32((bytes.length << 3) | 1).subarray(0, 3), bytes]),
};

describe("a name that promises a tar is held to it", () => {
  for (const [extension, pack] of Object.entries(PACKERS)) {
    it(`.tar.${extension}: what is inside and no tar is an error, and leaves nothing; --format gives the file`, async () => {
      for (const content of [Buffer.from("no tar at all".repeat(100)), Buffer.alloc(0), tar.subarray(0, 300), tarHeader({ name: "a", checksum: 1, dialect: "v7" })]) {
        expect(await unpack(pack(content), { name: `a.tar.${extension}` })).toMatchObject({ code: 3, contents: {}, error: { code: "BAD_HEADER", details: { expected: "tar" } } });
      }
      const { error } = await unpack(pack(Buffer.from("no tar at all")), { name: `a.tar.${extension}` });
      const format = /^--format (\w+)$/.exec(error!.details.hint!)![1]!;
      expect(await unpack(pack(Buffer.from("no tar at all")), { name: `a.tar.${extension}`, format })).toMatchObject({ code: 0, contents: { "a.tar": "no tar at all" } });
    });
    it(`.tar.${extension}: a tar, an empty one, and another kind of archive are what they are`, async () => {
      expect(await unpack(pack(tar), { name: `a.tar.${extension}` })).toMatchObject({ code: 0, contents: { a: "a" } });
      expect(await unpack(pack(Buffer.alloc(10240)), { name: `a.tar.${extension}` })).toMatchObject({ code: 0, contents: {} });
      expect(await unpack(pack(fixture("cpio/good-odc.cpio")), { name: `a.tar.${extension}` })).toMatchObject({ code: 0 });
      expect(Object.keys((await unpack(pack(fixture("cab/good-stored.cab")), { name: `a.tar.${extension}` })).contents)).toEqual(["a.tar"]);
    });
    it(`.${extension}: a file is a file, whatever it holds`, async () => {
      expect(await unpack(pack(Buffer.from("no tar at all")), { name: `notes.txt.${extension}` })).toMatchObject({ code: 0, contents: { "notes.txt": "no tar at all" } });
    });
  }
  it(".tgz as well, and .cpio.gz", async () => {
    expect((await unpack(gzipSync("no tar"), { name: "a.tgz" })).error?.code).toBe("BAD_HEADER");
    expect((await unpack(gzipSync("no cpio"), { name: "a.cpio.gz" })).error).toMatchObject({ code: "BAD_HEADER", details: { expected: "cpio" } });
    expect(await unpack(gzipSync(fixture("cpio/good-newc.cpio")), { name: "a.cpio.gz" })).toMatchObject({ code: 0 });
  });
});

describe("a package is held to what it is made of", () => {
  const deb = (data: Uint8Array): Buffer => buildAr([{ name: "debian-binary", content: "2.0\n" }, { name: "control.tar", content: tar }, { name: "data.tar", content: data }]);

  it("a deb whose data is no tar, and an rpm whose payload is no cpio, are errors", async () => {
    expect(await unpack(deb(tar), { name: "a.deb" })).toMatchObject({ code: 0, contents: { a: "a" } });
    for (const bytes of [deb(Buffer.from("no tar")), deb(gzipSync("no tar")), buildRpm(Buffer.from("no cpio")), buildRpm(gzipSync("no cpio"))]) {
      expect((await unpack(bytes, { name: "package" })).error?.code).toBe("BAD_HEADER");
    }
  });
});

describe("compressed over and over", () => {
  const times = (count: number, bytes: Buffer): Buffer => Array.from({ length: count }).reduce<Buffer>((inner) => gzipSync(inner), bytes);

  it("a tar is found behind up to eight layers, where the name promises one", async () => {
    for (const count of [2, 8]) expect(await unpack(times(count, tar), { name: "a.tar.gz" })).toMatchObject({ code: 0, contents: { a: "a" } });
  });
  it("more than eight layers are a LIMIT that names them", async () => {
    const { error, contents } = await unpack(times(9, tar), { name: "a.tar.gz" });
    expect([error?.code, contents]).toEqual(["LIMIT", {}]);
    expect(error?.details.found).toBe(Array.from({ length: 9 }, () => "gzip").join(" in "));
  });
  it("without that promise what was compressed twice is given as it was compressed once", async () => {
    expect(Object.keys((await unpack(times(2, tar), { name: "a.gz" })).contents)).toEqual(["a"]);
  });
});

describe("a file that is a tar and a zip at the same time", () => {
  const zip = buildZip([{ name: "z", content: "z" }]);

  it("is read as the tar that it begins like, and that is told; --format zip reads the other", async () => {
    const both = buildZip([{ name: "z", content: "z" }], { prefix: tar, absolute: true });
    const { code, contents, warnings } = await unpack(both, { name: "a.tar" });
    expect([code, contents, warnings.join()]).toEqual([0, { a: "a" }, expect.stringContaining("a zip at the same time")]);
    expect(await unpack(both, { name: "a.tar", format: "zip" })).toMatchObject({ contents: { z: "z" } });
  });
  it("a tar that holds a zip is only a tar", async () => {
    expect(await unpack(buildTar([{ name: "z.zip", content: zip }]), { name: "a.tar" })).toMatchObject({ code: 0, warnings: [] });
  });
});
