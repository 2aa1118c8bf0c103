import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import module from "node:module";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { buildZip } from "../helpers/build.ts";
import { isWindows, sandbox, type Sandbox } from "../helpers/cli.ts";

/** A sandbox with an archive, and a way to list it with a cache of its own. */
function listing(): { where: Sandbox; compiled: string; list: (env?: Record<string, string>) => string } {
  const where = sandbox();
  where.file("a.zip", buildZip([{ name: "a.txt", content: "hello" }]));
  const caches = join(where.folder, "caches");
  mkdirSync(caches, { mode: 0o700 });
  return {
    where, compiled: join(caches, "unzipx/compiled"),
    list: (env = {}) => {
      const { code, stdout, stderr } = where.run(["l", "-1", "a.zip"], { env: { XDG_CACHE_HOME: caches, ...env } });
      expect([code, stderr]).toEqual([0, ""]);
      return stdout;
    },
  };
}

function filesIn(folder: string): string[] {
  return (readdirSync(folder, { recursive: true }) as string[]).map((name) => join(folder, name)).filter((path) => statSync(path).isFile()).sort();
}

describe.skipIf(isWindows)("what V8 compiled is kept in the user's own cache", () => {
  it("where nobody else can read or change it, and the next run is the same", () => {
    const { compiled, list } = listing();
    expect(list()).toBe("a.txt\n");
    const files = filesIn(compiled);
    expect(files.length).toBeGreaterThan(2);
    expect(files.map((path) => statSync(path).mode & 0o077)).toEqual(files.map(() => 0));
    expect(statSync(join(compiled, "..")).mode & 0o777).toBe(0o700);
    expect(list()).toBe("a.txt\n");
    expect(filesIn(compiled)).toEqual(files);
  });

  it("nowhere with NODE_DISABLE_COMPILE_CACHE=1", () => {
    const { compiled, list } = listing();
    list({ NODE_DISABLE_COMPILE_CACHE: "1" });
    expect(existsSync(compiled)).toBe(false);
  });

  it("nowhere if others may write in there", () => {
    const { where, compiled, list } = listing();
    mkdirSync(join(compiled, ".."), { recursive: true });
    chmodSync(join(compiled, ".."), 0o777);
    list();
    expect(existsSync(compiled)).toBe(false);
    where.assertOutsideUntouched();
  });
});

describe.skipIf(isWindows || "enableCompileCache" in module)("where Node has no cache of its own (before 22.1)", () => {
  it("what is kept is used, and not written again", () => {
    const { compiled, list } = listing();
    list();
    const inodes = filesIn(compiled).map((path) => statSync(path).ino);
    list();
    expect(filesIn(compiled).map((path) => statSync(path).ino)).toEqual(inodes);
  });

  it("a large archive, of which V8 is given other flags, does not take it away from small ones", () => {
    const { where, compiled, list } = listing();
    where.file("large.zip", buildZip([{ name: "b.bin", content: Buffer.alloc(1 << 20) }]));
    const large = (): void => {
      const { code, stdout } = where.run(["l", "-1", "large.zip"], { env: { XDG_CACHE_HOME: join(compiled, "../..") } });
      expect([code, stdout]).toEqual([0, "b.bin\n"]);
    };
    list();
    large();
    const inodes = filesIn(compiled).map((path) => statSync(path).ino);
    list();
    large();
    expect(filesIn(compiled).map((path) => statSync(path).ino)).toEqual(inodes);
  });

  it.each<[string, (bytes: Buffer) => Buffer]>([
    ["cut off", (bytes) => bytes.subarray(0, bytes.length / 2)],
    ["empty", () => Buffer.alloc(0)],
    ["never written from some page on", (bytes) => Buffer.from(bytes).fill(0, bytes.length >> 1)],
    ["all zeros", (bytes) => Buffer.alloc(bytes.length)],
    ["of another build", (bytes) => Buffer.from(bytes).fill("x", 20, 24)],
    ["something else", () => Buffer.from("something else that is long enough to have a head")],
  ])("a file that is %s is not believed, and replaced", (_, bend) => {
    const { compiled, list } = listing();
    list();
    const good = filesIn(compiled).map((path) => [path, readFileSync(path)] as const);
    for (const [path, bytes] of good) writeFileSync(path, bend(bytes));
    expect(list()).toBe("a.txt\n");
    for (const [path, bytes] of good) {
      const now = readFileSync(path);
      expect([path, now.length > bytes.length / 2, now.equals(bend(bytes))]).toEqual([path, true, false]);
    }
    expect(filesIn(compiled)).toEqual(good.map(([path]) => path));
  });

  it("a folder that cannot be written to is no trouble", () => {
    const { compiled, list } = listing();
    mkdirSync(join(compiled, ".."), { recursive: true, mode: 0o700 });
    writeFileSync(compiled, "in the way");
    expect(list()).toBe("a.txt\n");
  });
});
