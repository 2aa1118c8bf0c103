import { chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { isRoot, isWindows, sandbox, type Sandbox } from "../helpers/cli.ts";
import { has, run } from "../helpers/tools.ts";

/** The names in an archive, folders with a slash at the end. */
function names(box: Sandbox, archive: string): string[] {
  const { code, stdout } = box.run(["l", "-q", archive]);
  expect(code).toBe(0);
  return stdout.split("\n").filter((line) => line !== "");
}

function filled(files: Record<string, string>): Sandbox {
  const box = sandbox();
  for (const [name, content] of Object.entries(files)) box.file(name, content);
  return box;
}

it("c -C takes the inputs from there, and OUT from here", () => {
  const box = filled({ "src/a": "a", "src/d/b": "b", a: "another one" });
  expect(box.run(["c", "-C", "src", "out.zip", "a", "d"]).code).toBe(0);
  expect(names(box, "out.zip")).toEqual(["a", "d/", "d/b"]);
  expect(box.run(["x", "-O", "out.zip", "--", "a"]).stdout).toBe("a");
  expect(box.run(["c", "-C", "nowhere", "other.zip", "a"])).toMatchObject({ code: 9, stderr: expect.stringContaining("hint: ") });
  expect(box.run(["c", "-C", "a", "other.zip", "a"]).code).toBe(9);
});

it("c -g leaves out what git ignores, says how much it was, and with -v by which flag", () => {
  const box = filled({ "p/.git/HEAD": "", "p/.gitignore": "*.log\n/out/\n", "p/a.log": "", "p/b": "b", "p/out/c": "", "p/d/out/e": "" });
  const { code, stderr } = box.run(["c", "-v", "-g", "p.zip", "p"]);
  expect(code).toBe(0);
  expect(stderr).toContain("left out: p/a.log (-g)\n");
  expect(stderr).toContain("left out: p/out (-g)\n");
  expect(stderr).toMatch(/✓ created p\.zip: 3 files, .*, 3 left out\n$/);
  expect(names(box, "p.zip")).toEqual(["p/", "p/.gitignore", "p/b", "p/d/", "p/d/out/", "p/d/out/e"]);
});

it("c --no-hidden and --no-junk leave out by name, also what is named and what lies in such folders", () => {
  const box = filled({ "d/.h/x": "", "d/a": "", "d/.DS_Store": "", "d/._a": "", "d/__MACOSX/d/._a": "", "d/Thumbs.db": "", "d/e/Desktop.ini": "", "d/e/thumbs": "" });
  expect(box.run(["c", "hidden.tar", "d", "--no-hidden"]).code).toBe(0);
  expect(names(box, "hidden.tar")).toEqual(["d/", "d/Thumbs.db", "d/__MACOSX/", "d/__MACOSX/d/", "d/a", "d/e/", "d/e/Desktop.ini", "d/e/thumbs"]);
  expect(box.run(["c", "junk.tar", "d", "d/__MACOSX/d", "--no-junk"]).code).toBe(0);
  expect(names(box, "junk.tar")).toEqual(["d/", "d/.h/", "d/.h/x", "d/a", "d/e/", "d/e/thumbs"]);
});

it("c says when everything was left out", () => {
  const box = filled({ ".h": "" });
  const { code, stderr } = box.run(["c", "a.zip", ".h", "--no-hidden"]);
  expect(code).toBe(0);
  expect(stderr).toContain("the archive is empty: everything was left out");
});

it("c --prefix puts everything into one folder of the archive, and -x goes by the names without it", () => {
  const box = filled({ "d/a": "a", "d/b": "b", "c/a": "2" });
  symlinkSync("a", join(box.folder, "d/l"));
  for (const archive of ["a.zip", "a.7z", "a.tar.gz"]) {
    expect(box.run(["c", archive, "d", "c", "--prefix", "./app-1.0/src/", "-x", "c/a"]).code).toBe(0);
    expect(names(box, archive).map((name) => name.replace(/\/$/, ""))).toEqual(["d", "d/a", "d/b", "d/l", "c"].map((name) => `app-1.0/src/${name}`));
  }
});

it("c --prefix with a folder that leads out of the archive is exit 7", () => {
  const box = filled({ a: "" });
  expect(box.run(["c", "a.zip", "a", "--prefix", "../x"])).toMatchObject({ code: 7, stderr: expect.stringContaining('cannot store the entries below "../x": it climbs out with ".."') });
  expect(readdirSync(box.folder)).toEqual(["a"]);
});

it("c --prefix is nothing for a format that holds one file without a path", () => {
  expect(filled({ a: "" }).run(["c", "a.gz", "a", "--prefix", "x"])).toMatchObject({ code: 7, stderr: expect.stringContaining("hint: unzipx c OUT.tar.gz INPUT…") });
});

it.each(["a.zip", "a.7z", "a.tar"])("c --mtime gives every entry of %s the same time, whatever the time zone", (archive) => {
  const box = filled({ "d/a": "a", "d/e/b": "b" });
  expect(box.run(["c", archive, "d", "--mtime", "2020-02-29 13:14"], { env: { TZ: "America/New_York" } }).code).toBe(0);
  const { archives: [{ entries }] } = JSON.parse(box.run(["l", "--json", archive], { env: { TZ: "Asia/Tokyo" } }).stdout) as { archives: [{ entries: { mtime: string }[] }] };
  expect(entries.map(({ mtime }) => mtime)).toEqual(Array(4).fill("2020-02-29T13:14:00.000Z"));
});

it("c --mtime with something that is no date is exit 7", () => {
  const box = filled({ a: "" });
  expect(box.run(["c", "a.zip", "a", "--mtime", "yesterday"])).toMatchObject({ code: 7, stderr: expect.stringMatching(/cannot understand --mtime "yesterday".*hint: /s) });
  expect(readdirSync(box.folder)).toEqual(["a"]);
});

it("c -T packs what a list names, beside what is named, each thing once", () => {
  const box = filled({ "a b": "1", "d/x": "2", "d/y": "3", e: "4", "-f": "5", "list": "d/x\r\na b\r\n\r\nd\r\n-f\r\nd/y\r\n" });
  expect(box.run(["c", "a.tar", "e", "-T", "list"]).code).toBe(0);
  expect(names(box, "a.tar")).toEqual(["e", "d/x", "a b", "d/", "d/y", "./-f"]);
  expect(box.run(["c", "b.tar", "-C", "d", "-T", "-"], { input: Buffer.from("y\nx") }).code).toBe(0);
  expect(names(box, "b.tar")).toEqual(["y", "x"]);
});

it("c -T takes several lists, and one that an editor put a mark in front of", () => {
  const box = filled({ a: "", b: "", c: "", one: "\ufeffa\n", two: "b\n" });
  expect(box.run(["c", "a.tar", "-T", "one", "-T", "two"]).code).toBe(0);
  expect(names(box, "a.tar")).toEqual(["a", "b"]);
});

it("c -T --null takes names with line ends in them", () => {
  const box = sandbox();
  const odd = isWindows ? "a" : "a\nb\r";
  box.file(odd, "odd");
  box.file("c", "c");
  expect(box.run(["c", "a.zip", "-T", "-", "--null"], { input: Buffer.from(`${odd}\0c\0`) }).code).toBe(0);
  expect(box.run(["x", "a.zip", "-C", "out"]).code).toBe(0);
  expect(box.contents("out")).toEqual({ [odd]: "odd", c: "c" });
});

it.skipIf(process.platform !== "linux" || !has("tar"))("c -T takes names that are not UTF-8", () => {
  const box = sandbox();
  const name = Buffer.from("caf\xe9/x", "latin1");
  mkdirSync(Buffer.concat([Buffer.from(`${box.folder}/`), name.subarray(0, 4)]));
  writeFileSync(Buffer.concat([Buffer.from(`${box.folder}/`), name]), "content");
  expect(box.run(["c", "a.tar", "-T", "-"], { input: name }).code).toBe(0);
  expect(run("tar", ["-tf", "a.tar", "--quoting-style=escape"], { cwd: box.folder })).toBe("caf\\351/x\n");
  expect(run("tar", ["-xOf", "a.tar"], { cwd: box.folder })).toBe("content");
});

it("c -T: a listed file that is missing is exit 9, as one that is named, and so is a missing list", () => {
  const box = filled({ a: "", list: "a\nmissing\n" });
  expect(box.run(["c", "a.zip", "-T", "list"])).toMatchObject({ code: 9, stderr: expect.stringContaining('cannot pack "missing": no such file or folder') });
  expect(box.run(["c", "a.zip", "a", "missing"]).code).toBe(9);
  expect(box.run(["c", "a.zip", "-T", "nolist"])).toMatchObject({ code: 9, stderr: expect.stringContaining('cannot read the list "nolist"') });
  expect(readdirSync(box.folder).sort()).toEqual(["a", "list"]);
});

it("c -T: an empty list is exit 11, and no empty archive", () => {
  const box = filled({ list: "\n\n" });
  expect(box.run(["c", "a.zip", "-T", "list"])).toMatchObject({ code: 11, stderr: expect.stringContaining('the list "list" is empty') });
  expect(readdirSync(box.folder)).toEqual(["list"]);
});

it.each([
  [["c", "a.zip"], "no input is named"],
  [["c", "a.zip", "a", "--null"], "add|-T FILE"],
  [["c", "a.zip", "-T", "nul"], "hint: --null"],
  [["c", "a.zip", "-T", "-", "-T", "-"], "twice"],
  [["c", "a.zip", "-e", "-T", "-", "--password-stdin"], "hint: --password-file FILE"],
  [["c", "a.zip", "a", "-1", "-9"], "two levels: 1 and 9"],
  [["c", "a.zip", "a", "--encrypt-names"], "is for 7z"],
  [["c", "a.tar", "a", "-e", "-p", "x"], "is for zip and 7z"],
  [["c", "a.zip", "a", "-s", "1"], "hint: --split 64K"],
  [["c", "-", "a", "--format", "zip", "-s", "100K"], "hint: unzipx c --split"],
  [["c", "a.zip", "a", "-e", "-p", "x", "--reproducible"], "random bytes"],
  [["c", "a.zip", "a", "--gitignor"], "hint: --gitignore"],
])("%j is exit 7 with a hint", (args, says) => {
  const box = filled({ a: "", nul: "a\0a\0" });
  const { code, stderr } = box.run(args);
  expect(code).toBe(7);
  expect(stderr).toMatch(new RegExp(says));
  expect(readdirSync(box.folder).sort()).toEqual(["a", "nul"]);
});

it("c -e without a password and without a terminal is exit 7, with what to add", () => {
  const box = filled({ a: "" });
  for (const archive of ["a.zip", "a.7z"]) {
    for (const more of [[], ["--dry-run"]]) expect(box.run(["c", "-e", archive, "a", ...more])).toMatchObject({ code: 7, stderr: expect.stringContaining("hint: --password-file FILE") });
  }
  expect(readdirSync(box.folder)).toEqual(["a"]);
});

it("c -L stores what links lead to", () => {
  const box = filled({ "d/a": "content" });
  symlinkSync("d", join(box.folder, "folder"));
  symlinkSync("d/a", join(box.folder, "file"));
  for (const archive of ["a.zip", "a.7z", "a.tar"]) {
    expect(box.run(["c", "-L", archive, "folder", "file"]).code).toBe(0);
    expect(box.run(["x", archive, "-C", `of ${archive}`]).code).toBe(0);
    expect(box.contents(`of ${archive}`)).toEqual({ "folder/": "", "folder/a": "content", file: "content" });
  }
});

it("c --dry-run shows every entry with its size and with -v what is left out, and writes nothing", () => {
  const box = filled({ "d/.git/HEAD": "", "d/.gitignore": "x\n", "d/x": "", "d/y": "12345", "d/.DS_Store": "" });
  const before = box.tree();
  const plain = box.run(["c", "a.tar.gz", "d", "-g", "--no-junk", "--dry-run"]);
  expect(plain.code).toBe(0);
  expect(plain.stdout).toBe("pack           d/\npack      2 B  d/.gitignore\npack      5 B  d/y\n");
  expect(plain.stderr).toBe("✓ would create a.tar.gz (tar in gzip): 2 files, 1 folder, 7 B, 3 left out; exit code 0; nothing was written\n");
  const verbose = box.run(["c", "a.tar.gz", "d", "-g", "--no-junk", "--dry-run", "-v"]);
  expect(verbose.stdout).toBe(`${plain.stdout}skip           d/.DS_Store: --no-junk\nskip           d/.git: -g\nskip           d/x: -g\n`);
  expect(box.tree()).toEqual(before);
});

it("c --dry-run --json is the summary of the run with its entries", () => {
  const box = filled({ "d/a": "12345", "d/b": "" });
  const { code, stdout } = box.run(["c", "a.7z", "d", "-x", "b", "-s", "100K", "--prefix", "p", "--dry-run", "--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    command: "create", exitCode: 0, errors: [],
    archives: [{
      dryRun: true, archive: "a.7z", format: ["7z"], destination: "a.7z.001", files: 1, directories: 1, bytes: 5, skipped: 1, warnings: [], failures: [],
      entries: [{ path: "p/d", type: "directory", size: 0 }, { path: "p/d/a", type: "file", size: 5, source: join(box.folder, "d/a") }],
      leftOut: [{ path: "d/b", why: "excluded" }],
    }],
  });
  expect(readdirSync(box.folder)).toEqual(["d"]);
});

/** What makes a run end otherwise than with 0, and its exit code. */
const TROUBLE: [string, string[], number][] = [
  ["nothing", ["a.zip", "d"], 0],
  ["an archive that is there", ["there.zip", "d"], 5],
  ["an archive that may be replaced", ["-f", "there.zip", "d"], 0],
  ["a part that is there", ["-s", "100K", "parts.7z", "d"], 5],
  ["a folder in the archive's place", ["-f", "d", "d", "--format", "zip"], 5],
  ["a missing input", ["a.zip", "d", "missing"], 9],
  ["a missing input in a list", ["a.zip", "-T", "list"], 9],
  ["several files for a format of one", ["a.gz", "d/x", "d/y"], 7],
  ["a folder for a format of one", ["a.zst", "d"], 7],
  ["two files of one name", ["a.zip", "-C", "d", "x", "../x"], 6],
  ["a missing folder for the archive", ["missing/a.zip", "d"], 2],
  ["a format that is only read", ["a.rar", "d"], 81],
];

it.each(TROUBLE)("c --dry-run ends as the run does: %s", (_, words, code) => {
  const box = filled({ "d/x": "1", "d/y": "2", x: "3", "there.zip": "mine", "parts.7z.001": "mine", list: "missing\n" });
  const before = box.contents();
  const dry = box.run(["c", ...words, "--dry-run"]);
  expect(dry.code).toBe(code);
  expect(box.contents()).toEqual(before);
  const real = box.run(["c", ...words]);
  expect(real.code).toBe(code);
  if (code !== 0) expect(dry.stderr.split("\n")[0]).toBe(real.stderr.split("\n")[0]);
});

it.skipIf(isRoot || isWindows)("c --dry-run ends as the run does: a file that may not be read", () => {
  const box = filled({ "d/x": "1", "d/y": "2" });
  chmodSync(join(box.folder, "d/x"), 0);
  expect([box.run(["c", "a.zip", "d", "--dry-run"]).code, box.run(["c", "a.zip", "d"]).code]).toEqual([9, 9]);
});

it.skipIf(process.platform !== "linux")("c --dry-run ends as the run does: a name that the format cannot hold", () => {
  const box = sandbox();
  mkdirSync(join(box.folder, "d"));
  writeFileSync(Buffer.from(`${box.folder}/d/caf\xe9`, "latin1"), "");
  for (const archive of ["a.7z", "a.zip"]) expect(box.run(["c", archive, "d", "--dry-run"]).code).toBe(box.run(["c", archive, "d"]).code);
});
