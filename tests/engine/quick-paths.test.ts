/** Quick look-ups in the engine's file system find what walking finds, and miss what it misses. */
import { beforeAll, describe, expect, it } from "vitest";
import { quickPaths } from "../../src/engine/quick-paths.ts";
import type { DiskNode, Emscripten, LookupOptions } from "../../src/engine/module.ts";

interface Disk extends Emscripten {
  writeFile(path: string, data: string): void;
  symlink(target: string, path: string): void;
  rmdir(path: string): void;
}

let FS: Disk;

beforeAll(async () => {
  const { default: factory } = (await import("7z-wasm")) as unknown as { default: (options: object) => Promise<{ FS: Disk }> };
  ({ FS } = await factory({ noInitialRun: true }));
  for (const folder of ["/out", "/out/a", "/out/a/b", "/out/a/b/c", "/elsewhere"]) FS.mkdir(folder);
  for (const file of ["/out/file", "/out/a/file", "/out/a/b/c/file", "/elsewhere/file"]) FS.writeFile(file, "content");
  FS.symlink("a/b", "/out/link");
  FS.symlink("/elsewhere", "/out/a/away");
  FS.symlink("nowhere", "/out/a/broken");
  FS.chdir("/out");
});

const PATHS = [
  "", ".", "..", "/", "/out", "/out/", "/out/.", "/out/..", "/out/a", "/out/./a", "/out/a/", "/out//a", "/out/a/b/c/file", "./a/b/c/file", "a/b/c", "a/./b", "a/../file", "../elsewhere/file",
  "file", "./file", "missing", "a/missing", "missing/file", "a/b/missing/file", "link", "link/c", "link/c/file", "a/away", "a/away/file", "a/broken", "a/broken/file", "/elsewhere/file", "/output", "/out/file/below",
];
const OPTIONS: LookupOptions[] = [{}, { follow: true }, { follow: false }, { parent: true }, { follow: true, noent_okay: true }];

/** What comes of it: the node and its path without what may be left out, or the error's number. */
function outcome(path: string, options: LookupOptions): { node: DiskNode | undefined } | number {
  try {
    return { node: FS.lookupPath(path, { ...options }).node };
  } catch (error) {
    return (error as { errno: number }).errno;
  }
}

describe("quickPaths()", () => {
  it("finds what walking finds, twice over", () => {
    const walked = PATHS.map((path) => OPTIONS.map((options) => outcome(path, options)));
    const quick = quickPaths(FS, "/out");
    for (let round = 0; round < 2; round++) {
      PATHS.forEach((path, p) => OPTIONS.forEach((options, o) => {
        const found = outcome(path, options);
        const expected = walked[p]![o]!;
        if (typeof expected === "number" || typeof found === "number") expect(found, `${path} ${JSON.stringify(options)}`).toBe(expected);
        else expect(found.node === expected.node, `${path} ${JSON.stringify(options)}`).toBe(true);
      }));
    }
    quick.end();
  });

  it("finds no folder that was taken away, once it was told", () => {
    FS.mkdir("/out/gone");
    FS.writeFile("/out/gone-file", "");
    const quick = quickPaths(FS, "/out");
    expect(outcome("/out/gone/x", { parent: true })).toMatchObject({ node: expect.anything() });
    FS.rmdir("/out/gone");
    quick.forget();
    expect(outcome("/out/gone/x", { parent: true })).toBe(44);
    quick.end();
  });
});
