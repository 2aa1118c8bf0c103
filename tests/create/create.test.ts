import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { create, type CreateOptions, type WritableFormat } from "../../src/core/create.ts";
import { exitCodeOf } from "../../src/core/summary.ts";
import { UnzipxError } from "../../src/errors.ts";
import { has, run, temporaryFolder } from "../helpers/tools.ts";
import { makeSample, prose } from "./sample.ts";

const make = (out: string, base: string, inputs: string[], options: Partial<CreateOptions> = {}) => create(out, inputs, { format: "zip", base, threads: 1, ...options });

const several: WritableFormat[] = ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz", "tar.zst", "tar.lz4", "tar.br"];

it.each(several)("create() leaves a %s out of itself when it lies inside an input", async (format) => {
  const base = temporaryFolder();
  makeSample(base);
  const out = join(base, `sample/out.${format}`);
  const first = await make(out, base, ["sample"], { format });
  expect(first).toMatchObject({ files: 10, failures: [], warnings: [] });
  // Once more over itself: neither the old archive nor the new one is packed.
  const second = await make(out, base, ["sample"], { format, force: true });
  expect(second).toMatchObject({ files: 10, failures: [], warnings: [] });
  if (has("bsdtar") && format !== "tar.br") expect(run("bsdtar", ["-tf", out])).not.toMatch(/out\.|partial/);
  expect(readdirSync(join(base, "sample")).filter((name) => name.startsWith(".unzipx"))).toEqual([]);
});

it("create() refuses an archive that exists, before it reads anything", async () => {
  const base = temporaryFolder();
  writeFileSync(join(base, "out.zip"), "mine");
  const asked: string[] = [];
  await expect(make(join(base, "out.zip"), base, ["."], { exclude: (path) => (asked.push(path), false) })).rejects.toMatchObject({ code: "CONFLICT", exitCode: 5 });
  expect(asked).toEqual([]);
  expect(readFileSync(join(base, "out.zip"), "utf8")).toBe("mine");
});

it("create() leaves nothing behind when an input is missing", async () => {
  const base = temporaryFolder();
  writeFileSync(join(base, "a"), "a");
  await expect(make(join(base, "out.zip"), base, ["a", "missing"])).rejects.toMatchObject({ code: "NO_INPUT", exitCode: 9 });
  expect(readdirSync(base)).toEqual(["a"]);
});

it.each(several)("create() goes on without a file that vanished, and says so in the summary (%s)", async (format) => {
  const base = temporaryFolder();
  for (const name of ["a", "b", "c"]) writeFileSync(join(base, name), name);
  const exclude = (path: string): boolean => {
    if (path === "b") rmSync(join(base, "b"));
    return false;
  };
  const summary = await make(join(base, "out"), base, ["a", "b", "c"], { format, exclude });
  expect(summary).toMatchObject({ files: 2, destination: join(base, "out") });
  expect(summary.failures.map((failure) => failure.details.entry)).toEqual(["b"]);
  expect(exitCodeOf([summary])).not.toBe(0);
});

it.each(several)("create() leaves no archive when nothing at all could be read (%s)", async (format) => {
  const base = temporaryFolder();
  writeFileSync(join(base, "a"), "a");
  const exclude = (): boolean => {
    rmSync(join(base, "a"));
    return false;
  };
  const summary = await make(join(base, "out"), base, ["a"], { format, exclude });
  expect(summary).toMatchObject({ files: 0, destination: undefined, archiveBytes: undefined });
  expect(summary.failures).toHaveLength(1);
  expect(readdirSync(base)).toEqual([]);
});

it.skipIf(process.platform !== "linux")("create() fails files of the kernel that say nothing of their size", async () => {
  const base = temporaryFolder();
  for (const format of ["zip", "tar"] as const) {
    const summary = await make(join(base, `out.${format}`), "/proc", ["version"], { format });
    expect(summary.failures.map(({ code, message }) => [code, /size changed/.test(message)])).toEqual([["READ_FAILED", true]]);
  }
});

it.each([...several, "gz"] as const)("create() leaves nothing behind when it is stopped, and throws the reason (%s)", async (format) => {
  const base = temporaryFolder();
  mkdirSync(join(base, "d"));
  writeFileSync(join(base, "d/a"), prose(6 << 20));
  const controller = new AbortController();
  const reason = new UnzipxError("TERMINATED", "Stopped");
  const reporter = { progress: () => controller.abort(reason) };
  await expect(make(join(base, "out"), base, ["d/a"], { format, signal: controller.signal, reporter })).rejects.toBe(reason);
  expect(readdirSync(base)).toEqual(["d"]);
});

it("create() does nothing when it is stopped before it began, whatever the reason", async () => {
  const base = temporaryFolder();
  await expect(make(join(base, "out.zip"), base, ["."], { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "INTERRUPTED", exitCode: 130 });
  expect(readdirSync(base)).toEqual([]);
});

it.each(several)("create() tells the reporter all bytes, each entry once, and when it is over (%s)", async (format) => {
  const base = temporaryFolder();
  makeSample(base);
  let total: number | undefined;
  let bytes = 0;
  let over = 0;
  const entries: string[] = [];
  const summary = await make(join(base, "out"), base, ["sample"], {
    format,
    reporter: { start: (n) => (total = n), progress: (n) => (bytes += n), entry: (path) => entries.push(path), done: () => (over += 1) },
  });
  expect([bytes, summary.bytes]).toEqual([total, total]);
  expect(summary.archiveBytes).toBe(statSync(join(base, "out")).size);
  expect(entries.length).toBe(new Set(entries).size);
  expect(entries.length).toBe(summary.files + summary.directories + summary.links);
  expect(over).toBe(1);
});

it.each(several)("create() with reproducible: true gives the same bytes for two copies (%s)", async (format) => {
  const [one, two] = [temporaryFolder(), temporaryFolder()];
  makeSample(one);
  makeSample(two);
  for (const base of [one, two]) await make(join(base, "out"), base, ["sample"], { format, reproducible: true });
  expect(readFileSync(join(one, "out")).equals(readFileSync(join(two, "out")))).toBe(true);
  await make(join(two, "out"), two, ["sample"], { format, reproducible: true, mtime: 1_500_000_000_000, force: true });
  expect(readFileSync(join(one, "out")).equals(readFileSync(join(two, "out")))).toBe(false);
});
