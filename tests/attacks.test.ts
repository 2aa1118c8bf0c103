/** docs/ATTACKS.md: no attack loses its row, and no row its tests. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");
const table = readFileSync(join(root, "docs/ATTACKS.md"), "utf8");
/** Attacks that there are in each group; a new one goes behind the last. */
const GROUPS = { A: 29, B: 20, C: 14, D: 12, E: 15 };

const rows = [...table.matchAll(/^\| ([A-E]\d+) \| (.+) \| (.+) \| (.+) \|$/gm)].map(([, id, attack, answer, tests]) => ({ id: id!, attack: attack!, answer: answer!, tests: tests!.split("<br>") }));

it("every attack has one row", () => {
  expect(rows.map(({ id }) => id)).toEqual(Object.entries(GROUPS).flatMap(([group, many]) => Array.from({ length: many }, (_, at) => `${group}${at + 1}`)));
});

describe("the tests of an attack are there:", () => {
  it.each(rows)("$id $attack", ({ tests }) => {
    for (const reference of tests) {
      const [, file, name] = /^`(tests\/[^`]+)` (.+)$/.exec(reference) ?? [];
      expect(file, `a file in "${reference}"`).toBeDefined();
      expect(existsSync(join(root, file!)), `${file} is there`).toBe(true);
      // As it stands in the file: of a test that is made for many cases the name's pattern.
      expect(readFileSync(join(root, file!), "utf8"), `${file} has the test "${name}"`).toContain(name!.replaceAll("\\|", "|"));
    }
  });
});
