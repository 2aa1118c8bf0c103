/** Files of a zip without places of their own, written by other threads while later entries are still claimed. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { buildZip, type ZipItem } from "../helpers/build.ts";
import { isWindows, sandbox } from "../helpers/cli.ts";

/** Enough for threads to be worth their start. */
const FILES = 6000;
const DAMAGED = 100;

function files(): ZipItem[] {
  return Array.from({ length: FILES }, (_, number) => ({ name: `top/d${number % 3}/f${number}`, content: `content of ${number}\n` }));
}

/** With one byte of a file's content changed. */
function damaged(items: readonly ZipItem[]): Buffer {
  const zip = buildZip(items);
  const at = zip.indexOf(`content of ${DAMAGED}\n`);
  zip[at]! ^= 1;
  return zip;
}

describe("x of a zip of many files, into a folder that is there", () => {
  it.each([["1"], ["2"]])("with %s threads leaves out what is damaged, and refuses a later entry of its name, and one below a file", (threads) => {
    const { run, file, folder } = sandbox();
    const again = { name: `top/d${DAMAGED % 3}/f${DAMAGED}`, content: "another one\n" };
    file("a.zip", damaged([...files(), again, { name: "top/d0/f0/below", content: "below a file\n" }, { name: "top/d1/late", content: "late\n" }]));
    mkdirSync(join(folder, "out"));
    const { code, stderr } = run(["x", "a.zip", "-C", "out", "-q", "--threads", threads]);
    expect(code).not.toBe(0);
    expect(stderr).toContain("checksum does not match");
    expect(stderr).toContain("the archive has another entry of this name");
    expect(stderr).toContain("its folder is another entry, a file");
    for (let number = 0; number < FILES; number++) {
      const path = join(folder, `out/top/d${number % 3}/f${number}`);
      if (number === DAMAGED) expect(existsSync(path)).toBe(false);
      else expect(readFileSync(path, "utf8")).toBe(`content of ${number}\n`);
    }
    expect(readFileSync(join(folder, "out/top/d1/late"), "utf8")).toBe("late\n");
  });

  it.skipIf(isWindows)("asks about files that are there in the order of the archive, also where folders lie between them", () => {
    const { run, file, folder } = sandbox();
    file("a.zip", buildZip(["d/1", "d/sub/x", "d/2", "d/other/y", "d/3"].map((name) => ({ name, content: name }))));
    file("d/2", "mine");
    file("d/sub/x", "mine");
    const { code, stderr } = run(["x", "a.zip"]);
    expect(code).toBe(5);
    expect(stderr).toContain('"d/sub/x" exists already');
    expect(readFileSync(join(folder, "d/2"), "utf8")).toBe("mine");
    file("d/1", "mine");
    expect(run(["x", "a.zip"]).stderr).toContain('"d/1" exists already');
  });
});
