import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { gitRules } from "../../src/core/gitignore.ts";
import { walk } from "../../src/core/walk.ts";
import { isRoot } from "../helpers/cli.ts";
import { has, temporaryFolder } from "../helpers/tools.ts";

const linux = process.platform === "linux"; // file names are bytes there
/** Nobody's own settings. */
const ENV = { ...process.env, HOME: "/nonexistent", XDG_CONFIG_HOME: "/nonexistent", GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null" };

function git(folder: string, ...args: string[]): Buffer {
  const { status, stdout, stderr } = spawnSync("git", args, { cwd: folder, env: ENV });
  if (status !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
  return stdout;
}

/** Files by their content; in names that end with a slash, folders. */
function make(folder: string, files: Record<string, string>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name.endsWith("/") ? name : dirname(name)), { recursive: true });
    if (!name.endsWith("/")) writeFileSync(join(folder, name), content);
  }
}

/** The files and links that would be packed. */
function packed(base: string, inputs: (string | Uint8Array)[] = ["."], dereference = false): string[] {
  const fail = (failure: Error): never => {
    throw failure;
  };
  const entries = walk(inputs, { base, dereference, exclude: () => false, git: gitRules(base), leaveOut: new Set(), warn: fail, fail });
  return [...entries].filter(({ type }) => type !== "directory").map(({ path, pathBytes }) => Buffer.from(pathBytes ?? path).toString("latin1")).sort();
}

function listedByGit(folder: string): string[] {
  return git(folder, "ls-files", "-coz", "--exclude-standard").toString("latin1").split("\0").filter((name) => name !== "").sort();
}

const CASES: Record<string, Record<string, string>> = {
  "names in any folder": { ".gitignore": "x\n*.log\n", x: "", "a/x": "", "a/b/x/y": "", "a.log": "", "a/b.log": "", "a/blog": "" },
  "patterns anchored by a slash": { ".gitignore": "/x\na/y\n/b/*\n", x: "", "a/x": "", "a/y": "", "c/a/y": "", "b/z": "", "b/d/z": "", "a/b/z": "" },
  "folders only": { ".gitignore": "x/\n", "a/x": "", "x/y": "", "b/x/y": "" },
  "two stars": { ".gitignore": "**/x\na/**/y\nb/**\nc**d\n", x: "", "q/x": "", "a/y": "", "a/p/q/y": "", "b/z": "", "q/b/z": "", cd: "", czd: "", "c/d": "" },
  "one star and question marks within a component": { ".gitignore": "a/*/x\n?.y\n", "a/x": "", "a/b/x": "", "a/b/c/x": "", "q.y": "", "qq.y": "" },
  "classes of characters": { ".gitignore": "[ab].x\n[!a-c].y\n[[:digit:]].z\n", "a.x": "", "c.x": "", "a.y": "", "d.y": "", "1.z": "", "q.z": "" },
  "what is taken back": { ".gitignore": "*.log\n!keep.log\nb/\n!b/keep.log\n", "a.log": "", "keep.log": "", "b/keep.log": "", "c/keep.log": "" },
  "a file in an ignored folder cannot be taken back": { ".gitignore": "x\n!x/y\n", "x/y": "", "x/z": "", "x/.gitignore": "!*\n" },
  "the contents of a folder, but one": { ".gitignore": "x/*\n!x/y\n", "x/y": "", "x/z": "", "x/w/v": "" },
  "rules in folders": { ".gitignore": "*.o\n", "a/.gitignore": "!*.o\n/only\nsub/deep\n", "a/1.o": "", "a/b/2.o": "", "b/3.o": "", only: "", "a/only": "", "a/b/only": "", "a/sub/deep": "", "a/b/sub/deep": "", "sub/deep": "" },
  "a folder that a deeper file takes back": { ".gitignore": "build\n", "a/.gitignore": "!build\n", "build/x": "", "a/build/x": "", "a/build/build/x": "", "a/b/build/x": "" },
  "rules in folders whose names are patterns": { "[a]*/.gitignore": "x\n/y\n", "[a]*/x": "", "[a]*/b/x": "", "[a]*/y": "", "a/x": "", "#c/.gitignore": "x", "#c/x": "", "!d/.gitignore": "x/z", "!d/x/z": "", "e f/.gitignore": "x\n", "e f/x": "", "g\\h/.gitignore": "x", "g\\h/x": "" },
  "comments, escapes and spaces at the end": { ".gitignore": "#x\n\\#y\n\\!z\nq   \nr\\ \n\n   \n", "#x": "", "#y": "", "!z": "", q: "", "r ": "", r: "" },
  "lines as Windows ends them, and a mark": { ".gitignore": "\ufeffx\r\n*.y\r\n", x: "", "a.y": "", z: "" },
  "characters of several bytes": { ".gitignore": "ä?.x\nö\n[ü].z\n", "äb.x": "", "äöb.x": "", ö: "", "ü.z": "" },
  "upper and lower case": { ".gitignore": "Ab\n", Ab: "", ab: "", AB: "" },
};

it.skipIf(!has("git")).for(Object.entries(CASES))("gitRules() leaves out what git does: %s", ([, files]) => {
  const folder = temporaryFolder();
  make(folder, files);
  git(folder, "init", "-q");
  expect(packed(folder)).toEqual(listedByGit(folder));
});

it.skipIf(!has("git"))("gitRules() goes by info/exclude, which .gitignore overrules", () => {
  const folder = temporaryFolder();
  git(folder, "init", "-q");
  make(folder, { ".git/info/exclude": "x\ny\n", ".gitignore": "!y\n", x: "", y: "", "a/x": "" });
  expect(packed(folder)).toEqual([".gitignore", "y"]);
  expect(packed(folder)).toEqual(listedByGit(folder));
});

it.skipIf(!has("git"))("gitRules() finds info/exclude from a worktree, where .git is a file", () => {
  const folder = temporaryFolder();
  make(folder, { "main/tracked": "" });
  git(join(folder, "main"), "init", "-q");
  git(join(folder, "main"), "add", ".");
  git(join(folder, "main"), "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "first");
  git(join(folder, "main"), "worktree", "add", "-q", "../other");
  make(folder, { "main/.git/info/exclude": "x\n", "other/x": "", "other/y": "" });
  expect(packed(join(folder, "other"))).toEqual(["tracked", "y"]);
  expect(packed(join(folder, "other"))).toEqual(listedByGit(join(folder, "other")));
});

/** Numbers that are the same in every run (mulberry32). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

it.skipIf(!has("git")).each([1, 2, 3, 4, 5, 6])("gitRules() agrees with git about rules and trees by chance (%i)", (seed) => {
  const next = numbers(seed);
  const one = (items: readonly string[]): string => items[next(items.length)]!;
  const [folders, names] = [["a", "b", "ab", "b.o"], ["x", "y", "x.o", ".o"]]; // no name is a file and a folder
  const pieces = ["a", "b", "ab", "x", "y", "*", "**", "a*", "*b", "?", "[ax]", "*.o", "x.o"]; // not "b**": git takes the "b" off first, and its "**" then crosses slashes
  const pattern = (): string => `${one(["", "", "!"])}${one(["", "", "/", "**/"])}${Array.from({ length: 1 + next(next(3) + 1) }, () => one(pieces)).join("/")}${one(["", "", "/", "/*", "/**"])}`;
  for (let round = 0; round < 3; round++) {
    const folder = temporaryFolder();
    const files: Record<string, string> = {};
    for (let i = 0; i < 40; i++) files[[...Array.from({ length: next(4) }, () => one(folders)), one(names)].join("/")] = "";
    for (const where of ["", "a/", "b/", "a/b/"]) files[`${where}.gitignore`] = Array.from({ length: 1 + next(4) }, pattern).join("\n");
    make(folder, files);
    git(folder, "init", "-q");
    const rules = Object.entries(files).filter(([name]) => name.endsWith(".gitignore"));
    expect(packed(folder), JSON.stringify(rules)).toEqual(listedByGit(folder));
  }
});

it("gitRules() goes by the files above an input, up to the top of the repository", () => {
  const folder = temporaryFolder();
  make(folder, { ".gitignore": "out\n", "repo/.git/": "", "repo/.gitignore": "*.log\n/src/only\n", "repo/src/.gitignore": "x\n", "repo/src/a/x": "", "repo/src/a/y.log": "", "repo/src/a/out": "", "repo/src/only": "" });
  expect(packed(join(folder, "repo/src"))).toEqual([".gitignore", "a/out"]);
  expect(packed(join(folder, "repo"), ["src/a"])).toEqual(["src/a/out"]);
  expect(packed(folder, ["repo/src/a/x", "repo/src/a/out"])).toEqual(["repo/src/a/out"]);
});

it("gitRules() leaves out an input that lies in an ignored folder", () => {
  const folder = temporaryFolder();
  make(folder, { ".git/": "", ".gitignore": "build\n!build/x\n", "build/x": "", "build/y/z": "" });
  expect(packed(folder, ["build/x", "build/y", "build"])).toEqual([]);
  expect(packed(join(folder, "build"))).toEqual([]);
});

it("gitRules() counts from the base on where there is no repository, and from the folder of an input that lies elsewhere", () => {
  const folder = temporaryFolder();
  make(folder, { ".gitignore": "x\n", "a/.gitignore": "y\n", "a/b/x": "", "a/b/y": "", "a/b/z": "", "c/.gitignore": "z\n", "c/x": "", "c/w": "", "c/z": "" });
  expect(packed(folder, ["a/b"])).toEqual(["a/b/z"]);
  expect(packed(join(folder, "a"), ["b"])).toEqual(["b/x", "b/z"]);
  expect(packed(join(folder, "a"), [join(folder, "c")]).map((path) => path.slice(folder.length))).toEqual(["c/.gitignore", "c/w"]);
});

it("gitRules() gives a repository inside another one rules of its own, and leaves out both .git", () => {
  const folder = temporaryFolder();
  make(folder, { ".git/HEAD": "", ".gitignore": "*.x\n", "a.x": "", "inner/.git/HEAD": "", "inner/.gitignore": "*.y\n", "inner/a.x": "", "inner/a.y": "", "sub/.git": "gitdir: ../.git/modules/sub\n", "sub/b.x": "" });
  expect(packed(folder)).toEqual([".gitignore", "inner/.gitignore", "inner/a.x", "sub/b.x"]);
});

it("gitRules() takes a link to a folder for a file, unless links are followed", () => {
  const folder = temporaryFolder();
  make(folder, { ".git/": "", ".gitignore": "x/\n", "a/f": "" });
  symlinkSync("a", join(folder, "x"));
  expect(packed(folder)).toEqual([".gitignore", "a/f", "x"]);
  expect(packed(folder, ["."], true)).toEqual([".gitignore", "a/f"]);
});

it.skipIf(!linux || !has("git"))("gitRules() compares names that are not UTF-8 byte by byte", () => {
  const folder = temporaryFolder();
  git(folder, "init", "-q");
  writeFileSync(join(folder, ".gitignore"), Buffer.from("caf\xe9\nd\xe9/\n", "latin1"));
  for (const name of ["caf\xe9", "caf\xe8"]) writeFileSync(Buffer.from(`${folder}/${name}`, "latin1"), "");
  for (const name of ["d\xe9", "d\xe8"]) {
    mkdirSync(Buffer.from(`${folder}/${name}`, "latin1"));
    writeFileSync(Buffer.from(`${folder}/${name}/f`, "latin1"), "");
  }
  expect(packed(folder)).toEqual([".gitignore", "caf\xe8", "d\xe8/f"]);
  expect(packed(folder)).toEqual(listedByGit(folder));
  expect(packed(folder, [Buffer.from("d\xe8/f", "latin1"), Buffer.from("d\xe9/f", "latin1")])).toEqual(["d\xe8/f"]);
});

it("gitRules() ends the run where rules cannot be read: what they keep out would be packed", () => {
  const folder = temporaryFolder();
  make(folder, { ".git/": "", "a/secret": "" });
  symlinkSync("nowhere", join(folder, "a/.gitignore"));
  expect(() => packed(folder)).toThrowError(expect.objectContaining({ code: "NO_INPUT", message: expect.stringContaining("a/.gitignore") }));
});

it.skipIf(isRoot)("gitRules() ends the run where rules may not be read", () => {
  const folder = temporaryFolder();
  make(folder, { ".git/": "", ".gitignore": "x\n", x: "" });
  chmodSync(join(folder, ".gitignore"), 0);
  expect(() => packed(folder)).toThrowError(expect.objectContaining({ code: "NO_INPUT" }));
});
