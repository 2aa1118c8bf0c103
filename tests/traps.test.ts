/** What went wrong in other programs and with the packages that are used here, as far as no other test has it: each name says what must hold. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { buildCab } from "./helpers/cab.ts";
import { sandbox, type Sandbox } from "./helpers/cli.ts";
import { fixture, mixture } from "./helpers/filters.ts";
import { unpack } from "./helpers/library.ts";
import { has, run } from "./helpers/tools.ts";

const library = pathToFileURL(join(import.meta.dirname, "../dist/index.js")).href;
const MIB = 1024;

/** Runs the command, and tells the most memory it had at once, in KiB as the kernel counts it. */
function peakOf(where: Sandbox, args: readonly string[], input?: Uint8Array): { code: number | null; peak: number; stderr: string } {
  const hook = where.file("hook.mjs", `import { readFileSync, writeFileSync } from "node:fs";
    process.on("exit", () => writeFileSync(${JSON.stringify(join(where.folder, "peak"))}, readFileSync("/proc/self/status")));`);
  const { code, stderr } = where.run(args, { through: [process.execPath, "--import", pathToFileURL(hook).href], ...(input === undefined ? {} : { input }) });
  return { code, stderr, peak: Number(/VmHWM:\s*(\d+) kB/.exec(readFileSync(join(where.folder, "peak"), "utf8"))![1]) };
}

describe.skipIf(process.platform !== "linux")("memory does not grow with the data (needs /proc)", () => {
  const large = mixture(2_000_000);
  for (const [tool, name] of [["xz", "big.xz"], ["bzip2", "big.bz2"]] as const) {
    it.skipIf(!has(tool))(`120 MB of ${tool} from a pipe (needs ${tool})`, { timeout: 60_000 }, () => {
      const where = sandbox();
      const once = spawnSync(tool, ["-1", "-c"], { input: large, maxBuffer: 1 << 28 }).stdout;
      const { code, peak, stderr } = peakOf(where, ["t", "-", "--format", tool, "--no-limits"], Buffer.concat(Array.from({ length: 60 }, () => once)));
      expect([name, code, stderr.includes("error") && code !== 0]).toEqual([name, 0, false]);
      expect(peak).toBeLessThan(400 * MIB);
    });
  }
  it.skipIf(!has("7zz"))("one entry of 150 MB in a 7z (needs 7zz)", { timeout: 60_000 }, () => {
    const where = sandbox();
    where.file("big", Buffer.concat(Array.from({ length: 75 }, (_, i) => Buffer.concat([Buffer.from(`${i}`), large]))));
    run("7zz", ["a", "-bso0", "-bsp0", "-m0=deflate", "-mx1", "a.7z", "big"], { cwd: where.folder });
    const { code, peak } = peakOf(where, ["t", "a.7z", "--no-limits"]);
    expect(code).toBe(0);
    expect(peak).toBeLessThan(400 * MIB);
  });
  it.skipIf(!has("bsdtar"))("the listing of 50,000 entries (needs bsdtar)", { timeout: 60_000 }, () => {
    const where = sandbox();
    where.file("list", `#mtree\n${Array.from({ length: 50_000 }, (_, i) => `./folder-${i % 100}/file-number-${i} type=file size=0 time=1700000000\n`).join("")}`);
    run("bsdtar", ["--format", "7zip", "-cf", "a.7z", "@list"], { cwd: where.folder });
    const { code, peak } = peakOf(where, ["l", "--json", "a.7z"]);
    expect(code).toBe(0);
    expect(peak).toBeLessThan(600 * MIB);
  });
  it("a dictionary that the data only ask for is refused before it is made", () => {
    const where = sandbox();
    where.file("a.xz", fixture("xz/hostile-dictionary.xz"));
    const { code, peak, stderr } = peakOf(where, ["t", "a.xz"]);
    expect([code, stderr]).toEqual([8, expect.stringContaining("--max-memory 1536M")]);
    expect(peak).toBeLessThan(300 * MIB);
    expect(where.run(["t", "a.xz", "--max-memory", "1536M"]).code).toBe(0);
  });
});

describe("a process", () => {
  it("that has read archives ends by itself: idle engines do not keep it", () => {
    const script = `const { list } = await import(${JSON.stringify(library)});
      for (let i = 0; i < 2; i++) {
        const { entries } = await list(${JSON.stringify(join(import.meta.dirname, "../fixtures/7z/good-lzma2.7z"))});
        process.stdout.write(entries.length + "\\n");
      }`;
    const { status, signal, stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { timeout: 20_000 });
    expect([signal, status, stdout.toString()]).toEqual([null, 0, "8\n8\n"]);
  });
  it.skipIf(process.platform !== "linux")("never shows the password: not among its words, not in its title, not to a child (needs /proc)", async () => {
    const where = sandbox();
    where.file("a.7z", fixture("7z/good-encrypted.7z"));
    where.file("password", "secret\n");
    const child = where.start(["x", "a.7z", "--password-file", "password", "-C", "out"]);
    const seen: string[] = [];
    const look = (path: string): void => {
      try {
        seen.push(readFileSync(`/proc/${child.pid}/${path}`, "latin1"));
      } catch {
        // it is over
      }
    };
    const looking = setInterval(() => ["cmdline", "comm", "environ", `task/${child.pid}/children`].forEach(look), 10);
    const code = await new Promise((resolve) => child.on("exit", resolve));
    clearInterval(looking);
    expect([code, where.contents("out/sample")["README.txt"]]).toEqual([0, "unzipx unpacks this.\n"]);
    expect(seen.join()).toContain("--password-file");
    expect(seen.filter((text) => /secret/.test(text) || /^\d+ /.test(text))).toEqual([]);
  });
});

describe("names in old character sets, through the engine", () => {
  /** "表示.txt", "ソース.txt", "能力.txt": the second bytes of some of these are those of a backslash. */
  const SHIFT_JIS = [[0x95, 0x5c, 0x8e, 0xa6], [0x83, 0x5c, 0x81, 0x5b, 0x83, 0x58], [0x94, 0x5c, 0x97, 0xcd]].map((bytes) => Buffer.concat([Buffer.from(bytes), Buffer.from(".txt")]));
  it("a byte of a character that looks like a backslash is no separator", async () => {
    const bytes = buildCab(SHIFT_JIS.map((name, i) => ({ name, content: `content ${i}` })));
    for (const encoding of ["shift_jis", undefined]) {
      const { code, contents } = await unpack(bytes, { encoding, name: "a.cab" });
      expect([encoding, code, contents]).toEqual([encoding, 0, { "表示.txt": "content 0", "ソース.txt": "content 1", "能力.txt": "content 2" }]);
    }
  });
  it("bytes that are no UTF-8 keep their content, whatever set they are in", async () => {
    const cyrillic = Buffer.from([0x8f, 0xe0, 0xa8, 0xa2, 0xa5, 0xe2, 0x20, 0xac, 0xa8, 0xe0]); // "Привет мир" in CP866
    const bytes = buildCab([{ name: cyrillic, content: "one" }, { name: Buffer.concat([Buffer.from("d\\"), cyrillic]), content: "two" }]);
    const { code, contents } = await unpack(bytes, { encoding: "ibm866", name: "a.cab" });
    expect([code, contents]).toEqual([0, { "Привет мир": "one", "d/": "", "d/Привет мир": "two" }]);
    expect((await unpack(bytes, { name: "a.cab" })).code).toBe(0);
  });
  it("a newline in a name makes no second entry of the listing", async () => {
    const bytes = buildCab([{ name: "a\nPath = b\nSize = 5", content: "alpha" }, { name: "c", content: "beta" }]);
    const { contents } = await unpack(bytes, { name: "a.cab" });
    expect(Object.values(contents).sort()).toEqual(["alpha", "beta"]);
    expect("b" in contents).toBe(false);
  });
});

describe("times", () => {
  it.skipIf(!has("7zz"))("after 2038 and before 1970 survive a 7z, and a tar of ours (needs 7zz and tar)", () => {
    const where = sandbox();
    for (const [name, time] of [["late", "2050-01-02T03:04:05Z"], ["early", "1960-01-02T03:04:05Z"]] as const) {
      where.file(`in/${name}`, name);
      run("touch", ["-d", time, join(where.folder, "in", name)]);
    }
    run("7zz", ["a", "-bso0", "a.7z", "in"], { cwd: where.folder });
    expect(where.run(["c", "a.tar", "in"]).code).toBe(0);
    for (const archive of ["a.7z", "a.tar"]) {
      expect(where.run(["x", archive, "-C", `out-${archive}`]).code).toBe(0);
      expect(run("stat", ["-c", "%Y", `out-${archive}/in/late`, `out-${archive}/in/early`], { cwd: where.folder }).trim().split("\n").map(Number)).toEqual([Date.UTC(2050, 0, 2, 3, 4, 5) / 1000, Date.UTC(1960, 0, 2, 3, 4, 5) / 1000]);
    }
  });
});

it("as many odd entries as an archive may have are no trouble: nothing is passed on as that many arguments", { timeout: 60_000 }, () => {
  const where = sandbox();
  const count = 140_000; // from some 125,000 on they would be too many
  const [locals, records]: [Buffer[], Buffer[]] = [[], []];
  for (let at = 0, offset = 0; at < count; at++) {
    const name = Buffer.from(`d${at}`); // a folder by its mode, without the slash that it should end with
    const common = Buffer.alloc(26);
    common.writeUInt16LE(10, 0);
    common.writeUInt16LE(0x21, 8);
    common.writeUInt16LE(name.length, 22);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE((0o040755 << 16) >>> 0, 6);
    rest.writeUInt32LE(offset, 10);
    locals.push(Buffer.from("PK\x03\x04"), common, name);
    records.push(Buffer.from("PK\x01\x02\x1e\x03"), common, rest, name);
    offset += 30 + name.length;
  }
  const [entries, directory] = [Buffer.concat(locals), Buffer.concat(records)];
  const end = Buffer.alloc(56 + 20 + 22, 0xff);
  end.write("PK\x06\x06", 0, "latin1");
  end.writeBigUInt64LE(44n, 4);
  end.writeUInt32LE(0x002d_031e, 12);
  end.fill(0, 16, 24);
  for (const place of [24, 32]) end.writeBigUInt64LE(BigInt(count), place);
  end.writeBigUInt64LE(BigInt(directory.length), 40);
  end.writeBigUInt64LE(BigInt(entries.length), 48);
  end.write("PK\x06\x07\0\0\0\0", 56, "latin1");
  end.writeBigUInt64LE(BigInt(entries.length + directory.length), 64);
  end.writeUInt32LE(1, 72);
  end.write("PK\x05\x06\0\0\0\0", 76, "latin1");
  end.fill(0, 96);
  where.file("many.zip", Buffer.concat([entries, directory, end]));
  const { code, stderr } = where.run(["t", "many.zip", "-q"]);
  expect([code, stderr]).toEqual([0, ""]);
});
