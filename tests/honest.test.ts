/** What real programs write is read with exit 0 and without a word, in each of their formats. Programs that are not there are skipped. */
import { spawnSync } from "node:child_process";
import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mixture } from "./helpers/filters.ts";
import { unpack } from "./helpers/library.ts";
import { has } from "./helpers/tools.ts";

const LONG = `${"long-".repeat(18)}name`;
let place: string;
let large: Buffer;

beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), "unzipx-test-"));
  mkdirSync(join(place, "in/d/empty"), { recursive: true });
  writeFileSync(join(place, "in/d/a"), "alpha\n");
  large = mixture(400_000);
  writeFileSync(join(place, "in/d/large"), large);
  writeFileSync(join(place, "in/d/nothing"), "");
  symlinkSync("a", join(place, "in/d/link"));
  linkSync(join(place, "in/d/a"), join(place, "in/d/hard"));
  mkdirSync(join(place, "in", LONG));
  writeFileSync(join(place, "in", LONG, LONG), "long");
  writeFileSync(join(place, "in/d/n\u00e4me"), "name");
  writeFileSync(join(place, "plain.txt"), large);
});

afterAll(() => rmSync(place, { recursive: true, force: true }));

/** Runs it in the folder; what it needs on standard input is `input`. Gives standard output. */
function make(line: readonly string[], input?: string | Uint8Array): Buffer {
  const [program, ...words] = line;
  const { status, stdout, stderr } = spawnSync(program!, words, { cwd: place, input: input ?? "", maxBuffer: 1 << 28, env: { ...process.env, LC_ALL: "C.UTF-8" } });
  if (status !== 0) throw new Error(`${line.join(" ")}: ${stderr.toString()}`);
  return stdout;
}

async function isQuiet(bytes: Uint8Array, name: string): Promise<Record<string, string>> {
  const { code, warnings, failures, contents, error } = await unpack(bytes, { name });
  expect([name, code, warnings, failures, error?.message]).toEqual([name, 0, [], {}, undefined]);
  expect(Object.keys(contents).length).toBeGreaterThan(0);
  return contents;
}

const python = (format: string): string => `import sys, tarfile
with tarfile.open(sys.argv[1], "w", format=tarfile.${format}) as archive: archive.add("in", arcname="in")`;

const ARCHIVES: readonly (readonly [program: string, name: string, line: readonly string[], hasLong: boolean])[] = [
  ...["gnu", "oldgnu", "pax", "posix"].map((format) => ["tar", `gnutar-${format}.tar`, ["tar", "-c", `--format=${format}`, "-f", "OUT", "in"], true] as const),
  ["tar", "gnutar-ustar.tar", ["tar", "-c", "--format=ustar", "-f", "OUT", "in"], true],
  ["tar", "gnutar-v7.tar", ["tar", "-c", "--format=v7", "-f", "OUT", "in/d"], false],
  ...["0.0", "0.1", "1.0"].map((version) => ["tar", `gnutar-sparse-${version}.tar`, ["tar", "-c", "-S", "--format=posix", `--sparse-version=${version}`, "-f", "OUT", "in"], true] as const),
  ["tar", "gnutar-sorted.tar.gz", ["tar", "-c", "-z", "--sort=name", "--owner=0", "--numeric-owner", "--mtime=@0", "-f", "OUT", "in"], true],
  ["tar", "gnutar-dot.tar", ["tar", "-c", "-f", "OUT", "-C", "in", "."], true],
  ["tar", "gnutar-xattrs.tar", ["tar", "-c", "--xattrs", "--acls", "-f", "OUT", "in"], true],
  ...["ustar", "pax", "gnutar"].map((format) => ["bsdtar", `bsdtar-${format}.tar`, ["bsdtar", "-c", "--format", format, "-f", "OUT", "in"], true] as const),
  ["bsdtar", "bsdtar-v7.tar", ["bsdtar", "-c", "--format", "v7", "-f", "OUT", "in/d"], false],
  ...["odc", "newc"].map((format) => ["bsdtar", `bsdtar-${format}.cpio`, ["bsdtar", "-c", "--format", format, "-f", "OUT", "in"], true] as const),
  ["bsdtar", "bsdtar.xar", ["bsdtar", "-c", "--format", "xar", "-f", "OUT", "in"], true],
  ["bsdtar", "bsdtar.7z", ["bsdtar", "-c", "--format", "7zip", "-f", "OUT", "in"], true],
  ...["USTAR_FORMAT", "GNU_FORMAT", "PAX_FORMAT"].map((format) => ["python3", `python-${format}.tar`, ["python3", "-c", python(format), "OUT"], true] as const),
  ["7zz", "7zz.tar", ["7zz", "a", "-snl", "-ttar", "OUT", "in"], true],
  ["7zz", "7zz.7z", ["7zz", "a", "-snl", "OUT", "in"], true],
  ["7zz", "7zz.wim", ["7zz", "a", "-snl", "-twim", "OUT", "in"], true],
  ["arj", "arj.arj", ["arj", "a", "-r", "OUT", "in/d/a", "in/d/large"], false],
  ["ar", "ar.a", ["ar", "rcS", "OUT", "in/d/a", "in/d/large"], false],
];

describe("archives that programs write", () => {
  for (const [program, name, line, hasLong] of ARCHIVES) {
    it.skipIf(!has(program))(`${name} (needs ${program})`, async () => {
      const out = join(place, `made-${name}`);
      make(line.map((word) => (word === "OUT" ? out : word)));
      const contents = await isQuiet(readFileSync(out), name);
      if (hasLong) expect(Object.entries(contents).find(([path]) => path.endsWith(`${LONG}/${LONG}`))?.[1]).toBe("long");
    });
  }
  for (const format of ["bin", "odc", "newc", "crc", "tar", "ustar", "hpbin", "hpodc"]) {
    it.skipIf(!has("cpio"))(`cpio -H ${format} (needs cpio)`, async () => {
      await isQuiet(make(["cpio", "-o", "--quiet", "-H", format], "in/d\nin/d/a\nin/d/hard\nin/d/large\nin/d/link\n"), `cpio.${format.includes("tar") ? "tar" : "cpio"}`);
    });
  }
});

const FILTERED: readonly (readonly [program: string, extension: string, line: readonly string[]])[] = [
  ["gzip", "gz", ["gzip", "-c", "-9"]], ["pigz", "gz", ["pigz", "-c", "-p2", "-b", "128"]], ["pigz", "gz", ["pigz", "-c", "--rsyncable"]],
  ["bzip2", "bz2", ["bzip2", "-c"]], ["bzip2", "bz2", ["bzip2", "-c", "-1"]], ["xz", "xz", ["xz", "-c", "-T0", "--block-size=100000"]], ["xz", "xz", ["xz", "-c", "-9e", "--check=sha256"]], ["xz", "lzma", ["xz", "-c", "--format=lzma"]],
  ["zstd", "zst", ["zstd", "-c", "-q"]], ["zstd", "zst", ["zstd", "-c", "-q", "--long=27"]], ["zstd", "zst", ["zstd", "-c", "-q", "-T0", "-B50000", "--rsyncable"]], ["zstd", "zst", ["zstd", "-c", "-q", "--adapt"]], ["zstd", "zst", ["zstd", "-c", "-q", "--no-check", "--ultra", "-20"]],
  ["lz4", "lz4", ["lz4", "-c", "-q"]], ["lz4", "lz4", ["lz4", "-c", "-q", "-BD", "-B4", "--content-size"]], ["lz4", "lz4", ["lz4", "-c", "-q", "-l"]],
  ["lzip", "lz", ["lzip", "-c"]], ["lzip", "lz", ["lzip", "-c", "-b", "100000"]], ["lzop", "lzo", ["lzop", "-c", "-q"]], ["compress", "Z", ["compress", "-c"]], ["brotli", "br", ["brotli", "-c"]],
];

describe("files that programs compress", () => {
  for (const [program, extension, line] of FILTERED) {
    it.skipIf(!has(program))(`${line.join(" ")}: a file, an empty one, and two one behind the other (needs ${program})`, { timeout: 60_000 }, async () => {
      const once = make(line, large);
      await isQuiet(once, `plain.txt.${extension}`);
      if (program !== "compress") await isQuiet(make(line, ""), `empty.${extension}`);
      if (!["br", "lzma", "Z"].includes(extension)) await isQuiet(Buffer.concat([once, once]), `twice.${extension}`);
      if (extension !== "lzma" && extension !== "Z") await isQuiet(Buffer.concat([once, Buffer.alloc(512)]), `padded.${extension}`);
    });
  }
  it.skipIf(!has("pzstd"))("pzstd -p2 (needs pzstd)", async () => {
    make(["pzstd", "-q", "-f", "-p2", "plain.txt", "-o", "pzstd.zst"]);
    await isQuiet(readFileSync(join(place, "pzstd.zst")), "pzstd.zst");
  });
});
