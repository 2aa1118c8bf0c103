import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { create, type WritableFormat } from "../../src/core/create.ts";
import { temporaryFolder } from "../helpers/tools.ts";

/** Real text: the sources and documents of this repository. */
const ROOT = join(import.meta.dirname, "../..");
const INPUTS = ["ARCHITECTURE.md", "README.md", "CHANGELOG.md", "package-lock.json", "src/formats"];

/** Each with levels that differ in what they do; between those not named the codec may do the same. */
const LEVELS: [WritableFormat, number[]][] = [
  ["zip", [0, 1, 6, 9]], ["tar.gz", [0, 1, 6, 9]], ["tar.zst", [1, 6, 9]], ["tar.xz", [0, 6]], ["tar.bz2", [1, 9]], ["tar.br", [0, 5, 9]], ["tar.lz4", [1, 9]], ["7z", [0, 1, 9]],
];

it.each(LEVELS)("create() makes a smaller %s at a higher level (%j)", async (format, levels) => {
  const folder = temporaryFolder();
  const sizes: number[] = [];
  for (const level of levels) {
    const out = join(folder, `${level}.${format}`);
    const { failures } = await create(out, INPUTS, { format, level, base: ROOT, threads: 1 });
    expect(failures).toEqual([]);
    sizes.push(statSync(out).size);
  }
  expect(sizes.every((size, i) => i === 0 || size < sizes[i - 1]!), `${levels.join(" ")}: ${sizes.join(" ")}`).toBe(true);
}, 60_000);

it("create() stores at level 0 of a zip, whatever would shrink", async () => {
  const folder = temporaryFolder();
  await create(join(folder, "a.zip"), ["README.md"], { format: "zip", level: 0, base: ROOT });
  expect(readFileSync(join(folder, "a.zip")).includes(readFileSync(join(ROOT, "README.md")))).toBe(true);
});
