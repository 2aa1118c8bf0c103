/** What an archive, the surroundings and the environment can do to the terminal and the process: nothing. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { execFileSync, spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { buildTar, buildZip, FLAG_UTF8, paxHeader } from "../helpers/build.ts";
import { buildCab } from "../helpers/cab.ts";
import { isWindows, sandbox } from "../helpers/cli.ts";
import { has } from "../helpers/tools.ts";

const NASTY = "\x1b]0;owned\x07\x9b31m\x7f\u202etxt.exe\u2066\u200b\ufeff\u2028\r\n 99 files\u{e0041}";
/** All that acts on a terminal or is not seen on it, but the newline that ends our own lines. */
// eslint-disable-next-line no-control-regex
const RAW = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\u{e0041}/u;

const archives: Record<string, Uint8Array> = {
  "a.tar": buildTar([
    paxHeader({ path: `${NASTY}/file` }), { name: "x", content: "x" }, paxHeader({ path: `${NASTY}/link`, linkpath: `../../${NASTY}` }), { name: "l", type: "2", link: "x" },
    paxHeader({ path: `../${NASTY}` }), { name: "y" }, paxHeader({ path: `${NASTY}-fifo`, hdrcharset: NASTY }), { name: "p", type: "6" },
  ]),
  "a.zip": buildZip([{ name: NASTY, content: "x", flags: FLAG_UTF8 }, { name: `../${NASTY}`, flags: FLAG_UTF8 }, { name: `${NASTY}-bad`, content: "x", flags: FLAG_UTF8, central: { crc32: 1, comment: NASTY }, local: { crc32: 1 } }], { comment: `${NASTY}\n       1  fake` }),
  "a.cab": buildCab([{ name: Buffer.from("a\x1b[2J\x9b31m.txt"), content: "x" }, { name: Buffer.from("../\x1b[2J"), content: "x" }]),
};

describe.skipIf(isWindows)("no byte of an archive reaches the terminal as it is:", () => {
  for (const [name, bytes] of Object.entries(archives)) {
    it(`${name}, in lists, errors, warnings, notes and names as they go by`, { timeout: 120_000 }, () => {
      const where = sandbox();
      where.file(name, bytes);
      mkdirSync(join(where.folder, "out"));
      const seen: string[] = [];
      for (const words of [["l", name], ["l", "-q", name], ["l", "--json", name], ["t", "-v", name], ["x", "-R", "-v", name, "-C", "out"], ["x", name, "-C", "out"], ["x", "--json", name, "-C", "out2"], ["l", name, NASTY], ["x", `no-${NASTY}.zip`]]) {
        const { stdout, stderr } = where.run(words);
        seen.push(stdout, stderr);
        expect([words[0], RAW.exec(stdout + stderr)?.[0].codePointAt(0)?.toString(16)]).toEqual([words[0], undefined]);
      }
      expect(seen.join("")).toMatch(/\\x1b/);
      where.assertOutsideUntouched();
    });
  }
  it("a list has one line for each entry, and a comment has none that could be taken for one", () => {
    const where = sandbox();
    where.file("a.zip", archives["a.zip"]!);
    expect(where.run(["l", "-q", "a.zip"]).stdout.split("\n")).toHaveLength(3 + 1);
    const lines = where.run(["l", "a.zip"]).stdout.trimEnd().split("\n");
    expect(lines.slice(0, 1 + 3 + 1).every((line) => /^ *(Size|\d+)/.test(line))).toBe(true);
    expect(lines.slice(5).every((line) => /^(Comment:| {9})/.test(line))).toBe(true);
  });
  it("JSON has the names exact all the same", () => {
    const where = sandbox();
    where.file("a.zip", archives["a.zip"]!);
    const { archives: [{ entries, comment }] } = JSON.parse(where.run(["l", "--json", "a.zip"]).stdout) as { archives: [{ entries: { path: string }[]; comment: string }] };
    expect([entries[0]!.path, comment]).toEqual([NASTY, `${NASTY}\n       1  fake`]);
  });
  it("the question about a file that is there shows its name escaped", { timeout: 60_000 }, () => {
    if (!has("script")) return;
    const where = sandbox();
    where.file("a.tar", buildTar([paxHeader({ path: "a\x1b[2Jb\u202e" }), { name: "x", content: "new" }]));
    where.file("a\x1b[2Jb\u202e", "old");
    const { stdout } = spawnSync("script", ["-qec", `${process.execPath} ${join(import.meta.dirname, "../../bin/unzipx.js")} x a.tar -C .`, "/dev/null"], { cwd: where.folder, input: "n\n", env: { ...process.env, UNZIPX_ACCEPT_TERMS: "1", NO_COLOR: "1" }, timeout: 50_000 });
    expect(stdout.toString()).toContain('"a\\x1b[2Jb\\u202e" exists already');
    expect(stdout.toString()).not.toContain("\x1b[2J");
  });
});

describe("names that mean something to programs are only names:", () => {
  const names = ["__proto__", "constructor", "toString", "hasOwnProperty", "__proto__/polluted", "-rf", "--checkpoint-action=exec=sh"].filter((name) => name !== "__proto__");
  it("of prototypes and options, in every verb, and in JSON", () => {
    const where = sandbox();
    where.file("a.tar", buildTar([paxHeader([["__proto__", "x"], ["constructor", "y"], ["comment", "z"]]), ...names.map((name) => ({ name, content: name }))]));
    where.file("a.zip", buildZip(names.map((name) => ({ name, content: name }))));
    for (const archive of ["a.tar", "a.zip"]) {
      const { code } = where.run(["x", archive, "-C", `out-${archive}`]);
      expect([archive, code, Object.keys(where.contents(`out-${archive}`)).sort()]).toEqual([archive, 0, [...names, "__proto__/"].sort()]);
      const listed = JSON.parse(where.run(["l", "--json", archive]).stdout) as { archives: [{ entries: { path: string }[] }] };
      expect(listed.archives[0].entries.map(({ path }) => path)).toEqual(names);
      expect(where.run(["t", archive, "--", "constructor", "toString"]).code).toBe(0);
    }
  });
  it("a name like an option is listed so that no program takes it for one", () => {
    const where = sandbox();
    where.file("a.zip", buildZip([{ name: "-rf", content: "x" }]));
    expect(where.run(["l", "-q", "a.zip"]).stdout).toBe("./-rf\n");
    expect(where.run(["x", "a.zip", "-C", "out", "./-rf"]).code).toBe(0);
    expect(where.contents("out")).toEqual({ "-rf": "x" });
  });
  it("c packs files of such names, behind -- or as they are, and never itself", () => {
    const where = sandbox();
    for (const name of ["-rf", "__proto__", "constructor"]) where.file(`in/${name}`, name);
    const cwd = join(where.folder, "in");
    expect(where.run(["c", "a.zip", "."], { cwd }).code).toBe(0);
    expect(where.run(["c", "b.tar", "--", "-rf", "__proto__"], { cwd }).code).toBe(0);
    expect(where.run(["l", "-q", "a.zip"], { cwd }).stdout.split("\n").sort()).toEqual(["", "./-rf", "__proto__", "constructor"]);
    expect(where.run(["l", "-q", "b.tar"], { cwd }).stdout).toBe("./-rf\n__proto__\n");
  });
});

describe("what lies around is no option:", () => {
  it("neither the variables of other tools nor files beside the archive change anything", () => {
    const where = sandbox();
    where.file("a.zip", buildZip([{ name: "a", content: "new" }, { name: "b", content: "b" }]));
    where.file("a", "old");
    for (const name of [".unzipxrc", "unzipx.json", ".unzipx.json", "unzipx.config.js", "package.json"]) where.file(name, '{"unzipx":{"force":true,"overwrite":"always"}}');
    const hostile = {
      UNZIP: "-o", UNZIPOPT: "-o", ZIPOPT: "-m", ZIPINFO: "-1", ZIPINFOOPT: "-1", TAR_OPTIONS: "--overwrite", TAPE: "/dev/null", GZIP: "-9", XZ_OPT: "-9", XZ_DEFAULTS: "-9", ZSTD_CLEVEL: "19", BZIP2: "-1", BZIP: "-1",
      UNZIPX: "-f", UNZIPX_OPTIONS: "-f", UNZIPX_OVERWRITE: "always", UNZIPX_DEBUG: "1", "7Z": "-y", DEBUG: "*",
    };
    const plain = where.run(["x", "a.zip", "-C", "."]);
    const surrounded = where.run(["x", "a.zip", "-C", "."], { env: hostile });
    expect([surrounded.code, surrounded.stdout, surrounded.stderr]).toEqual([5, plain.stdout, plain.stderr]);
    expect(readFileSync(join(where.folder, "a"), "utf8")).toBe("old");
    for (const words of [["c", "c1.tar.gz", "a", "b.txt", "--reproducible"], ["c", "c2.tar.zst", "a", "b.txt", "--reproducible"]]) {
      where.file("b.txt", "some text");
      expect(where.run(words).code).toBe(0);
      expect(where.run([words[0]!, `hostile-${words[1]}`, ...words.slice(2)], { env: hostile }).code).toBe(0);
      expect(readFileSync(join(where.folder, `hostile-${words[1]}`)).equals(readFileSync(join(where.folder, words[1]!)))).toBe(true);
    }
  });

  it("nothing found is run, and nothing is fetched: neither programs nor sockets are asked for", () => {
    const where = sandbox();
    const hook = where.file("hook.mjs", `import { createRequire, syncBuiltinESMExports } from "node:module";
      import { appendFileSync } from "node:fs";
      const require = createRequire(import.meta.url);
      for (const [name, calls] of Object.entries({ child_process: ["spawn", "spawnSync", "exec", "execSync", "execFile", "execFileSync", "fork"], net: ["connect", "createConnection"], tls: ["connect"], http: ["request", "get"], https: ["request", "get"], dns: ["lookup", "resolve"], dgram: ["createSocket"] })) {
        const module = require("node:" + name);
        for (const call of calls) module[call] = () => { appendFileSync(${JSON.stringify(join(where.folder, "called"))}, name + "." + call + "\\n"); throw new Error("not allowed"); };
      }
      globalThis.fetch = undefined;
      syncBuiltinESMExports();`);
    where.file("a.zip", buildZip([{ name: "autorun.inf", content: "[autorun]\nopen=x.exe" }, { name: "run.sh", content: "#!/bin/sh\ntouch ran", mode: 0o100755 }, { name: "package.json", content: '{"scripts":{"install":"touch ran"}}' }]));
    where.file("a.cab", archives["a.cab"]!);
    for (const words of [["x", "a.zip", "-C", "out"], ["x", "-R", "a.zip", "-C", "out2"], ["t", "a.cab"], ["l", "a.cab"], ["x", "a.cab", "-C", "out3"], ["c", "b.tar.gz", "out"]]) where.run(words, { through: [process.execPath, "--import", pathToFileURL(hook).href] });
    expect(existsSync(join(where.folder, "called"))).toBe(false);
    expect(readdirSync(join(where.folder, "out")).sort()).toEqual(["autorun.inf", "package.json", "run.sh"]);
    expect(existsSync(join(where.folder, "ran"))).toBe(false);
  });

  it.skipIf(!canTrace())("the system sees no other program and no socket either (needs strace)", () => {
    const where = sandbox();
    where.file("a.zip", buildZip([{ name: "run.sh", content: "#!/bin/sh\ntouch ran", mode: 0o100755 }]));
    where.file("a.cab", archives["a.cab"]!);
    for (const words of [["x", "a.zip", "-C", "out"], ["t", "a.cab"]]) {
      const log = join(where.folder, "calls");
      where.run(words, { through: ["strace", "-f", "-qq", "-e", "trace=execve,connect", "-o", log, process.execPath] });
      const calls = readFileSync(log, "utf8").split("\n").filter((line) => /execve\(|connect\(/.test(line));
      expect([words[0], calls.length]).toEqual([words[0], 1]); // node itself
    }
  });
});

function canTrace(): boolean {
  return has("strace") && spawnSync("strace", ["-qq", "-e", "trace=none", "true"]).status === 0;
}

describe("a password", () => {
  it.skipIf(!has("7zz"))("is in no message, no JSON and no name that goes by, whether it is right or wrong (needs 7zz)", { timeout: 120_000 }, () => {
    const where = sandbox();
    writeFileSync(join(where.folder, "f"), "content");
    for (const archive of ["a.7z", "a.zip"]) {
      execFileSync("7zz", ["a", "-bso0", "-bsp0", "-pSECRETpassword", archive, "f"], { cwd: where.folder });
      for (const password of ["SECRETpassword", "WRONGSECRETpassword"]) {
        for (const words of [["x", archive, "-C", `out-${password}`, "-v"], ["t", archive, "--json"]]) {
          const { stdout, stderr } = where.run(words, { env: { UNZIPX_PASSWORD: password } });
          expect([archive, words[0], (stdout + stderr).replaceAll(`out-${password}`, "").includes("SECRET")]).toEqual([archive, words[0], false]);
        }
        const given = where.run(["t", archive, "-v", "-p", password]);
        expect([given.stderr.includes("SECRET"), given.stderr]).toEqual([false, expect.stringContaining("visible")]);
      }
    }
  });
});

describe.skipIf(isWindows)("c", () => {
  it("warns of sockets and FIFOs and leaves them out, stores links as links, and never its own output", () => {
    const where = sandbox();
    where.file("in/file", "x");
    mkdirSync(join(where.folder, "in/sub"));
    if (has("mkfifo")) execFileSync("mkfifo", [join(where.folder, "in/fifo")]);
    execFileSync("ln", ["-s", "../../sentinel", join(where.folder, "in/out-link")]);
    const { code, stderr } = where.run(["c", "in/a.tar", "in"]);
    expect([code, stderr.includes("named pipe")]).toEqual([has("mkfifo") ? 1 : 0, has("mkfifo")]);
    expect(where.run(["l", "-q", "in/a.tar"]).stdout.split("\n").sort()).toEqual(["", "in/", "in/file", "in/out-link", "in/sub/"]);
    expect(where.run(["l", "in/a.tar"]).stdout).toContain("in/out-link -> ../../sentinel");
  });
});
