/** What needs workers runs from the built program: its worker file lies beside it. */
import { spawnSync } from "node:child_process";
import { closeSync, existsSync, ftruncateSync, mkdirSync, openSync, readdirSync, readFileSync, statfsSync, statSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import type { create as Create } from "../../src/api/create.ts";
import { has, run, temporaryFolder, treeOf } from "../helpers/tools.ts";
import { makeSample, noise, prose } from "./sample.ts";

const built = join(import.meta.dirname, "../../dist/index.js");
const library = pathToFileURL(built).href;
const ready = existsSync(built); // "npm run build" makes it

async function create(...args: Parameters<typeof Create>): ReturnType<typeof Create> {
  const { create } = (await import(library)) as { create: typeof Create };
  return create(...args);
}

/** Enough files and bytes that workers are started. */
function makeMuch(base: string): void {
  makeSample(base);
  for (let i = 0; i < 700; i++) {
    mkdirSync(join(base, `much/${i % 7}`), { recursive: true });
    writeFileSync(join(base, `much/${i % 7}/${i}`), i % 10 === 0 ? noise(i * 30, i + 1) : prose(i * 50));
  }
  writeFileSync(join(base, "much/large"), Buffer.concat([prose(7 << 20), noise(3 << 20), prose(12_345)]));
}

for (const format of ["zip", "tar.gz", "tar.bz2", "tar.xz", "tar.zst", "tar.lz4", "tar.br"] as const) {
  it.skipIf(!ready)(`create() gives the same ${format} for 1, 2 and 5 threads`, async () => {
    const base = temporaryFolder();
    makeMuch(base);
    const made = [];
    for (const threads of [1, 2, 5]) {
      const out = join(base, `${threads}.${format}`);
      const summary = await create(out, ["much", "sample"], { format, cwd: base, threads, level: format === "tar.xz" || format === "tar.bz2" ? 1 : undefined });
      expect(summary.failures).toEqual([]);
      made.push(readFileSync(out));
    }
    expect(made[1]!.equals(made[0]!)).toBe(true);
    expect(made[2]!.equals(made[0]!)).toBe(true);
    if (!has("bsdtar") || format === "tar.br") return; // which libarchive does not know
    mkdirSync(join(base, "back"));
    run("bsdtar", ["-xf", join(base, `5.${format}`), "-C", join(base, "back")]);
    expect(treeOf(join(base, "back/much"))).toEqual(treeOf(join(base, "much")));
  });

  it.skipIf(!ready)(`create() stopped while workers pack a ${format} leaves nothing behind and lets the process end`, () => {
    const base = temporaryFolder();
    makeMuch(base);
    const script = `
      import { create } from ${JSON.stringify(library)};
      const stop = new AbortController();
      await create("out", ["much"], { format: ${JSON.stringify(format)}, threads: 3, signal: stop.signal, onProgress: () => stop.abort() }).catch((error) => console.log(error.name));
    `;
    writeFileSync(join(base, "script.mjs"), script);
    const { stdout, status } = spawnSync(process.execPath, ["script.mjs"], { cwd: base, encoding: "utf8", timeout: 20_000 });
    expect([stdout, status]).toEqual(["AbortError\n", 0]);
    expect(readdirSync(base).sort()).toEqual(["much", "sample", "script.mjs"]);
  });
}

for (const [program, args] of [["bsdtar", ["-tf", "-"]], ["gzip", ["-t"]]] as const) {
  it.skipIf(!ready || !has(program) || !has("sh"))(`${program} reads from a pipe what create() writes to standard output`, () => {
    const base = temporaryFolder();
    makeMuch(base);
    const format = program === "gzip" ? "tar.gz" : "zip";
    const script = `import { create } from ${JSON.stringify(library)}; await create(process.stdout, ["much"], { format: ${JSON.stringify(format)}, threads: 2 });`;
    writeFileSync(join(base, "script.mjs"), script);
    run("sh", ["-c", `"$0" script.mjs | ${program} ${args.join(" ")}`, process.execPath], { cwd: base });
  });
}

const FIVE_GIB = 5 * 2 ** 30;
const room = (() => {
  const { bavail, bsize } = statfsSync(tmpdir());
  return bavail * bsize > 6 * 2 ** 30;
})();

it.skipIf(!ready || !room || !has("7zz") || !has("unzip"))("a file of more than 4 GiB makes a zip64 that others read", { timeout: 120_000 }, async () => {
  const base = temporaryFolder();
  const fd = openSync(join(base, "sparse"), "w");
  ftruncateSync(fd, 4 * 2 ** 30 + 5);
  writeSync(fd, "the end", 4 * 2 ** 30);
  closeSync(fd);
  const out = join(base, "out.zip");
  const summary = await create(out, ["sparse"], { format: "zip", cwd: base, level: 1 });
  expect(summary).toMatchObject({ failures: [], bytes: statSync(join(base, "sparse")).size });
  expect(summary.archiveBytes).toBeLessThan(FIVE_GIB / 100);
  expect(run("7zz", ["t", out])).toContain("Everything is Ok");
  expect(run("unzip", ["-Zv", out])).toMatch(/uncompressed size: +4294967303 bytes/);
});
