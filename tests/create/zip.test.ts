import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import * as yauzl from "yauzl";
import { create, type CreateOptions } from "../../src/core/create.ts";
import { createZip } from "../../src/core/create-zip.ts";
import { startPacking } from "../../src/core/packing.ts";
import { emptySummary } from "../../src/core/summary.ts";
import { walk } from "../../src/core/walk.ts";
import { dosTime } from "../../src/formats/zip/headers.ts";
import { NOTHING, ZipWriter, type ZipOutput } from "../../src/formats/zip/write.ts";
import { has, run, temporaryFolder, treeOf } from "../helpers/tools.ts";
import { entry, makeSample, noise, prose } from "./sample.ts";

const zip = (out: string, base: string, inputs: string[], options: Partial<CreateOptions> = {}) =>
  create(out, inputs, { format: "zip", base, threads: 1, ...options });

/** An output that collects; a pipe unless it is said to seek. */
function collector(seekable = false): ZipOutput & { bytes(): Buffer } {
  let chunks: Buffer[] = [];
  const all = (): Buffer => {
    chunks = [Buffer.concat(chunks)];
    return chunks[0]!;
  };
  return {
    seekable,
    get position() {
      return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    },
    write: (chunk) => void chunks.push(Buffer.from(chunk)),
    patch: (offset, bytes) => void all().set(bytes, offset),
    rewind: (offset) => void (chunks = [all().subarray(0, offset)]),
    bytes: all,
  };
}

/** `before` each entry is looked at: a place to change files under the packer's hands. */
async function zipTo(output: ZipOutput, base: string, inputs: string[], level = 6, before: (path: string) => void = () => {}) {
  const summary = emptySummary("create", "-", ["zip"]);
  const packing = startPacking({ level, dereference: false, pool: undefined, signal: undefined, reporter: {}, summary });
  const entries = walk(inputs, { base, dereference: false, exclude: () => false, leaveOut: new Set(), warn() {}, fail() {} });
  const watched = function* () {
    for (const each of entries) {
      before(each.path);
      yield each;
    }
  };
  await createZip(watched(), output, packing, { reproducible: false });
  return summary;
}

async function entriesOf(archive: Buffer): Promise<yauzl.Entry[]> {
  return new Promise((resolve, reject) => {
    yauzl.fromBuffer(archive, { lazyEntries: false }, (error, file) => {
      if (error) return reject(error);
      const entries: yauzl.Entry[] = [];
      file!.on("entry", (each) => entries.push(each)).on("end", () => resolve(entries)).on("error", reject);
    });
  });
}

const readers: [string, (archive: string, into: string) => void][] = [
  ["unzip", (archive, into) => run("unzip", ["-q", archive, "-d", into])],
  ["7zz", (archive, into) => run("7zz", ["x", "-snld", `-o${into}`, archive])],
  ["bsdtar", (archive, into) => run("bsdtar", ["-xf", archive, "-C", into])],
];

for (const [program, unpack] of readers) it.skipIf(!has(program))(`${program} unpacks a zip of ours to the same files, links, folders and modes`, async () => {
  const base = temporaryFolder();
  makeSample(base);
  const summary = await zip(join(base, "out.zip"), base, ["sample"]);
  expect(summary).toMatchObject({ files: 10, directories: 5, links: 2, failures: [], warnings: [], destination: join(base, "out.zip") });
  mkdirSync(join(base, "back"));
  unpack(join(base, "out.zip"), join(base, "back"));
  expect(treeOf(join(base, "back/sample"))).toEqual(treeOf(join(base, "sample")));
});

it.skipIf(!has("unzip"))("a zip keeps modification times to the second", async () => {
  const base = temporaryFolder();
  makeSample(base);
  await zip(join(base, "out.zip"), base, ["sample"]);
  run("unzip", ["-q", "out.zip", "-d", "back"], { cwd: base });
  expect(statSync(join(base, "back/sample/a/text.txt")).mtimeMs).toBe(1_600_000_001_000);
});

it.skipIf(!has("bsdtar"))("a zip written to a pipe is read from a pipe", async () => {
  const base = temporaryFolder();
  makeSample(base);
  const pipe = collector();
  await zipTo(pipe, base, ["sample"]);
  mkdirSync(join(base, "back"));
  run("bsdtar", ["-xf", "-", "-C", join(base, "back")], { input: pipe.bytes() });
  const [back, original] = [treeOf(join(base, "back/sample")), treeOf(join(base, "sample"))];
  // Modes and links stand in the central directory, which a reader of a pipe sees too late.
  const contents = (tree: Record<string, string>) => Object.entries(tree).filter(([, what]) => what.startsWith("file")).map(([path, what]) => [path, what.split(" ")[2]]);
  expect(contents(back)).toEqual(expect.arrayContaining(contents(original)));
});

for (const [program, test] of [["unzip", "-tq"], ["7zz", "t"]] as const) it.skipIf(!has(program))(`${program} finds no fault with a zip written to a pipe, stored or deflated`, async () => {
  const base = temporaryFolder();
  makeSample(base);
  for (const level of [0, 6]) {
    const pipe = collector();
    await zipTo(pipe, base, ["sample"], level);
    writeFileSync(join(base, `${level}.zip`), pipe.bytes());
    run(program, [test, join(base, `${level}.zip`)]);
  }
});

it("what deflate does not shrink is stored, small and large, and on every level", async () => {
  const base = temporaryFolder();
  mkdirSync(join(base, "d"));
  writeFileSync(join(base, "d/large noise"), noise(2 << 20));
  writeFileSync(join(base, "d/large text"), prose(2 << 20));
  writeFileSync(join(base, "d/noise"), noise(3000));
  writeFileSync(join(base, "d/text"), prose(3000));
  await zip(join(base, "out.zip"), base, ["d"]);
  expect((await entriesOf(readFileSync(join(base, "out.zip")))).map((each) => each.compressionMethod)).toEqual([0, 0, 8, 0, 8]);
  await zip(join(base, "0.zip"), base, ["d"], { level: 0 });
  const stored = await entriesOf(readFileSync(join(base, "0.zip")));
  expect(stored.map((each) => each.compressionMethod)).toEqual([0, 0, 0, 0, 0]);
  expect(stored.every((each) => each.compressedSize === each.uncompressedSize)).toBe(true);
});

it("a large file that starts with noise and goes on with text is deflated", async () => {
  const base = temporaryFolder();
  writeFileSync(join(base, "mixed"), Buffer.concat([noise(2 << 20), prose(6 << 20)]));
  const { archiveBytes } = await zip(join(base, "out.zip"), base, ["mixed"]);
  expect(archiveBytes).toBeLessThan(5 << 20);
});

it("only names that are not ASCII carry the UTF-8 flag", async () => {
  const base = temporaryFolder();
  writeFileSync(join(base, "plain"), "");
  writeFileSync(join(base, "ünïcode"), "");
  await zip(join(base, "out.zip"), base, ["plain", "ünïcode"]);
  expect((await entriesOf(readFileSync(join(base, "out.zip")))).map((each) => each.generalPurposeBitFlag & 0x800)).toEqual([0, 0x800]);
});

it.skipIf(process.platform !== "linux" || !has("unzip"))("names that are not UTF-8 are stored as they are", async () => {
  const base = temporaryFolder();
  mkdirSync(join(base, "d"));
  writeFileSync(Buffer.concat([Buffer.from(`${base}/d/`), Buffer.from([0xe9, 0x74, 0xe9])]), "été");
  await zip(join(base, "out.zip"), base, ["d"]);
  const [, file] = await entriesOf(readFileSync(join(base, "out.zip")));
  expect(readFileSync(join(base, "out.zip")).includes(Buffer.from("d/\xe9t\xe9", "latin1"))).toBe(true);
  expect(file!.generalPurposeBitFlag & 0x800).toBe(0);
  run("unzip", ["-tq", "out.zip"], { cwd: base });
});

it("folders and links are what Unix modes say they are", async () => {
  const base = temporaryFolder();
  mkdirSync(join(base, "d"), { mode: 0o700 });
  symlinkSync("to/ü", join(base, "d/link"));
  await zip(join(base, "out.zip"), base, ["d"]);
  const entries = await entriesOf(readFileSync(join(base, "out.zip")));
  expect(entries.map((each) => [each.fileName, (each.externalFileAttributes >>> 16).toString(8), each.uncompressedSize])).toEqual([
    ["d/", "40700", 0], ["d/link", "120777", 5],
  ]);
});

it.skipIf(!has("unzip"))("times that one of the two fields of a zip cannot hold stand in the other", async () => {
  const base = temporaryFolder();
  for (const [name, time] of [["1969", -86_400], ["1975", 157_766_400], ["2039", 2_177_452_800]] as const) {
    writeFileSync(join(base, name), name);
    utimesSync(join(base, name), new Date(time * 1000), new Date(time * 1000)); // a negative number would mean now
  }
  await zip(join(base, "out.zip"), base, ["1969", "1975", "2039"]);
  run("unzip", ["-q", "out.zip", "-d", "back"], { cwd: base });
  const year = (name: string): number => statSync(join(base, "back", name)).mtime.getFullYear();
  expect([year("1969"), year("1975"), year("2039")]).toEqual([1980, 1975, 2039]);
});

it("MS-DOS times go from 1980 to 2107 and stay there", () => {
  expect(dosTime(Date.UTC(1970, 5, 1), true)).toEqual({ dosDate: (0 << 9) | (1 << 5) | 1, dosTime: 0 });
  expect(dosTime(Date.UTC(2001, 1, 3, 4, 5, 7), true)).toEqual({ dosDate: (21 << 9) | (2 << 5) | 3, dosTime: (4 << 11) | (5 << 5) | 3 });
  expect(dosTime(Date.UTC(2150, 5, 1), true).dosDate >> 9).toBe(127);
  expect(dosTime(Number.NaN, true)).toEqual(dosTime(0, true));
});

it.skipIf(!has("unzip") || !has("7zz") || !has("bsdtar"))("an empty archive and one with an empty folder are whole", async () => {
  const base = temporaryFolder();
  mkdirSync(join(base, "d/empty"), { recursive: true });
  await zip(join(base, "one.zip"), base, ["d"]);
  expect(run("bsdtar", ["-tf", join(base, "one.zip")])).toBe("d/\nd/empty/\n");
  const nothing = await zip(join(base, "none.zip"), join(base, "d/empty"), ["."]);
  expect(nothing).toMatchObject({ files: 0, directories: 0, archiveBytes: 22 });
  expect(run("bsdtar", ["-tf", join(base, "none.zip")])).toBe("");
  run("7zz", ["t", join(base, "none.zip")]);
});

it.skipIf(!has("unzip") || !has("7zz") || !has("bsdtar"))("70,000 entries make a zip64 that others read", { timeout: 60_000 }, async () => {
  const base = temporaryFolder();
  const output = collector();
  const writer = new ZipWriter(output, { utc: true });
  for (let i = 0; i < 70_000; i += 1000) {
    await writer.put(Array.from({ length: 1000 }, (_, k) => ({ entry: entry(`folder ${i}/file ${k}`), content: NOTHING })));
  }
  await writer.end();
  const archive = join(base, "many.zip");
  writeFileSync(archive, output.bytes());
  run("unzip", ["-tq", archive]);
  expect(run("7zz", ["t", archive])).toMatch(/Files: 70000/);
  expect(run("bsdtar", ["-tf", archive]).split("\n").length - 1).toBe(70_000);
});

it("65,535 entries, the largest number of the old record, are told by the zip64 record", async () => {
  const output = collector();
  const writer = new ZipWriter(output, { utc: true });
  await writer.put(Array.from({ length: 65_535 }, (_, k) => ({ entry: entry(`${k}`), content: NOTHING })));
  await writer.end();
  expect(output.bytes().subarray(-98).readUInt32LE(0)).toBe(0x06064b50);
  expect(output.bytes().subarray(-98).readUInt32LE(24)).toBe(65_535);
});

const sizeChanges: [string, (path: string) => void][] = [
  ["shrinks", (path) => writeFileSync(path, prose(1_500_000))],
  ["grows", (path) => writeFileSync(path, prose(5 << 20))],
];
for (const seekable of [true, false]) {
  it.skipIf(!has("unzip")).each(sizeChanges)(`a large file that %s while it is read is not in the archive (${seekable ? "file" : "pipe"})`, async (_, change) => {
    const base = temporaryFolder();
    writeFileSync(join(base, "a"), prose(100));
    writeFileSync(join(base, "large"), prose(4 << 20));
    writeFileSync(join(base, "z"), prose(100));
    const output = collector(seekable);
    // The first block has gone out when the second one finds the file changed.
    const write = output.write.bind(output);
    let changed = false;
    const watching: ZipOutput = Object.create(output, {
      write: {
        value: (chunk: Uint8Array) => {
          if (chunk.length > 1000 && !changed) {
            changed = true;
            change(join(base, "large"));
          }
          return write(chunk);
        },
      },
    });
    const summary = await zipTo(watching, base, ["a", "large", "z"]);
    expect(summary.files).toBe(2);
    expect(summary.failures.map(({ code, details, message }) => [code, details.entry, /size changed/.test(message)])).toEqual([["READ_FAILED", "large", true]]);
    writeFileSync(join(base, "out.zip"), output.bytes());
    expect((await entriesOf(output.bytes())).map((each) => each.fileName)).toEqual(["a", "z"]);
    run("unzip", ["-tq", "out.zip"], { cwd: base });
    if (has("bsdtar")) run("bsdtar", ["-tf", "-"], { input: output.bytes() });
  });
}

it("a small file that vanishes is a failure, and the rest is packed", async () => {
  const base = temporaryFolder();
  for (const name of ["a", "b", "c"]) writeFileSync(join(base, name), name);
  const output = collector();
  const summary = await zipTo(output, base, ["a", "b", "c"], 6, (path) => {
    if (path === "c") rmSync(join(base, "b")); // found by the walk, gone before the batch is read
  });
  expect(summary.failures.map((failure) => failure.details.entry)).toEqual(["b"]);
  expect((await entriesOf(output.bytes())).map((each) => each.fileName)).toEqual(["a", "c"]);
});

it("a large file that vanishes is a failure, and the rest is packed", async () => {
  const base = temporaryFolder();
  writeFileSync(join(base, "a"), "a");
  writeFileSync(join(base, "large"), prose(2 << 20));
  const output = collector();
  const summary = await zipTo(output, base, ["a", "large"], 6, (path) => {
    if (path === "large") rmSync(join(base, "large"));
  });
  expect(summary.failures.map((failure) => failure.details.entry)).toEqual(["large"]);
  expect((await entriesOf(output.bytes())).map((each) => each.fileName)).toEqual(["a"]);
});

it("--reproducible gives the same bytes for another owner, umask, time and place", async () => {
  const [one, two] = [temporaryFolder(), temporaryFolder()];
  makeSample(one);
  makeSample(two);
  chmodSync(join(two, "sample/a/text.txt"), 0o600);
  chmodSync(join(two, "sample/run.sh"), 0o700);
  chmodSync(join(two, "sample/a"), 0o700);
  await sleep(10);
  utimesSync(join(two, "sample/empty"), 1, 1);
  await zip(join(one, "out.zip"), one, ["sample"], { reproducible: true });
  await zip(join(two, "out.zip"), two, ["sample"], { reproducible: true });
  expect(readFileSync(join(one, "out.zip")).equals(readFileSync(join(two, "out.zip")))).toBe(true);
  const entries = await entriesOf(readFileSync(join(one, "out.zip")));
  expect(new Set(entries.map((each) => each.lastModFileDate))).toEqual(new Set([(0 << 9) | (1 << 5) | 1]));
});
