/** The listing of a 7z by its own header, against what 7-Zip prints of the same archive. */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { crc32 } from "../../src/bytes/crc32.ts";
import type { Segment } from "../../src/formats/contract.ts";
import { chain, encodeHeader, METHOD, type FileRecord } from "../../src/formats/sevenzip/encode-header.ts";
import { Events } from "../../src/formats/sevenzip/events.ts";
import { listHeader } from "../../src/formats/sevenzip/list-header.ts";
import { parseListing, type Item } from "../../src/formats/sevenzip/listing.ts";
import { readHeader } from "../../src/formats/sevenzip/read-header.ts";
import { START_HEADER_BYTES, startHeader } from "../../src/formats/sevenzip/start-header.ts";
import { has, run, temporaryFolder } from "../helpers/tools.ts";

const corpus = fileURLToPath(new URL("../../../shared/corpus", import.meta.url));
const PASSWORDS = ["", "password"];

function engine(words: readonly string[], segments: readonly Segment[], password: string): Events {
  return Events.of({ request: { kind: "7zip", words: [...words, `-p${password}`, "/in/a.7z"], files: [{ name: "a.7z", segments }] }, what: "the archive" });
}

async function outputOf(events: Events): Promise<{ text: string; code: number }> {
  let text = "";
  for (;;) {
    const event = await events.next();
    if (event.kind === "data") text += Buffer.from(event.bytes).toString("latin1");
    if (event.kind !== "exit") continue;
    await events.close();
    return { text, code: event.code };
  }
}

type Listed = { readonly items: readonly Item[]; readonly solid: boolean };

async function own(segments: readonly Segment[], password = ""): Promise<Listed | undefined> {
  const header = await readHeader(segments, { bytes: 2 ** 28, entries: Infinity }, (archive) => engine(["x", "-y", "-bso0", "-bsp0"], archive, password)).catch(() => undefined);
  return header?.isSound === true ? listHeader(header.blocks, header.files) : undefined;
}

/** Undefined: 7-Zip finds something to say, or something behind it. */
async function printed(segments: readonly Segment[], password = ""): Promise<Listed | undefined> {
  const { text, code } = await outputOf(engine(["l", "-slt", "-sccUTF-8", "-t7z"], segments, password));
  if (code !== 0) return undefined;
  const { items, solid, tail, type } = parseListing(text);
  return tail === 0 && type === "7z" ? { items, solid } : undefined;
}

/**
 * Times are told to a ten-millionth of a second, and a number of milliseconds holds less of it. Of what is empty 7-Zip tells the block that it
 * stands among the contents of, which says nothing of it.
 */
function comparable(listed: Listed | undefined): unknown {
  const items = listed?.items.map(({ mtime, method, block, packedSize, ...item }) => ({
    ...item, mtime: mtime === undefined ? undefined : Math.round(mtime), ...(item.size === 0 && item.crc32 === undefined ? {} : { method, block, packedSize }),
  }));
  return listed && { ...listed, items };
}

/** Returns whether the own header was enough. */
async function same(segments: readonly Segment[], password?: string): Promise<boolean> {
  const listed = await own(segments, password);
  if (listed !== undefined) expect(comparable(listed)).toEqual(comparable(await printed(segments, password)));
  return listed !== undefined;
}

function archive(files: readonly FileRecord[], contents = "content".repeat(5)): Segment[] {
  const packed = Buffer.from(contents);
  const count = files.filter(({ hasStream }) => hasStream).length;
  const folder = { packSizes: [packed.length], ...chain([{ method: METHOD.COPY, properties: new Uint8Array(0), unpackSize: packed.length }]) };
  const substreams = Array.from({ length: count }, (_, i) => ({ size: i === count - 1 ? packed.length - (count - 1) : 1, crc32: crc32(packed) }));
  const header = encodeHeader(count === 0 ? [] : [{ ...folder, substreams }], files);
  return [{ bytes: startHeader(count === 0 ? 0 : packed.length, header) }, ...(count === 0 ? [] : [{ bytes: packed }]), { bytes: header }];
}

const UNIX = 0x8000;
const TIME = 133_770_000_123_456_789n;
const file = (path: string, more: Partial<FileRecord> = {}): FileRecord => ({ path, isDirectory: false, hasStream: true, mtime: TIME, attributes: ((0o100644 << 16) | UNIX | 0x20) >>> 0, ...more });

describe("the listing of a 7z by its own header is what 7-Zip prints", () => {
  it.each<readonly [string, readonly FileRecord[], boolean]>([
    ["files, folders and links", [file("a"), file("d", { isDirectory: true, hasStream: false, attributes: ((0o040755 << 16) | UNIX | 0x10) >>> 0 }), file("e", { hasStream: false }), file("l", { attributes: ((0o120777 << 16) | UNIX | 0x20) >>> 0 })], true],
    ["no entries", [], true],
    ["only empty ones", [file("e", { hasStream: false }), file("d", { isDirectory: true, hasStream: false, attributes: 0x10 })], true],
    ["names in other letters, with spaces, dots and what shells like", ["\u4f60\u597d.txt", "\u00fc", "e\u0301", " a ", "a.", "*?", "\ud83d\ude00", "a:b", "-x", "= b", "--", "a = b", "|", "\"q\""].map((path) => file(path)), true],
    ["names that lead out", ["/etc/passwd", "../up", "a/../b", "a//b", "./c", "a/"].map((path) => file(path)), true],
    ["a name that comes twice", [file("a"), file("a")], true],
    ["setuid, setgid and sticky", [file("s", { attributes: ((0o107777 << 16) | UNIX) >>> 0 }), file("t", { attributes: ((0o101000 << 16) | UNIX) >>> 0 })], true],
    ["attributes of Windows", [0x20, 0x01, 0x26, 0x80, 0x2000].map((attributes, i) => file(`w${i}`, { attributes })), true],
    ["a control character", [file("a\tb")], false],
    ["a line end", [file("a\nPath = b")], false],
    ["a backslash", [file("a\\b")], false],
    ["what stands for a backslash", [file("a\uf05cb")], false],
    ["half a character", [file("a\ud800b")], false],
    ["no name", [file("")], false],
    ["a folder with content", [file("d", { attributes: ((0o040755 << 16) | UNIX | 0x10) >>> 0 })], false],
    ["a device", [file("c", { attributes: ((0o020644 << 16) | UNIX) >>> 0 })], false],
    ["a reparse point", [file("r", { attributes: 0x420 })], false],
    ["a time before 1970", [file("a", { mtime: 1n })], false],
  ])("%s", async (_, files, isEnough) => {
    expect(await same(archive(files))).toBe(isEnough);
  });

  it("whatever follows the header, it is left to 7-Zip", async () => {
    expect(await own([...archive([file("a")]), { bytes: Buffer.from("x") }])).toBeUndefined();
  });

  it("any byte of an archive changed, it is left to 7-Zip or listed as 7-Zip lists it", async () => {
    const bytes = Buffer.concat(archive([file("a"), file("b")]).map((segment) => ("bytes" in segment ? segment.bytes : Buffer.alloc(0))));
    let enough = 0;
    for (let at = 6; at < bytes.length; at += 3) {
      const bent = Buffer.from(bytes);
      bent[at]! ^= 0x41;
      if (await same([{ bytes: bent }])) enough += 1;
    }
    expect(enough).toBeGreaterThan(0); // the contents are not the header's
  });

  it("any byte of the header changed and all checksums made to fit, it is left to 7-Zip or listed as 7-Zip lists it", async () => {
    const [start, packed, header] = archive([file("a"), file("b"), file("e", { hasStream: false })]).map((segment) => ("bytes" in segment ? Buffer.from(segment.bytes) : Buffer.alloc(0)));
    expect(start!.length).toBe(START_HEADER_BYTES);
    const told = { enough: 0, left: 0 };
    for (let at = 0; at < header!.length; at++) {
      for (const value of [0x00, 0x01, 0xff, header![at]! ^ 0x10]) {
        const bent = Buffer.from(header!);
        bent[at] = value;
        told[(await same([{ bytes: startHeader(packed!.length, bent) }, { bytes: packed! }, { bytes: bent }])) ? "enough" : "left"] += 1;
      }
    }
    expect([told.enough > 10, told.left > 10]).toEqual([true, true]);
  }, 120_000);

  const fixtures = readdirSync("fixtures/7z").map((name) => join("fixtures/7z", name));
  const others = existsSync(corpus) ? (readdirSync(corpus, { recursive: true }) as string[]).filter((name) => name.endsWith(".7z")).map((name) => join(corpus, name)) : [];
  for (const [title, paths] of [["those of this project", fixtures], ["those of other projects", others]] as const) {
    it.skipIf(paths.length === 0)(`${title}`, async () => {
      let enough = 0;
      for (const path of paths) {
        const fd = openSync(path, "r");
        const segments = [{ fd, offset: 0, length: statSync(path).size }];
        for (const password of PASSWORDS) if (await same(segments, password)) enough += 1;
        closeSync(fd);
      }
      expect(enough).toBeGreaterThan(paths.length / 2);
    }, 300_000);
  }

  it.skipIf(!has("7zz")).each([
    ["-m0=lzma2:d=3m"], ["-m0=lzma:d=6m"], ["-m0=lzma:lc=0:lp=2"], ["-m0=ppmd"], ["-m0=bzip2"], ["-m0=deflate"], ["-m0=copy"], ["-mf=bcj2"], ["-mf=delta:4"], ["-mf=arm64"], ["-ms=off"], ["-mhc=off"], ["-psecret", "-mhe=on"], ["-psecret"], ["-mtc=on", "-mta=on"],
  ])("what 7zz makes with %s %s (needs 7zz)", async (...args) => {
    const folder = temporaryFolder();
    const out = join(folder, "a.7z");
    run("7zz", ["a", "-bso0", "-bsp0", "-mx1", ...args.filter((word) => word !== undefined), out, "../../tests/formats"], { cwd: join(process.cwd(), "src/formats") });
    await same([{ bytes: readFileSync(out) }], args.some((word) => word?.startsWith("-p") === true) ? "secret" : "");
  });
});
