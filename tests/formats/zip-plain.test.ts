/** What is read in few steps because it is plain, against the full reading: headers as tools write them, and with each byte changed. */
import { closeSync, ftruncateSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bareEntry } from "../../src/core/bare-entry.ts";
import type { UnzipxError } from "../../src/errors.ts";
import { CentralDirectory, type CentralRecord } from "../../src/formats/zip/central-directory.ts";
import { readEntry, type ZipEntry } from "../../src/formats/zip/entry.ts";
import { entryName } from "../../src/formats/zip/entry-name.ts";
import { compareHeaders, isPlainAround, plainDataStart } from "../../src/formats/zip/local-header.ts";
import { PlainEntries } from "../../src/formats/zip/plain-entries.ts";
import { buildZip, DEFLATE, FLAG_UTF8, type ZipItem } from "../helpers/build.ts";
import { has, run, temporaryFolder } from "../helpers/tools.ts";

const PREFIX = 7;
const VALUES = [0x00, 0x01, 0x08, 0x2f, 0x5c, 0x7f, 0x80, 0xff];

/** Info-ZIP's time of change, and its owners. */
const UT = Buffer.from("55540500" + "01" + "00f15365", "hex");
const UX = Buffer.from("75780b00" + "0104e8030000" + "04e8030000", "hex");

const ITEMS: readonly ZipItem[] = [
  { name: "a/b/c.txt", content: "some content ".repeat(20), method: DEFLATE, mode: 0o100644, extra: Buffer.concat([UT, UX]) },
  { name: "stored", content: "x", mode: 0o100755, extra: UT },
  { name: "folder/", mode: 0o040755, extra: UX },
  { name: "of-dos.txt", content: "abc", method: DEFLATE },
  { name: "python", content: "abc", mode: 0o600, method: DEFLATE },
  { name: "empty", mode: 0o100644, flags: FLAG_UTF8 },
  { name: "described", content: "abcabc", method: DEFLATE, mode: 0o100644, descriptor: { signature: true, long: false } },
];

let fd: number;
beforeEach(() => {
  fd = openSync(join(temporaryFolder(), "bytes"), "w+");
});
afterEach(() => closeSync(fd));

/** The record of a central directory that begins with these bytes; undefined: none does. */
function recordOf(bytes: Buffer): CentralRecord | undefined {
  ftruncateSync(fd);
  writeSync(fd, bytes, 0, bytes.length, 0);
  const directory = new CentralDirectory({ fd, start: 0, end: bytes.length });
  try {
    return directory.read(directory.reach());
  } catch {
    return undefined;
  }
}

/** The entry by the full reading, and what was said of it. */
function fully(record: CentralRecord): { entry: ZipEntry; notes: readonly UnzipxError[] } {
  const notes: UnzipxError[] = [];
  const called = entryName(record);
  return { entry: readEntry(record, called, called.name!, { prefix: PREFIX, lenient: false, notes }), notes };
}

function told(entry: ZipEntry): unknown {
  return { ...bareEntry(entry), offset: entry.offset, locator: entry.locator };
}

/** Whether the record is plain; then the full reading must say the same. */
function isPlain(bytes: Buffer): boolean {
  const record = recordOf(bytes);
  const entries = new PlainEntries(PREFIX, 1);
  if (record === undefined || entries.scan(bytes, 0, 1) === 0) return false;
  const plain = entries.entry(0);
  plain.limit = 0;
  const { entry, notes } = fully(record!);
  expect([notes, told(plain)]).toEqual([[], told(entry)]);
  return true;
}

interface Pair {
  readonly central: Buffer;
  readonly local: Buffer;
}

/** The two headers of each entry, the local one with what follows it. */
function pairsOf(zip: Buffer): Pair[] {
  const pairs: Pair[] = [];
  const end = zip.lastIndexOf("PK\x05\x06", undefined, "latin1");
  for (let at = zip.readUInt32LE(end + 16); at < end; ) {
    const next = at + 46 + zip.readUInt16LE(at + 28) + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
    pairs.push({ central: zip.subarray(at, next), local: zip.subarray(zip.readUInt32LE(at + 42)) });
    at = next;
  }
  return pairs;
}

describe("records of the central directory", () => {
  const pairs = pairsOf(buildZip(ITEMS));

  it("as tools write them are plain", () => {
    expect(pairs.map(({ central }) => isPlain(central))).toEqual(ITEMS.map(() => true));
  });

  it("with any byte changed are read in full, or it would say the same", () => {
    let plain = 0;
    for (const { central } of pairs) {
      for (let at = 0; at < central.length; at++) {
        for (const value of VALUES) {
          const bent = Buffer.from(central);
          bent[at] = value;
          if (isPlain(bent)) plain += 1;
        }
      }
    }
    expect(plain).toBeGreaterThan(1000);
  });

  it.each<readonly [string, Omit<ZipItem, "name"> & { name?: string }]>([
    ["a name beyond ASCII", { name: "\u00fc", flags: FLAG_UTF8 }], ["no name", { name: "" }], ["a comment", { central: { comment: "c" } }], ["encryption", { flags: 1 }], ["another disk", { central: { disk: 1 } }],
    ["another method", { method: 12 }], ["a symlink", { mode: 0o120777 }], ["a device", { mode: 0o020644 }], ["content without a checksum", { content: "a", central: { crc32: 0 } }],
    ["two sizes of what is stored", { content: "a", central: { size: 2 } }], ["a size of all ones", { central: { size: 0xffffffff } }], ["a folder with content", { name: "f/", content: "a" }], ["a backslash at the end of a name from DOS", { name: "f\\" }],
    ["an extra field that is none of the usual", { extra: Buffer.from("0a000000", "hex") }], ["an extra field that does not fit", { extra: Buffer.from("5554ff00", "hex") }], ["a time in no calendar", { central: { date: 0xffff } }],
  ])("with %s are read in full", (_, item) => {
    expect(isPlain(pairsOf(buildZip([{ name: "a", ...item }]))[0]!.central)).toBe(false);
  });

  it.skipIf(!has("zip"))("of zip are plain (needs zip)", () => {
    const folder = temporaryFolder();
    for (const name of ["a.txt", "b.bin", "empty"]) writeFileSync(join(folder, name), name === "empty" ? "" : name.repeat(100));
    run("zip", ["-q", "-r", "a.zip", "."], { cwd: folder });
    expect(pairsOf(readFileSync(join(folder, "a.zip"))).map(({ central }) => isPlain(central))).toEqual([true, true, true]);
  });
});

describe("local headers", () => {
  /** Whether it is plain; then comparing field by field must come to the same, with nothing to say. */
  function agrees(local: Buffer, central: Buffer): boolean {
    const entry = fully(recordOf(central)!).entry;
    entry.limit = entry.locator.offset + local.length;
    const plain = plainDataStart(local, 0, local.length, entry.locator);
    const amid = Buffer.concat([Buffer.alloc(7, 1), local, pairs[0]!.local]);
    expect(plainDataStart(amid, 7, 7 + local.length, entry.locator), "amid other bytes").toBe(plain);
    if (plain === 0) return false;
    const headerLength = plain - entry.locator.offset;
    for (let length = 0; length < headerLength; length++) expect(plainDataStart(amid, 7, 7 + length, entry.locator), `${length} bytes of it`).toBe(0);
    const warned: UnzipxError[] = [];
    const facts = compareHeaders(local, entry.locator, fd, { lenient: false, warn: (note) => void warned.push(note) });
    expect([warned, facts]).toEqual([[], { dataStart: plain, hasDescriptor: (entry.locator.flags & 8) !== 0, halfDescribed: false, isZip64: false }]);
    return true;
  }

  const pairs = pairsOf(buildZip(ITEMS));

  it("as tools write them are plain", () => {
    expect(pairs.map(({ local, central }) => agrees(local, central))).toEqual(ITEMS.map(() => true));
  });

  it("with any byte changed are compared field by field, or that would come to the same", () => {
    let plain = 0;
    for (const { local, central } of pairs) {
      const end = 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
      for (let at = 0; at < end; at++) {
        for (const value of VALUES) {
          const bent = Buffer.from(local);
          bent[at] = value;
          if (agrees(bent, central)) plain += 1;
        }
      }
    }
    expect(plain).toBeGreaterThan(100);
  });

  it("whose data would reach into what follows are not plain", () => {
    const { local, central } = pairs[0]!;
    const entry = fully(recordOf(central)!).entry;
    const end = 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
    entry.limit = entry.locator.offset + end + entry.packedSize;
    expect(plainDataStart(local, 0, local.length, entry.locator)).toBe(entry.locator.offset + end);
    entry.limit = entry.locator.offset + end + entry.packedSize - 1;
    expect(plainDataStart(local, 0, local.length, entry.locator)).toBe(0);
  });

  it("with something behind the data, or a descriptor, are not all that is to be looked at", () => {
    const around = ({ local, central }: (typeof pairs)[number], more: number): boolean => {
      const entry = fully(recordOf(central)!).entry;
      entry.limit = entry.locator.offset + 30 + local.readUInt16LE(26) + local.readUInt16LE(28) + entry.packedSize + more;
      return isPlainAround(local, 0, local.length, entry.locator);
    };
    const described = pairs.filter(({ local }) => (local.readUInt16LE(6) & 8) !== 0);
    const bare = pairs.filter((pair) => !described.includes(pair));
    expect([described.length > 0, bare.length > 0]).toEqual([true, true]);
    expect(bare.map((pair) => around(pair, 0))).toEqual(bare.map(() => true));
    for (const more of [-1, 1, 16]) expect(bare.map((pair) => around(pair, more)), `${more} bytes`).toEqual(bare.map(() => false));
    expect(described.map((pair) => around(pair, 0))).toEqual(described.map(() => false));
  });
});
