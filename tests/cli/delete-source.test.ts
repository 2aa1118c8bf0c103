import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { buildTar, buildZip } from "../helpers/build.ts";
import { isWindows, sandbox, type Sandbox } from "../helpers/cli.ts";

const zip = buildZip([{ name: "a", content: "a" }, { name: "b", content: "b" }]);

/** How a run with --delete-source ends, and which of the files are left. */
function left(where: Sandbox, args: readonly string[], files: readonly string[], input?: Uint8Array): { code: number | null; left: string[]; stderr: string } {
  const { code, stderr } = where.run(["x", "--delete-source", ...args], input === undefined ? {} : { input });
  where.assertOutsideUntouched();
  return { code, left: files.filter((file) => existsSync(join(where.folder, file))), stderr };
}

describe("x --delete-source", () => {
  it("deletes the archives once all of them lie in their places", () => {
    const where = sandbox();
    where.file("a.zip", zip);
    where.file("b.tar", buildTar([{ name: "c", content: "c" }]));
    expect(left(where, ["a.zip", "b.tar", "-C", "out"], ["a.zip", "b.tar"])).toMatchObject({ code: 0, left: [] });
    expect(where.contents("out")).toEqual({ a: "a", b: "b", c: "c" });
  });
  it("deletes all parts of a set, whichever was named", () => {
    const where = sandbox();
    const parts = ["a.zip.001", "a.zip.002", "a.zip.003"];
    parts.forEach((name, at) => where.file(name, zip.subarray((at * zip.length) / 3, ((at + 1) * zip.length) / 3)));
    expect(left(where, ["a.zip.002", "-C", "out"], parts)).toMatchObject({ code: 0, left: [] });
    expect(where.contents("out")).toEqual({ a: "a", b: "b" });
  });
  it("deletes nothing when anything went wrong, with one archive or with another", () => {
    const damaged = Buffer.from(zip);
    damaged[damaged.indexOf("a", 30)]! ^= 1;
    for (const [bytes, code] of [[zip.subarray(0, 60), 51], [buildTar([{ name: "../x", content: "x" }]), 6], [buildTar([{ name: "p", type: "6" }]), 1], [Buffer.from("none"), 81]] as const) {
      const where = sandbox();
      where.file("good.zip", zip);
      where.file("bad", bytes);
      const result = left(where, ["good.zip", "bad", "-C", "out"], ["good.zip", "bad"]);
      expect(result.left, `${code}`).toEqual(["good.zip", "bad"]);
      expect(result.code).not.toBe(0);
    }
    const where = sandbox();
    where.file("a.zip", damaged);
    expect(left(where, ["a.zip", "-C", "out"], ["a.zip"]).left).toEqual(["a.zip"]);
  });
  it("deletes nothing of which something was left out or kept, and says so", () => {
    for (const [flags, bytes] of [[["-n"], zip], [["--strip-components", "1"], buildZip([{ name: "d/a", content: "x" }, { name: "b", content: "b" }])], [["--links", "skip", "-f"], buildTar([{ name: "a", content: "a" }, { name: "l", type: "2", link: "a" }])]] as const) {
      const where = sandbox();
      where.file("a.x", bytes);
      mkdirSync(join(where.folder, "out"));
      if (flags[0] !== "--strip-components") where.file("out/a", "mine");
      const { code, left: files, stderr } = left(where, ["a.x", "-C", "out", ...flags], ["a.x"]);
      expect([code, files]).toEqual([0, ["a.x"]]);
      expect(stderr).toContain("not all that is in it was unpacked");
    }
  });
  it("is exit 7 for standard input, for some members, and with -O, before anything is unpacked", () => {
    for (const args of [["-"], ["a.zip", "-"], ["a.zip", "b"], ["a.zip", "-i", "b"], ["a.zip", "-x", "b"], ["a.zip", "-O"]]) {
      const where = sandbox();
      where.file("a.zip", zip);
      expect(left(where, [...args], ["a.zip"], zip), args.join(" ")).toMatchObject({ code: 7, left: ["a.zip"] });
      expect(Object.keys(where.contents())).toEqual(["a.zip"]);
    }
  });
  it.skipIf(isWindows)("leaves a link, and what it leads to", () => {
    const where = sandbox();
    where.file("real.zip", zip);
    symlinkSync("real.zip", join(where.folder, "link.zip"));
    const { code, left: files, stderr } = left(where, ["link.zip", "-C", "out"], ["real.zip", "link.zip"]);
    expect([code, files]).toEqual([1, ["real.zip", "link.zip"]]);
    expect(stderr).toContain('kept "link.zip": it is a link');
    expect(where.contents("out")).toEqual({ a: "a", b: "b" });
  });
});
