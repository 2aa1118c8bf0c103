import { execFileSync } from "node:child_process";
import { chmodSync, linkSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { walk, type InputEntry, type WalkOptions } from "../../src/core/walk.ts";
import type { UnzipxError } from "../../src/errors.ts";
import { has, temporaryFolder } from "../helpers/tools.ts";

const linux = process.platform === "linux"; // file names are bytes there

function walked(base: string, inputs: string[], options: Partial<WalkOptions> = {}) {
  const warnings: UnzipxError[] = [];
  const failures: UnzipxError[] = [];
  const entries: InputEntry[] = [...walk(inputs, {
    base, dereference: false, exclude: () => false, leaveOut: new Set(), warn: (w) => warnings.push(w), fail: (f) => failures.push(f), ...options,
  })];
  return { entries, paths: entries.map((entry) => entry.path), warnings, failures };
}

function files(base: string, ...paths: string[]): void {
  for (const path of paths) {
    mkdirSync(join(base, path, ".."), { recursive: true });
    writeFileSync(join(base, path), path);
  }
}

it("walk() sorts by code unit within a folder, parents before children", () => {
  const base = temporaryFolder();
  files(base, "d/b", "d/a/z", "d/a-", "d/B", "d/ä", "d/a/é");
  expect(walked(base, ["d"]).paths).toEqual(["d", "d/B", "d/a", "d/a/z", "d/a/é", "d/a-", "d/b", "d/ä"]);
});

it("walk() keeps the order of the inputs", () => {
  const base = temporaryFolder();
  files(base, "mimetype", "a");
  expect(walked(base, ["mimetype", "a"]).paths).toEqual(["mimetype", "a"]);
});

it('walk() stores the contents of "." without a name in front', () => {
  const base = temporaryFolder();
  files(base, "a", "d/b");
  expect(walked(base, ["."]).paths).toEqual(["a", "d", "d/b"]);
});

it("walk() stores absolute inputs and inputs with needless dots as relative names", () => {
  const base = temporaryFolder();
  files(base, "d/a");
  const { paths, warnings } = walked(base, [join(base, "d"), "./d//./a"]);
  expect(paths).toEqual([`${base.slice(1)}/d`, `${base.slice(1)}/d/a`, "d/a"]);
  expect(warnings).toEqual([]);
});

it('walk() drops everything up to the last ".." and says so', () => {
  const base = temporaryFolder();
  files(base, "x/y", "d/e/f");
  const { paths, warnings } = walked(join(base, "d"), ["../x/y", "e/../../x"]);
  expect(paths).toEqual(["x/y", "x"]); // x/y is the same file both times
  expect(warnings.map((warning) => warning.code)).toEqual(["ODDITY", "ODDITY"]);
});

it("walk() throws NO_INPUT for an input that is not there, before any entry", () => {
  const base = temporaryFolder();
  files(base, "a");
  expect(() => walked(base, ["a", "missing"])).toThrowError(expect.objectContaining({ code: "NO_INPUT" }));
});

it("walk() drops the same file given twice", () => {
  const base = temporaryFolder();
  files(base, "d/a", "d/b");
  expect(walked(base, ["d", "d/a", "./d"]).paths).toEqual(["d", "d/a", "d/b"]);
});

it("walk() refuses two different files under one name", () => {
  const base = temporaryFolder();
  files(base, "a", "one/a");
  expect(() => walked(join(base, "one"), ["a", "../a"])).toThrowError(expect.objectContaining({ code: "COLLISION" }));
});

it("walk() stores links as links and does not follow them", () => {
  const base = temporaryFolder();
  files(base, "d/real/a");
  symlinkSync("real", join(base, "d/link"));
  symlinkSync("missing", join(base, "d/dangling"));
  const { entries } = walked(base, ["d"]);
  expect(entries.map(({ path, type, linkTarget }) => [path, type, linkTarget])).toEqual([
    ["d", "directory", undefined], ["d/dangling", "symlink", "missing"], ["d/link", "symlink", "real"], ["d/real", "directory", undefined], ["d/real/a", "file", undefined],
  ]);
});

it("walk() follows links when asked to, and ends where they lead back up", () => {
  const base = temporaryFolder();
  files(base, "d/real/a");
  symlinkSync("real", join(base, "d/link"));
  symlinkSync("..", join(base, "d/real/up"));
  const { entries, warnings } = walked(base, ["d"], { dereference: true });
  expect(entries.map(({ path, type }) => `${path} ${type}`)).toEqual([
    "d directory", "d/link directory", "d/link/a file", "d/link/up directory", "d/real directory", "d/real/a file", "d/real/up directory",
  ]);
  expect(warnings.map((warning) => warning.code)).toEqual(["ODDITY", "ODDITY"]);
});

it("walk() reports a dangling link as a failure when it is to be followed, and goes on", () => {
  const base = temporaryFolder();
  files(base, "d/z");
  symlinkSync("missing", join(base, "d/dangling"));
  const { paths, failures } = walked(base, ["d"], { dereference: true });
  expect(paths).toEqual(["d", "d/z"]);
  expect(failures.map((failure) => failure.details.entry)).toEqual(["d/dangling"]);
});

it("walk() does not look into an excluded folder", () => {
  const base = temporaryFolder();
  files(base, "d/a", "d/skip/b", "d/skip/c");
  const asked: string[] = [];
  const { paths } = walked(base, ["d"], { exclude: (path) => (asked.push(path), path === "d/skip") });
  expect(paths).toEqual(["d", "d/a"]);
  expect(asked).not.toContain("d/skip/b");
});

it.skipIf(!has("mkfifo"))("walk() leaves out named pipes and sockets with a warning", async () => {
  const base = temporaryFolder();
  files(base, "d/a");
  execFileSync("mkfifo", [join(base, "d/pipe")]);
  const server = createServer().listen(join(base, "d/socket"));
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => void server.close());
  const { paths, warnings } = walked(base, ["d"]);
  expect(paths).toEqual(["d", "d/a"]);
  expect(warnings.map(({ code, details }) => [code, details.entry])).toEqual([["SPECIAL_FILE", "d/pipe"], ["SPECIAL_FILE", "d/socket"]]);
});

it.skipIf(process.platform === "win32" || process.getuid?.() === 0)("walk() reports a folder that cannot be read, and goes on", () => {
  const base = temporaryFolder();
  files(base, "d/closed/a", "d/z");
  chmodSync(join(base, "d/closed"), 0);
  const { paths, failures } = walked(base, ["d"]);
  expect(paths).toEqual(["d", "d/closed", "d/z"]);
  expect(failures).toHaveLength(1);
});

it("walk() reports what vanished since its folder was read, and goes on", () => {
  const base = temporaryFolder();
  files(base, "d/a", "d/b", "d/c");
  const exclude = (path: string): boolean => {
    if (path === "d/b") rmSync(join(base, "d/b"));
    return false;
  };
  const { paths, failures } = walked(base, ["d"], { exclude });
  expect(paths).toEqual(["d", "d/a", "d/c"]);
  expect(failures.map(({ code, details }) => [code, details.entry])).toEqual([["NO_INPUT", "d/b"]]);
});

it.skipIf(!linux)("walk() finds names that are not UTF-8 and keeps their bytes", () => {
  const base = temporaryFolder();
  files(base, "d/plain", "d/real \uFFFD character");
  const folder = Buffer.concat([Buffer.from(`${base}/d/`), Buffer.from([0xe4, 0xf6])]);
  mkdirSync(folder);
  writeFileSync(Buffer.concat([folder, Buffer.from("/ü")]), "x");
  symlinkSync(Buffer.from([0xff]), join(base, "d/link"));
  const { entries, failures } = walked(base, ["d"]);
  expect(failures).toEqual([]);
  expect(entries.map(({ path, pathBytes }) => [path, pathBytes && Buffer.from(pathBytes).toString("latin1")])).toEqual([
    ["d", undefined], ["d/link", undefined], ["d/plain", undefined], ["d/real \uFFFD character", undefined],
    ["d/\uFFFD\uFFFD", "d/\xe4\xf6"], ["d/\uFFFD\uFFFD/ü", "d/\xe4\xf6/\xc3\xbc"],
  ]);
  expect(entries[1]?.linkTarget).toEqual(Buffer.from([0xff]));
});

it("walk() leaves out the files it is told to, by identity", () => {
  const base = temporaryFolder();
  files(base, "d/a", "d/archive");
  linkSync(join(base, "d/archive"), join(base, "d/same archive"));
  const inode = walked(base, ["d/archive"]).entries[0]!.inode;
  expect(walked(base, ["d"], { leaveOut: new Set([inode]) }).paths).toEqual(["d", "d/a"]);
});
