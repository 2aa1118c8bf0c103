import { chmodSync, chownSync, existsSync, mkdirSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { privateFolder } from "../../src/safe/private-folder.ts";
import { temporaryFolder } from "../helpers/tools.ts";

const isRoot = process.geteuid?.() === 0;

function cache(): { base: string; folder: string; find: () => string | undefined } {
  const base = join(temporaryFolder(), "cache");
  return { base, folder: join(base, "unzipx"), find: () => privateFolder({ XDG_CACHE_HOME: base }) };
}

describe.skipIf(process.platform === "win32")("the private folder (needs owners and modes)", () => {
  it("is made in the user's cache, for nobody else", () => {
    const { folder, find } = cache();
    expect(find()).toBe(folder);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(find()).toBe(folder);
  });

  it("is closed where others may look into it", () => {
    const { folder, find } = cache();
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    expect(find()).toBe(folder);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it.each([0o777, 0o775, 0o1777])("is not used where others may write into it (%o)", (mode) => {
    const { folder, find } = cache();
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, mode);
    expect(find()).toBeUndefined();
    expect(statSync(folder).mode & 0o7777).toBe(mode);
  });

  it("is neither used nor made where others may put another folder in its place", () => {
    const { base, folder, find } = cache();
    mkdirSync(base);
    chmodSync(base, 0o777);
    expect(find()).toBeUndefined();
    expect(existsSync(folder)).toBe(false);
    mkdirSync(folder, { mode: 0o700 });
    expect(find()).toBeUndefined();
  });

  it("is made below a folder that all may write to, where each only replaces what is his", () => {
    const { base, folder, find } = cache();
    mkdirSync(base);
    chmodSync(base, 0o1777);
    expect(find()).toBe(folder);
  });

  it("is no link", () => {
    const { base, folder, find } = cache();
    mkdirSync(join(base, "elsewhere"), { recursive: true, mode: 0o700 });
    symlinkSync("elsewhere", folder);
    expect(find()).toBeUndefined();
  });

  it("is none where there can be none: a file is in its place, or on the way", () => {
    expect(privateFolder({ XDG_CACHE_HOME: "/dev/null" })).toBeUndefined();
  });

  it.skipIf(!isRoot)("is neither used nor made by root in what belongs to somebody else (needs root)", () => {
    const { base, folder, find } = cache();
    mkdirSync(base, { mode: 0o700 });
    chownSync(base, 1000, 1000);
    expect(find()).toBeUndefined();
    expect(existsSync(folder)).toBe(false);
    mkdirSync(folder, { mode: 0o700 });
    expect(find()).toBeUndefined();
    chownSync(base, 0, 0);
    chownSync(folder, 1000, 1000);
    expect(find()).toBeUndefined();
  });
});
