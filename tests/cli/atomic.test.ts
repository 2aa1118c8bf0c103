/** x --atomic as a command: killed in the middle, interrupted, with a way back that ends somewhere; and what the next run makes of it. */
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync, appendFileSync, chmodSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { extract } from "../../src/core/extract.ts";
import { EVERYTHING } from "../../src/core/select.ts";
import { exitCodeOf } from "../../src/core/summary.ts";
import { UnzipxError } from "../../src/errors.ts";
import { thisProcess } from "../../src/safe/owner.ts";
import { DEFAULT_POLICY } from "../../src/safe/policy.ts";
import { buildTar } from "../helpers/build.ts";
import { isWindows, sandbox, type Ran, type Sandbox } from "../helpers/cli.ts";
import { CHANGES, makeExisting, resultOf, stateOf } from "../helpers/existing.ts";

const PRELOAD = join(import.meta.dirname, "../helpers/fault-preload.mjs");
const PUBLISHING = "chmod,create,fchmod,fsync,link,mkdir,rename,rm,rmdir,unlink,utimes";

interface Scene {
  readonly where: Sandbox;
  readonly out: string;
  readonly before: Record<string, string>;
  /** x --atomic -f, with the operation of this number going wrong. */
  run(at?: number, env?: Record<string, string>): Ran;
  /** A run, in this process, that changes nothing by itself. */
  next(): Promise<{ readonly code: number; readonly said: string }>;
}

/** FAULTS=all: every operation, and not a choice of them. */
const isFull = process.env["FAULTS"] === "all";

function scene(bytes: Uint8Array = CHANGES): Scene {
  const where = sandbox();
  const out = join(where.folder, "out");
  makeExisting(out);
  where.file("a.tar", bytes);
  where.file("nothing.tar", buildTar([{ name: "keep.txt", content: "x" }]));
  return {
    where, out, before: stateOf(out),
    run: (at = 0, env = {}) => where.run(["x", "a.tar", "-C", "out", "-f", "--atomic", "--threads", "1"], {
      through: [process.execPath, "--import", PRELOAD], env: { FAULT_AT: `${at}`, FAULT_ON: PUBLISHING, ...env },
    }),
    async next() {
      const policy = { ...DEFAULT_POLICY, overwrite: "never" } as const;
      try {
        const summary = await extract(join(where.folder, "nothing.tar"), { directory: out, into: "directory", ownName: "own", selection: EVERYTHING, threads: 1, reporter: {}, policy });
        return { code: exitCodeOf([summary]), said: summary.warnings.map(({ message }) => message).join("\n") };
      } catch (error) {
        if (!(error instanceof UnzipxError)) throw error;
        return { code: error.exitCode, said: `${error.message}\nhint: ${error.details.hint ?? ""}` };
      }
    },
  };
}

let found: readonly { readonly number: number; readonly what: string }[] | undefined;

/** The operations from where the journal is written on. */
function operations({ run, where, out }: Scene): typeof found & {} {
  if (found !== undefined) return found;
  makeExisting(out);
  const log = join(where.folder, "log");
  expect(run(0, { FAULT_LOG: log }).code).toBe(0);
  const lines = readFileSync(log, "utf8").trimEnd().split("\n");
  rmSync(log);
  const first = lines.findIndex((line) => line.includes("/journal"));
  makeExisting(out);
  return (found = lines.slice(first).map((what, at) => ({ number: first + at + 1, what })));
}

const ours = (folder: string): string[] => readdirSync(folder).filter((name) => name.startsWith(".unzipx-"));

describe.skipIf(isWindows)("x --atomic", () => {
  it("killed at any of its steps: the next run, of whatever archive, finds everything as it was, or wholly new", async () => {
    const all = scene();
    const { where, out, run, next } = all;
    run();
    const complete = resultOf(out);
    let undone = 0;
    for (const { number: at, what: step } of operations(all).filter((_, number) => isFull || number % 2 === 0)) {
      makeExisting(out);
      const before = stateOf(out);
      expect(run(at, { FAULT_WITH: "SIGKILL" }).signal).toBe("SIGKILL");
      const { code, said } = await next();
      const what = `killed at ${step}: ${said}`;
      expect(code, what).toBe(0);
      for (const name of ours(out)) {
        // Killed at the very last: an empty folder is left, and taken away by a run that comes a while later.
        expect(readdirSync(join(out, name)), what).toEqual([]);
        utimesSync(join(out, name), new Date(0), new Date(0));
        expect((await next()).code).toBe(0);
        expect(ours(out)).toEqual([]);
      }
      if (existsSync(join(out, "new.txt"))) expect(resultOf(out), what).toEqual(complete);
      // Killed before the journal was written, nobody knows when the folder was changed last before that.
      else expect({ ...stateOf(out), ...(/undid/i.test(said) ? {} : { ".": before["."] }) }, what).toEqual(before);
      if (/undid what a run had begun in/i.test(said)) undone += 1;
    }
    expect(undone).toBeGreaterThan(7);
    where.assertOutsideUntouched();
  }, 240_000);

  it("with a disk that fails for good in the middle: says what is where, exit 2, and the next run undoes it", async () => {
    const all = scene();
    const { out, run, next } = all;
    run();
    const complete = resultOf(out);
    let told = 0;
    for (const { number: at } of operations(all).filter((_, number) => isFull || number % 3 === 0)) {
      makeExisting(out);
      const before = stateOf(out);
      const { code, stderr } = run(at, { FAULT_WITH: "EIO", FAULT_LASTS: "1" });
      const what = `from ${at} on: ${stderr}`;
      expect([0, 1, 2], what).toContain(code); // 1: all is in place, but not all could be cleaned up
      if (ours(out).length > 0) expect(stderr, what).toContain(".unzipx-");
      if (/not all that was done could be undone/.test(stderr)) {
        told += 1;
        expect(stderr).toMatch(/could be undone: cannot put ".*" back as it was.*hint: .*rm -r/s);
      }
      expect((await next()).code, what).toBe(0);
      expect(ours(out), what).toEqual([]);
      if (code !== 2) expect(resultOf(out), what).toEqual(complete);
      else expect(Object.keys(stateOf(out)), what).toEqual(Object.keys(before));
    }
    expect(told).toBeGreaterThan(2);
  }, 240_000);

  it.each([["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 143]] as const)("%s at any of its steps: exit %i and everything as it was, or 0 and wholly new", (signal, expected) => {
    const all = scene();
    const { out, run } = all;
    run();
    const complete = resultOf(out);
    for (const { number: at } of operations(all).filter((_, number) => number % (isFull ? 1 : 8) === 0)) {
      makeExisting(out);
      const before = stateOf(out);
      const { code, stderr } = run(at, { FAULT_WITH: signal });
      expect([0, expected], stderr).toContain(code);
      if (code === 0) expect(resultOf(out)).toEqual(complete);
      else expect(stateOf(out)).toEqual(before);
      expect(ours(out)).toEqual([]);
    }
  }, 120_000);

  it("and -O contradict each other", () => {
    const { where } = scene();
    expect(where.run(["x", "a.tar", "-O", "--atomic"])).toMatchObject({ code: 7, stdout: "" });
  });

  it("takes several archives each by itself", () => {
    const { where } = scene(buildTar([{ name: "a.txt", content: "new" }, { name: "../x", content: "x" }]));
    where.file("b.tar", buildTar([{ name: "b.txt", content: "new" }]));
    const { code, stderr } = where.run(["x", "a.tar", "b.tar", "-C", "out", "-f", "--atomic"]);
    expect(code).toBe(6);
    expect(stderr).toContain("all or nothing");
    expect(where.contents("out")).toMatchObject({ "a.txt": "old a.txt", "b.txt": "new" });
  });
});

describe.skipIf(isWindows)("what a killed atomic run left", () => {
  /** Killed when half of it is in its place. */
  function killed(): Scene & { readonly undo: string } {
    const all = scene();
    const numbers = operations(all);
    const before = stateOf(all.out);
    all.run(numbers[Math.floor(numbers.length / 2)]!.number, { FAULT_WITH: "SIGKILL" });
    const [undo] = ours(all.out).filter((name) => name.endsWith(".undo"));
    return { ...all, before, undo: join(all.out, undo!) };
  }

  it("is not touched when somebody worked on in the folder: said with what is where, exit 2, and nothing is extracted", async () => {
    for (const change of [
      (out: string) => appendFileSync(join(out, "a.txt"), " and more"),
      (out: string) => { rmSync(join(out, "a.txt")); writeFileSync(join(out, "a.txt"), "another"); },
    ]) {
      const { out, next, undo, where } = killed();
      change(out);
      const before = stateOf(out);
      const { code, stderr } = where.run(["x", "nothing.tar", "-C", "out", "-f"]);
      expect(code).toBe(2);
      expect(stderr).toMatch(/cannot undo what a run had begun in ".*out" before it was killed: .*a\.txt/);
      expect(stderr).toContain(`rm -r "${undo}"`);
      delete before["."];
      expect(stateOf(out)).toMatchObject(Object.fromEntries(Object.entries(before).filter(([path]) => !path.includes(".unzipx-"))));
      rmSync(undo, { recursive: true }); // as the hint says
      expect((await next()).code).toBe(0);
    }
  });

  it("keeps what somebody put into a new folder since, and says so", async () => {
    const all = scene();
    // All is in place, and the journal is there still.
    all.run(operations(all).find(({ what }) => /unlink .*journal/.test(what))!.number, { FAULT_WITH: "SIGKILL" });
    writeFileSync(join(all.out, "sub/more/mine.txt"), "mine");
    const { code, said } = await all.next();
    expect(code).toBe(2);
    expect(said).toMatch(/sub\/more" is new and was changed since/);
    expect(readFileSync(join(all.out, "sub/more/mine.txt"), "utf8")).toBe("mine");
    expect(readFileSync(join(all.out, "a.txt"), "utf8")).toBe("new a");
  });

  it("is left alone while its process lives", async () => {
    const { out, next, undo } = killed();
    const living = thisProcess();
    writeFileSync(join(undo, "owner.0"), JSON.stringify(living));
    const before = stateOf(out);
    expect(await next()).toEqual({ code: 0, said: "" });
    expect(stateOf(out)).toEqual(before);
    // The number of a process that lives, but began at another time, is another's.
    writeFileSync(join(undo, "owner.0"), JSON.stringify({ ...living, start: "1" }));
    expect((await next()).said).toMatch(/Undid/);
    expect(ours(out)).toEqual([]);
  });

  it("is left alone, with a word, where nobody can tell whether its process lives: another machine, another container", async () => {
    const { out, next, undo } = killed();
    for (const other of [{ host: "0".repeat(32) }, { space: "pid:[1]" }]) {
      writeFileSync(join(undo, "owner.0"), JSON.stringify({ ...thisProcess(), pid: 1 << 30, ...other }));
      const before = stateOf(out);
      expect(await next()).toEqual({ code: 0, said: expect.stringMatching(/another machine or in another container/) as string });
      expect(stateOf(out)).toEqual(before);
    }
  });

  it("is undone after the machine was started anew", async () => {
    const { out, next, undo, before } = killed();
    writeFileSync(join(undo, "owner.0"), JSON.stringify({ ...thisProcess(), boot: "another" }));
    expect((await next()).said).toMatch(/Undid/);
    expect(stateOf(out)).toEqual(before);
  });

  it("is undone by one of several runs that come at once, and the others wait for that", async () => {
    const { out, where, before } = killed();
    const children = Array.from({ length: 6 }, () => where.start(["x", "nothing.tar", "-C", "out", "-n"], { stdio: "ignore" }));
    const codes = await Promise.all(children.map((child) => new Promise((resolve) => child.on("close", resolve))));
    expect(codes).toEqual(Array<number>(6).fill(0));
    expect(stateOf(out)).toEqual(before);
  });

  it("is not believed when others may have written it, when a name in it leads elsewhere, or when it is a link", async () => {
    const forge = (undo: string, change: (text: string) => string): void => writeFileSync(join(undo, "journal"), change(readFileSync(join(undo, "journal"), "utf8")));
    const tricks: ((undo: string, out: string) => void)[] = [
      (undo) => chmodSync(undo, 0o770),
      (undo) => forge(undo, (text) => text.replace('"a.txt"', '"../sentinel"')),
      (undo) => forge(undo, (text) => text.replace('"a.txt"', '".."')),
      (undo) => forge(undo, (text) => text.replace('["in",["sub"]', '["in",["..",".."]')),
      (undo) => forge(undo, (text) => text.replace('["unzipx",1,""', '["unzipx",1,".."')),
      (undo) => forge(undo, (text) => text.replace('["unzipx",1', '["unzipx",2')),
      (undo) => forge(undo, (text) => text.replace(/\["end",\d+\]/, '["end",1]')),
      (undo) => forge(undo, (text) => `${text.slice(0, 40)}\n${text}`),
      (undo, out) => { renameSync(join(undo, "journal"), join(out, "moved")); symlinkSync(join(out, "moved"), join(undo, "journal")); },
      (undo, out) => { renameSync(undo, join(out, "moved")); symlinkSync(join(out, "moved"), undo); },
    ];
    for (const trick of tricks) {
      const { out, next, undo, where } = killed();
      trick(undo, out);
      const before = stateOf(out);
      const { code, said } = await next();
      expect([0, 2], said).toContain(code);
      const now = stateOf(out);
      for (const state of [before, now]) for (const path of Object.keys(state)) if (path === "." || path.includes(".unzipx-") || path.includes("moved")) delete state[path];
      expect(now, String(trick)).toEqual(before);
      if (lstatSync(undo).isDirectory()) expect(said, String(trick)).toContain(undo);
      where.assertOutsideUntouched();
    }
  }, 120_000);

  it("cannot come out of an archive: nothing of that name is extracted", () => {
    const { where } = scene(buildTar([{ name: ".unzipx-0123456789abcdef.undo/journal", content: "x" }, { name: ".unzipx-0123456789abcdef/journal", content: "x" }]));
    const { code, stderr } = where.run(["x", "a.tar", "-C", "out"]);
    expect(code).toBe(6);
    expect(stderr).toMatch(/called like the folder that unzipx works in/);
    expect(existsSync(join(where.folder, "out/.unzipx-0123456789abcdef/journal"))).toBe(true);
  });
});

it.skipIf(isWindows)("an interruption while many places in a folder are filled one by one leaves each of them whole, and no temporary folder", async () => {
  const where = sandbox();
  for (let at = 0; at < 40; at++) mkdirSync(join(where.folder, `out/${at}`), { recursive: true });
  where.file("a.tar", buildTar(Array.from({ length: 3000 }, (_, at) => ({ name: `${at % 40}/${at}`, content: `content ${at}` }))));
  const child = where.start(["x", "a.tar", "-C", "out"], { stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr!.on("data", (chunk) => (stderr += String(chunk)));
  const ended = new Promise((resolve) => child.on("close", resolve));
  while (!existsSync(join(where.folder, "out/0/0")) && child.exitCode === null) await sleep(1);
  child.kill("SIGINT");
  const code = await ended;
  const made = Object.entries(where.contents("out")).filter(([name]) => !name.endsWith("/"));
  for (const [name, content] of made) expect(content).toBe(`content ${name.split("/")[1]}`);
  expect(ours(join(where.folder, "out"))).toEqual([]);
  if (code === 130) {
    expect(made.length).toBeLessThan(3000);
    expect(stderr).toMatch(/things are in place already, each of them whole/);
  } else {
    expect(made).toHaveLength(3000); // it was faster
  }
}, 120_000);
