import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { buildTar, buildZip, DEFLATE } from "../helpers/build.ts";
import { sandbox } from "../helpers/cli.ts";

const good = buildZip([{ name: "a", content: "a".repeat(1000), method: DEFLATE }, { name: "d/" }, { name: "b", content: "b" }]);
const wrong = { crc32: 1 };

describe("unzipx t", () => {
  it("verifies every byte, writes nothing, and says how much it was", () => {
    for (const [name, bytes] of [["a.zip", good], ["a.tar", buildTar([{ name: "a", content: "a".repeat(1000) }, { name: "d/", type: "5" }, { name: "b", content: "b" }])]] as const) {
      const where = sandbox();
      where.file(name, bytes);
      const { code, stdout, stderr } = where.run(["t", name]);
      expect([code, stdout]).toEqual([0, ""]);
      expect(stderr).toMatch(new RegExp(`${name}: no errors, 2 files, 1001 B verified`));
      expect(Object.keys(where.contents())).toEqual([name]);
      where.assertOutsideUntouched();
    }
  });

  it("finds a wrong checksum, and names every entry that has one", () => {
    const where = sandbox();
    where.file("a.zip", buildZip([{ name: "good", content: "x" }, { name: "bad 1", content: "x", local: wrong, central: wrong }, { name: "bad 2", content: "y", local: wrong, central: wrong }]));
    const { code, stderr } = where.run(["t", "a.zip"]);
    expect(code).toBe(3);
    expect(stderr).toContain('"bad 1"');
    expect(stderr).toContain('"bad 2"');
    expect(stderr).toContain("2 problems");
    expect(stderr).not.toContain('"good"');
  });

  it("finds what extracting would find: the same exit code for both", () => {
    const archives: Uint8Array[] = [
      good, buildZip([{ name: "a", content: "x", local: { name: "b" } }]), good.subarray(0, 50), gzipSync("x").subarray(0, 15), buildTar([{ name: "a", checksum: 1 }]),
      buildZip([{ name: "a", method: 99, flags: 1 }]), buildZip([{ name: "a", method: 12 }]), Buffer.from("no archive"),
      buildTar([{ name: "a", content: "x" }]).subarray(0, 600), gzipSync(buildTar([{ name: "a", content: "x" }])).subarray(0, -1),
      buildZip([{ name: "d/", local: { name: "evil" } }, { name: "b" }]),
    ];
    const where = sandbox();
    archives.forEach((bytes, at) => {
      where.file(`${at}.bin`, bytes);
      const [tested, extracted] = [where.run(["t", `${at}.bin`]), where.run(["x", `${at}.bin`, "-C", `out${at}`])];
      expect([at, tested.code]).toEqual([at, extracted.code]);
    });
  });

  it("goes on with the next archive, and the most severe decides", () => {
    const where = sandbox();
    where.file("good.zip", good);
    where.file("bad.zip", buildZip([{ name: "a", content: "x", local: wrong, central: wrong }]));
    const { code, stderr } = where.run(["t", "bad.zip", "good.zip"]);
    expect(code).toBe(3);
    expect(stderr).toContain("good.zip: no errors");
  });

  it("verifies only the members asked for", () => {
    const where = sandbox();
    where.file("a.zip", buildZip([{ name: "good", content: "x" }, { name: "bad", content: "x", local: wrong, central: wrong }]));
    expect(where.run(["t", "a.zip", "good"]).code).toBe(0);
    expect(where.run(["t", "a.zip", "-x", "bad"]).code).toBe(0);
    expect(where.run(["t", "a.zip", "bad"]).code).toBe(3);
    expect(where.run(["t", "a.zip", "missing"]).code).toBe(11);
  });

  it("gives the same with one thread and with many", () => {
    const where = sandbox();
    where.file("a.zip", buildZip(Array.from({ length: 1200 }, (_, at) => ({ name: `${at}`, content: `${at}`, ...(at === 700 ? { local: wrong, central: wrong } : {}) }))));
    for (const threads of ["1", "4"]) {
      const { code, stderr } = where.run(["t", "a.zip", "--threads", threads]);
      expect(code).toBe(3);
      expect(stderr).toContain('"700"');
    }
  });
});
