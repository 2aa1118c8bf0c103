/** A short run of the fuzzer over all formats, from the fixtures alone: the same cases every time. */
import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const formats = readdirSync(join(root, "fixtures"), { withFileTypes: true }).filter((one) => one.isDirectory() && one.name !== "fuzz").map(({ name }) => name);

describe("fuzzing", () => {
  it("bent archives of every format end in entries or in an error of ours, and nothing is left behind", { timeout: 600_000 }, async () => {
    await expectNoFindings([...formats, "splice", "truncate"], 10);
  });

  it("many bent entries on several threads end as on one", { timeout: 300_000 }, async () => {
    await expectNoFindings(["threads"], 2);
  });

  it("random trees come back from every format that can be written, and the same tree gives the same bytes", { timeout: 300_000 }, async () => {
    await expectNoFindings(["write"], 8);
  });
});

/** The same cases every time: `runs` of them for each target. */
async function expectNoFindings(targets: readonly string[], runs: number): Promise<void> {
  const { code, output } = await run(["--target", targets.join(","), "--seed", "1", "--runs", `${runs}`, "--corpus", "none", "--no-save"]);
  expect(output).toContain(" 0 findings\n");
  expect(code).toBe(0);
}

function run(words: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ["fuzz/run.mjs", ...words], { cwd: root, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr });
    });
  });
}
