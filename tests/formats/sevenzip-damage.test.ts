/** Blocks of a 7z that our own decoder reads: whatever is changed in them, 7-Zip and we come to the same verdict. */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { mixture, noise } from "../helpers/filters.ts";
import { has, temporaryFolder } from "../helpers/tools.ts";
import { test } from "../helpers/unzipx.ts";

/** The entries that failed, with how; "archive": what is wrong belongs to none. */
async function failures(bytes: Uint8Array): Promise<readonly string[]> {
  try {
    await test(bytes);
    return [];
  } catch (error) {
    const { summary, code } = error as { summary?: { failures: readonly { code: string; details: { entry?: string } }[] }; code?: string };
    return summary?.failures.map((failure) => `${failure.details.entry}: ${failure.code}`).sort() ?? [`archive: ${code}`];
  }
}

it.skipIf(!has("7zz"))("a bit changed anywhere is told of the entries that 7-Zip tells it of (needs 7zz)", { timeout: 300_000 }, async () => {
  const folder = temporaryFolder();
  const names = ["a.txt", "b.txt", "c.bin", "d.txt"];
  const contents = [mixture(50_000), mixture(2000), noise(70_000), mixture(400_000)]; // small: without a thread
  names.forEach((name, i) => writeFileSync(join(folder, name), contents[i]!));
  for (const method of ["-m0=LZMA2", "-m0=LZMA", "-m0=LZMA2:d=64k", "-m0=LZMA:lc=0:lp=2"]) {
    for (const solid of ["-ms=on", "-ms=off"]) {
      if (method === "-m0=LZMA") writeFileSync(join(folder, "d.txt"), mixture(3_000_000));
      const archive = `a${method}${solid}.7z`.replace(/[=:]/g, "");
      expect(spawnSync("7zz", ["a", "-mx1", method, solid, archive, ...names], { cwd: folder }).status).toBe(0);
      const whole = readFileSync(join(folder, archive));
      expect(await failures(whole)).toEqual([]);
      const packed = Number(whole.readBigUInt64LE(12));
      const random = noise(8 * 12, whole.length);
      for (let i = 0; i < 12; i++) {
        const at = 32 + (random.readUInt32LE(8 * i) % packed);
        const changed = Buffer.from(whole);
        changed[at]! ^= 1 << (random[8 * i + 7]! % 8);
        writeFileSync(join(folder, "changed.7z"), changed);
        const said = spawnSync("7zz", ["t", "changed.7z"], { cwd: folder, encoding: "utf8" }).stderr;
        const theirs = [...said.matchAll(/^ERROR: (.*) : (.*)$/gm)].map(([, , name]) => name!).filter((name) => !name.startsWith("#")); // "#0": the block, beside what is in it
        const ours = (await failures(changed)).map((line) => line.split(":")[0]!);
        expect([archive, at, ours]).toEqual([archive, at, theirs.sort()]);
      }
    }
  }
});
