/** What is published: loads everywhere, does nothing by being loaded, and its types are found by every kind of compiler. */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../helpers/tools.ts";

const root = join(import.meta.dirname, "../..");
const tool = (name: string): string => join(root, "node_modules/.bin", name);

/** A folder in which "unzipx" is installed, as far as its files say. */
function project(): string {
  const folder = temporaryFolder();
  const installed = join(folder, "node_modules/unzipx");
  mkdirSync(installed, { recursive: true });
  for (const name of ["package.json", "dist"]) cpSync(join(root, name), join(installed, name), { recursive: true });
  for (const name of ["@types", "undici-types", "7z-wasm", "7zip-bin"]) symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name));
  return folder;
}

function node(script: string, ...flags: readonly string[]): string {
  return execFileSync(process.execPath, [...flags, "-e", script], { cwd: project(), encoding: "utf8" }).trim();
}

const NAMES = "IncompleteError UnzipxError create extract list open test";

it("loads by import", () => {
  expect(node('import("unzipx").then((lib) => console.log(Object.keys(lib).sort().join(" ")))')).toBe(NAMES);
});

it("loads by require, which is one and the same library", () => {
  expect(node('import("unzipx").then((lib) => console.log(Object.keys(require("unzipx")).sort().join(" "), require("unzipx").extract === lib.extract))', "--no-warnings")).toBe(`${NAMES} true`);
});

it("does nothing by being loaded and used: no flags of V8, no listeners, no globals, no words", () => {
  const script = `
    const v8 = require("node:v8"), { syncBuiltinESMExports } = require("node:module");
    const done = [];
    v8.setFlagsFromString = (flag) => done.push(flag);
    syncBuiltinESMExports();
    const state = () => JSON.stringify([process.eventNames().map(String).filter((name) => name !== "newListener").sort(), Object.getOwnPropertyNames(globalThis).sort(), process.env, process.exitCode ?? 0, process.umask(), process.cwd()]);
    const before = state();
    const write = process.stdout.write;
    process.stdout.write = process.stderr.write = (text) => void done.push(text);
    (async () => {
      const { extract, create, list, test, open } = await import("unzipx");
      await create("a.zip", { path: "a", content: "a" });
      await create("a.7z", { path: "a", content: "a" });
      for (const name of ["a.zip", "a.7z"]) {
        await list(name); await test(name); await extract(name, "out " + name);
        const archive = await open(name);
        for await (const entry of archive) await entry.bytes();
        await archive.close();
      }
      const after = state();
      process.stdout.write = write;
      console.log(JSON.stringify({ done, same: before === after, before, after }));
    })();`;
  const { done, same, before, after } = JSON.parse(node(script, "--no-warnings")) as { done: unknown[]; same: boolean; before: string; after: string };
  expect(done).toEqual([]);
  expect(same ? "" : after).toBe(same ? "" : before);
});

it("asks for no terms and stores nothing: the home stays empty", () => {
  const home = temporaryFolder();
  const script = `
    import("unzipx").then(async ({ extract, create, list, test }) => {
      await create("a.zip", { path: "a", content: "a" });
      console.log((await list("a.zip")).entries.length, (await test("a.zip")).files, (await extract("a.zip", "out")).files);
    });`;
  const { UNZIPX_ACCEPT_TERMS: _, ...env } = process.env;
  const ran = spawnSync(process.execPath, ["-e", script], { cwd: project(), encoding: "utf8", env: { ...env, HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home, APPDATA: home, LOCALAPPDATA: home } });
  expect({ said: ran.stderr, printed: ran.stdout }).toEqual({ said: "", printed: "1 1 1\n" });
  expect(readdirSync(home)).toEqual([]);
});

it("loads nothing of the command, and little at all", () => {
  const script = `
    const before = new Set(process.moduleLoadList);
    import("unzipx").then(() => console.log(process.moduleLoadList.filter((name) => !before.has(name) && /NativeModule (node:)?(worker_threads|child_process|zlib|crypto|http)$/.test(name)).join(" ")));`;
  expect(node(script)).toBe("");
});

describe("types", () => {
  const USE = `
    import { create, extract, IncompleteError, list, open, test, UnzipxError, type Archive, type ArchiveSource, type Summary } from "unzipx";
    import { createReadStream } from "node:fs";
    export async function use(): Promise<Summary> {
      const sources: ArchiveSource[] = ["a", new URL("file:///a"), new Uint8Array(1), new ArrayBuffer(1), createReadStream("a"), new Blob([]).stream(), (await fetch("http://localhost")).body!];
      await create(process.stdout, [{ path: "a", content: "b" }, "c"], { format: "tar.gz" });
      const archive: Archive = await open(sources[0]!, { password: async () => undefined });
      for await (const entry of archive) entry.stream().pipe(process.stdout).write((await entry.bytes()).toString("hex") + entry.path.length + entry.refused?.details.hint);
      const { entries } = await list(sources[1]!);
      const sizes: (number | undefined)[] = entries.map((entry) => entry.size);
      // @ts-expect-error: there is nobody to ask
      await extract("a", "b", { overwrite: "ask" });
      try {
        await test("a", { limits: { ratio: sizes.length }, onProgress: ({ bytes, total }) => void (bytes + (total ?? 0)) });
      } catch (error) {
        if (error instanceof IncompleteError) return error.summary;
        if (error instanceof UnzipxError && error.code === "PASSWORD") throw new Error(String(error.exitCode));
      }
      return extract("a", "b", { signal: AbortSignal.timeout(1), recursive: true });
    }`;
  const kinds: [what: string, file: string, flags: readonly string[]][] = [
    ["node16", "use.mts", ["--module", "node16", "--moduleResolution", "node16"]],
    ["nodenext", "use.mts", ["--module", "nodenext"]],
    ["nodenext, from CommonJS", "use.cts", ["--module", "nodenext"]],
    ["bundler", "use.ts", ["--module", "esnext", "--moduleResolution", "bundler"]],
    ["node10", "use.ts", ["--module", "commonjs", "--moduleResolution", "node10"]],
  ];
  for (const [what, file, flags] of kinds) {
    it(`are found with moduleResolution ${what}, and stand by themselves`, () => {
      const folder = project();
      writeFileSync(join(folder, file), USE);
      const { status, stdout } = spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "--noEmit", "--strict", "--target", "es2022", "--skipLibCheck", "false", "--types", "node", ...flags, file], { cwd: folder, encoding: "utf8" });
      expect(stdout).toBe("");
      expect(status).toBe(0);
    });
  }

  it("tell of nothing that is not public", () => {
    expect(existsSync(join(root, "dist/types/cli"))).toBe(false);
    expect(readFileSync(join(root, "dist/types/index.d.ts"), "utf8")).not.toContain('.ts"');
  });
});

describe("the package", () => {
  const pack = (): string => {
    const folder = temporaryFolder();
    const [{ filename }] = JSON.parse(execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], { cwd: root, encoding: "utf8" })) as [{ filename: string }];
    return join(folder, filename);
  };

  it.skipIf(!existsSync(tool("attw")))("resolves for every kind of user, says attw", () => {
    // From CommonJS it is an ES module, which require() loads from the oldest Node on that is supported.
    const { status, stdout } = spawnSync(tool("attw"), ["--no-color", "--format", "ascii", "--ignore-rules", "cjs-resolves-to-esm", "--", pack()], { encoding: "utf8" });
    expect(stdout).toContain("No problems found");
    expect(status).toBe(0);
  });

  it.skipIf(!existsSync(tool("publint")))("is well made, says publint", () => {
    const { status, stdout } = spawnSync(tool("publint"), ["--strict", pack()], { encoding: "utf8" });
    expect({ status, stdout }).toMatchObject({ status: 0, stdout: expect.stringContaining("All good!") as string });
  });
});
