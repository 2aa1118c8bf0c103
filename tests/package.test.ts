/** The package as users get it: what is in it, how large it is, and that it runs where they put it. */
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isRoot, isWindows } from "./helpers/cli.ts";
import { has, run } from "./helpers/tools.ts";

const ROOT = join(import.meta.dirname, "..");
const SAMPLE = join(ROOT, "fixtures/zip/sample.zip");
const NOBODY = 65534;

/** With blanks and letters beyond ASCII, as home folders have them. */
const top = mkdtempSync(join(tmpdir(), "unzipx Paket ü 包-"));
const modules = join(top, "lib/node_modules");
const installed = join(modules, "unzipx");
let listed: string[] = [];

beforeAll(() => {
  chmodSync(top, 0o755);
  const [{ filename, files }] = JSON.parse(run("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", top], { cwd: ROOT })) as [{ filename: string; files: { path: string }[] }];
  listed = files.map(({ path }) => path);
  mkdirSync(installed, { recursive: true });
  run("tar", ["xzf", join(top, filename), "-C", installed, "--strip-components=1"]);
  // What npm would put beside it, from the project's own folder.
  for (const name of ["7z-wasm", "7zip-bin", "readline-sync"]) cpSync(join(ROOT, "node_modules", name), join(modules, name), { recursive: true });
});
afterAll(() => rmSync(top, { recursive: true, force: true }));

interface Place {
  readonly home?: string;
  readonly uid?: number;
  /** By a flag that is given, and that stores it, instead of the environment. */
  readonly accepts?: boolean;
}

/** Runs the installed command in an empty folder of its own. */
function unzipx(folder: string, words: readonly string[], { home = folder, uid, accepts = false }: Place = {}): { code: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(installed, "bin/unzipx.js"), ...words], {
    cwd: folder, encoding: "utf8", input: "", ...(uid === undefined ? {} : { uid, gid: uid }),
    env: { PATH: process.env["PATH"], HOME: home, ...(accepts ? {} : { UNZIPX_ACCEPT_TERMS: "1" }) },
  });
  return { code: status, output: stdout + stderr };
}

function workFolder(mode = 0o755): string {
  const folder = mkdtempSync(join(top, "work "));
  chmodSync(folder, mode);
  return folder;
}

/** Packs, tests and unpacks with the engine and without it. */
function works(folder: string, place?: Place): void {
  const steps: [words: string[], says: RegExp][] = [
    [["x", SAMPLE], /4 files/], [["c", "a.7z", "sample"], /created/], [["t", "a.7z"], /no errors, 4 files/], [["x", "a.7z", "-C", "again"], /4 files/],
    [["c", "a.tar.zst", "sample"], /created/], [["l", "a.tar.zst"], /grüße/],
  ];
  for (const [words, says] of steps) {
    const { code, output } = unzipx(folder, words, place);
    expect({ words, code, output }).toEqual({ words, code: 0, output: expect.stringMatching(says) as string });
  }
  expect(readFileSync(join(folder, "again/sample/docs/grüße.txt"), "utf8")).toBe(readFileSync(join(folder, "sample/docs/grüße.txt"), "utf8"));
}

it("holds the program, its types, the manual page and the licences, and neither sources nor tests", () => {
  expect(listed).toEqual(expect.arrayContaining(["bin/unzipx.js", "dist/main.js", "dist/index.js", "dist/unzipx.1", "LICENSE", "TERMS.md", "THIRD-PARTY-LICENSES.txt", "README.md", "CHANGELOG.md", "package.json"]));
  const { exports: { ".": { types } } } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as { exports: { ".": { types: string } } };
  expect(existsSync(join(installed, types))).toBe(true);
  expect(listed.filter((path) => /(^|\/)(tests?|fixtures|bench|fuzz|src|node_modules)\/|(?<!\.d)\.ts$|\.map$/.test(path))).toEqual([]);
});

it("takes at most 16 MiB on disk, with all that npm puts beside it, in four packages", () => {
  const bytes = (path: string): number => {
    const stats = lstatSync(path);
    return stats.size + (stats.isDirectory() ? readdirSync(path).reduce((sum, name) => sum + bytes(join(path, name)), 0) : 0);
  };
  expect(bytes(modules)).toBeLessThanOrEqual(16 * 1024 * 1024);
  const { dependencies } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as { dependencies: Record<string, string> };
  expect(Object.keys(dependencies)).toEqual(["7z-wasm", "7zip-bin"]); // and readline-sync, which 7z-wasm names
});

it("runs nothing when it is installed", () => {
  for (const name of readdirSync(modules)) {
    const { scripts = {} } = JSON.parse(readFileSync(join(modules, name, "package.json"), "utf8")) as { scripts?: Record<string, string> };
    expect([name, Object.keys(scripts).filter((script) => /^(pre|post)?install$|^prepare$/.test(script))]).toEqual([name, []]);
  }
});

it("names the licence of everything that is bundled, and leaves 7-Zip as it is, a package that can be replaced", () => {
  const licences = readFileSync(join(installed, "THIRD-PARTY-LICENSES.txt"), "utf8");
  for (const name of ["commander", "conf", "chalk", "cli-progress", "picomatch", "tar-stream"]) expect(licences).toMatch(new RegExp(`^${name} \\d`, "m"));
  expect(licences).not.toMatch(/LGPL|GNU Lesser/);
  expect(listed.filter((path) => /7z/.test(path) && !path.endsWith(".d.ts") && !path.startsWith("dist/chunk-"))).toEqual([]);
});

describe("the installed command works", () => {
  it("below a path with blanks and letters beyond ASCII", () => works(workFolder()));

  it("where 7zip-bin has no program for the machine", () => {
    const hidden = join(top, "7zip-bin");
    cpSync(join(modules, "7zip-bin"), hidden, { recursive: true });
    try {
      for (const system of ["linux", "mac", "win"]) rmSync(join(modules, "7zip-bin", system), { recursive: true });
      works(workFolder());
      rmSync(join(modules, "7zip-bin"), { recursive: true }); // and where it was not installed at all
      works(workFolder());
    } finally {
      cpSync(hidden, join(modules, "7zip-bin"), { recursive: true });
    }
  });

  it.skipIf(!isRoot || isWindows)("for a user without rights, when root installed it (needs root)", () => {
    const before = run("find", [modules, "-newer", join(top, "lib"), "-printf", "%p %T@\n"]);
    works(workFolder(0o777), { uid: NOBODY });
    expect(run("find", [modules, "-newer", join(top, "lib"), "-printf", "%p %T@\n"])).toBe(before);
  });

  it.skipIf(!isRoot || isWindows)("with a home that cannot be written to: a warning, and the work is done (needs root)", () => {
    const home = workFolder(0o555);
    const { code, output } = unzipx(workFolder(0o777), ["x", SAMPLE, "--accept-terms"], { home, uid: NOBODY, accepts: true });
    expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(/warning: .*terms[\s\S]*4 files/) as string });
    works(workFolder(0o777), { home, uid: NOBODY });
    expect(readdirSync(home)).toEqual([]);
  });

  it.skipIf(!has("man") || !has("groff"))("with a manual page that man finds (needs man)", () => {
    expect(run("man", ["-l", join(installed, "dist/unzipx.1")]).replace(/.\x08/g, "")).toMatch(/EXIT STATUS/);
  });
});
