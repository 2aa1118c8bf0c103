/** Several processes in one folder, and readers that want no more. */
import { closeSync, constants, mkdirSync, openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { noise, prose } from "../create/sample.ts";
import { buildTar, buildZip, DEFLATE } from "../helpers/build.ts";
import { isWindows, sandbox, type Sandbox } from "../helpers/cli.ts";
import { has, run } from "../helpers/tools.ts";

const PROCESSES = 8;
const FILES = 40;
const TIMEOUT = 120_000;

/** What the `number`-th archive holds under a name. */
function contentOf(number: number, file: number): string {
  return `of archive ${number}, file ${file}\n`.repeat(100 + file);
}

function archive(number: number): Buffer {
  const entries = Array.from({ length: FILES }, (_, file) => ({ name: `d${file % 3}/${file}`, content: contentOf(number, file), method: DEFLATE }));
  return number % 2 === 0 ? buildZip(entries) : buildTar(entries.map(({ name, content }) => ({ name, content })));
}

async function atOnce(where: Sandbox, argsOf: (number: number) => readonly string[]): Promise<{ code: number | null; stderr: string }[]> {
  return Promise.all(Array.from({ length: PROCESSES }, (_, number) => new Promise<{ code: number | null; stderr: string }>((resolve) => {
    const child = where.start(argsOf(number), { stdio: ["ignore", "ignore", "pipe"] });
    let stderr = "";
    child.stderr!.on("data", (chunk) => (stderr += String(chunk)));
    child.on("close", (code) => resolve({ code, stderr }));
  })));
}

describe(`${PROCESSES} processes into one folder`, { timeout: TIMEOUT }, () => {
  for (const different of [false, true]) {
    for (const flags of [[], ["-f"], ["-n"]]) {
      for (const isNew of [false, true]) {
        it(`${different ? "with different archives" : "with the same archive"}${flags.length > 0 ? ` and ${flags[0]}` : ""}, ${isNew ? "new" : "that is there"}: every file is whole and of one archive, and every exit code is true`, async () => {
          const where = sandbox();
          for (let number = 0; number < PROCESSES; number++) where.file(`archives/${number}.bin`, archive(different ? number : 0));
          if (!isNew) mkdirSync(join(where.folder, "out"));
          const ran = await atOnce(where, (number) => ["x", `archives/${number}.bin`, "-C", "out", ...flags]);
          const told = ran.map(({ code, stderr }) => `${code}: ${stderr}`).join("");
          for (const { code, stderr } of ran) {
            // A new folder appears by one rename, so whoever saw none come too late for it, whatever they may replace in one that is there.
            expect([0, 5], told).toContain(code);
            expect(stderr).not.toMatch(/^\s+at |Error:/m);
          }
          expect(ran.some(({ code }) => code === 0) || !isNew, told).toBe(true);
          expect(readdirSync(where.folder).sort()).toEqual(["archives", "out"]);
          expect(readdirSync(join(where.folder, "out")).sort()).toEqual(["d0", "d1", "d2"]);
          const winners = new Set<number>();
          for (let file = 0; file < FILES; file++) {
            const content = readFileSync(join(where.folder, `out/d${file % 3}/${file}`), "utf8");
            const from = Number(/^of archive (\d+)/.exec(content)?.[1]);
            expect(content).toBe(contentOf(from, file));
            winners.add(from);
          }
          // Who says that all is done has put all in its place, unless somebody else was allowed to replace it.
          if (different && flags.length === 0) {
            for (const number of ran.flatMap(({ code }, index) => (code === 0 ? [index] : []))) expect([number, [...winners]]).toEqual([number, [number]]);
          }
          where.assertOutsideUntouched();
        });
      }
    }
  }

  it("that make one archive: one of them does, or all replace it with -f; it is whole, and nothing else is left", async () => {
    for (const flags of [[], ["-f"]]) {
      const where = sandbox();
      where.file("in/a", noise(200_000));
      where.file("in/b", prose(200_000));
      const ran = await atOnce(where, () => ["c", "a.zip", "in", ...flags]);
      expect(ran.map(({ code }) => code).sort()).toEqual(flags.length > 0 ? Array<number>(PROCESSES).fill(0) : [0, ...Array<number>(PROCESSES - 1).fill(5)]);
      expect(readdirSync(where.folder).sort()).toEqual(["a.zip", "in"]);
      expect(where.run(["t", "a.zip"]).code).toBe(0);
    }
  });
});

describe.skipIf(isWindows || !has("bash"))("a reader that wants no more (needs bash)", { timeout: TIMEOUT }, () => {
  it.each([
    ["x -O a.zip", "x -O a.zip"], ["l a.zip", "l many.zip"], ["l --json", "l --json many.zip"], ["c -", "c - in --format tar"], ["c - of a 7z", "c - in --format 7z --level 0"], ["c - of a zip", "c - in --format zip --level 0"],
  ])("ends %s quietly", (_, words) => {
    const where = sandbox();
    where.file("a.zip", buildZip([{ name: "a", content: prose(3 << 20) }, { name: "b", content: prose(3 << 20), method: DEFLATE }]));
    where.file("many.zip", buildZip(Array.from({ length: 5000 }, (_, at) => ({ name: `file number ${at}` }))));
    where.file("in/a", noise(3 << 20));
    const { stdout, stderr } = where.run(words.split(" "), { through: ["bash", "-c", '"$0" "$@" | head -c 1000 > /dev/null; echo "${PIPESTATUS[0]}"', process.execPath] });
    expect([stdout, stderr]).toEqual(["0\n", ""]);
    expect(readdirSync(where.folder).sort()).toEqual(["a.zip", "in", "many.zip"]);
  });
});

describe.skipIf(!has("mkfifo") || process.platform !== "linux")("a signal while a pipe is waited for that nobody writes to (needs mkfifo and Linux)", { timeout: TIMEOUT }, () => {
  it.each([["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 143]] as const)("%s ends the run at once, although the pipe stays open, and nothing stays", async (signal, code) => {
    const where = sandbox();
    run("mkfifo", [join(where.folder, "pipe")]);
    const pipe = openSync(join(where.folder, "pipe"), constants.O_RDWR);
    const child = where.start(["x", "-", "-C", "out"], { stdio: [pipe, "ignore", "ignore"] });
    const ended = new Promise((resolve) => child.on("close", (status, by) => resolve(status ?? by)));
    const bytes = buildTar([{ name: "a", content: prose(100_000) }, { name: "b", content: prose(100_000) }]).subarray(0, 150_000);
    for (let done = 0; done < bytes.length; ) done += writeSync(pipe, bytes, done); // waits until all but the last 64 KiB are taken
    while (!readdirSync(where.folder).some((name) => name.endsWith(".partial"))) await sleep(5);
    child.kill(signal);
    expect(await ended).toBe(code);
    closeSync(pipe);
    expect(readdirSync(where.folder)).toEqual(["pipe"]);
  });
});
