/** Members that are read where they lie because they are plain, against the full reading: headers as tools write them, and with each byte changed. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { UnzipxError } from "../../src/errors.ts";
import { explainedEntries } from "../../src/core/set-errors.ts";
import { decodeGzip } from "../../src/filters/gzip-decode.ts";
import { readTar } from "../../src/formats/tar/read.ts";
import { buildTar, gnuLong, inChunks, paxHeader, signedSum, TAR_END, tarHeader, unsignedSum } from "../helpers/build.ts";
import { readOptions } from "../helpers/library.ts";
import { has, run, temporaryFolder } from "../helpers/tools.ts";

const BLOCK = 512;
/** No header is whole in a piece of these, so none is plain. */
const SHORT = BLOCK - 1;
/** Content of sparse files that nobody waits for. */
const HUGE = 1 << 24;
const CORPUS = new URL("../../../shared/corpus/", import.meta.url).pathname;

interface Reading {
  readonly told: readonly unknown[];
  /** How many of the entries were plain. */
  readonly plain: number;
}

/** Everything that is told of an archive, in order. */
async function reading(bytes: Uint8Array, chunk: number, encoding?: string): Promise<Reading> {
  const told: unknown[] = [];
  let plain = 0;
  const notes: UnzipxError[] = [];
  try {
    for await (const entry of readTar(inChunks(bytes, chunk), readOptions(notes, { owners: true, encoding }))) {
      const { path, type, size, packedSize, mtime, mode, owner, linkTarget, method, crc32, encrypted, comment, escaped, refusal, whole } = entry;
      const content = createHash("sha256");
      if ((size ?? 0) < HUGE) for await (const piece of entry.content()) content.update(piece);
      const digest = content.digest("hex");
      if (whole !== undefined) expect(createHash("sha256").update(whole).digest("hex")).toBe(digest);
      if (Object.getPrototypeOf(entry) !== Object.prototype) plain += 1;
      told.push({ path, type, size, packedSize, mtime, mode, owner, linkTarget, method, crc32, encrypted, comment, escaped, refusal: refusal?.message, digest });
    }
  } catch (error) {
    if (!(error instanceof UnzipxError)) throw error;
    told.push(error.message, error.details);
  }
  for (const { message, details } of notes) told.push(message, details);
  return { told, plain };
}

/** The same is told of an archive however it arrives. Returns how many of its entries were plain. */
async function expectSame(bytes: Uint8Array, encoding?: string): Promise<number> {
  const [full, quick] = [await reading(bytes, SHORT, encoding), await reading(bytes, Infinity, encoding)];
  expect(full.plain).toBe(0);
  expect(quick.told).toEqual(full.told);
  return quick.plain;
}

const ITEMS = [
  { name: "folder/", type: "5", mode: 0o755 }, { name: "folder/file", content: "some content", mode: 0o600, uid: 1000, gid: 100 }, { name: "empty" },
  { name: "n".repeat(100), content: "x".repeat(BLOCK) }, { name: "with space ", mtime: 0, mode: 0 },
] as const;

describe("tar: members that are plain", () => {
  for (const dialect of ["v7", "ustar", "gnu"] as const) {
    it(`of ${dialect} are told as the full reading tells them`, async () => {
      expect(await expectSame(buildTar(ITEMS.map((item) => ({ ...item, dialect }))))).toBe(ITEMS.length - 1); // nothing has arrived before the first one
    });

    it(`of ${dialect} with any byte of their header changed are told as the full reading tells them`, async () => {
      const before = buildTar([{ name: "before", content: "1", dialect }], new Uint8Array(0));
      const behind = buildTar([{ name: "behind", content: "2", dialect }]);
      let plain = 0;
      for (const item of [{ name: "folder/", type: "5", mode: 0o755, dialect }, { name: "folder/file", content: "some content", dialect }]) {
        const member = buildTar([item], new Uint8Array(0));
        for (let at = 0; at < BLOCK; at++) {
          for (const value of [0x00, 0x01, 0x20, 0x2f, 0x30, 0x31, 0x35, 0x37, 0x7f, 0x80, 0xff]) {
            const changed = Buffer.from(member);
            changed[at] = value;
            // Half of them with the checksum that the others lack.
            if ((at + value) % 2 === 0 && (at < 148 || at >= 156)) changed.write(`${unsignedSum(changed.subarray(0, BLOCK)).toString(8).padStart(6, "0")}\0 `, 148, "latin1");
            plain += await expectSame(Buffer.concat([before, changed, behind]));
          }
        }
      }
      expect(plain).toBeGreaterThan(11_000);
    }, 60_000);
  }

  it("come in turns with all others", async () => {
    const bytes = buildTar([
      { name: "a", content: "1" }, { name: "link", type: "2", link: "a" }, { name: "b", content: "2" }, paxHeader({ path: "long/c" }), { name: "c", content: "3" }, { name: "d", content: "4" },
      gnuLong("L", "e".repeat(200)), { name: "e", content: "5" }, { name: "f", type: "1", link: "a" }, { name: "\xe4", content: "6" }, { name: "g/", type: "5", mode: 0o755 }, { name: "h", content: "7" },
    ]);
    expect(await expectSame(bytes)).toBe(4); // b, d, g, h
  });

  it("are none behind a global header, which speaks of all, nor where names are in a character set of their own", async () => {
    expect(await expectSame(buildTar([paxHeader({ mtime: "1" }, "g"), { name: "a" }, { name: "b" }]))).toBe(0);
    expect(await expectSame(buildTar([{ name: "a" }, { name: "b" }]), "shift_jis")).toBe(0);
  });

  it("may be summed as signed bytes, have no padding behind the last one, or be cut off anywhere", async () => {
    const header = tarHeader({ name: "a", raw: new Map([[480, Buffer.from([0xff, 0xfe])]]) });
    header.write(`${signedSum(header).toString(8).padStart(6, "0")}\0 `, 148, "latin1");
    expect(await expectSame(Buffer.concat([header, header, TAR_END]))).toBe(1);
    const whole = buildTar([{ name: "a", content: "1" }, { name: "b/", type: "5" }, { name: "c", content: "2" }]);
    for (let length = 0; length < whole.length; length += 1) await expectSame(whole.subarray(0, length));
  });

  it("lie anywhere in what arrives", async () => {
    const bytes = buildTar(Array.from({ length: 200 }, (_, i) => ({ name: `file-${i}`, content: "y".repeat((i * 37) % 1500) })));
    const { told } = await reading(bytes, SHORT);
    for (const chunk of [BLOCK, 1000, 4096, 10_000, 65_536]) expect((await reading(bytes, chunk)).told).toEqual(told);
  });

  it("are plain in what comes out of a gzip as well, in its pieces", async () => {
    const bytes = buildTar(Array.from({ length: 3000 }, (_, i) => ({ name: `file-${i}`, content: "z".repeat((i * 37) % 1500) })));
    let plain = 0;
    for await (const entry of readTar(decodeGzip(inChunks(gzipSync(bytes), 10_000), { memory: 0, lenient: false, warn() {} }), readOptions())) {
      if (Object.getPrototypeOf(entry) !== Object.prototype) plain += 1;
    }
    expect(plain).toBeGreaterThan(2900);
  });

  it("keep their content where their errors are explained", async () => {
    const bytes = buildTar([{ name: "a", content: "1" }, { name: "b", content: "22" }, { name: "c", content: "333" }]);
    const wholes: string[] = [];
    for await (const { whole } of explainedEntries(readTar(inChunks(bytes), readOptions()), (error) => error)) wholes.push(Buffer.from(whole!).toString());
    expect(wholes).toEqual(["1", "22", "333"]);
  });

  it.skipIf(!existsSync(CORPUS))("are told as the full reading tells them, of every tar of the corpus", async () => {
    const rows = readFileSync(join(CORPUS, "INVENTORY.tsv"), "utf8").split("\n").map((line) => line.split("\t"));
    const paths = rows.flatMap(([path]) => (path !== undefined && path.endsWith(".tar") && existsSync(join(CORPUS, path)) ? [path] : []));
    expect(paths.length).toBeGreaterThan(100);
    let plain = 0;
    for (const path of paths) {
      const bytes = readFileSync(join(CORPUS, path));
      if (bytes.length < 1 << 22) plain += await expectSame(bytes);
    }
    expect(plain).toBeGreaterThan(100);
  }, 120_000);

  for (const tool of ["tar", "bsdtar"]) {
    it.skipIf(!has(tool))(`of ${tool} are told as the full reading tells them`, async () => {
      const folder = temporaryFolder();
      for (const format of tool === "tar" ? ["v7", "ustar", "gnu", "posix"] : ["ustar", "gnutar", "pax"]) {
        run(tool, ["-cf", join(folder, "made.tar"), `--format=${format}`, "-C", new URL("../../src/safe", import.meta.url).pathname, "."]);
        await expectSame(readFileSync(join(folder, "made.tar")));
      }
    });
  }
});
