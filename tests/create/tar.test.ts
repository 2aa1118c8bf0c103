import { chownSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import tarStream from "tar-stream";
import headers from "tar-stream/headers.js";
import { create } from "../../src/core/create.ts";
import { walk } from "../../src/core/walk.ts";
import type { InputEntry } from "../../src/formats/input.ts";
import { paxRecord, tarHeader } from "../../src/formats/tar/encode-header.ts";
import { putPlainHeader } from "../../src/formats/tar/plain-header.ts";
import { writeTar } from "../../src/formats/tar/write.ts";
import { has, run, temporaryFolder, treeOf } from "../helpers/tools.ts";
import { entry, makeSample, prose } from "./sample.ts";

const tar = (out: string, base: string, inputs: string[]) => create(out, inputs, { format: "tar", base, threads: 1 });
const walked = (base: string, inputs: string[], dereference = false) => walk(inputs, { base, dereference, exclude: () => false, leaveOut: new Set(), warn() {}, fail() {} });

const readers: [string, (archive: string, into: string) => void][] = [
  ["tar", (archive, into) => run("tar", ["-xf", archive, "-C", into])],
  ["bsdtar", (archive, into) => run("bsdtar", ["-xf", archive, "-C", into])],
  ["7zz", (archive, into) => run("7zz", ["x", "-snld", `-o${into}`, archive])],
];

for (const [program, unpack] of readers) it.skipIf(!has(program))(`${program} unpacks a tar of ours to the same files, links, folders and modes`, async () => {
  const base = temporaryFolder();
  makeSample(base);
  const summary = await tar(join(base, "out.tar"), base, ["sample"]);
  expect(summary).toMatchObject({ files: 10, directories: 5, links: 2, failures: [], warnings: [] });
  mkdirSync(join(base, "back"));
  unpack(join(base, "out.tar"), join(base, "back"));
  expect(treeOf(join(base, "back/sample"))).toEqual(treeOf(join(base, "sample")));
  expect(statSync(join(base, "back/sample/a/text.txt")).mtimeMs).toBe(1_600_000_001_000);
});

it("a tar ends with zeros on a multiple of 10,240 bytes", async () => {
  const base = temporaryFolder();
  for (const size of [0, 1, 511, 512, 513, 8704, 9216, 9217]) {
    writeFileSync(join(base, "a"), prose(size));
    await create(join(base, "out.tar"), ["a"], { format: "tar", base, force: true });
    const bytes = readFileSync(join(base, "out.tar"));
    expect(bytes.length % 10_240).toBe(0);
    expect(bytes.subarray(-1024).every((byte) => byte === 0)).toBe(true);
    expect(bytes.length).toBe(Math.ceil((512 + Math.ceil(size / 512) * 512 + 1024) / 10_240) * 10_240);
  }
});

describe("what changes between the look at it and the reading", () => {
  const changes: [what: string, change: (path: string) => void, content: string | undefined][] = [
    ["has grown", (path) => writeFileSync(path, prose(5000)), prose(5000).toString()],
    ["is shorter", (path) => truncateSync(path, 3), "old"],
    ["is empty", (path) => truncateSync(path, 0), ""],
    ["is another file", (path) => writeFileSync(path, "new content"), "new content"],
    ["is a folder now", (path) => (rmSync(path), mkdirSync(path)), undefined],
    ["is a link now", (path) => (rmSync(path), symlinkSync("a", path)), undefined],
    ["is gone", (path) => rmSync(path), undefined],
    ...(has("mkfifo") ? [["is a FIFO now", (path: string) => (rmSync(path), run("mkfifo", [path])), undefined] as [string, (path: string) => void, undefined]] : []),
  ];
  it.skipIf(process.platform !== "linux")("an empty file that is a device now, which gives nothing either, is no empty file", async () => {
    const base = temporaryFolder();
    writeFileSync(join(base, "a"), "");
    const failed: unknown[] = [];
    const seen = [...walked(base, ["a"], true)];
    rmSync(join(base, "a"));
    symlinkSync("/dev/null", join(base, "a"));
    for await (const _ of writeTar(seen, { preciseTimes: false, dereference: true, done() {}, fail: (_entry, error) => failed.push(String(error)), progress() {} }));
    expect(failed).toEqual([expect.stringContaining("not a regular file any more")]);
  });

  it.each(changes)("what %s is stored as it is then, or fails, and all others are there", async (_, change, content) => {
    const base = temporaryFolder();
    for (const name of ["a", "b", "c"]) writeFileSync(join(base, name), `old content of ${name}`);
    const failed: string[] = [];
    const chunks: Uint8Array[] = [];
    function* seenBefore(): Generator<InputEntry> {
      for (const found of walked(base, ["a", "b", "c"])) {
        if (found.path === "b") change(join(base, "b"));
        yield found;
      }
    }
    const fail = ({ path }: InputEntry, error: unknown): void => {
      failed.push(path);
      expect(String(error)).not.toMatch(/ESPIPE|EISDIR/);
    };
    for await (const chunk of writeTar(seenBefore(), { preciseTimes: false, dereference: false, done() {}, fail, progress() {} })) chunks.push(chunk);
    const extract = tarStream.extract();
    extract.end(Buffer.concat(chunks));
    const contents: Record<string, string> = {};
    for await (const each of extract) contents[each.header.name] = await text(each);
    const kept = { a: "old content of a", c: "old content of c" };
    expect([contents, failed]).toEqual(content === undefined ? [kept, ["b"]] : [{ ...kept, b: content }, []]);
  });
});

interface Read {
  name: string;
  type: string | null | undefined;
  mtime: number;
  uid: number | undefined;
  linkname: string | null | undefined;
  pax: Record<string, string>;
}

/** As tar-stream, an independent reader, sees it. */
async function readBack(bytes: Uint8Array): Promise<Read[]> {
  const found: Read[] = [];
  const extract = tarStream.extract();
  extract.end(bytes);
  for await (const each of extract) {
    const { name, type, mtime, uid, linkname, pax } = each.header as unknown as Read & { mtime: Date };
    found.push({ name, type, mtime: Number(mtime), uid, linkname, pax });
    each.resume();
  }
  return found;
}

const archiveOf = (...parts: Uint8Array[]): Buffer => Buffer.concat([...parts, Buffer.alloc(1024)]);
const headerOf = (more: Partial<InputEntry>, preciseTimes = false): Uint8Array => {
  const { type, ...rest } = entry("name", more);
  return tarHeader({ ...rest, type }, { preciseTimes });
};

it.each([
  ["before 1970", -86_400_000, "-86400"],
  ["after 2038", 4_102_444_800_000, "4102444800"],
  ["after 2242", 9_000_000_000_000, "9000000000"],
])("a time %s stands in a pax record, the nearest in the header", async (_, mtime, record) => {
  const header = headerOf({ mtime });
  const [found] = await readBack(archiveOf(header));
  expect(found?.pax).toEqual({ mtime: record });
  expect(found?.mtime).toBe(mtime < 0 ? 0 : 0x7fffffff * 1000);
  if (has("tar")) expect(run("tar", ["-tv", "--utc", "--full-time", "-f", "-"], { input: archiveOf(header) })).toContain(new Date(mtime).toISOString().slice(0, 10));
});

describe("headers that are written right where they are to lie", () => {
  const names = ["a", "a b", "~", "d/e/f.txt", "a".repeat(99), "a".repeat(100), "a".repeat(101), `${"d".repeat(60)}/${"f".repeat(60)}`, "é", "\u0000", ""];
  const numbers: Partial<InputEntry>[] = [
    {}, { mode: 0 }, { mode: 0o7777 }, { mtime: 0 }, { mtime: 1 }, { mtime: -1 }, { mtime: 1_700_000_000_999.5 }, { mtime: 0x7fffffff * 1000 }, { mtime: 0x80000000 * 1000 },
    { uid: 0, gid: 0 }, { uid: 0o777777, gid: 0o777777 }, { uid: 0o1000000 }, { gid: 0o1000000 }, { size: 1 }, { size: 8 * 2 ** 30 - 1 }, { size: 8 * 2 ** 30 }, { size: 123_456_789_012 },
    { pathBytes: Buffer.from("b") }, { linkTarget: "t" },
  ];

  it.each(["file", "directory", "symlink"] as const)("of a %s: the same as all others, or not plain", (type) => {
    let plain = 0;
    for (const path of names) {
      for (const more of numbers) {
        for (const preciseTimes of [false, true]) {
          const one = entry("name", { path, type, ...more });
          const into = new Uint8Array(1000).fill(0xee);
          const isPlain = putPlainHeader(into, 100, one, one.size, { preciseTimes });
          if (!isPlain) continue;
          plain += 1;
          expect(Buffer.from(into.subarray(100, 612)).equals(tarHeader({ ...one, type: type as "file" }, { preciseTimes })), JSON.stringify({ path, more, preciseTimes })).toBe(true);
          expect(into.subarray(0, 100).every((byte) => byte === 0xee) && into.subarray(612).every((byte) => byte === 0xee)).toBe(true);
        }
      }
    }
    if (type === "symlink") expect(plain).toBe(0);
    else expect(plain).toBeGreaterThanOrEqual(100);
  });
});

it("times are whole seconds, rounded down, unless they are to be precise", () => {
  expect(headerOf({ mtime: 1500.75 }).length).toBe(512);
  expect(headers.decode(headerOf({ mtime: 1999 }))?.mtime.getTime()).toBe(1000);
  expect(Buffer.from(headerOf({ mtime: 1500.75 }, true)).toString("latin1", 512, 530)).toBe("17 mtime=1.50075\n\0");
  expect(Buffer.from(headerOf({ mtime: -500 }, true)).toString("latin1", 512, 528)).toBe("14 mtime=-0.5\n\0\0");
  expect(headerOf({ mtime: 3000 }, true).length).toBe(512);
});

it("owners beyond six octal digits stand in pax records", async () => {
  const [fits, clipped] = await readBack(archiveOf(headerOf({ uid: 262_143 }), headerOf({ uid: 262_144, gid: 4_294_967_294 })));
  expect(fits).toMatchObject({ uid: 262_143, pax: {} });
  expect(clipped).toMatchObject({ uid: 262_143, pax: { uid: "262144", gid: "4294967294" } });
});

it("sizes from 8 GiB on stand in a pax record", () => {
  const header = Buffer.from(headerOf({ size: 8 * 2 ** 30 }));
  expect(header.toString("latin1", 512, 530)).toBe("19 size=8589934592");
  expect(headers.decode(header.subarray(-512))?.size).toBe(8 * 2 ** 30 - 1);
  expect(headerOf({ size: 8 * 2 ** 30 - 1 }).length).toBe(512);
});

it.each([1, 10, 84, 85, 86, 87, 90, 93, 94, 95, 500, 983, 984, 985, 986, 987, 5000])("the length of a pax record of %i multi-byte characters counts itself and every byte", (length) => {
  const record = paxRecord("path", "é".repeat(length));
  expect(record.toString()).toBe(`${record.length} path=${"é".repeat(length)}\n`);
});

it("names are read back whatever their length and characters", async () => {
  const names = [
    "plain", "a".repeat(100), "a".repeat(101), `${"d".repeat(99)}/f`, `${"d".repeat(155)}/${"f".repeat(100)}`, `${"d".repeat(156)}/f`, `${"x/".repeat(130)}end`,
    "é", "é".repeat(60), `${"名".repeat(30)}/${"前".repeat(40)}`, "🙂".repeat(50),
  ];
  const found = await readBack(archiveOf(...names.map((path) => headerOf({ path }))));
  expect(found.map(({ name }) => name)).toEqual(names);
  // No lone halves of characters for readers that know no pax.
  for (const path of names) {
    const bytes = Buffer.from(headerOf({ path }));
    const name = bytes.subarray(-512, -412);
    expect(Buffer.from(name.toString()).equals(name)).toBe(true);
  }
});

it("folders of every length end in a slash", async () => {
  const names = [1, 98, 99, 100, 101, 150, 155, 156, 254, 255, 256].map((length) => "d".repeat(length));
  const found = await readBack(archiveOf(...names.map((path) => headerOf({ path, type: "directory" }))));
  expect(found.map(({ name, type }) => [name.replace(/\/$/, ""), type])).toEqual(names.map((name) => [name, "directory"]));
  for (const path of names) expect(headerOf({ path, type: "directory" }).at(-512)).not.toBe(0);
});

it("link targets are read back whatever their length and characters", async () => {
  const targets = ["t", "t".repeat(100), "t".repeat(101), "ü/ü", "ü".repeat(300)];
  const found = await readBack(archiveOf(...targets.map((linkTarget) => headerOf({ type: "symlink", linkTarget }))));
  expect(found.map(({ linkname, type }) => [linkname, type])).toEqual(targets.map((target) => [target, "symlink"]));
});

it.skipIf(process.platform !== "linux" || !has("tar"))("names that are not UTF-8 come back byte by byte, short and long", async () => {
  const base = temporaryFolder();
  mkdirSync(join(base, "d"));
  for (const length of [3, 95, 120]) writeFileSync(Buffer.concat([Buffer.from(`${base}/d/`), Buffer.alloc(length, 0xe9)]), `${length}`);
  symlinkSync(Buffer.alloc(130, 0xfe), join(base, "d/link"));
  await tar(join(base, "out.tar"), base, ["d"]);
  mkdirSync(join(base, "back"));
  run("tar", ["-xf", join(base, "out.tar"), "-C", join(base, "back")]);
  // ls prints the bytes as they are.
  const names = (folder: string): string => run("sh", ["-c", "cd \"$1\" && for f in d/*; do printf '%s ' \"$f\" | od -An -tx1; cat \"$f\" 2>/dev/null || readlink \"$f\" | od -An -tx1; done", "sh", folder]);
  expect(names(join(base, "back"))).toBe(names(base));
});

it.skipIf(!has("tar"))("a file with several names is stored once", async () => {
  const base = temporaryFolder();
  const long = `d/${"n".repeat(120)}`;
  mkdirSync(join(base, "d"));
  writeFileSync(join(base, long), prose(100_000));
  linkSync(join(base, long), join(base, "d/z1"));
  linkSync(join(base, long), join(base, "d/z2"));
  const { archiveBytes, files, bytes } = await tar(join(base, "out.tar"), base, ["d"]);
  expect({ files, bytes }).toEqual({ files: 3, bytes: 100_000 });
  expect(archiveBytes).toBeLessThan(150_000);
  run("tar", ["-xf", "out.tar", "-C", "/", "--xform", `s,^,${base.slice(1)}/back/,`], { cwd: base });
  expect(treeOf(join(base, "back/d"))).toEqual(treeOf(join(base, "d")));
  expect(statSync(join(base, "back/d/z2")).ino).toBe(statSync(join(base, `back/${long}`)).ino);
});

it.skipIf(process.getuid?.() !== 0 || !has("tar"))("an owner beyond 262143 and a time after 2038 survive GNU tar", async () => {
  const base = temporaryFolder();
  writeFileSync(join(base, "a"), "a");
  chownSync(join(base, "a"), 4_000_000, 300_000);
  utimesSync(join(base, "a"), 4_102_444_800, 4_102_444_800);
  await tar(join(base, "out.tar"), base, ["a"]);
  mkdirSync(join(base, "back"));
  run("tar", ["-xpf", join(base, "out.tar"), "-C", join(base, "back"), "--same-owner"]);
  const { uid, gid, mtimeMs } = statSync(join(base, "back/a"));
  expect({ uid, gid, mtimeMs }).toEqual({ uid: 4_000_000, gid: 300_000, mtimeMs: 4_102_444_800_000 });
});

for (const [what, size] of [["shrinks", 1_200_000], ["grows", 6_000_000]] as const) {
  it.skipIf(!has("tar"))(`a file that ${what} while it is read is a failure, and the archive stays whole`, async () => {
    const base = temporaryFolder();
    writeFileSync(join(base, "a"), prose(4 << 20));
    writeFileSync(join(base, "b"), "b");
    const entries = walked(base, ["a", "b"]);
    const failed: [string, unknown][] = [];
    const done: string[] = [];
    const chunks: Uint8Array[] = [];
    const options = { dereference: false, preciseTimes: false, done: (e: InputEntry) => done.push(e.path), fail: (e: InputEntry, error: unknown) => failed.push([e.path, error]), progress() {} };
    for await (const chunk of writeTar(entries, options)) {
      chunks.push(chunk);
      if (chunks.length === 1) truncateSync(join(base, "a"), size);
    }
    expect(done).toEqual(["b"]);
    expect(failed).toEqual([["a", expect.objectContaining({ code: "READ_FAILED" })]]);
    expect(run("tar", ["-tf", "-"], { input: Buffer.concat(chunks) })).toBe("a\nb\n");
  });
}
