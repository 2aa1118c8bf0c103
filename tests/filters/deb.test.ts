import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { UnzipxError } from "../../src/errors.ts";
import { ar } from "../../src/formats/ar/index.ts";
import { deb } from "../../src/filters/deb.ts";
import { decodeDeb } from "../../src/filters/deb-decode.ts";
import { FILTERS } from "../../src/filters/index.ts";
import { buildTar, inChunks } from "../helpers/build.ts";
import { codeOfTest, unpack } from "../helpers/library.ts";
import { AR_START, buildAr, type ArItem } from "../helpers/packages.ts";
import { has, run, temporaryFolder, treeOf } from "../helpers/tools.ts";

const VERSION: ArItem = { name: "debian-binary", content: "2.0\n" };
const CONTROL: ArItem = { name: "control.tar.gz", content: gzipSync(buildTar([{ name: "./control", content: "Package: x\n" }])) };
const TAR = buildTar([{ name: "./usr/", type: "5" }, { name: "./usr/a", content: "content" }]);
const DATA: ArItem = { name: "data.tar", content: TAR };
const DATA_GZ = { name: "data.tar.gz", content: gzipSync(TAR) };

interface Result {
  readonly data: Buffer;
  readonly notes: string[];
  readonly code: string | undefined;
}

/** The data member, as far as it could be read. Anything but an UnzipxError fails the test. */
async function decode(bytes: Uint8Array, chunk = Infinity): Promise<Result> {
  const notes: string[] = [];
  const pieces: Buffer[] = [];
  let code: string | undefined;
  try {
    for await (const piece of decodeDeb(inChunks(bytes, chunk), (note) => void notes.push(note.message))) pieces.push(Buffer.from(piece));
  } catch (error) {
    if (!(error instanceof UnzipxError)) throw error;
    code = error.code;
  }
  return { data: Buffer.concat(pieces), notes, code };
}
const codeOf = async (...items: readonly ArItem[]): Promise<string | undefined> => (await decode(buildAr(items))).code;

describe("deb", () => {
  it("bids more than ar, and only where the first member is debian-binary", () => {
    const bids = (bytes: Uint8Array): boolean => deb.bid({ head: bytes, tail: undefined }) > ar.bid({ head: bytes, tail: undefined });
    expect([bids(buildAr([VERSION])), bids(buildAr([{ ...VERSION, name: "debian-binary/" }])), bids(buildAr([{ name: "a" }])), bids(AR_START)]).toEqual([true, true, false, false]);
  });
  it("gives the data member, in chunks of any size, with or without ar's slashes", async () => {
    const slashes = [VERSION, CONTROL, DATA].map((item) => ({ ...item, name: `${item.name}/` }));
    for (const items of [[VERSION, CONTROL, DATA], slashes]) {
      for (const chunk of [Infinity, 1, 100]) {
        const { data, notes, code } = await decode(buildAr(items), chunk);
        expect([data.equals(TAR), notes, code]).toEqual([true, [], undefined]);
      }
    }
  });
  it("leads to the files in one step, and as ar to the members", async () => {
    const bytes = buildAr([VERSION, CONTROL, DATA_GZ]);
    const files = await unpack(bytes);
    expect([files.code, files.summary?.format, Object.keys(files.contents)]).toEqual([0, ["deb", "gzip", "tar"], ["usr/", "usr/a"]]);
    const members = await unpack(bytes, { format: "ar" });
    expect([members.code, members.summary?.format, Object.keys(members.contents).sort()]).toEqual([0, ["ar"], ["control.tar.gz", "data.tar.gz", "debian-binary"]]);
  });
  it("lets members of others pass", async () => {
    const signed = [VERSION, { name: "_mine", content: "x" }, CONTROL, { name: "_theirs", content: "y" }, DATA, { name: "_gpgorigin", content: "odd" }, { name: "more", content: "z" }];
    expect(await decode(buildAr(signed))).toMatchObject({ notes: [], code: undefined });
  });

  const wrong: [what: string, items: readonly ArItem[], code: string][] = [
    ["another version", [{ ...VERSION, content: "3.0\n" }, CONTROL, DATA], "UNSUPPORTED_FORMAT"],
    ["a version of a megabyte", [{ ...VERSION, content: "2.0\n".repeat(250_000) }, CONTROL, DATA], "UNSUPPORTED_FORMAT"],
    ["no data", [VERSION, CONTROL], "TRUNCATED"],
    ["no control member", [VERSION, DATA], "BAD_HEADER"],
    ["two control members", [VERSION, CONTROL, CONTROL, DATA], "BAD_HEADER"],
    ["data in front of control", [VERSION, DATA, CONTROL], "BAD_HEADER"],
    ["a member that does not belong there", [VERSION, CONTROL, { name: "evil" }, DATA], "BAD_HEADER"],
    ["a name that only begins like the data's", [VERSION, CONTROL, { name: "data.tarball" }, DATA], "BAD_HEADER"],
    ["two data members, which are two readings", [VERSION, CONTROL, DATA, { name: "data.tar.xz" }], "AMBIGUOUS"],
    ["a size beyond the file", [VERSION, CONTROL, { ...DATA, fields: { size: "99999999" } }], "TRUNCATED"],
    ["a size that is no number", [VERSION, { ...CONTROL, fields: { size: "12x" } }, DATA], "BAD_HEADER"],
    ["a member behind the data that is cut off", [VERSION, CONTROL, DATA, { name: "_gpg", fields: { size: "100" } }], "TRUNCATED"],
  ];
  for (const [what, items, code] of wrong) it(`with ${what}: ${code}`, async () => expect(await codeOf(...items)).toBe(code));

  it("tells of bytes behind the last member", async () => {
    for (const rest of ["x", "x".repeat(1000)]) {
      const { data, notes, code } = await decode(Buffer.concat([buildAr([VERSION, CONTROL, DATA]), Buffer.from(rest)]));
      expect([data.equals(TAR), notes, code]).toEqual([true, [`The Debian package is followed by ${rest.length} bytes that were not read`], undefined]);
    }
  });
  it("of before 1995 says what it is", async () => {
    const old = Buffer.from("0.939000\n123\n\x1f\x8b\b");
    expect(deb.bid({ head: old, tail: undefined })).toBeGreaterThan(16);
    expect(await codeOfTest(old)).toBe(81);
  });
  it("cut off anywhere is an error", async () => {
    const bytes = buildAr([VERSION, CONTROL, DATA_GZ]);
    const end = bytes.length - (DATA_GZ.content.length % 2); // what fills up the last member may be missing
    for (let length = 0; length < end; length++) expect([length, (await decode(bytes.subarray(0, length))).code]).toEqual([length, "TRUNCATED"]);
  });
  it("with any bit flipped is an error, or gives the same", async () => {
    const bytes = buildAr([VERSION, CONTROL, { name: "data.tar", content: "content!" }]);
    for (let bit = 0; bit < (bytes.length - 8) * 8; bit++) {
      const damaged = Buffer.from(bytes);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      const { data, code, notes } = await decode(damaged);
      // A smaller size leaves bytes behind the member, and says so.
      expect(code !== undefined || notes.length > 0 || data.toString() === "content!").toBe(true);
    }
  });

  const fixture = (name: string): Buffer => readFileSync(fileURLToPath(new URL(`../../fixtures/deb/${name}`, import.meta.url)));
  it("made by dpkg-deb and cut off anywhere leaves nothing", async () => {
    const bytes = fixture("good-gzip.deb");
    for (let length = 0; length < bytes.length - 1; length += 7) {
      const { code, summary } = await unpack(bytes.subarray(0, length));
      expect([length, code === 0, summary]).toEqual([length, false, undefined]);
    }
  });

  for (const [compression, filter] of [["gzip", "gzip"], ["xz", "xz"], ["zstd", "zstd"], ["none", "gzip"]] as const) {
    it.skipIf(!has("dpkg-deb") || !FILTERS.some(({ name }) => name === filter))(`made by dpkg-deb -Z${compression} extracts as dpkg-deb does (skipped where it does not exist)`, async () => {
      const folder = temporaryFolder();
      mkdirSync(join(folder, "tree/DEBIAN"), { recursive: true, mode: 0o755 });
      writeFileSync(join(folder, "tree/DEBIAN/control"), "Package: example\nVersion: 1.0\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\nDescription: A sample\n");
      mkdirSync(join(folder, "tree/usr/share"), { recursive: true, mode: 0o755 });
      writeFileSync(join(folder, "tree/usr/share/größe.txt"), "content".repeat(1000), { mode: 0o644 });
      run("dpkg-deb", ["--root-owner-group", `-Z${compression}`, "--build", join(folder, "tree"), join(folder, "x.deb")]);
      run("dpkg-deb", ["-x", join(folder, "x.deb"), join(folder, "out")]);
      const { code, folder: out } = await unpack(readFileSync(join(folder, "x.deb")), { name: "x.deb" });
      expect([code, treeOf(out)]).toEqual([0, treeOf(join(folder, "out"))]);
    });
  }
});
