import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { buildTar, buildZip, DEFLATE, FLAG_ENCRYPTED, MTIME, timeExtra } from "../helpers/build.ts";
import { sandbox } from "../helpers/cli.ts";

const TEXT = "text ".repeat(100);
const zip = buildZip([
  { name: "d/", mode: 0o040755 }, { name: "d/a.txt", content: TEXT, method: DEFLATE, extra: timeExtra(MTIME) }, { name: "secret", content: "x".repeat(13), flags: FLAG_ENCRYPTED, central: { size: 1 }, local: { size: 1 } },
  { name: "l", content: "d/a.txt", mode: 0o120777 },
], { comment: "the comment" });

describe("unzipx l", () => {
  it("shows size, packed size, ratio, time and name, a total and the comment, on stdout", () => {
    const where = sandbox();
    where.file("a.zip", zip);
    const { code, stdout, stderr } = where.run(["l", "a.zip"], { env: { TZ: "UTC" } });
    expect([code, stderr]).toEqual([0, ""]);
    const lines = stdout.trimEnd().split("\n");
    expect(lines[0]).toMatch(/^ *Size +Packed +Ratio +Modified +Name$/);
    expect(lines[2]).toMatch(/^ *500 +\d+ +\d+ % +2024-02-03 04:05 +d\/a\.txt$/);
    expect(lines[3]).toMatch(/secret \*$/);
    expect(lines.at(-2)).toContain("2 files, 1 folder, 1 link");
    expect(lines.at(-1)).toBe("Comment: the comment");
    where.assertOutsideUntouched();
    expect(Object.keys(where.contents())).toEqual(["a.zip"]);
  });

  it("shows where links of a tar lead", () => {
    const where = sandbox();
    where.file("a.tar", buildTar([{ name: "a" }, { name: "l", type: "2", link: "a" }, { name: "h", type: "1", link: "a" }]));
    const { stdout } = where.run(["l", "a.tar"]);
    expect(stdout).toContain("l -> a");
    expect(stdout).toContain("h = a");
  });

  it("-q gives one name a line and nothing else", () => {
    const where = sandbox();
    where.file("a.zip", zip);
    expect(where.run(["l", "-q", "a.zip"])).toMatchObject({ code: 0, stdout: "d/\nd/a.txt\nsecret\nl\n", stderr: "" });
  });

  it("shows only the members asked for, and is exit 11 for none", () => {
    const where = sandbox();
    where.file("a.zip", zip);
    expect(where.run(["l", "-q", "a.zip", "*.txt"]).stdout).toBe("d/a.txt\n");
    expect(where.run(["l", "-q", "a.zip", "d", "-x", "*.txt"]).stdout).toBe("d/\n");
    expect(where.run(["l", "a.zip", "missing"])).toMatchObject({ code: 11, stderr: 'unzipx: cannot select "missing": no entry matches [a.zip]\nhint: unzipx l a.zip\n' });
  });

  it("of some members of a tar tells no ratio: the archive's size is that of all of them", () => {
    const where = sandbox();
    where.file("a.tgz", gzipSync(buildTar([{ name: "a", content: "a" }, { name: "b", content: TEXT }])));
    expect(where.run(["l", "a.tgz"]).stdout).toMatch(/% +2 files$/m);
    expect(where.run(["l", "--info", "a.tgz"]).stdout).toContain("Ratio:");
    for (const view of [[], ["--info"]]) expect(where.run(["l", ...view, "a.tgz", "a"]).stdout).not.toMatch(/%|Ratio:/);
  });

  it("several archives have a heading each", () => {
    const where = sandbox();
    where.file("a.zip", zip);
    where.file("b.tar", buildTar([{ name: "in b" }]));
    const { stdout, code } = where.run(["list", "a.zip", "b.tar"]);
    expect(code).toBe(0);
    expect(stdout.split("\n")).toEqual(expect.arrayContaining(["a.zip", "b.tar"]));
  });

  it("marks what x would refuse, with the reason, and counts it; JSON has the code", () => {
    const where = sandbox();
    where.file("a.zip", buildZip([{ name: "../evil" }, { name: "ok", content: "x" }, { name: "out", content: "/etc", mode: 0o120777 }, { name: "in", content: "ok", mode: 0o120777 }]));
    const lines = where.run(["l", "a.zip"]).stdout.trimEnd().split("\n");
    expect(lines[1]).toMatch(/ \.\.\/evil {2}✗ it climbs out with "\.\."$/);
    expect(lines[2]).toMatch(/ ok$/);
    expect(lines[3]).toMatch(/ out -> \/etc {2}✗ its target is an absolute path$/);
    expect(lines[4]).toMatch(/ in -> ok$/);
    expect(lines[5]).toMatch(/2 files, 2 links; x refuses 2$/);
    const { archives } = JSON.parse(where.run(["l", "--json", "a.zip"]).stdout) as { archives: { entries: { refused?: object }[] }[] };
    expect(archives[0]!.entries.map(({ refused }) => refused)).toEqual([
      { code: "UNSAFE_PATH", message: 'Refused an entry: it climbs out with ".."' }, undefined, { code: "UNSAFE_LINK", message: "Refused a link: its target is an absolute path" }, undefined,
    ]);
  });

  it("names what extracting would refuse, as it stands in the archive", () => {
    const where = sandbox();
    where.file("a.tar", buildTar([{ name: "../evil" }, { name: "/abs" }]));
    expect(where.run(["l", "-q", "a.tar"])).toMatchObject({ code: 0, stdout: "../evil\n/abs\n" });
  });

  it("of a single compressed file has a size that only decoding would tell", () => {
    const where = sandbox();
    where.file("notes.txt.gz", gzipSync(TEXT));
    const { code, stdout } = where.run(["l", "notes.txt.gz"]);
    expect(code).toBe(0);
    expect(stdout).toContain("notes.txt");
  });

  it("does not decode what it lists: damaged content is no trouble", () => {
    const where = sandbox();
    where.file("a.zip", buildZip([{ name: "a", content: "x", local: { crc32: 1 }, central: { crc32: 1 } }]));
    expect(where.run(["l", "a.zip"]).code).toBe(0);
  });

  it("shows many entries quickly and whole", () => {
    const where = sandbox();
    where.file("a.zip", buildZip(Array.from({ length: 5000 }, (_, at) => ({ name: `entry ${at}` }))));
    expect(where.run(["l", "-q", "a.zip"]).stdout.split("\n")).toHaveLength(5001);
  });
});
