/** Which command lines are given the memory for large work. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isLargeWork } from "../../src/cli/heap.ts";
import { temporaryFolder } from "../helpers/tools.ts";

describe("a command line asks for large work", () => {
  it.each([["c", "out.zip", "dir"], ["create", "out.zip", "dir"], ["-q", "c", "out.zip"], ["czf", "out.tgz"], ["zcf", "out.tgz"], ["-cJf", "out.txz"], ["x", "-"]])("if it makes an archive, or reads one from a pipe: %s %s", (...argv) => {
    expect(isLargeWork(argv)).toBe(true);
  });

  it.each([["x", "nothing-there.zip"], ["completions", "bash"], ["terms"], ["--help"], ["l", "-1"], ["xf", "nothing-there.tar"], ["x", "\0"], ["x", "n".repeat(100_000)]])("and else if something large is named, which is not so here: %s %s", (...argv) => {
    expect(isLargeWork(argv)).toBe(false);
  });

  it("by a file's size; a folder is none", () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "small"), "");
    writeFileSync(join(folder, "large"), Buffer.alloc(300_000));
    mkdirSync(join(folder, "folder"));
    expect(["small", "large", "folder"].map((name) => isLargeWork(["x", "-q", join(folder, name)]))).toEqual([false, true, false]);
  });
});
