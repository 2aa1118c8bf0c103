/** --atomic: whatever fails, the destination is as it was; also when the process is killed in the middle, once the next run has seen to it. */
import { existsSync, lstatSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { extract } from "../../src/core/extract.ts";
import { EVERYTHING } from "../../src/core/select.ts";
import { exitCodeOf, type Summary } from "../../src/core/summary.ts";
import { fromSystem, UnzipxError } from "../../src/errors.ts";
import { DEFAULT_POLICY, type Policy } from "../../src/safe/policy.ts";
import { buildTar, buildZip } from "../helpers/build.ts";
import { sandbox, type Sandbox } from "../helpers/cli.ts";
import { CHANGES, makeExisting, resultOf, stateOf } from "../helpers/existing.ts";

/** The N-th call of one of these goes wrong, with `code`; 0: none does. Counted from where the way back is made. */
const fault = vi.hoisted(() => ({ at: 0, count: 0, code: "EIO", names: [] as string[], begun: false }));

vi.mock("node:fs", async (original) => {
  const fs = await original<typeof import("node:fs")>();
  const wrapped = Object.fromEntries(Object.entries(fs).filter(([name, value]) => name.endsWith("Sync") && typeof value === "function").map(([name, value]) => {
    const call = value as (...args: unknown[]) => unknown;
    return [name, (...args: unknown[]) => {
      if (name === "mkdirSync" && String(args[0]).endsWith(".undo")) fault.begun = true;
      if (fault.at > 0 && fault.begun && fault.names.includes(name) && ++fault.count === fault.at) {
        if (name === "closeSync") call(...args);
        throw Object.assign(new Error(`${fault.code}: made up, ${name}`), { code: fault.code, syscall: name.replace("Sync", "") });
      }
      return call(...args);
    }];
  }));
  return { ...fs, ...wrapped, default: { ...fs, ...wrapped } };
});

const PUBLISHING = ["chmodSync", "closeSync", "fchmodSync", "fstatSync", "fsyncSync", "linkSync", "lstatSync", "mkdirSync", "openSync", "readdirSync", "renameSync", "rmSync", "rmdirSync", "statSync", "unlinkSync", "utimesSync", "writeFileSync", "writeSync"];

interface Ran {
  readonly code: number;
  readonly summary: Summary | undefined;
  readonly error: UnzipxError | undefined;
}

async function run(archive: string, out: string, policy: Partial<Policy> = {}, more: { signal?: AbortSignal } = {}): Promise<Ran> {
  try {
    const summary = await extract(archive, {
      directory: out, into: "directory", ownName: "own", selection: EVERYTHING, threads: 1, reporter: {},
      policy: { ...DEFAULT_POLICY, overwrite: "always", atomic: true, ...policy }, ...more,
    });
    return { code: exitCodeOf([summary]), summary, error: undefined };
  } catch (error) {
    const known = fromSystem(error, "read", "do what was asked"); // as the command does it
    return { code: known.exitCode, summary: undefined, error: known };
  }
}

/** A destination with something in it, and an archive beside it. */
function existing(bytes: Uint8Array = CHANGES): { where: Sandbox; out: string; archive: string; before: Record<string, string> } {
  const where = sandbox();
  const out = join(where.folder, "out");
  makeExisting(out);
  return { where, out, archive: where.file("a.tar", bytes), before: stateOf(out) };
}

const ours = (folder: string): string[] => readdirSync(folder).filter((name) => name.startsWith(".unzipx-"));

describe("--atomic into a folder that is there", () => {
  it("puts everything in its place, as without it", async () => {
    const [one, two] = [existing(), existing()];
    expect((await run(one.archive, one.out)).code).toBe(0);
    expect((await run(two.archive, two.out, { atomic: false })).code).toBe(0);
    expect(resultOf(one.out)).toEqual(resultOf(two.out));
    expect(one.where.contents("out")).toMatchObject({ "a.txt": "new a", "a-too.txt": "old a.txt", "sub/hard.txt": "x", link: "-> new.txt", "sub/keep.txt": "old sub/keep.txt" });
    expect(lstatSync(join(one.out, "tree")).mode & 0o777).toBe(0o555);
    expect(ours(one.out)).toEqual([]);
    one.where.assertOutsideUntouched();
  });

  it("changes nothing where an entry is refused, or damaged; without it the rest is extracted", async () => {
    const bad = { name: "bad", content: "content", central: { crc32: 1 }, local: { crc32: 1 } };
    for (const bytes of [buildTar([{ name: "a.txt", content: "new" }, { name: "../x", content: "x" }]), buildZip([{ name: "a.txt", content: "new" }, bad])]) {
      const { out, archive, before, where } = existing(bytes);
      const { code, summary } = await run(archive, out);
      expect([3, 6]).toContain(code);
      expect(summary).toMatchObject({ files: 0, bytes: 0, destination: undefined, untouched: "atomic" });
      expect(stateOf(out)).toEqual(before);
      expect((await run(archive, out, { atomic: false })).code).toBe(code);
      expect(where.contents("out")["a.txt"]).toBe("new");
    }
  });

  it("changes nothing where a folder stands in the place of a file, or a file in that of a folder; the twin without that is extracted", async () => {
    for (const [name, code] of [["sub", 5], ["a.txt/x", 5], ["sub/x", 0]] as const) {
      const { out, archive, before } = existing(buildTar([{ name: "keep.txt", content: "new" }, { name, content: "x" }]));
      expect((await run(archive, out)).code).toBe(code);
      expect(stateOf(out)).toEqual(code === 0 ? expect.not.objectContaining(before) : before);
    }
  });

  it("changes nothing where the tar ends too early", async () => {
    const { out, archive, before } = existing(CHANGES.subarray(0, CHANGES.length - 2500));
    expect((await run(archive, out)).code).toBe(51);
    expect(stateOf(out)).toEqual(before);
  });

  it("skips devices as ever: that is no failure", async () => {
    const { out, archive, where } = existing(buildTar([{ name: "a.txt", content: "new" }, { name: "null", type: "3" }]));
    expect((await run(archive, out)).code).toBe(1);
    expect(where.contents("out")["a.txt"]).toBe("new");
  });

  it("keeps what the user wants kept: -n, -u and rename are no failures", async () => {
    for (const [overwrite, expected] of [["never", "old a.txt"], ["newer", "new a"], ["rename", "old a.txt"]] as const) {
      const { out, archive, where } = existing();
      expect((await run(archive, out, { overwrite })).code).toBe(0);
      expect(where.contents("out")["a.txt"]).toBe(expected);
      if (overwrite === "rename") expect(where.contents("out")).toMatchObject({ "a (1).txt": "new a", "sub/b (1).txt": "new b" });
    }
  });

  it("a new folder appears whole or not at all, and a failure leaves no trace in the folder around it", async () => {
    const { out, archive, before } = existing(buildTar([{ name: "x", content: "x" }, { name: "../x", content: "x" }]));
    expect((await run(archive, join(out, "fresh/er"))).code).toBe(6);
    expect(stateOf(out)).toEqual(before);
  });

  it("what fails in an archive inside counts as well", async () => {
    const inner = buildZip([{ name: "bad", content: "content", central: { crc32: 1 }, local: { crc32: 1 } }]);
    const { out, archive, before } = existing(buildZip([{ name: "a.txt", content: "new" }, { name: "in.zip", content: inner }]));
    const summary = await extract(archive, { directory: out, into: "directory", ownName: "own", selection: EVERYTHING, threads: 1, reporter: {}, levels: 8, policy: { ...DEFAULT_POLICY, overwrite: "always", atomic: true } });
    expect(exitCodeOf([summary])).toBe(3);
    expect(stateOf(out)).toEqual(before);
  });

  it("5,000 files into folders that are there, and back when the last of them cannot be put in its place", async () => {
    const where = sandbox();
    const out = join(where.folder, "out");
    for (let at = 0; at < 50; at++) {
      mkdirSync(join(out, `${at}`), { recursive: true });
      for (let n = 0; n < 10; n++) writeFileSync(join(out, `${at}/${n}`), "old");
    }
    const before = stateOf(out);
    const archive = where.file("a.tar", buildTar(Array.from({ length: 5000 }, (_, at) => ({ name: `${at % 50}/${Math.floor(at / 50)}`, content: "new" }))));
    Object.assign(fault, { at: 5400, count: 0, begun: false, code: "EIO", names: ["linkSync", "renameSync"] });
    expect((await run(archive, out)).code).toBe(2);
    expect(fault.count).toBeGreaterThan(5400);
    fault.at = 0;
    expect(stateOf(out)).toEqual(before);
  }, 60_000);

  it("an interruption in the middle of putting things in their places leaves everything as it was", async () => {
    const { out, archive, before } = existing();
    const stop = new AbortController();
    const reason = new UnzipxError("INTERRUPTED", "Interrupted");
    // Time flies, so that every step is followed by a turn for others.
    let seconds = 0;
    vi.spyOn(process, "hrtime").mockImplementation(() => [++seconds, 0]);
    let turns = 0;
    const count = (): void => {
      if (ours(out).some((name) => name.endsWith(".undo")) && ++turns === 5) stop.abort(reason);
      else if (!stop.signal.aborted) setImmediate(count);
    };
    setImmediate(count);
    try {
      expect((await run(archive, out, {}, { signal: stop.signal })).error).toBe(reason);
    } finally {
      vi.restoreAllMocks();
    }
    expect(stateOf(out)).toEqual(before);
  });
});

describe("every call of the system that goes wrong, once, in an atomic run:", () => {
  it.each(["EIO", "ENOSPC", "EACCES"])("with %s the destination is as it was, or wholly new", async (code) => {
    const where = sandbox();
    const out = join(where.folder, "out");
    const archive = where.file("a.tar", CHANGES);
    makeExisting(out);
    await run(archive, out);
    const complete = resultOf(out);
    let failed = 0;
    for (let at = 1; ; at++) {
      makeExisting(out);
      const before = stateOf(out);
      Object.assign(fault, { at, count: 0, begun: false, code, names: PUBLISHING });
      const { code: exit, error } = await run(archive, out);
      const reached = fault.count >= at;
      fault.at = 0;
      const left = ours(out);
      const what = `call ${at}: exit ${exit}, ${error?.message ?? ""}`;
      if (left.length > 0) {
        // Only where that was said: one who clears up behind the run had no luck either.
        expect(error?.message ?? "", what).toMatch(/\.unzipx-/);
        for (const name of left) rmSync(join(out, name), { recursive: true });
      }
      const isNew = existsSync(join(out, "new.txt"));
      if (isNew) expect(resultOf(out), what).toEqual(complete);
      else if (left.length === 0) expect(stateOf(out), what).toEqual(before);
      else expect(Object.keys(stateOf(out)), what).toEqual(Object.keys(before));
      if (!isNew) expect(exit, what).not.toBe(0);
      failed += exit === 0 ? 0 : 1;
      if (!reached) break;
    }
    expect(failed).toBeGreaterThan(30);
  }, 120_000);
});
