/** What the flags of l show. */
import { gzipSync } from "node:zlib";
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { modeOf } from "../../src/cli/list-long.ts";
import { tree } from "../../src/cli/list-tree.ts";
import type { ListedEntry, Listing } from "../../src/core/list.ts";
import { buildTar, buildZip, DEFLATE, FLAG_ENCRYPTED, FLAG_UTF8, MTIME, paxHeader, timeExtra } from "../helpers/build.ts";
import { sandbox, sha256 } from "../helpers/cli.ts";
import { has, run } from "../helpers/tools.ts";

const TEXT = "text ".repeat(100);
const UTC = { env: { TZ: "UTC" } };
const zip = buildZip([
  { name: "d/", mode: 0o040755 }, { name: "d/b.txt", content: TEXT, method: DEFLATE, mode: 0o104755, extra: timeExtra(MTIME) },
  { name: "a", content: "x".repeat(600), mode: 0o100640, extra: timeExtra(MTIME + 86_400) }, { name: "l", content: "d/b.txt", mode: 0o120777 },
], { comment: "the comment" });

describe("l --long", () => {
  it("shows mode, size, packed size, method, time and name, a total and the comment", () => {
    const where = sandbox();
    where.file("a.zip", zip);
    const { code, stdout, stderr } = where.run(["l", "-l", "a.zip"], UTC);
    expect([code, stderr]).toEqual([0, ""]);
    const lines = stdout.trimEnd().split("\n");
    expect(lines[0]).toMatch(/^Mode +Size +Packed +Method +Modified +Name$/);
    expect(lines[1]).toMatch(/^drwxr-xr-x +- +store .* d\/$/);
    expect(lines[2]).toMatch(/^-rwsr-xr-x +500 +\d+ +deflate +2024-02-03 04:05 +d\/b\.txt$/);
    expect(lines[4]).toMatch(/^lrwxrwxrwx .* l -> d\/b\.txt$/);
    expect(lines.slice(5)).toEqual(["2 files, 1 folder, 1 link", "Comment: the comment"]);
  });
  it("shows whose the entries were, where the archive knows it, by name before number", () => {
    const where = sandbox();
    where.file("a.tar", buildTar([paxHeader({ uname: "ana", gid: "1234" }), { name: "a", content: "x", mode: 0o644 }]));
    expect(where.run(["l", "--long", "a.tar"]).stdout).toMatch(/^-rw-r--r-- +ana\/1234 +1 /m);
    expect(where.run(["l", "--json", "a.tar"]).stdout).toContain('"user": "ana"');
  });
  it("writes modes as ls does", () => {
    expect([["file", 0o644], ["directory", 0o1777], ["file", 0o6755], ["file", 0o7000], ["hardlink", 0o600], ["special", undefined]].map(([type, mode]) => modeOf(type as "file", mode as number | undefined)))
      .toEqual(["-rw-r--r--", "drwxrwxrwt", "-rwsr-sr-x", "---S--S--T", "hrw-------", "??????????"]);
  });
});

describe("l --tree", () => {
  it("shows folders once, also those that only stand in paths, and what x would refuse", () => {
    const where = sandbox();
    where.file("a.tar", buildTar([{ name: "d/e/one", content: "x" }, { name: "top" }, { name: "d/two" }, { name: "d/", type: "5" }, { name: "../evil" }, { name: "/abs" }]));
    const { stdout, code } = where.run(["l", "--tree", "a.tar"]);
    expect(code).toBe(0);
    expect(stdout.split("\n")).toEqual([
      "a.tar",
      "├── d/",
      "│   ├── e/",
      "│   │   └── one",
      "│   └── two",
      "├── top",
      "├── ../",
      '│   └── evil  ✗ it climbs out with ".."',
      "└── /",
      "    └── abs  ✗ it is an absolute path",
      "",
      "5 files, 1 folder; x refuses 2",
      "",
    ]);
  });
  it("is sorted within the folders", () => {
    const where = sandbox();
    where.file("a.tar", buildTar([{ name: "d/z" }, { name: "d-b" }, { name: "d/a" }]));
    expect(where.run(["l", "--tree", "--sort", "name", "a.tar"]).stdout.split("\n").slice(1, 5)).toEqual(["├── d/", "│   ├── a", "│   └── z", "└── d-b"]);
  });
  it("does not grow with the square of a path's depth", () => {
    const path = "a/".repeat(20_000);
    const listing = { entries: [{ path, type: "directory", encrypted: false } as ListedEntry], comment: undefined, summary: { archive: "a.tar", files: 0, directories: 1, links: 0 } } as unknown as Listing;
    const same = (text: string): string => text;
    const text = [...tree(listing, { byName: false, bold: same, dim: same })].join("");
    expect(text.length).toBeLessThan(path.length + 64 * 64 * 4 + 200);
    expect(text).toContain("a/".repeat(19_000));
  });
});

describe("l --names and --null", () => {
  const odd = ["plain", "new\nline", "tab\t\x1b[31m", "::error::x", "-dash", "ünï"];
  const archive = buildTar(odd.flatMap((name) => [paxHeader({ path: name }), { name: "x", content: "x" }]));
  it("-1 is a line for each name, escaped, and several archives have no heading", () => {
    const where = sandbox();
    where.file("a.tar", archive);
    where.file("b.zip", zip);
    expect(where.run(["l", "-1", "a.tar", "b.zip"]).stdout).toBe("plain\nnew\\x0aline\ntab\\x09\\x1b[31m\n\\x3a:error::x\n./-dash\nünï\nd/\nd/b.txt\na\nl\n");
  });
  it("-0 has each name exact, with a NUL behind it", () => {
    const where = sandbox();
    where.file("a.tar", archive);
    for (const flags of [["-0"], ["-1", "-0"], ["--null"]]) expect(where.run(["l", ...flags, "a.tar"]).bytes.toString()).toBe(odd.map((name) => `${name}\0`).join(""));
  });
  it.skipIf(!has("script"))("-0 is escaped all the same where a terminal would get it (needs script)", () => {
    const where = sandbox();
    where.file("a.tar", archive);
    const command = `${process.execPath} ${JSON.stringify(new URL("../../bin/unzipx.js", import.meta.url).pathname)} l -0 a.tar`;
    const shown = spawnSync("script", ["-qec", command, "/dev/null"], { cwd: where.folder, env: { ...process.env, UNZIPX_ACCEPT_TERMS: "1" } }).stdout.toString();
    expect(shown).toContain("tab\\x09\\x1b[31m");
    expect(shown).not.toContain("\x1b[31m");
  });
  it("with --long, --tree or --info it is a contradiction", () => {
    const where = sandbox();
    where.file("a.zip", zip);
    for (const flag of ["--long", "--tree", "--info"]) expect(where.run(["l", "-0", flag, "a.zip"]).code).toBe(7);
    expect(where.run(["l", "-1", "--tree", "a.zip"])).toMatchObject({ code: 7, stdout: "" });
    expect(where.run(["l", "--tree", "--json", "a.zip"]).code).toBe(7);
  });
});

describe("l --sort", () => {
  const archive = buildZip([
    { name: "b", content: "x".repeat(10), extra: timeExtra(MTIME) }, { name: "c/", extra: timeExtra(MTIME + 9000) }, { name: "a", content: TEXT, method: DEFLATE, extra: timeExtra(MTIME + 60) }, { name: "empty" },
  ]);
  for (const [by, names] of [["name", "a b c/ empty"], ["size", "a b empty c/"], ["date", "c/ a b empty"], ["ratio", "a b c/ empty"]] as const) {
    it(by, () => {
      const where = sandbox();
      where.file("a.zip", archive);
      expect(where.run(["l", "-1", "--sort", by, "a.zip"], UTC).stdout.trim().split("\n").join(" ")).toBe(names);
      const { archives } = JSON.parse(where.run(["l", "--json", "--sort", by, "a.zip"]).stdout) as { archives: [{ entries: { path: string }[] }] };
      expect(archives[0].entries.map(({ path }) => path).join(" ")).toBe(names);
    });
  }
});

describe("l --info", () => {
  it("tells of the archive and not of its entries", () => {
    const where = sandbox();
    where.file("a.zip", zip);
    const { stdout, code } = where.run(["l", "--info", "a.zip"], UTC);
    expect(code).toBe(0);
    const rows = Object.fromEntries(stdout.trimEnd().split("\n").map((line) => line.split(/: +/) as [string, string]));
    expect(rows).toMatchObject({
      "Archive": "a.zip", "Format": "zip", "Entries": "2 files, 1 folder, 1 link", "Methods": "deflate (1), store (1)", "Encryption": "none", "Solid": "no", "Names": "UTF-8", "Comment": "the comment",
    });
    expect(rows["Content"]).toMatch(/^1,107 bytes/);
    expect(stdout).not.toContain("b.txt");
  });
  it("as JSON too, without the entries", () => {
    const where = sandbox();
    where.file("a.zip", buildZip([{ name: "s", content: "x".repeat(13), flags: FLAG_ENCRYPTED, central: { size: 1 }, local: { size: 1 } }, { name: "../e" }]));
    const { archives: [archive] } = JSON.parse(where.run(["l", "--info", "--json", "a.zip"]).stdout) as { archives: [Record<string, unknown>] };
    expect(archive["info"]).toMatchObject({ encryption: { ZipCrypto: 1 }, refused: 1 });
    expect(archive).not.toHaveProperty("entries");
  });
  it("a tar behind a filter is solid, and the set of legacy names is told", () => {
    const where = sandbox();
    where.file("a.tgz", gzipSync(buildTar([{ name: "a", content: "x" }])));
    where.file("b.zip", buildZip([{ name: Buffer.from([0xe4, 0xf6, 0xfc]), content: "x" }, { name: Buffer.from("\x81\x82\x94", "latin1"), content: "y" }]));
    expect(where.run(["l", "--info", "a.tgz"]).stdout).toMatch(/^Format: +gzip \+ tar$[^]*^Solid: +yes$/m);
    expect(where.run(["l", "--info", "--encoding", "cp850", "b.zip"]).stdout).toMatch(/^Names: +CP850$/im);
  });
  it.skipIf(!has("7zz"))("a 7z with one block is solid, and names its cipher (needs 7zz)", () => {
    const where = sandbox();
    for (const name of ["a", "b", "c"]) where.file(name, `${name}${TEXT}`);
    run("7zz", ["a", "-bso0", "-bsp0", "-psecret", "a.7z", "a", "b", "c"], { cwd: where.folder });
    const { stdout } = where.run(["l", "--info", "a.7z"]);
    expect(stdout).toMatch(/^Solid: +yes$/m);
    expect(stdout).toMatch(/^Encryption: +AES-256 \(3\)$/m);
  });
});

describe("l --hash", () => {
  const files = { "d/a.txt": TEXT, "new\nline": "line", "back\\slash": "slash", "empty": "" };
  const items = Object.entries(files).map(([name, content]) => ({ name, content }));
  it.skipIf(!has("sha256sum"))("writes lines that sha256sum -c finds true where x unpacked (needs sha256sum)", () => {
    const where = sandbox();
    where.file("a.tar", buildTar([...items, { name: "twice", content: "first" }, { name: "twice", content: "last" }, { name: "../evil", content: "x" }, { name: "l", type: "2", link: "empty" }]));
    where.file("b.tgz", gzipSync(buildTar(items)));
    where.file("c.zip", buildZip([...items.map((item) => ({ ...item, flags: FLAG_UTF8, method: DEFLATE })), { name: "l", content: "empty", mode: 0o120777 }]));
    for (const name of ["a.tar", "b.tgz", "c.zip"]) {
      const { stdout } = where.run(["l", "--hash", "sha256", name]);
      mkdirSync(join(where.folder, `out-${name}`)); // a new one would not appear without "../evil"
      where.run(["x", name, "-C", `out-${name}`]);
      const checked = spawnSync("sha256sum", ["-c", "--strict"], { cwd: `${where.folder}/out-${name}`, input: stdout });
      expect([name, checked.status, checked.stdout.toString().match(/: OK$/gm)?.length]).toEqual([name, 0, name === "a.tar" ? 5 : 4]);
    }
  });
  it("is verified, and part of the JSON", () => {
    const where = sandbox();
    where.file("a.zip", buildZip([{ name: "good", content: "good" }, { name: "bad", content: "x", local: { crc32: 1 }, central: { crc32: 1 } }]));
    const ran = where.run(["l", "--hash", "sha256", "--json", "a.zip"]);
    expect(ran.code).toBe(3);
    const { archives: [archive] } = JSON.parse(ran.stdout) as { archives: [{ entries: { path: string; sha256?: string }[]; failures: { code: string }[] }] };
    expect(archive.entries.map(({ path, sha256: hash }) => [path, hash])).toEqual([["good", sha256(Buffer.from("good"))], ["bad", undefined]]);
    expect(archive.failures).toMatchObject([{ code: "BAD_CHECKSUM" }]);
    expect(where.run(["l", "--hash", "sha256", "a.zip"])).toMatchObject({ code: 3, stdout: `${sha256(Buffer.from("good"))}  good\n` });
  });
  it("reads a pipe, and several archives have a remark each in front", () => {
    const where = sandbox();
    const tar = buildTar([{ name: "a", content: "x" }]);
    where.file("a.tar", tar);
    const line = `${sha256(Buffer.from("x"))}  a\n`;
    expect(where.run(["l", "--hash", "sha256", "-"], { input: gzipSync(tar) }).stdout).toBe(line);
    expect(where.run(["l", "--hash", "sha256", "a.tar", "-"], { input: tar }).stdout).toBe(`# a.tar\n${line}# -\n${line}`);
    expect(where.run(["l", "--hash", "sha256", "-0", "a.tar"]).stdout).toBe(line.replace("\n", "\0"));
  });
  it("looks into archives inside, each of which has a digest of its own; marks what x refuses", () => {
    const where = sandbox();
    const inner = buildZip([{ name: "x.txt", content: "inside" }]);
    for (const [name, bytes] of [["a.tar", buildTar([{ name: "in.zip", content: inner }, { name: "../evil", content: "e" }])], ["a.zip", buildZip([{ name: "in.zip", content: inner }, { name: "../evil", content: "e" }])]] as const) {
      where.file(name, bytes);
      const { archives: [{ entries }] } = JSON.parse(where.run(["l", "-R", "--hash", "sha256", "--json", name]).stdout) as { archives: [{ entries: { path: string; sha256: string; refused?: { code: string } }[] }] };
      expect(Object.fromEntries(entries.map(({ path, sha256: hash }) => [path, hash]))).toEqual({ "in.zip": sha256(inner), "in.zip/x.txt": sha256(Buffer.from("inside")), "../evil": sha256(Buffer.from("e")) });
      expect(entries.find(({ path }) => path === "../evil")!.refused).toMatchObject({ code: "UNSAFE_PATH" });
    }
  });
  it("is the same for any number of threads", () => {
    const where = sandbox();
    where.file("a.zip", buildZip(Array.from({ length: 400 }, (_, at) => ({ name: `f${at}`, content: `${at}`.repeat(2000), method: DEFLATE }))));
    const one = where.run(["l", "--hash", "sha256", "--threads", "1", "a.zip"]).stdout;
    expect(one.split("\n")).toHaveLength(401);
    expect(where.run(["l", "--hash", "sha256", "--threads", "4", "a.zip"]).stdout).toBe(one);
  });
  it("has the limits of t", () => {
    const where = sandbox();
    where.file("a.zip", buildZip([{ name: "a", content: TEXT }]));
    expect(where.run(["l", "--hash", "sha256", "--max-size", "100", "a.zip"]).code).toBe(12);
  });
});
