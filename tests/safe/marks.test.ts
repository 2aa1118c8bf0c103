/** The mark of the web, and macOS' quarantine: carried from an archive to all that was in it, with the systems played by the tests. */
import { existsSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Markable } from "../../src/safe/markable.ts";
import { windowsMarks, type Marks, type MarkSystem } from "../../src/safe/marks.ts";
import { quarantine } from "../../src/safe/quarantine.ts";
import { buildTar, buildZip } from "../helpers/build.ts";
import { sandbox } from "../helpers/cli.ts";
import { unpack } from "../helpers/library.ts";

const ZONE = Buffer.from("[ZoneTransfer]\r\nZoneId=3\r\nReferrerUrl=https://example.org/\r\nHostUrl=https://example.org/a.zip\r\n");

/** Keeps marks by path, as a file system would beside the content. */
function remembering(marked: (path: string) => boolean, fails: (path: string) => boolean = () => false): { marks: Marks; written: Map<string, string>; visible: boolean[] } {
  const written = new Map<string, string>();
  const visible: boolean[] = [];
  return {
    written, visible,
    marks: {
      read: (path) => (marked(path) ? ZONE : undefined),
      write(targets, mark) {
        for (const { path, isFolder } of targets) {
          visible.push(!path.includes(".partial") && !path.startsWith("/proc/"));
          if (!isFolder && !fails(path)) written.set(path.replace(/^.*?\.partial\/|^\/proc\/self\/fd\/\d+\//, ""), Buffer.concat([mark, existsSync(path) ? readFileSync(path) : Buffer.from("missing")]).toString());
        }
        return targets.filter(({ path }) => fails(path)).length;
      },
    },
  };
}

describe("the mark of an archive", () => {
  const tar = buildTar([{ name: "d/a.exe", content: "A" }, { name: "b", content: "B" }, { name: "l", type: "2", link: "b" }, { name: "h", type: "1", link: "b" }, { name: "../evil", content: "x" }]);
  const archives: Record<string, Uint8Array> = { "a.tar": tar, "a.tar.gz": gzipSync(tar), "a.zip": buildZip([{ name: "d/a.exe", content: "A" }, { name: "b", content: "B" }, { name: "../evil" }]) };
  for (const [name, bytes] of Object.entries(archives)) {
    it(`goes to every file of a ${name.slice(2)}, whole, while nobody can see them yet`, async () => {
      const { marks, written, visible } = remembering((path) => path.endsWith(name));
      const { contents } = await unpack(bytes, { name, marks });
      expect(Object.fromEntries(written)).toEqual({ "d/a.exe": `${ZONE.toString()}A`, b: `${ZONE.toString()}B` });
      expect([contents["d/a.exe"], contents["b"], visible.includes(true)]).toEqual(["A", "B", false]);
    });
  }
  it("goes through archives inside archives", async () => {
    const { marks, written } = remembering(() => true);
    const { code } = await unpack(buildZip([{ name: "in/deep.tar", content: buildTar([{ name: "x/deepest.zip", content: buildZip([{ name: "setup.exe", content: "S" }]) }, { name: "y", content: "Y" }]) }]), { name: "a.zip", marks, levels: 8 });
    expect([code, [...written.keys()].map((path) => path.split("/").at(-1)).sort()]).toEqual([0, ["setup.exe", "y"]]);
  });
  it("is not made up: files of an archive without one get none", async () => {
    const { marks, written } = remembering(() => false);
    expect((await unpack(tar, { name: "a.tar", marks })).contents["b"]).toBe("B");
    expect(written.size).toBe(0);
  });
  it("that cannot be given to a file is a warning, and the file is there", async () => {
    const { marks } = remembering(() => true, (path) => path.endsWith("/b"));
    const { code, warnings, contents } = await unpack(buildTar([{ name: "a", content: "A" }, { name: "b", content: "B" }]), { name: "a.tar", marks });
    expect([code, contents, warnings]).toEqual([0, { a: "A", b: "B" }, [expect.stringContaining("Could not mark one file")]]);
  });
  it("of any part of a set is enough", async () => {
    const { marks, written } = remembering((path) => path.endsWith(".002"));
    const bytes = buildZip([{ name: "a", content: "A" }, { name: "b", content: "B" }]);
    const where = sandbox();
    const folder = where.file("set/a.zip.001", bytes.subarray(0, 60)).replace(/a\.zip\.001$/, "");
    where.file("set/a.zip.002", bytes.subarray(60));
    const { extract } = await import("../../src/core/extract.ts");
    const { EVERYTHING } = await import("../../src/core/select.ts");
    const { DEFAULT_POLICY } = await import("../../src/safe/policy.ts");
    await extract(`${folder}a.zip.001`, { directory: `${folder}out`, into: "directory", ownName: "own", policy: DEFAULT_POLICY, selection: EVERYTHING, threads: 1, reporter: {}, marks });
    expect([...written.keys()].sort()).toEqual(["a", "b"]);
  });
  it("is nobody's business on Linux: without a system that keeps marks nothing is read", async () => {
    const where = sandbox();
    where.file("a.tar", buildTar([{ name: "b", content: "B" }, { name: "c", content: "C" }]));
    where.file("a.tar:Zone.Identifier", ZONE);
    where.run(["x", "a.tar", "-C", "out"]);
    expect(Object.keys(where.contents("out")).filter((name) => name.includes("Zone"))).toEqual([]);
  });
});

const one = (path: string, more: Partial<Markable> = {}): Markable => ({ path, isFolder: false, mode: 0o644, mtime: undefined, ...more });

describe("on Windows", () => {
  function system(files: Record<string, Uint8Array>, cannot: (path: string) => boolean = () => false): { calls: string[]; system: MarkSystem } {
    const calls: string[] = [];
    return {
      calls,
      system: {
        read(path, most) {
          if (files[path] === undefined) throw new Error("ENOENT");
          return files[path].subarray(0, most);
        },
        write(path, bytes) {
          if (cannot(path)) throw new Error("EACCES");
          calls.push(`write ${path} ${bytes.length}`);
        },
        chmod: (path, mode) => void calls.push(`chmod ${path} ${mode.toString(8)}`),
        utimes: (path, mtime) => void calls.push(`utimes ${path} ${mtime}`),
      },
    };
  }
  it("the whole stream is copied, and the time set again behind it", () => {
    const { calls, system: played } = system({ "C:\\a.zip:Zone.Identifier": ZONE });
    const marks = windowsMarks(played);
    expect(marks.read("C:\\a.zip")).toEqual(ZONE);
    expect(marks.read("C:\\b.zip")).toBeUndefined();
    expect(marks.write([one("C:\\out\\x", { mtime: 1000 }), one("C:\\out", { isFolder: true })], ZONE)).toBe(0);
    expect(calls).toEqual([`write C:\\out\\x:Zone.Identifier ${ZONE.length}`, "utimes C:\\out\\x 1000"]);
  });
  it("a file that may not be written to is made writable for the moment", () => {
    const { calls, system: played } = system({});
    expect(windowsMarks(played).write([one("x", { mode: 0o444 })], ZONE)).toBe(0);
    expect(calls).toEqual(["chmod x 666", `write x:Zone.Identifier ${ZONE.length}`, "chmod x 444"]);
  });
  it("a mark larger than any is one all the same: the zone alone is carried", () => {
    const { system: played } = system({ "a:Zone.Identifier": Buffer.alloc(1 << 20) });
    expect(Buffer.from(windowsMarks(played).read("a")!).toString()).toBe("[ZoneTransfer]\r\nZoneId=3\r\n");
  });
  it("files that take none are counted, and the next one is tried", () => {
    const { system: played } = system({}, (path) => path.startsWith("x"));
    expect(windowsMarks(played).write([one("x"), one("y"), one("x2")], ZONE)).toBe(2);
  });
});

describe("on macOS", () => {
  it("the attribute is read and written by the system's program, for many files at once", () => {
    const runs: (readonly string[])[] = [];
    const marks = quarantine({ run: (words) => (runs.push(words), words[0] === "-px" ? "30 30 38 31\n3B 41" : ""), chmod() {} });
    const mark = marks.read("/a.zip")!;
    expect(Buffer.from(mark).toString()).toBe("0081;A");
    const targets = Array.from({ length: 5000 }, (_, i) => one(`/out/${"n".repeat(60)}-${i}`, { isFolder: i % 10 === 0 }));
    expect(marks.write(targets, mark)).toBe(0);
    expect(runs[1]!.slice(0, 3)).toEqual(["-wx", "com.apple.quarantine", "303038313b41"]);
    expect(runs.slice(1).flatMap((words) => words.slice(3))).toEqual(targets.map(({ path }) => path));
    expect(runs.length).toBeLessThan(10);
  });
  it("no attribute, an endless one, or no such program is no mark", () => {
    expect(quarantine({ run: () => undefined, chmod() {} }).read("/a")).toBeUndefined();
    expect(quarantine({ run: () => "00".repeat(100_000), chmod() {} }).read("/a")).toBeUndefined();
    expect(quarantine({ run: () => "no hex", chmod() {} }).read("/a")).toBeUndefined();
  });
  it("where a batch fails each file is tried, and made writable for the moment", () => {
    const locked = new Set(["/locked"]);
    const modes: string[] = [];
    const marks = quarantine({
      run: (words) => (words.slice(3).some((path) => locked.has(path) || path === "/never") ? undefined : ""),
      chmod(path, mode) {
        modes.push(`${path} ${mode.toString(8)}`);
        locked.delete(path);
      },
    });
    expect(marks.write([one("/a"), one("/locked", { mode: 0o444 }), one("/never"), one("/b")], ZONE)).toBe(1);
    expect(modes).toEqual(["/locked 644", "/locked 444", "/never 644", "/never 644"]);
  });
});
