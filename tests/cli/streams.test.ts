import { spawn } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { buildTar, buildZip, DEFLATE } from "../helpers/build.ts";
import { isWindows, sandbox, sha256 } from "../helpers/cli.ts";
import { has } from "../helpers/tools.ts";

const items = [{ name: "d/a", content: "content of a\n" }, { name: "b", content: "content of b\n" }];
const tar = buildTar(items);
const zip = buildZip(items.map((item) => ({ ...item, method: DEFLATE })));

describe("an archive from standard input", () => {
  const archives: [what: string, bytes: Uint8Array, folder: string][] = [["a tar", tar, "archive"], ["a tar.gz", gzipSync(tar), "archive"], ["a zip, which is spooled", zip, "archive"]];
  for (const [what, bytes, folder] of archives) {
    it(`${what} is extracted, listed and tested`, () => {
      const where = sandbox();
      const temporary = join(where.folder, "../tmp");
      const env = { TMPDIR: temporary, NODE_DISABLE_COMPILE_CACHE: "1" }; // Node's own would lie there
      mkdirSync(temporary);
      expect(where.run(["x", "-"], { input: bytes, env }).code).toBe(0);
      expect(where.contents()).toEqual({ [`${folder}/`]: "", [`${folder}/b`]: "content of b\n", [`${folder}/d/`]: "", [`${folder}/d/a`]: "content of a\n" });
      expect(where.run(["l", "-q", "-"], { input: bytes, env }).stdout.split("\n").filter((name) => !name.endsWith("/"))).toContain("d/a");
      expect(where.run(["t", "-"], { input: bytes, env }).code).toBe(0);
      expect(readdirSync(temporary)).toEqual([]); // the spooled file has gone
    });
    it(`${what} that is cut off leaves nothing, and is not exit 0`, () => {
      const where = sandbox();
      for (const length of [bytes.length - 1100, 30, 3].filter((at) => at > 0 && at < bytes.length)) {
        const { code } = where.run(["x", "-", "-C", "out"], { input: bytes.subarray(0, length) });
        expect([length, code === 0, where.contents()]).toEqual([length, false, {}]);
      }
    });
  }

  it("a single gzip from standard input has the name of its header, or another one", () => {
    const where = sandbox();
    expect(where.run(["x", "-"], { input: gzipSync("hello") }).code).toBe(0);
    expect(where.contents()).toEqual({ data: "hello" });
  });

  it("that is empty, or a file given by redirection, or damaged later on", () => {
    const where = sandbox();
    expect(where.run(["x", "-"], { input: Buffer.alloc(0) }).code).toBe(81);
    const damaged = gzipSync(buildTar([{ name: "a", content: Buffer.alloc(300_000, "x") }]));
    damaged[damaged.length - 6]! ^= 1; // within the checksum: all of it was written by then
    expect(where.run(["x", "-"], { input: damaged }).code).toBe(3);
    expect(where.contents()).toEqual({});
  });

  it("a temporary folder that is not there is an error that helps", () => {
    const where = sandbox();
    const { code, stderr } = where.run(["x", "-"], { input: zip, env: { TMPDIR: join(where.folder, "missing"), NODE_DISABLE_COMPILE_CACHE: "1" } });
    expect(code).toBe(2);
    expect(stderr).toContain("hint: TMPDIR");
  });
});

describe("unzipx x -O", () => {
  for (const [name, bytes] of [["a.zip", zip], ["a.tar", tar], ["a.tgz", gzipSync(tar)]] as const) {
    it(`writes the members of ${name} to standard output, in order, and nothing else there or on the disk`, () => {
      const where = sandbox();
      where.file(name, bytes);
      expect(where.run(["x", "-O", name])).toMatchObject({ code: 0, stdout: "content of a\ncontent of b\n", stderr: "" });
      expect(where.run(["x", "--stdout", name, "b"])).toMatchObject({ code: 0, stdout: "content of b\n" });
      expect(Object.keys(where.contents())).toEqual([name]);
    });
  }
  it("passes bytes on as they are, large ones too", () => {
    const content = Buffer.alloc(6 * 1024 * 1024 + 3);
    for (let at = 0; at < content.length; at += 3) content[at] = (at * 7) & 0xff;
    const where = sandbox();
    where.file("a.zip", buildZip([{ name: "a", content, method: DEFLATE }]));
    expect(sha256(where.run(["x", "-O", "a.zip"]).bytes)).toBe(sha256(content));
    expect(sha256(where.run(["x", "-O", "-"], { input: gzipSync(content) }).bytes)).toBe(sha256(content));
  });
  it("tells of damage by its exit code, and gives no small member that is damaged", () => {
    const where = sandbox();
    where.file("a.zip", buildZip([{ name: "bad", content: "bad", local: { crc32: 1 }, central: { crc32: 1 } }, { name: "good", content: "good" }]));
    expect(where.run(["x", "-O", "a.zip"])).toMatchObject({ code: 3, stdout: "good" });
  });
  it("and --json exclude each other", () => {
    const where = sandbox();
    where.file("a.zip", zip);
    expect(where.run(["x", "-O", "--json", "a.zip"]).code).toBe(7);
  });
});

describe("standard output", () => {
  it.skipIf(isWindows)("closed by its reader ends the command quietly", async () => {
    const where = sandbox();
    where.file("a.zip", buildZip([{ name: "a", content: Buffer.alloc(8 * 1024 * 1024, "some text "), method: DEFLATE }, ...Array.from({ length: 3000 }, (_, at) => ({ name: `entry ${at}` }))]));
    for (const args of [["x", "-O", "a.zip"], ["l", "a.zip"], ["l", "--json", "a.zip"]]) {
      const child = where.start(args, { stdio: ["ignore", "pipe", "pipe"] });
      let stderr = "";
      child.stderr!.on("data", (chunk) => (stderr += String(chunk)));
      child.stdout!.once("data", () => child.stdout!.destroy());
      const code = await new Promise((resolve) => child.on("close", (status, signal) => resolve(status ?? signal)));
      expect([args, code, stderr]).toEqual([args, 0, ""]);
    }
  });

  it.skipIf(!has("sh") || isWindows)("that takes nothing more is exit 50 (needs /dev/full)", async (context) => {
    const where = sandbox();
    where.file("a.zip", zip);
    if (!readdirSync("/dev").includes("full")) return context.skip("there is no /dev/full");
    for (const args of ["l a.zip", "x -O a.zip", "formats", "--version"]) {
      const { code, stderr } = where.run([], { through: ["sh", "-c", `"$1" "$2" ${args} > /dev/full`, "sh", process.execPath] });
      expect([args, code]).toEqual([args, 50]);
      expect(stderr).toContain("no space left");
    }
  });

  it("is for data and standard error for talk", () => {
    const where = sandbox();
    where.file("a.zip", zip);
    expect(where.run(["x", "a.zip"]).stdout).toBe("");
    expect(where.run(["t", "a.zip"]).stdout).toBe("");
    expect(where.run(["l", "a.zip"]).stderr).toBe("");
    expect(where.run(["x", "missing.zip"]).stdout).toBe("");
  });
});

it("a producer that is slow is waited for, piece by piece", async () => {
  const where = sandbox();
  const bytes = gzipSync(tar);
  const child = where.start(["x", "-", "-C", "out"], { stdio: ["pipe", "ignore", "pipe"] });
  for (const byte of bytes) {
    child.stdin!.write(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  child.stdin!.end();
  expect(await new Promise((resolve) => child.on("close", resolve))).toBe(0);
  expect(where.contents("out")).toEqual({ b: "content of b\n", "d/": "", "d/a": "content of a\n" });
});

it.skipIf(isWindows)("two extractions into one folder at once: each file is there once and whole", async () => {
  const where = sandbox();
  where.file("a.zip", buildZip(Array.from({ length: 300 }, (_, at) => ({ name: `${at}`, content: `content ${at}` }))));
  mkdirSync(join(where.folder, "out"));
  const children = Array.from({ length: 4 }, () => where.start(["x", "a.zip", "-C", "out"], { stdio: "ignore" }));
  const codes = await Promise.all(children.map((child: ReturnType<typeof spawn>) => new Promise((resolve) => child.on("close", resolve))));
  expect(codes.every((code) => code === 0 || code === 5)).toBe(true);
  expect(where.contents("out")).toEqual(Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`${at}`, `content ${at}`])));
});
