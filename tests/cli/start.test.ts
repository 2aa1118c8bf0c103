import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { buildZip } from "../helpers/build.ts";
import { has, temporaryFolder } from "../helpers/tools.ts";

const COMMAND = join(import.meta.dirname, "../../bin/unzipx.js");

/** Of Node's own modules those that take more than a millisecond to load, or nearly that: node:module, which from 22.1 on keeps what V8 compiled. */
const HEAVY = [...(Number.parseInt(process.versions.node) < 22 ? ["module"] : []), "stream", "net", "tty", "zlib", "crypto", "v8", "perf_hooks", "worker_threads", "child_process", "timers/promises", "readline", "internal/fs/promises", "internal/deps/undici/undici"];
const PACKAGES = /chunk-(cli-progress|picomatch|conf)|7z-wasm/;

interface Loaded {
  /** Of HEAVY. */
  readonly heavy: readonly string[];
  /** Files of the program. */
  readonly files: readonly string[];
  readonly stdout: string;
}

/** Runs the built command and tells what it loaded. */
function loadedBy(args: readonly string[], run: (program: string, args: readonly string[], env: NodeJS.ProcessEnv, cwd: string) => string = plainly): Loaded {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "a.zip"), buildZip([{ name: "a.txt", content: "hello" }]));
  mkdirSync(join(folder, "home"));
  const report = join(folder, "report.json");
  writeFileSync(join(folder, "spy.cjs"), `process.on("exit", () => {
    const modules = process.moduleLoadList.map((one) => one.replace(/^NativeModule /, ""));
    require("node:fs").writeFileSync(${JSON.stringify(report)}, JSON.stringify({ modules, files: Object.keys(require.cache) }));
  });`);
  const env = { ...process.env, HOME: join(folder, "home"), XDG_CONFIG_HOME: "", XDG_CACHE_HOME: "", UNZIPX_ACCEPT_TERMS: "1", NO_COLOR: "", NODE_OPTIONS: `--require ${join(folder, "spy.cjs")}` };
  const stdout = run(COMMAND, args, env, folder);
  const { modules, files } = JSON.parse(readFileSync(report, "utf8")) as { modules: string[]; files: string[] };
  return { heavy: HEAVY.filter((one) => modules.includes(one)), files, stdout };
}

function plainly(program: string, args: readonly string[], env: NodeJS.ProcessEnv, cwd: string): string {
  return execFileSync(process.execPath, [program, ...args], { cwd, env, encoding: "utf8" });
}

describe("of what takes long to load", () => {
  it.each([
    ["--version", ["--version"]],
    ["--help", ["x", "--help"]],
    ["l of a small zip", ["l", "a.zip"]],
    ["l --json of a small zip", ["l", "--json", "a.zip"]],
    ["l of a small zip in a build service", ["l", "a.zip"], { CI: "true" }],
  ])("%s loads nothing", (_, args, env: NodeJS.ProcessEnv = {}) => {
    const { heavy, files, stdout } = loadedBy(args, (program, given, around, cwd) => plainly(program, given, { ...around, ...env }, cwd));
    expect(stdout).not.toBe("");
    expect(heavy).toEqual([]);
    expect(files.filter((file) => PACKAGES.test(file))).toEqual([]);
  });

  it("x of a small zip loads what its checksum needs, zlib, and the streams that come with it", () => {
    expect(loadedBy(["x", "a.zip"]).heavy).toEqual(["stream", "zlib"]);
  });

  it.skipIf(process.platform !== "linux" || !has("script"))("l on a terminal loads chalk for its colours, and no more (needs script)", () => {
    const { heavy, files, stdout } = loadedBy(["l", "a.zip"], (program, args, env, cwd) => {
      return execFileSync("script", ["-qec", [process.execPath, program, ...args].join(" "), "/dev/null"], { cwd, env: { ...env, TERM: "xterm", NO_COLOR: "" }, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
    });
    expect(stdout).toContain("\u001b[2m");
    expect(heavy).toEqual([]);
    expect(files.filter((file) => /cli-progress/.test(file))).toEqual([]);
  });

  it("a run is a handful of files, because each takes longer to find than to run", () => {
    expect(loadedBy(["l", "a.zip"]).files.filter((file) => file.includes("/dist/")).length).toBeLessThanOrEqual(4);
  });
});
