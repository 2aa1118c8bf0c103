/** An index of many entries, of which most are not kept as objects: against the index of each entry alone, which is. */
import { closeSync, fstatSync, openSync, readSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { judgeOf } from "../../src/core/as-claimed.ts";
import { bareEntry } from "../../src/core/bare-entry.ts";
import type { OpenedIndex } from "../../src/core/open.ts";
import { fileSource } from "../../src/core/sources.ts";
import { UnzipxError } from "../../src/errors.ts";
import type { Index } from "../../src/formats/contract.ts";
import { decodeZipEntry, type ZipLocator } from "../../src/formats/zip/decode.ts";
import { compareHeaders } from "../../src/formats/zip/local-header.ts";
import { openZip } from "../../src/formats/zip/read.ts";
import { buildZip, DEFLATE, FLAG_UTF8, type ZipItem } from "../helpers/build.ts";
import { temporaryFolder } from "../helpers/tools.ts";

/** Info-ZIP's time of change. */
const UT = Buffer.from("55540500" + "01" + "00f15365", "hex");
/** NTFS's, which is not read in few steps. */
const NTFS = Buffer.concat([Buffer.from("0a002000" + "00000000" + "01001800", "hex"), Buffer.alloc(24, 1)]);

const open: number[] = [];
afterEach(() => open.splice(0).forEach((fd) => closeSync(fd)));

interface Opened extends Index {
  readonly fd: number;
}

async function opened(zip: Buffer): Promise<Opened> {
  const path = join(temporaryFolder(), "a.zip");
  writeFileSync(path, zip);
  const fd = openSync(path, "r+");
  open.push(fd);
  return { ...(await indexOf(fd)), fd };
}

function indexOf(fd: number): Promise<Index> {
  return openZip(fileSource("a.zip", fd, fstatSync(fd).size, async () => {}), { limits: { entries: 0, headerBytes: 1 << 20, memory: 0 }, lenient: false, warn: () => {} });
}

/** Plain ones, but where `special` says so. */
function items(count: number, special: (number: number) => Partial<ZipItem> | undefined = () => undefined): ZipItem[] {
  return Array.from({ length: count }, (_, number): ZipItem => ({
    name: number % 10 === 3 ? `folder-${number}/` : `file-${number}.txt`, content: number % 10 === 3 ? "" : `content of ${number} `.repeat(1 + (number % 4)), method: number % 2 === 0 ? DEFLATE : 0,
    mode: number % 10 === 3 ? 0o040755 : 0o100644, ...(number % 3 === 0 ? { extra: UT } : { central: { date: 0x5721 + (number % 7), time: (number % 30) | ((number % 60) << 5) } }), ...special(number),
  }));
}

const SPECIAL: Readonly<Record<string, (number: number) => Partial<ZipItem> | undefined>> = {
  "all plain": () => undefined,
  "some with names beyond ASCII": (number) => (number % 5 === 0 ? { name: `\u00fc-${number}`, flags: FLAG_UTF8 } : undefined),
  "the first with a comment": (number) => (number === 0 ? { central: { comment: "c" } } : undefined),
  "the last with NTFS's times": (number) => (number === 199 ? { extra: NTFS } : undefined),
  "none plain": () => ({ extra: NTFS }),
};

describe("an index of many entries", () => {
  it.each(Object.entries(SPECIAL))("tells of each what its record alone would tell: %s", async (_, special) => {
    const all = items(200, special);
    const { entries, notes, fd } = await opened(buildZip(all));
    expect([entries.length, notes]).toEqual([200, []]);
    for (const [number, item] of all.entries()) {
      const alone = (await opened(buildZip([item]))).entries.at(0)!;
      const entry = entries.at(number)!;
      expect(bareEntry(entry)).toEqual(bareEntry(alone));
      if (entry.type === "file") expect(Buffer.from(decodeZipEntry(fd, entry.locator).whole!).toString()).toBe(item.content);
    }
    expect(entries.at(200)).toBeUndefined();
    expect(Array.from(entries, ({ path }) => path)).toEqual(all.map(({ name }) => name));
  });

  it("does not mind in which order the directory names them", async () => {
    const zip = buildZip(items(100));
    const end = zip.lastIndexOf("PK\x05\x06", undefined, "latin1");
    const start = zip.readUInt32LE(end + 16);
    const records: Buffer[] = [];
    for (let at = start; at < end; at += records.at(-1)!.length) records.push(Buffer.from(zip.subarray(at, at + 46 + zip.readUInt16LE(at + 28) + zip.readUInt16LE(at + 30))));
    Buffer.concat(records.reverse()).copy(zip, start);
    const { entries, fd } = await opened(zip);
    for (const entry of entries) expect([entry.refusal, decodeZipEntry(fd, entry.locator).whole?.length]).toEqual([undefined, entry.size]);
  });

  it("refuses those that reach into each other, and no others", async () => {
    const { entries } = await opened(buildZip(items(100, (number) => (number === 50 ? { central: { offset: 0 } } : undefined))));
    expect(Array.from(entries).filter(({ refusal }) => refusal !== undefined).map(({ path, refusal }) => [path, refusal!.code])).toEqual([["file-0.txt", "AMBIGUOUS"], ["file-50.txt", "AMBIGUOUS"]]);
  });
});

describe("where something is not to be had", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("an index is read without WebAssembly, and says the same", async () => {
    const zip = buildZip(items(100));
    const usual = Array.from((await opened(zip)).entries, bareEntry);
    vi.stubGlobal("WebAssembly", undefined);
    const { entries, agreeing } = await opened(zip);
    expect(Array.from(entries, bareEntry)).toEqual(usual);
    expect(agreeing!(0)).toBe(0);
  });

  it("a place that cannot be read is trouble of the entries there, and of no others", async () => {
    const { entries, fd } = await opened(buildZip(items(100)));
    const error = new UnzipxError("READ_FAILED", "Cannot read the archive: for a test");
    const agreeing = (): number => {
      throw error;
    };
    const decode = (_: number, { offset }: ZipLocator): object => {
      if (offset === entries.at(7)!.locator.offset) throw error;
      return { whole: new Uint8Array(0) };
    };
    const judge = await judgeOf({ container: { decoder: async () => decode }, source: { fd }, index: { entries, comment: undefined, notes: [], agreeing } } as unknown as OpenedIndex, false);
    const judged = await Promise.all(Array.from({ length: 10 }, (__, number) => judge(entries.at(number)!, number)));
    expect(judged.map(({ refusal }) => refusal?.code)).toEqual([...new Array(7).fill(undefined), "READ_FAILED", undefined, undefined]);
  });
});

describe("local headers of many entries", () => {
  /** Of the entry, as somebody finds it who looks at that header alone; undefined: there is nothing to say. */
  function trouble(fd: number, locator: ZipLocator): unknown {
    const record = Buffer.alloc(Math.min(200, locator.limit - locator.offset));
    readSync(fd, record, 0, record.length, locator.offset);
    const warned: UnzipxError[] = [];
    try {
      const { dataStart, hasDescriptor } = compareHeaders(record, locator, fd, { lenient: false, warn: (note) => void warned.push(note) });
      return warned[0] ?? (hasDescriptor || dataStart + locator.packedSize !== locator.limit ? "there is something behind the data" : undefined);
    } catch (error) {
      return error;
    }
  }

  it("agree with the index in archives that nobody has touched", async () => {
    const { agreeing } = await opened(buildZip(items(3000)));
    expect(agreeing!(0)).toBeGreaterThan(2000); // as far as one read goes
    expect(agreeing!(2999)).toBe(3000);
  });

  it("with any byte changed are looked at, or there would be nothing to say", async () => {
    const { entries, fd } = await opened(buildZip(items(70)));
    let agreed = 0;
    for (const number of [0, 3, 35, 69]) {
      const locator = entries.at(number)!.locator as ZipLocator;
      const length = 30 + locator.rawName.length + (number % 3 === 0 ? UT.length : 0);
      for (let at = 0; at < length; at++) {
        const before = Buffer.alloc(1);
        readSync(fd, before, 0, 1, locator.offset + at);
        for (const value of [0x00, 0x01, 0x08, 0x55, 0x7f, 0x80, 0xff]) {
          writeSync(fd, Buffer.of(value), 0, 1, locator.offset + at);
          const { agreeing } = await indexOf(fd); // one that has read nothing yet
          if (agreeing!(number) === number) continue;
          agreed += 1;
          expect(trouble(fd, locator), `byte ${at} of entry ${number} as ${value}`).toBeUndefined();
        }
        writeSync(fd, before, 0, 1, locator.offset + at);
      }
    }
    expect(agreed).toBeGreaterThan(50); // versions and times, which nobody compares
  });

  it("are read many at once, also where many do not agree", async () => {
    const zip = buildZip(items(3000, (number) => (number % 2 === 0 ? { local: { flags: 0x4 } } : undefined)));
    const { agreeing } = await opened(zip);
    expect([agreeing!(0), agreeing!(1), agreeing!(2), agreeing!(2999)]).toEqual([0, 2, 2, 3000]);
    const described = await opened(buildZip(items(100, (number) => (number % 10 === 3 ? undefined : { descriptor: { signature: true, long: false } }))));
    expect([described.agreeing!(0), described.agreeing!(3), described.agreeing!(4)]).toEqual([0, 4, 4]);
  });

  it("in front of the first that is not plain agree, and that one does not", async () => {
    const { agreeing, fd, entries } = await opened(buildZip(items(70)));
    writeSync(fd, Buffer.from("X"), 0, 1, entries.at(20)!.locator.offset + 30);
    expect([agreeing!(0), agreeing!(20), agreeing!(21)]).toEqual([20, 20, 70]);
  });
});
