/** The parts of bench/ that can be wrong without anybody seeing it: no times. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "unzipx-bench-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// JavaScript without declarations: by a path that the compiler does not follow.
const part = (name: string) => import(join(root, "bench", name));
const { entriesOf, writeTar, writeZip } = await part("entries.mjs");
const { digestEntries, digestTree } = await part("digest.mjs");
const { judge } = await part("goals.mjs");
const { groups } = await part("rows.mjs");
const { benchmarksOf } = await part("readme.mjs");

test("the README's section of benchmarks is made from the results that it names", () => {
  const printed = execFileSync(process.execPath, [join(root, "bench/readme.mjs")], { encoding: "utf8" });
  expect(benchmarksOf(readFileSync(join(root, "README.md"), "utf8"))).toBe(printed.trimEnd());
});

describe("archives of entries that were never files", () => {
  // More than 65,535, so that the zip needs zip64's end record.
  const COUNT = 66_000;
  const TOOLS = [
    { tool: "unzip", make: writeZip, archive: "e.zip", list: ["-Z1", "e.zip"], extract: (into: string) => ["-q", "e.zip", "-d", into] },
    { tool: "tar", make: writeTar, archive: "e.tar", list: ["-tf", "e.tar"], extract: (into: string) => ["-xf", "e.tar", "-C", into, "--no-same-owner"] },
  ];

  for (const { tool, make, archive, list, extract } of TOOLS) {
    test.skipIf(spawnSync(tool, ["--help"]).error !== undefined)(`${tool} lists all of them (skipped without it)`, () => {
      make(join(folder, archive), entriesOf("e", COUNT));
      const names = execFileSync(tool, list, { cwd: folder, encoding: "utf8", maxBuffer: 1 << 26 }).trimEnd().split("\n");
      expect(names).toHaveLength(COUNT);
    });

    test.skipIf(spawnSync(tool, ["--help"]).error !== undefined)(`${tool} unpacks what digestEntries() promises (skipped without it)`, () => {
      make(join(folder, archive), entriesOf("e", 1500));
      mkdirSync(join(folder, tool));
      execFileSync("sh", ["-c", 'umask 022; exec "$@"', "sh", tool, ...extract(tool)], { cwd: folder });
      const options = { modes: true };
      expect(digestTree(join(folder, tool, "e"), options)).toBe(digestEntries(entriesOf("e", 1500), options));
    });
  }
});

describe("judge()", () => {
  const run = (name: string, median: number, outputBytes?: number, peak?: number) => ({ tool: name === "unzipx" ? name : name.split(" ")[0], name, median, outputBytes, peak });

  test("compares with the peers that a goal names", () => {
    const goals = judge("zip-extract-small", [run("unzipx", 0.5, undefined, 1e8), run("bsdtar", 1), run("unzip", 1)]);
    expect(goals).toMatchObject([
      { what: "time", against: "bsdtar", value: 0.5, reached: true }, { what: "time", against: "unzip", value: 0.5, reached: false }, { what: "memory", reached: true },
    ]);
  });

  test("takes the fastest where any peer counts", () => {
    expect(judge("zip-extract-huge", [run("unzipx", 1), run("a", 4), run("b", 1.5)])).toMatchObject([{ value: 1 / 1.5, reached: false }]);
  });

  test("reaches nothing without somebody to compare with", () => {
    const [goal] = judge("rar-extract", [run("unzipx", 1), run("7zz", 4)]);
    expect(goal.reached).toBeUndefined();
  });

  test("holds sizes against the same level", () => {
    expect(judge("zip-create-9", [run("unzipx", 1, 102), run("zip -9", 1, 100)])).toMatchObject([{ what: "size", value: 1.02, reached: false }]);
  });
});

test.each([true, false])("every goal names a contender of its row (quick: %s)", (quick) => {
  const rows: { id: string; contenders: { name: string }[] }[] = groups({ quick, sparseGigabytes: 1 }).flatMap((group: { rows: unknown[] }) => group.rows);
  expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
  for (const { id, contenders } of rows) {
    const names = contenders.map(({ name }) => name);
    expect(new Set(names).size, id).toBe(names.length);
    const runs = names.map((name) => ({ tool: name === "unzipx" ? name : "peer", name, median: 1, outputBytes: 1 }));
    for (const goal of judge(id, runs)) expect(goal.reached, `${id}: ${goal.against}`).toBeDefined();
  }
});
