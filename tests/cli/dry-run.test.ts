import { chmodSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { buildTar, buildZip, FLAG_ENCRYPTED, MTIME } from "../helpers/build.ts";
import { isRoot, isWindows, sandbox, type Sandbox } from "../helpers/cli.ts";

interface Row {
  readonly path: string;
  readonly action: string;
  readonly destination?: string;
  readonly size?: number;
  readonly reason?: { readonly code: string };
}

interface Plan {
  readonly code: number | null;
  readonly rows: readonly Row[];
  readonly stdout: string;
  readonly stderr: string;
}

/** The plan, of which nothing is written. */
function plan(where: Sandbox, args: readonly string[]): Plan {
  const before = where.tree();
  const text = where.run(["x", "--dry-run", ...args]);
  const json = where.run(["x", "--dry-run", "--json", ...args]);
  expect(where.tree()).toEqual(before);
  expect(json.code).toBe(text.code);
  const document = JSON.parse(json.stdout) as { exitCode: number; archives: { dryRun: boolean; entries: Row[] }[] };
  expect([document.exitCode, document.archives.every(({ dryRun }) => dryRun)]).toEqual([text.code, true]);
  return { code: text.code, rows: document.archives.flatMap(({ entries }) => entries), stdout: text.stdout, stderr: text.stderr };
}

const items = [{ name: "d/", type: "5" }, { name: "d/a", content: "aa" }, { name: "b", content: "b" }];
const archives: [name: string, bytes: Uint8Array][] = [["a.zip", buildZip([{ name: "d/" }, { name: "d/a", content: "aa" }, { name: "b", content: "b" }])], ["a.tar", buildTar(items)]];

describe("x --dry-run", () => {
  for (const [name, bytes] of archives) {
    it(`tells of ${name} what would be made where, and makes nothing`, () => {
      const where = sandbox();
      where.file(name, bytes);
      const { code, rows, stdout, stderr } = plan(where, [name]);
      expect(code).toBe(0);
      expect(rows).toEqual([
        { path: "d/", type: "directory", action: "create", destination: join(where.folder, "a/d") },
        { path: "d/a", type: "file", size: 2, action: "create", destination: join(where.folder, "a/d/a") },
        { path: "b", type: "file", size: 1, action: "create", destination: join(where.folder, "a/b") },
      ]);
      expect(stdout.split("\n")[1]).toMatch(/^create +2 B {2}d\/a$/);
      expect(stderr).toContain("would extract 2 files, 3 B into a; exit code 0; nothing was written");
    });
    for (const [flags, action, existing] of [[["-f"], "replace", "d/a"], [["-n"], "keep", "d/a"], [["--overwrite", "rename"], "rename", "d/a"], [["-u"], "keep", "d/a"], [["--overwrite", "fail"], "refuse", "d/a"], [[], "refuse", "d/a"], [["-f"], "refuse", "b/"]] as const) {
      it(`tells of ${name} what ${flags.join(" ") || "no flag"} does about ${existing}, and ends as the run does`, () => {
        const where = sandbox();
        where.file(name, bytes);
        const file = where.file(`out/${existing === "b/" ? "b/mine" : existing}`, "mine");
        utimesSync(file, MTIME + 100_000_000, MTIME + 100_000_000);
        const { code, rows } = plan(where, [name, "-C", "out", ...flags]);
        expect(rows.find(({ path }) => `${path}/` === existing || path === existing)?.action).toBe(action);
        if (action === "rename") expect(rows[1]!.destination).toBe(join(where.folder, "out/d/a (1)"));
        if (existing === "d/a") expect(rows[0]).toMatchObject({ path: "d/", action: "keep" });
        expect(where.run(["x", name, "-C", "out", ...flags]).code).toBe(code);
      });
    }
    it(`names every file of ${name} that is in the way, and not only the first`, () => {
      const where = sandbox();
      where.file(name, bytes);
      where.file("out/b", "mine");
      where.file("out/d/a", "mine");
      const { code, rows, stderr } = plan(where, [name, "-C", "out"]);
      expect([code, rows.filter(({ action }) => action === "refuse").map(({ path, reason }) => `${path} ${reason?.code}`)]).toEqual([5, ["d/a CONFLICT", "b CONFLICT"]]);
      expect(stderr).toContain("hint: -f to replace");
    });
    for (const [flags, destination] of [[["-j"], "out/a"], [["--strip-components", "1"], "out/a"], [["--transform", "s/a$/A/"], "out/d/A"]] as const) {
      it(`tells the new names of ${name} with ${flags.join(" ")}`, () => {
        const where = sandbox();
        where.file(name, bytes);
        const { rows, stdout } = plan(where, [name, "-C", "out", ...flags]);
        expect(rows[1]!.destination).toBe(join(where.folder, destination));
        expect(stdout).toContain(`d/a → ${destination.slice(4)}`);
        if (flags[0] === "--strip-components") expect(rows[2]).toMatchObject({ action: "skip", reason: { code: "ODDITY" } });
      });
    }
  }
  it("the root folder that auto leaves out does not show in the places", () => {
    const where = sandbox();
    where.file("a.tar", buildTar([{ name: "top/", type: "5" }, { name: "top/x", content: "x" }]));
    expect(plan(where, ["a.tar", "-C", "out", "--strip-components", "auto"]).rows[1]).toMatchObject({ action: "create", destination: join(where.folder, "out/x") });
  });
  it.skipIf(isWindows)("what would be refused is told with why, and a new folder would not be made then", () => {
    const where = sandbox();
    where.file("a.tar", buildTar([{ name: "../evil", content: "x" }, { name: "out", type: "2", link: "../.." }, { name: "ok", content: "x" }, { name: "pipe", type: "6" }]));
    const { code, rows, stdout, stderr } = plan(where, ["a.tar"]);
    expect([code, rows.map(({ path, action, reason }) => `${action} ${path} ${reason?.code ?? ""}`)]).toEqual([6, ["refuse ../evil UNSAFE_PATH", "refuse out UNSAFE_LINK", "create ok ", "refuse pipe SPECIAL_FILE"]]);
    expect(stdout).toContain('../evil: it climbs out with ".."');
    expect(stderr).toContain("would extract nothing, since a new folder appears whole or not at all");
    expect(where.run(["x", "a.tar"]).code).toBe(6);
  });
  it("of a file that a tar holds twice only the later one comes, and members that are not wanted do not show", () => {
    const where = sandbox();
    where.file("a.tar", buildTar([{ name: "x", content: "old" }, { name: "x", content: "newer" }, { name: "y", content: "y" }]));
    expect(plan(where, ["a.tar", "x"]).rows.map(({ action, size }) => [action, size])).toEqual([["skip", 3], ["create", 5]]);
  });
  it("links are left out with --links skip", () => {
    const where = sandbox();
    where.file("a.tar", buildTar([{ name: "x", content: "x" }, { name: "l", type: "2", link: "x" }]));
    expect(plan(where, ["a.tar", "--links", "skip"]).rows.map(({ action }) => action)).toEqual(["create", "skip"]);
  });
  for (const [what, args, code] of [["a limit of bytes", ["--max-size", "2"], 12], ["a limit of entries", ["--max-files", "1"], 12], ["a name that is nowhere", ["nothing"], 11]] as const) {
    it(`ends as the run does: ${what}`, () => {
      for (const [name, bytes] of archives) {
        const where = sandbox();
        where.file(name, bytes);
        expect(plan(where, [name, "-C", "out", ...args]).code).toBe(code);
        expect(where.run(["x", name, "-C", "out", ...args]).code).toBe(code);
      }
    });
  }
  it("ends as the run does: headers that disagree, an archive that is cut off, one that is none, a folder that nobody may write to", () => {
    const where = sandbox();
    where.file("lie.zip", buildZip([{ name: "a", content: "a", local: { name: "b" } }]));
    where.file("cut.tar", archives[1]![1].subarray(0, 1700));
    where.file("none.zip", "no archive at all");
    for (const [name, code] of [["lie.zip", 6], ["cut.tar", 51], ["none.zip", 81]] as const) expect([plan(where, [name, "-C", "out"]).code, where.run(["x", name, "-C", "out"]).code], name).toEqual([code, code]);
    if (isRoot || isWindows) return;
    where.file("a.zip", archives[0]![1]);
    where.file("locked/x", "");
    chmodSync(join(where.folder, "locked"), 0o555);
    expect([plan(where, ["a.zip", "-C", "locked"]).code, where.run(["x", "a.zip", "-C", "locked"]).code]).toEqual([2, 2]);
  });
  it("decodes nothing, so damage to the content is not known", () => {
    const where = sandbox();
    const bytes = buildZip([{ name: "d", content: "content" }]);
    bytes[bytes.indexOf("content")]! ^= 1;
    where.file("a.zip", bytes);
    expect([plan(where, ["a.zip"]).code, where.run(["x", "a.zip"]).code]).toEqual([0, 3]);
    where.file("locked.zip", buildZip([{ name: "a", content: "a", flags: FLAG_ENCRYPTED }]));
    expect(plan(where, ["locked.zip"]).rows).toHaveLength(1);
  });
  it("does not ask, and says where the run would", () => {
    const where = sandbox();
    where.file("a.zip", archives[0]![1]);
    where.file("out/b", "mine");
    expect(plan(where, ["a.zip", "-C", "out", "-y"]).rows[2]).toMatchObject({ action: "replace" });
  });
  it("--delete-source deletes nothing then; -O and -R are exit 7, with what to type instead", () => {
    const where = sandbox();
    where.file("a.zip", archives[0]![1]);
    expect(plan(where, ["a.zip", "--delete-source"]).code).toBe(0);
    for (const [flag, hint] of [["-O", "unzipx l ARCHIVE"], ["-R", "unzipx l -R ARCHIVE"]] as const) {
      const { code, stderr } = where.run(["x", "--dry-run", flag, "a.zip"]);
      expect([code, stderr.includes(`hint: ${hint}`)]).toEqual([7, true]);
    }
  });
});
