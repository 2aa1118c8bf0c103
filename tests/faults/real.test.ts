/** Faults that the system itself makes: full disks, limits, rights, inputs that are no files or change while they are read. */
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { noise, prose } from "../create/sample.ts";
import { buildTar, buildZip, DEFLATE } from "../helpers/build.ts";
import { isRoot, isWindows, sandbox, type Sandbox } from "../helpers/cli.ts";
import { runWithFault, type Fault } from "../helpers/fault.ts";
import { fixture } from "../helpers/filters.ts";
import { has } from "../helpers/tools.ts";

const TIMEOUT = 120_000;
const zip = buildZip([{ name: "d/a", content: "some text\n", method: DEFLATE }, { name: "d/b", content: "b" }]);
const tar = buildTar([{ name: "d/a", content: "some text\n" }, { name: "d/b", content: "b" }]);

/** Waits until the process handles SIGINT (proc(5): SigCgt). */
async function listens(pid: number): Promise<void> {
  const caught = (): number => parseInt(/^SigCgt:\s*([0-9a-f]+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]!.slice(-8), 16);
  while ((caught() & 2) === 0) await sleep(20);
}

/** A sentence of ours, and no stack. */
function isTold(stderr: string, state: string | RegExp): void {
  expect(stderr).toMatch(/^unzipx: \S/m);
  expect(stderr).toMatch(state);
  expect(stderr).not.toMatch(/^\s+at |Error:/m);
}

/** Runs `work` with a file system of its own at "disk" in the sandbox; false where none can be mounted. */
function withDisk(where: Sandbox, options: string, work: (disk: string) => void): boolean {
  const disk = join(where.folder, "disk");
  mkdirSync(disk);
  if (!isRoot || !has("mount") || spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", disk]).status !== 0) return false;
  try {
    work(disk);
  } finally {
    execFileSync("umount", ["-l", disk]);
  }
  return true;
}

describe.skipIf(isWindows)("a folder of the destination on another file system (needs to mount a tmpfs)", { timeout: TIMEOUT }, () => {
  it.for([["zip", buildZip], ["tar", buildTar]] as const)("gets all that lies in it from a %s, whole folders too", ([format, build], context) => {
    const where = sandbox();
    const names = ["disk/a", "disk/b", "disk/new/c", "disk/new/d", "disk/new/deep/e", "disk/new/deep/f", "other/g"];
    where.file(`a.${format}`, build(names.map((name) => ({ name, content: `this is ${name}` }))));
    const mounted = withDisk(where, "size=1m", () => {
      expect(where.run(["x", `a.${format}`, "-C", "."])).toMatchObject({ code: 0 });
      expect(names.map((name) => readFileSync(join(where.folder, name), "utf8"))).toEqual(names.map((name) => `this is ${name}`));
      expect(readdirSync(join(where.folder, "disk")).sort()).toEqual(["a", "b", "new"]);
    });
    if (!mounted) context.skip("no file system can be mounted here");
  });
});

describe.skipIf(isWindows)("a disk that is full (needs to mount a tmpfs)", { timeout: TIMEOUT }, () => {
  it("while an archive is made: exit 50, the archive that was there is still there, and nothing else", (context) => {
    const where = sandbox();
    where.file("in/noise", noise(3 << 20));
    const mounted = withDisk(where, "size=1m", (disk) => {
      for (const name of ["a.zip", "a.tar.gz", "a.7z"]) {
        writeFileSync(join(disk, name), "the old one");
        const { code, stderr } = where.run(["c", "-f", "--level", "0", join(disk, name), "in"]);
        expect([name, code, stderr]).toEqual([name, 50, expect.stringContaining("no space left")]);
        isTold(stderr, /hint: df -h/);
      }
      expect(where.run(["c", "-s", "200K", join(disk, "parts.zip"), "in"]).code).toBe(50);
      expect(readdirSync(disk).sort()).toEqual(["a.7z", "a.tar.gz", "a.zip"]);
      expect(readFileSync(join(disk, "a.zip"), "utf8")).toBe("the old one");
    });
    if (!mounted) context.skip("no file system can be mounted here");
  });
  it("while files are replaced: exit 50, and the old ones are still there", (context) => {
    const where = sandbox();
    where.file("a.zip", buildZip([{ name: "a", content: noise(700_000) }]));
    const mounted = withDisk(where, "size=1m", (disk) => {
      writeFileSync(join(disk, "a"), noise(600_000, 2));
      expect(where.run(["x", "-f", "a.zip", "-C", disk]).code).toBe(50);
      expect(readdirSync(disk)).toEqual(["a"]);
      expect(readFileSync(join(disk, "a")).equals(noise(600_000, 2))).toBe(true);
    });
    if (!mounted) context.skip("no file system can be mounted here");
  });
  it("or has no inodes left: exit 50, and nothing stays", (context) => {
    const where = sandbox();
    where.file("a.tar", buildTar(Array.from({ length: 50 }, (_, at) => ({ name: `${at}`, content: "x" }))));
    const mounted = withDisk(where, "size=1m,nr_inodes=20", (disk) => {
      const { code, stderr } = where.run(["x", "a.tar", "-C", disk]);
      expect([code, stderr]).toEqual([50, expect.stringContaining("df -i")]);
      expect(readdirSync(disk)).toEqual([]);
    });
    if (!mounted) context.skip("no file system can be mounted here");
  });
  it("or the one for temporary files is: exit 50, and the hint names TMPDIR", (context) => {
    const where = sandbox();
    const mounted = withDisk(where, "size=1m", (disk) => {
      const { code, stderr } = where.run(["x", "-", "-C", "out"], { input: buildZip([{ name: "a", content: noise(2 << 20) }]), env: { TMPDIR: disk } });
      expect([code, stderr]).toEqual([50, expect.stringContaining("TMPDIR=DIR")]);
      expect([readdirSync(disk), readdirSync(where.folder)]).toEqual([[], ["disk"]]);
    });
    if (!mounted) context.skip("no file system can be mounted here");
  });
  it("or read-only: exit 2, said so", (context) => {
    const where = sandbox();
    where.file("a.zip", zip);
    where.file("in/a", "a");
    const mounted = withDisk(where, "size=1m,ro", (disk) => {
      for (const args of [["x", "a.zip", "-C", disk], ["x", "a.zip", "-C", join(disk, "new")], ["c", join(disk, "b.zip"), "in"]]) {
        const { code, stderr } = where.run(args);
        expect([args, code]).toEqual([args, 2]);
        isTold(stderr, "read-only");
      }
    });
    if (!mounted) context.skip("no file system can be mounted here");
  });
});

describe.skipIf(isWindows || !has("bash"))("limits of the system (needs bash)", { timeout: TIMEOUT }, () => {
  const through = (limit: string): { through: readonly string[] } => ({ through: ["bash", "-c", `ulimit ${limit}; exec "$0" "$@"`, process.execPath] });
  it("64 open files are enough for many files and folders, with several threads", () => {
    const where = sandbox();
    const entries = Array.from({ length: 60 }, (_, at) => ({ name: `${at}/a/b/c`, content: `${at}` }));
    where.file("a.zip", buildZip(entries));
    where.file("a.tgz", gzipSync(buildTar(entries)));
    for (const name of ["a.zip", "a.tgz"]) {
      mkdirSync(join(where.folder, `out-${name}`));
      expect([name, where.run(["x", name, "-C", `out-${name}`, "--threads", "4"], through("-n 64"))]).toEqual([name, expect.objectContaining({ code: 0 })]);
    }
    expect(where.run(["c", "b.zip", "out-a.zip", "--threads", "4"], through("-n 64")).code).toBe(0);
  });
  it("too few open files: exit 2, said so with a hint, and nothing stays", () => {
    const where = sandbox();
    where.file("a.zip", zip);
    // Node itself takes some 20, and below that does not start; how many more its loader takes at once differs from run to run.
    for (const limit of [48, 40, 36, 32, 28]) {
      const { code, stderr } = where.run(["x", "a.zip", "-C", "out"], through(`-n ${limit}`));
      if (code === 0) {
        execFileSync("rm", ["-r", join(where.folder, "out")]);
        continue;
      }
      expect([limit, code]).toEqual([limit, 2]);
      isTold(stderr, /too many open files[^]*hint: ulimit -n/);
    }
    expect(Object.keys(where.contents())).toEqual(["a.zip"]);
  });
  it("a limit on the size of files ends the making of an archive, and nothing stays", () => {
    const where = sandbox();
    where.file("in/noise", noise(1 << 20));
    for (const name of ["a.zip", "a.tar.gz", "a.7z"]) {
      const { code, stderr } = where.run(["c", name, "in", "--threads", "1"], through("-f 100"));
      expect([name, code]).toEqual([name, 2]);
      isTold(stderr, /larger than the system allows[^]*hint: ulimit -f/);
    }
    expect(readdirSync(where.folder)).toEqual(["in"]);
  });
});

describe.skipIf(isWindows)("where one may not write or read", { timeout: TIMEOUT }, () => {
  it.skipIf(isRoot && !has("setpriv"))("is exit 2 or 9, says what and where, and nothing stays (as another user: needs setpriv)", () => {
    const where = sandbox();
    const through = isRoot ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", process.execPath] : [process.execPath];
    // The way to the archive has to be open for that user.
    for (let at = where.folder; at.includes("unzipx-test-"); at = join(at, "..")) chmodSync(at, 0o755);
    where.file("a.zip", zip);
    where.file("in/secret", "secret");
    mkdirSync(join(where.folder, "locked"));
    chmodSync(join(where.folder, "locked"), 0o555);
    if (!isRoot) chmodSync(where.folder, 0o555);
    const before = where.tree();
    const env = { HOME: "/nonexistent", XDG_CONFIG_HOME: "/nonexistent" };
    for (const [args, code] of [
      [["x", "a.zip", "-C", "locked"], 2], [["x", "a.zip", "-C", "locked/new"], 2], [["x", "a.zip", "-C", "new"], 2], [["c", "locked/b.zip", "in"], 2],
    ] as const) {
      const ran = where.run(args, { through, env });
      expect([args, ran.code]).toEqual([args, code]);
      isTold(ran.stderr, /permission denied[^]*hint: ls -ld/);
    }
    expect(where.tree()).toEqual(before);
    chmodSync(where.folder, 0o755);
  });
  it.skipIf(!has("bash"))("a device that is full takes no standard output: exit 50 (needs bash)", () => {
    const where = sandbox();
    where.file("a.zip", buildZip([{ name: "a", content: prose(300_000) }]));
    where.file("in/a", noise(300_000));
    for (const args of [["x", "-O", "a.zip"], ["c", "-", "in", "--format", "tar"], ["c", "-", "in", "--format", "7z"], ["l", "a.zip"], ["l", "--json", "a.zip"]]) {
      const { code, stderr } = where.run(args, { through: ["bash", "-c", 'exec "$0" "$@" > /dev/full', process.execPath] });
      expect([args, code]).toEqual([args, 50]);
      isTold(stderr, "no space left");
    }
  });
});

describe.skipIf(isWindows)("an input that is no archive in a file", { timeout: TIMEOUT }, () => {
  it("a folder, nothing at all, one byte, endless zeros, a FIFO that somebody closes: an error each, at once", async () => {
    const where = sandbox();
    mkdirSync(join(where.folder, "folder"));
    where.file("empty.zip", "");
    where.file("byte.zip", "P");
    symlinkSync("/dev/zero", join(where.folder, "zeros"));
    for (const [name, code] of [["folder", 9], ["empty.zip", 81], ["byte.zip", 81]] as const) {
      for (const verb of ["x", "l", "t"]) {
        const ran = where.run([verb, name]);
        expect([verb, name, ran.code]).toEqual([verb, name, code]);
        isTold(ran.stderr, name);
      }
    }
    const ran = where.run(["t", "zeros", "--max-size", "20M"]);
    expect(ran.code).not.toBe(0);
    isTold(ran.stderr, "zeros");
    expect(Object.keys(where.contents()).sort()).toEqual(["byte.zip", "empty.zip", "folder/", "zeros"]);
  });
  it.skipIf(!has("mkfifo") || process.platform !== "linux")("a FIFO without a writer is waited for, and signals end that; with one it is an archive as from a pipe (needs mkfifo and /proc)", async () => {
    const where = sandbox();
    const fifo = join(where.folder, "fifo");
    execFileSync("mkfifo", [fifo]);
    const waiting = where.start(["x", "fifo"], { stdio: "ignore" });
    const ended = new Promise((resolve) => waiting.on("close", (code, signal) => resolve(code ?? signal)));
    await listens(waiting.pid!);
    await sleep(1000);
    expect(waiting.exitCode).toBeNull();
    waiting.kill("SIGINT");
    expect(await ended).toBe(130);
    for (const bytes of [zip, tar]) {
      const reading = where.start(["x", "fifo", "-C", "out", "-f"], { stdio: "ignore" });
      const done = new Promise((resolve) => reading.on("close", (code, signal) => resolve(code ?? signal)));
      where.file("bytes", bytes);
      execFileSync("sh", ["-c", `cat bytes > fifo`], { cwd: where.folder });
      expect(await done).toBe(0);
      expect(where.contents("out")).toEqual({ "d/": "", "d/a": "some text\n", "d/b": "b" });
    }
  });
});

describe.skipIf(isWindows)("what changes during the run", { timeout: TIMEOUT }, () => {
  const archives = {
    "a.zip": buildZip([{ name: "d/a", content: prose(5 << 20), method: DEFLATE }, { name: "d/b", content: "b" }]), "a.tgz": gzipSync(buildTar([{ name: "d/a", content: prose(1 << 20) }, { name: "d/b", content: "b" }])), "a.7z": fixture("7z/good-lzma2.7z"),
  };
  /** Runs a shell command in front of some of the reads: the run ends well with all in place, or in order with nothing. */
  async function meddled(name: keyof typeof archives, run: string, fault: Partial<Fault> = {}): Promise<(number | null)[]> {
    const where = sandbox();
    const codes: (number | null)[] = [];
    for (const at of [1, 2, 4, 6, 8]) {
      const folder = join(where.folder, `run${at}`);
      mkdirSync(folder);
      writeFileSync(join(folder, name), archives[name]);
      const ran = await runWithFault({ args: ["x", name, "-C", "out"] }, folder, { with: "RUN", run, on: ["read"], ...fault }, at);
      expect(ran.signal).toBeNull();
      if (ran.code === 0) expect(readdirSync(join(folder, "out")).length).toBeGreaterThan(0);
      else isTold(ran.stderr, name);
      expect([ran.stderr, readdirSync(folder).filter((one) => one !== name && (ran.code !== 0 || one !== "out"))]).toEqual([ran.stderr, []]);
      expect(readdirSync(`${folder}.tmp`)).toEqual([]);
      if (ran.operations.some((line) => line.startsWith("fired"))) codes.push(ran.code);
    }
    where.assertOutsideUntouched();
    return codes;
  }
  it.each(["a.zip", "a.tgz", "a.7z"] as const)("an archive that is cut short while it is read is no success: %s", async (name) => {
    const codes = await meddled(name, `truncate -s 70 ${name}`);
    expect(codes.every((code) => code !== 0)).toBe(true);
  });
  it.each(["a.zip", "a.tgz"] as const)("an archive that grows while it is read is not trusted: %s", async (name) => {
    const codes = await meddled(name, `printf x >> ${name}`);
    expect(codes.every((code) => code !== 0)).toBe(true);
  });
  it("an archive that loses its name while it is read is read all the same", async () => {
    expect(new Set(await meddled("a.zip", "rm a.zip"))).toEqual(new Set([0]));
  });
  it("a staging folder that somebody removes is an error, and not a crash", async () => {
    const where = sandbox();
    for (const at of [1, 2, 3]) {
      const folder = join(where.folder, `run${at}`);
      mkdirSync(folder);
      writeFileSync(join(folder, "a.zip"), zip);
      const ran = await runWithFault({ args: ["x", "a.zip", "-C", "out"] }, folder, { with: "RUN", run: "rm -rf .unzipx-*", on: ["create", "rename"] }, at);
      expect(ran.code).toBe(2);
      isTold(ran.stderr, /cannot|stopped/);
      expect(readdirSync(folder)).toEqual(["a.zip"]);
    }
  });
  it("a destination that somebody removes is an error, or made anew", async () => {
    const where = sandbox();
    for (const on of [["create"], ["link"]]) {
      const folder = join(where.folder, `run-${on[0]}`);
      mkdirSync(join(folder, "out"), { recursive: true });
      writeFileSync(join(folder, "a.zip"), zip);
      writeFileSync(join(folder, "out/mine"), "mine");
      mkdirSync(join(folder, "out/d"));
      const ran = await runWithFault({ args: ["x", "a.zip", "-C", "out"] }, folder, { with: "RUN", run: "rm -rf out", on }, 1);
      expect(ran.code).toBe(2);
      isTold(ran.stderr, /cannot|stopped/);
      expect(readdirSync(folder)).toEqual(["a.zip"]);
    }
  });
});
