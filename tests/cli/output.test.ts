/** What is said, and how: colours, quiet, verbose, and that nothing from an archive reaches the terminal raw. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { buildTar, buildZip, paxHeader } from "../helpers/build.ts";
import { sandbox } from "../helpers/cli.ts";
import { has } from "../helpers/tools.ts";

const COMMAND = join(import.meta.dirname, "../../bin/unzipx.js");

const zip = buildZip([{ name: "a", content: "a" }, { name: "b", content: "b" }]);
const odd = Buffer.concat([zip, Buffer.from("trailing")]);
const ESC = "\x1b";

describe("colours", () => {
  const coloured = (args: string[], env: Record<string, string | undefined>): boolean => {
    const where = sandbox();
    where.file("a.zip", odd);
    const { stdout, stderr } = where.run([...args, "a.zip"], { env: { NO_COLOR: undefined, ...env } });
    return `${stdout}${stderr}`.includes(`${ESC}[`);
  };
  it("there are none where nobody sees them", () => {
    for (const verb of ["x", "l", "t"]) expect(coloured([verb], {})).toBe(false);
  });
  it("--color always and FORCE_COLOR put them in", () => {
    for (const verb of ["x", "l", "t"]) expect(coloured([verb, "--color", "always"], {}), verb).toBe(true);
    expect(coloured(["x"], { FORCE_COLOR: "1" })).toBe(true);
  });
  it("NO_COLOR and --color never take them out, and the flag is stronger than the environment", () => {
    expect(coloured(["x"], { FORCE_COLOR: "1", NO_COLOR: "1" })).toBe(false);
    expect(coloured(["x", "--color", "never"], { FORCE_COLOR: "1" })).toBe(false);
    expect(coloured(["x", "--color", "always"], { NO_COLOR: "1" })).toBe(true);
    expect(coloured(["x"], { FORCE_COLOR: "1", NO_COLOR: "" })).toBe(true);
  });
});

describe("quiet and verbose", () => {
  it("-q says nothing but errors", () => {
    const where = sandbox();
    where.file("a.zip", odd);
    where.file("evil.tar", buildTar([{ name: "../evil" }]));
    expect(where.run(["x", "-q", "a.zip"])).toMatchObject({ code: 0, stdout: "", stderr: "" });
    expect(where.run(["t", "--quiet", "a.zip"])).toMatchObject({ code: 0, stdout: "", stderr: "" });
    expect(where.run(["x", "-q", "evil.tar"])).toMatchObject({ code: 6, stderr: expect.stringContaining("unzipx: refused") });
  });
  it("-v names every entry, on standard error", () => {
    const where = sandbox();
    where.file("a.zip", zip);
    for (const args of [["x", "-v", "a.zip"], ["t", "--verbose", "a.zip"]]) {
      const { stdout, stderr } = where.run(args);
      expect(stdout).toBe("");
      expect(stderr.split("\n").slice(0, 2)).toEqual(["a", "b"]);
    }
  });
  it("there is no progress bar where nobody watches", () => {
    const where = sandbox();
    where.file("a.zip", zip);
    expect(where.run(["x", "a.zip"]).stderr).not.toContain("\r");
  });

  it.skipIf(!has("script"))("a terminal gets one when the work lasts, and none with --progress never or -q (needs script)", () => {
    const where = sandbox();
    where.file("a.tar", buildTar([{ name: "a", content: Buffer.alloc(1024 * 1024, "content") }]));
    const bar = (flags: string): boolean => {
      // What comes through the pipe pauses for longer than a bar takes to appear.
      const line = `(head -c 500000 a.tar; sleep 1; tail -c +500001 a.tar) | ${process.execPath} ${COMMAND} x - -C out -f ${flags}`;
      const { stdout, status } = spawnSync("script", ["-qec", line, "/dev/null"], { cwd: where.folder, encoding: "utf8", env: { PATH: process.env["PATH"], HOME: where.folder, TERM: "xterm", UNZIPX_ACCEPT_TERMS: "1", NO_COLOR: "1" }, timeout: 30_000 });
      expect([flags, status]).toEqual([flags, 0]);
      return /\d MiB\/s|\d KiB\/s/.test(stdout);
    };
    expect(["", "--progress never", "-q"].map(bar)).toEqual([true, false, false]);
  });
});

describe("nothing from an archive reaches the terminal raw:", () => {
  const name = `x${ESC}[2J${ESC}]52;c;ZXZpbA==\x07\x9b31m\rgood\n\u202etxt.exe\u200b\x7f`;
  // eslint-disable-next-line no-control-regex
  const RAW = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u202e]/;
  const archives: Record<string, Uint8Array> = {
    "names": buildZip([{ name, content: "x" }, { name: "ok" }]),
    "names that are refused": buildTar([{ name: `../${name}`, content: "x" }]),
    "names that collide": buildTar([{ name: "a", type: "2", link: "b" }, { name: `a/${name}` }]),
    "link targets that are refused": buildTar([{ name: "l", type: "2", link: `/${name}` }]),
    "link targets": buildTar([{ name: "l", type: "2", link: name }]),
    "names of entries that are damaged": buildZip([{ name, content: "x", local: { crc32: 1 }, central: { crc32: 1 } }]),
    "names that the headers disagree about": buildZip([{ name: "a", local: { name } }]),
    "comments": buildZip([{ name: "a", central: { comment: name } }], { comment: name }),
    "sizes": buildTar([paxHeader({ size: name }), { name: "a" }]),
    "character sets": buildTar([paxHeader({ hdrcharset: name }), { name: "a" }]),
    "volume labels": buildTar([{ name, type: "V", dialect: "gnu" }, { name: "a" }]),
    "types": buildTar([{ name: "a", type: "\x1b" }, { name: "b", raw: new Map([[156, Buffer.from([0x9b])]]) }]),
  };
  for (const [what, bytes] of Object.entries(archives)) {
    it(what, () => {
      const where = sandbox();
      where.file("a.bin", bytes);
      for (const args of [["l", "a.bin"], ["l", "-q", "a.bin"], ["t", "-v", "a.bin"], ["x", "-v", "a.bin", "-C", "out"], ["x", "a.bin", "-C", "out"]]) {
        const { stdout, stderr } = where.run(args);
        expect(`${stdout}${stderr}`, args.join(" ")).not.toMatch(RAW);
        expect(`${stdout}${stderr}`, args.join(" ")).not.toContain("\ngood"); // one line stays one line
      }
      where.assertOutsideUntouched();
    });
  }
  it("the archive's own name, and words of the command line", () => {
    const where = sandbox();
    where.file(name.replaceAll("/", "_"), zip);
    for (const args of [["l", name], ["x", name], ["x", `missing${name}`], ["x", name, `missing${name}`], ["x", `--${name}`], [name], ["x", name, "--threads", name]]) {
      const { stdout, stderr } = where.run(args);
      expect(`${stdout}${stderr}`, JSON.stringify(args)).not.toMatch(RAW);
    }
  });
  it("a newline in a name does not make two lines of one entry", () => {
    const where = sandbox();
    where.file("a.zip", buildZip([{ name: "one\ntwo" }, { name: "three" }]));
    expect(where.run(["l", "-q", "a.zip"]).stdout).toBe("one\\x0atwo\nthree\n");
  });
});

it("unzipx formats shows what is read and written, from the lists that the code uses", () => {
  const { code, stdout } = sandbox().run(["formats"]);
  expect(code).toBe(0);
  for (const name of ["zip", "tar", "gzip"]) expect(stdout).toMatch(new RegExp(`^${name} +yes`, "m"));
});

it("unzipx terms tells what is accepted and where that lies, and only says that something is stored when it is", () => {
  const where = sandbox();
  const said = (...args: string[]): string[] => {
    const { code, stdout, stderr } = where.run(["terms", ...args], { env: { UNZIPX_ACCEPT_TERMS: undefined } });
    expect([code, stderr]).toEqual([0, ""]);
    return stdout.trimEnd().split("\n");
  };
  const file = /\S*[/\\]unzipx[/\\]terms\.json$/.source;
  const nothing = ["The terms are not accepted.", expect.stringMatching(`^An acceptance would be stored in: ${file}`)];
  expect(said("status")).toEqual(nothing);
  expect(said("revoke")).toEqual(nothing);
  for (const action of ["accept", "status"]) {
    expect(said(action)).toEqual([expect.stringMatching(/^The terms are accepted: version \S+, \S+Z, by unzipx terms accept\.$/), expect.stringMatching(`^Stored in: ${file}`)]);
  }
  expect(where.run(["l", "none.zip"], { env: { UNZIPX_ACCEPT_TERMS: undefined } }).code).toBe(9);
  expect(said("revoke")).toEqual(["The acceptance was deleted.", expect.stringMatching(`^It was stored in: ${file}`)]);
  expect(said("status")).toEqual(nothing);
  expect(said()[0]).toBe("# Terms of use of unzipx");
});

it("unzipx --help shows every command, its examples and the exit codes", () => {
  const { code, stdout, stderr } = sandbox().run(["--help"]);
  expect([code, stderr]).toEqual([0, ""]);
  for (const text of ["extract", "create", "list", "test", "terms", "formats", "Examples:", "Exit codes:"]) expect(stdout).toContain(text);
});

it("a mistyped command or flag is met with the one that was meant", () => {
  const where = sandbox();
  expect(where.run(["extrcat", "a.zip"]).stderr).toContain("extract");
  expect(where.run(["x", "--quite", "a.zip"]).stderr).toContain("--quiet");
});

it("UNZIPX options from the environment, TAR_OPTIONS and the like have no say", () => {
  const where = sandbox();
  where.file("a.zip", zip);
  expect(where.run(["x", "a.zip"], { env: { TAR_OPTIONS: "-C /tmp", UNZIP: "-o", ZIPOPT: "-d /" } }).code).toBe(0);
  expect(where.contents("a")).toEqual({ a: "a", b: "b" });
});
