/** The exit codes of the command line, one by one, and that nothing half-written stays. */
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readdirSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { ERRORS } from "../../src/errors.ts";
import { buildTar, buildZip, DEFLATE, FLAG_ENCRYPTED } from "../helpers/build.ts";
import { isRoot, isWindows, sandbox, type Sandbox } from "../helpers/cli.ts";
import { has } from "../helpers/tools.ts";

const TEXT = "some text\n";
const zip = buildZip([{ name: "a", content: TEXT, method: DEFLATE }, { name: "b", content: "b" }]);
const tar = buildTar([{ name: "a", content: TEXT }, { name: "b", content: "b" }]);
const wrong = { crc32: 1 };

/** Extracts into a new folder: the code, what was said, and that nothing is there. */
function fails(bytes: Uint8Array, args: readonly string[] = [], name = "a.bin"): { code: number | null; stderr: string } {
  const where = sandbox();
  where.file(name, bytes);
  const { code, stdout, stderr } = where.run(["x", name, "-C", "out", ...args]);
  expect(stdout).toBe("");
  expect(stderr).not.toMatch(/^ +at /m); // no stack trace
  expect(Object.keys(where.contents())).toEqual([name]);
  where.assertOutsideUntouched();
  return { code, stderr };
}

describe("exit", () => {
  it("0: everything was done", () => {
    const where = sandbox();
    where.file("a.zip", zip);
    expect(where.run(["x", "a.zip"]).code).toBe(0);
    expect(where.run(["--help"]).code).toBe(0);
    expect(where.run(["x", "--help"]).code).toBe(0);
    expect(where.run(["--version"])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+/) });
  });
  it("0: with something odd that is told and does no harm", () => {
    const where = sandbox();
    where.file("a.zip", Buffer.concat([zip, Buffer.from("trailing")]));
    const { code, stderr } = where.run(["x", "a.zip"]);
    expect(code).toBe(0);
    expect(stderr).toContain("unzipx: warning:");
  });
  it("1: a device was skipped, the rest is there", () => {
    const where = sandbox();
    where.file("a.tar", buildTar([{ name: "null", type: "3" }, { name: "a", content: "a" }]));
    const { code, stderr } = where.run(["x", "a.tar", "-C", "out"]);
    expect(code).toBe(1);
    expect(stderr).toContain('"null"');
    expect(where.contents("out")).toEqual({ a: "a" });
  });
  it.skipIf(isRoot || isWindows)("2: the folder may not be written to (root may)", () => {
    const where = sandbox();
    where.file("a.zip", zip);
    mkdirSync(join(where.folder, "out"), { mode: 0o555 });
    const { code, stderr } = where.run(["x", "a.zip", "-C", "out"]);
    expect(code).toBe(2);
    expect(stderr).toContain("permission denied");
  });
  it("2: the destination lies below a file", () => {
    const where = sandbox();
    where.file("a.zip", zip);
    where.file("file", "x");
    const { code, stderr } = where.run(["x", "a.zip", "-C", "file/out"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^unzipx: cannot/);
  });
  it("3: a checksum is wrong", () => {
    const damagedGzip = gzipSync(TEXT);
    damagedGzip[damagedGzip.length - 5]! ^= 1; // the last byte of the CRC
    for (const bytes of [buildZip([{ name: "a", content: "x", local: wrong, central: wrong }]), damagedGzip, buildTar([{ name: "a", checksum: 1 }, { name: "b" }])]) {
      const { code } = fails(bytes, bytes.length === 2048 ? ["--format", "tar"] : []);
      expect(code).toBe(3);
    }
  });
  it("3: the structure is damaged", () => {
    expect(fails(Buffer.concat([tar.subarray(0, 512), Buffer.alloc(512, "x"), Buffer.alloc(512, "y")])).code).toBe(3);
  });
  it("4: the terms are not accepted, and nobody is there to ask", () => {
    const where = sandbox();
    where.file("a.zip", zip);
    for (const args of [["x", "a.zip"], ["l", "a.zip"], ["t", "a.zip"], ["c", "b.zip", "a.zip"], ["x", "-y", "a.zip"]]) { // -y never accepts them
      const { code, stderr } = where.run(args, { env: { UNZIPX_ACCEPT_TERMS: undefined } });
      expect([args, code]).toEqual([args, 4]);
      expect(stderr).toContain("--accept-terms");
    }
    expect(Object.keys(where.contents())).toEqual(["a.zip"]);
    for (const args of [["--help"], ["--version"], ["x", "--help"], ["formats"], ["completions", "bash"], ["terms", "status"]]) expect(where.run(args, { env: { UNZIPX_ACCEPT_TERMS: undefined } }).code, args[0]!).toBe(0);
  });
  it("5: a file exists", () => {
    const where = sandbox();
    where.file("a.zip", zip);
    where.file("out/b", "mine");
    const { code, stderr } = where.run(["x", "a.zip", "-C", "out"]);
    expect(code).toBe(5);
    expect(stderr).toContain("exists already");
    expect(where.contents("out")).toEqual({ b: "mine" });
  });
  it("5: the destination is a file, or the archive would be created over one", () => {
    const where = sandbox();
    where.file("a.zip", zip);
    where.file("out", "mine");
    expect(where.run(["x", "a.zip", "-C", "out"]).code).toBe(5);
    expect(where.run(["c", "a.zip", "out"]).code).toBe(5);
    expect(where.contents()["out"]).toBe("mine");
  });
  it("6: an entry was refused", () => {
    const { code, stderr } = fails(buildTar([{ name: "../evil" }, { name: "a" }]));
    expect(code).toBe(6);
    expect(stderr).toContain('refused "../evil"');
  });
  it("7: the command line is wrong", () => {
    const where = sandbox();
    where.file("a.zip", zip);
    for (const args of [
      [], ["x"], ["frobnicate"], ["x", "--frobnicate", "a.zip"], ["x", "a.zip", "--threads", "0"], ["x", "a.zip", "--threads", "many"], ["x", "a.zip", "--max-size", "big"],
      ["x", "a.zip", "--overwrite", "maybe"], ["x", "a.zip", "-C", "a", "-d", "b"], ["x", "a.zip", "--here", "--into", "always"], ["x", "a.zip", "--format", "nonsense"],
      ["terms", "frobnicate"], ["x", "a.zip", "--max-depth", "0"], ["c", "b.zip"],
    ]) {
      const { code, stdout, stderr } = where.run(args);
      expect([args, code]).toEqual([args, 7]);
      if (args.length > 0) expect([args, stdout]).toEqual([args, ""]);
      expect(stderr, args.join(" ")).not.toBe("");
    }
    expect(Object.keys(where.contents())).toEqual(["a.zip"]);
  });
  it("9: the archive is not there, or is a folder", () => {
    const where = sandbox();
    mkdirSync(join(where.folder, "folder"));
    for (const args of [["x", "missing.zip"], ["l", "missing.zip"], ["t", "missing.zip"], ["x", "folder"], ["x", ""]]) {
      const { code, stderr } = where.run(args);
      expect([args, code]).toEqual([args, 9]);
      expect(stderr).toContain("hint: ");
    }
  });
  it.skipIf(isRoot || isWindows)("9: the archive may not be read (root may)", () => {
    const where = sandbox();
    chmodSync(where.file("a.zip", zip), 0);
    expect(where.run(["x", "a.zip"]).code).toBe(9);
  });
  it("11: a pattern matched nothing", () => {
    expect(fails(zip, ["missing"]).code).toBe(11);
    expect(fails(tar, ["missing"]).code).toBe(11);
  });
  it("12: a limit was hit, and the hint names its flag", () => {
    expect(fails(zip, ["--max-size", "5"])).toMatchObject({ code: 12, stderr: expect.stringContaining("hint: --max-size") });
    expect(fails(tar, ["--max-size", "5"])).toMatchObject({ code: 12, stderr: expect.stringContaining("hint: --max-size") });
    expect(fails(tar, ["--max-files", "1"])).toMatchObject({ code: 12, stderr: expect.stringContaining("hint: --max-files") });
    expect(fails(buildTar([{ name: "a/b/c" }]), ["--max-depth", "2"])).toMatchObject({ code: 12, stderr: expect.stringContaining("hint: --max-depth") });
    const bomb = gzipSync(Buffer.alloc(80 * 1024 * 1024));
    expect(fails(bomb, [], "bomb.gz")).toMatchObject({ code: 12, stderr: expect.stringContaining("hint: --max-ratio") });
    const where = sandbox();
    where.file("bomb.gz", bomb);
    expect(where.run(["t", "bomb.gz", "--max-ratio", "2000"]).code).toBe(0);
    expect(where.run(["t", "bomb.gz", "--no-limits"]).code).toBe(0);
  });
  it("51: the archive is cut off", () => {
    expect(fails(tar.subarray(0, 700)).code).toBe(51);
    expect(fails(gzipSync(tar).subarray(0, -5)).code).toBe(51);
    expect(fails(zip.subarray(0, -30)).code).toBe(51);
  });
  it("81: format or method is unknown, and it is said which", () => {
    expect(fails(Buffer.from("just some text, no archive")).code).toBe(81);
    expect(fails(Buffer.alloc(0)).code).toBe(81);
    expect(fails(Buffer.concat([Buffer.from("LRZI"), Buffer.alloc(20)]))).toMatchObject({ code: 81, stderr: expect.stringContaining("lrzip") });
    expect(fails(buildZip([{ name: "a", content: "x", method: 97 }]))).toMatchObject({ code: 81, stderr: expect.stringContaining("wavpack") });
  });
  it("82: an entry is encrypted", () => {
    expect(fails(buildZip([{ name: "a", content: "x", data: Buffer.alloc(13), flags: FLAG_ENCRYPTED }])).code).toBe(82);
  });
  it("the most severe, where several archives fail", () => {
    const where = sandbox();
    where.file("bad.zip", buildZip([{ name: "a", content: "x", local: wrong, central: wrong }]));
    where.file("evil.tar", buildTar([{ name: "../evil" }]));
    where.file("good.zip", zip);
    expect(where.run(["x", "bad.zip", "evil.tar", "good.zip"]).code).toBe(6);
    expect(existsSync(join(where.folder, "good/a"))).toBe(true);
    expect(where.run(["t", "bad.zip", "good.zip"]).code).toBe(3);
  });
  it("is one of the table for every error there is", () => {
    const codes = new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 50, 51, 81, 82, 130, 143]);
    for (const [code, { exit }] of Object.entries(ERRORS)) expect(codes.has(exit), code).toBe(true);
  });
});

describe("a disk that is full", () => {
  /** A file system of one MiB; undefined where none can be made. */
  function tinyDisk(where: Sandbox): string | undefined {
    const at = join(where.folder, "disk");
    mkdirSync(at);
    if (!isRoot || !has("mount")) return undefined;
    return spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", at]).status === 0 ? at : undefined;
  }
  it("is exit 50, and nothing half-written stays (needs to mount a tmpfs)", (context) => {
    const where = sandbox();
    const disk = tinyDisk(where);
    if (disk === undefined) return context.skip("no file system can be mounted here");
    try {
      const content = Buffer.alloc(3 * 1024 * 1024);
      for (let at = 0; at < content.length; at += 3) content[at] = (at * 7) & 0xff;
      for (const [name, bytes] of [["a.tar", buildTar([{ name: "small", content: "x" }, { name: "large", content }])], ["a.zip", buildZip([{ name: "small", content: "x" }, { name: "large", content, method: DEFLATE }])]] as const) {
        where.file(name, bytes);
        for (const out of [disk, join(disk, "new")]) {
          const { code, stderr } = where.run(["x", name, "-C", out]);
          expect([name, code]).toEqual([name, 50]);
          expect(stderr).toContain("no space left");
          expect(readdirSync(disk)).toEqual([]);
        }
      }
    } finally {
      execFileSync("umount", [disk]);
    }
  });

  it.skipIf(!has("bash") || isWindows)("or a limit on file sizes ends the run, and nothing stays (needs bash)", () => {
    const where = sandbox();
    where.file("a.zip", buildZip([{ name: "small", content: "x" }, { name: "large", content: Buffer.alloc(2_000_000, "x") }]));
    const { code, signal } = where.run(["x", "a.zip", "-C", "out"], { through: ["bash", "-c", 'ulimit -f 100; exec "$0" "$@"', process.execPath] });
    expect([code, signal]).toEqual([2, null]);
    expect(Object.keys(where.contents())).toEqual(["a.zip"]);
  });
});

describe.skipIf(isWindows)("a signal in the middle of an extraction", () => {
  const content = Buffer.alloc(1024 * 1024, "some text that goes on and on ");
  /** Resolves as soon as the run has begun to write. */
  async function begun(where: Sandbox): Promise<void> {
    while (!readdirSync(where.folder).some((name) => name.endsWith(".partial"))) await sleep(1);
  }
  for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 143]] as const) {
    it(`${signal} while a stream is waited for is exit ${code} and leaves nothing`, async () => {
      const where = sandbox();
      const bytes = gzipSync(buildTar(Array.from({ length: 20 }, (_, at) => ({ name: `${at}`, content }))), { level: 0 });
      const child = where.start(["x", "-"], { stdio: ["pipe", "ignore", "pipe"] });
      let stderr = "";
      child.stderr!.on("data", (chunk) => (stderr += String(chunk)));
      const ended = new Promise((resolve) => child.on("close", (status, by) => resolve(status ?? by)));
      child.stdin!.on("error", () => {}); // nobody reads it any more
      child.stdin!.write(bytes.subarray(0, bytes.length / 2)); // and no more comes
      await begun(where);
      child.kill(signal);
      while (readdirSync(where.folder).length > 0) await sleep(1); // cleaned up although more could come
      child.stdin!.end();
      expect(await ended).toBe(code);
      expect(stderr).toMatch(/nothing half-written was left/);
      expect(where.contents()).toEqual({});
      where.assertOutsideUntouched();
    });

    it(`${signal} while a file is extracted, by several threads too, is exit ${code} and leaves nothing`, async () => {
      const where = sandbox();
      const entries = Array.from({ length: 150 }, (_, at) => ({ name: `${at}`, content, method: at % 2 === 0 ? DEFLATE : 0 }));
      where.file("a.zip", buildZip(entries));
      for (const threads of ["1", "3"]) {
        const child = where.start(["x", "a.zip", "--threads", threads], { stdio: "ignore" });
        const ended = new Promise((resolve) => child.on("close", (status, by) => resolve(status ?? by)));
        await begun(where);
        child.kill(signal);
        expect(await ended).toBe(code);
        expect(Object.keys(where.contents())).toEqual(["a.zip"]);
      }
      expect(where.run(["x", "a.zip"]).code).toBe(0); // and a second run works
    });
  }
});

it.skipIf(isWindows)("a signal in the middle of one huge stored entry, which needs no thread but this one, ends it there", async () => {
  const where = sandbox();
  const size = 512 * 1024 * 1024;
  const promise = { size, packedSize: size };
  const bytes = buildZip([{ name: "huge", local: promise, central: promise }], { end: { offset: 34 + size } });
  // A hole of that size behind the local header: its checksum is wrong, but nobody should come that far.
  const fd = openSync(join(where.folder, "a.zip"), "w");
  writeSync(fd, bytes.subarray(0, 34), 0, 34, 0);
  writeSync(fd, bytes.subarray(34), 0, bytes.length - 34, 34 + size);
  closeSync(fd);
  for (const args of [["x", "a.zip", "-C", "out"], ["x", "a.zip", "-C", "out", "--threads", "1"]]) {
    const child = where.start(args, { stdio: "ignore" });
    const ended = new Promise((resolve) => child.on("close", (status, by) => resolve(status ?? by)));
    while (!readdirSync(where.folder).some((name) => name.endsWith(".partial"))) await sleep(1);
    child.kill("SIGINT");
    expect(await ended).toBe(130);
    expect(readdirSync(where.folder)).toEqual(["a.zip"]);
  }
});

it.skipIf(isWindows).each([["SIGINT", 130], ["SIGTERM", 143]] as const)("%s several times in quick succession ends no cleaning up", async (signal, code) => {
  const where = sandbox();
  const content = Buffer.alloc(1024 * 1024, "some text that goes on and on ");
  where.file("a.zip", buildZip(Array.from({ length: 150 }, (_, at) => ({ name: `${at}`, content, method: at % 2 === 0 ? DEFLATE : 0 }))));
  const child = where.start(["x", "a.zip", "-C", "out"], { stdio: "ignore" });
  const ended = new Promise((resolve) => child.on("close", (status, by) => resolve(status ?? by)));
  while (!readdirSync(where.folder).some((name) => name.endsWith(".partial"))) await sleep(1);
  for (let sent = 0; sent < 50 && child.exitCode === null && child.signalCode === null; sent++) {
    child.kill(signal);
    await sleep(1);
  }
  expect(await ended).toBe(code);
  expect(readdirSync(where.folder)).toEqual(["a.zip"]);
});

describe("messages", () => {
  it("are one line: what was tried, on what, and why not; then a hint that can be typed", () => {
    const where = sandbox();
    const { stderr } = where.run(["x", "missing.zip"]);
    expect(stderr).toMatch(/^unzipx: cannot open "missing\.zip": no such file or folder\nhint: ls \.?\n$/);
  });
  it("say what was expected and what was found", () => {
    const { stderr } = fails(buildZip([{ name: "a", content: "x", local: { name: "b" } }]));
    expect(stderr).toContain('(expected "a" (central directory), found "b" (local header))');
  });
  it("of several entries say the same hint once", () => {
    const { stderr } = fails(buildZip(["a", "b"].map((name) => ({ name, content: "x", data: Buffer.alloc(13), flags: FLAG_ENCRYPTED }))));
    expect(stderr.match(/^unzipx: cannot read "[ab]"/gm)).toHaveLength(2);
    expect(stderr.match(/^hint: --password-file FILE$/gm)).toHaveLength(1);
  });
  it("of many entries are cut short, and -v shows all", () => {
    const where = sandbox();
    where.file("a.tar", buildTar(Array.from({ length: 25 }, (_, at) => ({ name: `../${at}` }))));
    const lines = (args: string[]): number => where.run(["x", "a.tar", "-C", "out", ...args]).stderr.split("\n").filter((line) => line.startsWith("unzipx: refused")).length;
    expect(lines([])).toBe(10);
    expect(lines(["-v"])).toBe(25);
    expect(where.run(["x", "a.tar", "-C", "out"]).stderr).toContain("and 15 more");
  });
});
