/** --reproducible: the same files give the same bytes, whoever packs them, where, when, and with how many threads. */
import { chmodSync, chownSync, linkSync, mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { isRoot, isWindows, sandbox, type Ran, type RunOptions, type Sandbox } from "../helpers/cli.ts";
import { has, run } from "../helpers/tools.ts";
import { noise, prose } from "../create/sample.ts";

const FORMATS = ["zip", "7z", "tar", "tar.gz", "tar.bz2", "tar.xz", "tar.zst", "tar.lz4", "tar.br"];

/** Enough that several threads have work; names that locales sort otherwise than bytes. */
const FILES: [path: string, content: Buffer | string, mode: number][] = [
  ...Array.from({ length: 520 }, (_, i): [string, Buffer, number] => [`many/${i % 5}/file ${i}`, prose(i * 7), 0o644]),
  ["B", "B", 0o644], ["a", "a", 0o644], ["ä", "ä", 0o644], ["Z/z", "z", 0o644], ["a-b/c", "c", 0o644], ["a.b", "", 0o644], ["I/ı", "dotless", 0o644],
  ["bin/run", "#!/bin/sh\n", 0o755], ["text", prose((2 << 20) + 3), 0o644], ["noise", noise((1 << 20) + 5), 0o644],
];

/** `time`: of all files, in seconds. A copy need not keep what is a hard link in the original. */
function makeTree(folder: string, files: typeof FILES, { umask, time, link }: { umask: number; time: number; link: typeof linkSync }): void {
  for (const [path, content, mode] of files) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), content);
    chmodSync(join(folder, path), mode & ~umask);
    utimesSync(join(folder, path), time, time + 0.123456);
  }
  link(join(folder, "a"), join(folder, "linked"));
  chmodSync(join(folder, "linked"), 0o644 & ~umask);
  symlinkSync("bin/run", join(folder, "link"));
  mkdirSync(join(folder, "empty"));
  for (const name of readdirSync(folder, { recursive: true, withFileTypes: true })) if (name.isDirectory()) chmodSync(join(name.parentPath, name.name), 0o777 & ~umask);
}

/** Nobody owns what is made here, and may go where it lies. */
function openToAll(box: Sandbox): void {
  for (let at = box.folder, i = 0; i < 5; i++, at = dirname(at)) chmodSync(at, 0o777);
}

function pack(box: Sandbox, args: string[], options: RunOptions = {}): Buffer {
  const ran: Ran = box.run(["c", "-f", ...args, "--reproducible"], options);
  expect([ran.code, ran.stderr.match(/warning.*/)?.[0]]).toEqual([0, undefined]);
  return readFileSync(join(options.cwd ?? box.folder, args[0]!));
}

it.each(FORMATS)("c --reproducible gives the same %s for two copies of a tree, whoever packs them and however", (format) => {
  const [one, two] = [sandbox(), sandbox()];
  makeTree(join(one.folder, "tree"), FILES, { umask: 0o022, time: 1_500_000_000, link: linkSync });
  makeTree(join(two.folder, "tree"), [...FILES].reverse(), { umask: 0o077, time: 1_700_000_001, link: (from, to) => writeFileSync(to, readFileSync(from)) });
  let through: string[] = isWindows ? [process.execPath] : ["sh", "-c", 'umask 077; exec "$0" "$@"', process.execPath];
  if (isRoot && has("setpriv")) {
    openToAll(two);
    for (const name of readdirSync(two.folder, { recursive: true }) as string[]) if (!name.endsWith("link")) chownSync(join(two.folder, name), 65534, 65534);
    through = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", ...through];
  }
  const out = `out.${format}`;
  const level = ["--level", format === "7z" ? "1" : format === "tar.xz" || format === "tar.bz2" ? "1" : "6"];
  const first = pack(one, [out, "tree", "--threads", "1", ...level], { env: { TZ: "UTC", LC_ALL: "C" } });
  const second = pack(two, [out, "tree", "--threads", "3", ...level], { through, env: { TZ: "Asia/Kathmandu", LC_ALL: "tr_TR.UTF-8", LANG: "tr_TR.UTF-8" } });
  expect(second.equals(first)).toBe(true);
}, 120_000);

it("c --reproducible gives the same bytes in whatever order a list names the files", () => {
  const box = sandbox();
  const few = FILES.slice(-30);
  makeTree(join(box.folder, "tree"), few, { umask: 0, time: 1, link: linkSync });
  const names = [...few.map(([path]) => `tree/${path}`), "tree/linked", "tree/link", "tree/empty"];
  const listed = (input: string[]): Buffer => pack(box, ["out.tar", "-T", "-"], { input: Buffer.from(input.join("\n")) });
  const first = listed(names);
  for (const other of [[...names].reverse(), [...names].sort(), [...names].sort((a, b) => a.length - b.length)]) expect(listed(other).equals(first)).toBe(true);
});

/** Of the first entry of a zip: the MS-DOS time and date, as numbers. */
function dosTimeOf(zip: Buffer): [time: number, date: number] {
  return [zip.readUInt16LE(10), zip.readUInt16LE(12)];
}

it("c --reproducible stores 1980 in a zip, or SOURCE_DATE_EPOCH, or --mtime, all in UTC", () => {
  const box = sandbox();
  box.file("a", "a");
  const zipped = (args: string[], env: RunOptions["env"] = {}): [number, number] => dosTimeOf(pack(box, ["a.zip", "a", ...args], { env: { TZ: "America/New_York", ...env } }));
  const epoch = { SOURCE_DATE_EPOCH: "1582982056" }; // 2020-02-29 13:14:16
  const dated = [(13 << 11) | (14 << 5) | (16 >> 1), ((2020 - 1980) << 9) | (2 << 5) | 29];
  expect(zipped([])).toEqual([0, (1 << 5) | 1]);
  expect(zipped([], epoch)).toEqual(dated);
  expect(zipped(["--mtime", "2020-02-29T13:14:16Z"], { SOURCE_DATE_EPOCH: "1" })).toEqual(dated);
  if (has("unzip")) expect(run("env", ["TZ=UTC", "unzip", "-Z", "-T", join(box.folder, "a.zip")])).toContain("20200229.131416");
});

it.skipIf(!has("tar"))("c --reproducible stores no owners and normal permissions, and keeps what can be executed", () => {
  const box = sandbox();
  box.file("d/plain", "");
  box.file("d/run", "");
  chmodSync(join(box.folder, "d/plain"), 0o606);
  chmodSync(join(box.folder, "d/run"), 0o4710);
  chmodSync(join(box.folder, "d"), 0o1700);
  if (isRoot) chownSync(join(box.folder, "d/plain"), 1234, 5678);
  pack(box, ["a.tar", "d"]);
  expect(run("env", ["TZ=UTC", "tar", "--numeric-owner", "--full-time", "-tvf", join(box.folder, "a.tar")]).split("\n").map((line) => line.replace(/ +/g, " "))).toEqual([
    "drwxr-xr-x 0/0 0 1980-01-01 00:00:00 d/", "-rw-r--r-- 0/0 0 1980-01-01 00:00:00 d/plain", "-rwxr-xr-x 0/0 0 1980-01-01 00:00:00 d/run", "",
  ]);
});

it("c --reproducible with a SOURCE_DATE_EPOCH that is no number is exit 7, and without it that is nobody's business", () => {
  const box = sandbox();
  box.file("a", "a");
  const env = { SOURCE_DATE_EPOCH: "yesterday" };
  expect(box.run(["c", "a.zip", "a", "--reproducible"], { env })).toMatchObject({ code: 7, stderr: expect.stringContaining('SOURCE_DATE_EPOCH "yesterday"') });
  expect(readdirSync(box.folder)).toEqual(["a"]);
  expect(box.run(["c", "a.zip", "a"], { env }).code).toBe(0);
});
