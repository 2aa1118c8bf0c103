/** Another process that swaps folders, files and links in the destination, and the destination itself, while archives are unpacked into it. */
import { spawn, type ChildProcess } from "node:child_process";
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { buildTar, buildZip } from "../helpers/build.ts";
import { temporaryFolder } from "../helpers/tools.ts";

const LIBRARY = pathToFileURL(join(import.meta.dirname, "../../dist/index.js")).href;
const SECONDS = 10;

/**
 * Swaps everything it knows of as fast as it can. "outside" is where nothing may arrive: it holds folders and files of the very
 * names that are in the archives, so that one step through a swapped link would be seen.
 */
const RACER = `
import { linkSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, unlinkSync } from "node:fs";
const [top, seconds] = [process.argv[1], Number(process.argv[2])];
const attempt = (action) => { try { action(); } catch {} };
const end = Date.now() + seconds * 1000;
let swaps = 0;
for (let round = 0; Date.now() < end; round++) {
  for (const [folder, outside] of [[top + "/host/out", top + "/outside"], [top + "/host/out/d", top + "/outside/d"], [top + "/host", top], [top + "/host/out/new", top + "/outside/new"]]) {
    // The folder itself becomes a link, or what is in it does, or the folder on the way to it.
    for (const name of ["out", "d", "locked", "sub", "new", "f", "g"]) {
      // A link of this process, moved as the folder that it stood for: what is done through it would be this process's own doing.
      let isLink = false;
      attempt(() => { isLink = lstatSync(folder).isSymbolicLink(); });
      if (isLink) { attempt(() => unlinkSync(folder)); continue; }
      const path = folder + "/" + name;
      const away = path + ".away";
      attempt(() => renameSync(path, away));
      if (round % 3 === 2 && (name === "f" || name === "g")) attempt(() => linkSync(outside + "/" + name, path));
      else attempt(() => symlinkSync(name === "out" ? top + "/outside" : outside + "/" + name, path));
      swaps++;
      for (let spin = 0; spin < (round % 7) * 3000; spin++);
      attempt(() => unlinkSync(path));
      attempt(() => renameSync(away, path));
    }
  }
  if (round % 5 === 0) attempt(() => { for (const name of readdirSync(top + "/host/out")) if (name.startsWith(".unzipx-") && !name.endsWith(".away")) { renameSync(top + "/host/out/" + name, top + "/host/out/" + name + ".away"); symlinkSync(top + "/outside", top + "/host/out/" + name); } });
  if (round % 50 === 0) attempt(() => { for (const name of readdirSync(top + "/host/out")) if (/^(\\.unzipx-|new)/.test(name)) rmSync(top + "/host/out/" + name, { recursive: true, force: true }); });
}
process.stdout.write(String(swaps));
`;

/**
 * Unpacks the archives again and again, into the folder that is there and into new ones; what fails, fails. The process stands in the
 * destination: what a path leads to at the start of a run is the user's word, and nobody could tell a swapped folder from the right one.
 * `once` unpacks `archive` so, and leaves what became of it in `outcome`.
 */
function unpacking(imports: string, once: string): string {
  return `
${imports}
const [top, seconds, command] = [process.argv[1], Number(process.argv[2]), process.argv[3]];
const end = Date.now() + seconds * 1000;
process.chdir(top + "/host/out");
process.stdout.write("ready\\n");
const outcomes = {};
for (let round = 0; Date.now() < end; round++) {
  const archive = top + (round % 2 === 0 ? "/new.tar" : "/new.zip");
  const into = ["never", "always", "auto"][round % 3];
  const overwrite = round % 4 === 3 ? "rename" : "always";
  let outcome;
  ${once}
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
}
process.stdout.write(JSON.stringify(outcomes));
`;
}

const UNPACKER = unpacking(`const { extract } = await import(${JSON.stringify(LIBRARY)});`, `
  try {
    await extract(archive, ".", { into, overwrite, threads: round % 8 === 7 ? 2 : 1 });
    outcome = "done";
  } catch (error) {
    outcome = error.code ?? error.name;
  }`);

/** The same with the command, which works in the folder that it writes into. */
const COMMANDER = unpacking('import { spawnSync } from "node:child_process";', `
  outcome = spawnSync(process.execPath, [command, "x", archive, "-C", ".", "--into", into, "--overwrite", overwrite], { env: { ...process.env, UNZIPX_ACCEPT_TERMS: "1" } }).status;`);
const COMMAND = join(import.meta.dirname, "../../bin/unzipx.js");

function start(script: string, ...words: string[]): { child: ChildProcess; output: Promise<string> } {
  const child = spawn(process.execPath, ["--input-type=module", "-e", script, ...words], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout!.on("data", (chunk) => (said += String(chunk)));
  return { child, output: new Promise((resolve, reject) => child.on("exit", (code) => (code === 0 ? resolve(said) : reject(new Error(`exit ${code}: ${said}`))))) };
}

/** Names, kinds, modes, times and contents: a file that was made and removed again is seen in its folder's time. */
function stateOf(folder: string): unknown[] {
  return [folder, ...readdirSync(folder).map((name) => join(folder, name))].flatMap((path): unknown[] => {
    const { mode, mtimeMs, nlink, size } = lstatSync(path);
    if ((mode & 0o170000) === 0o040000) return path === folder ? [[path, mode, mtimeMs]] : stateOf(path);
    return [[path, mode, mtimeMs, size, nlink > 9 ? "many" : "few", readFileSync(path, "latin1")]];
  });
}

describe.skipIf(process.platform !== "linux")("a process that swaps folders and links in the destination", () => {
  it.each([["the library", UNPACKER], ["the command", COMMANDER]])(`for ${SECONDS} seconds gets nothing outside, and no file there is changed: %s`, { timeout: (SECONDS + 30) * 1000 }, async (_who, script) => {
    const top = temporaryFolder();
    const file = (name: string): { name: string; content: string; mode: number } => ({ name, content: `of the archive: ${name}`, mode: 0o100777 });
    const names = ["f", "d/f", "d/g", "d/sub/f", "locked/f", "new/f"];
    writeFileSync(join(top, "new.tar"), buildTar([
      { name: "d/", type: "5", mode: 0o777 }, { name: "d/sub/", type: "5", mode: 0o500 }, ...names.map((name) => ({ ...file(name), mode: 0o777 })),
      { name: "locked/", type: "5", mode: 0o055 }, { name: "g", type: "2", link: "d/f" }, { name: "d/sub/g", type: "1", link: "f" },
    ]));
    writeFileSync(join(top, "new.zip"), buildZip([...names.map(file), { name: "locked/", mode: 0o040055 }, { name: "g", content: "d/f", mode: 0o120777 }]));
    const outside = join(top, "outside");
    for (const folder of ["host/out/d/sub", "host/out/locked", "outside/d/sub/sub", "outside/d/d", "outside/d/locked", "outside/locked", "outside/sub", "outside/new/d", "outside/new/sub"]) mkdirSync(join(top, folder), { recursive: true });
    for (const name of ["f", "g", "d/f", "d/g", "d/sub/f", "locked/f", "new/f", "new/g"]) writeFileSync(join(outside, name), `not yours: ${name}`, { mode: 0o600 });
    chmodSync(join(outside, "locked"), 0o700);
    symlinkSync("d/f", join(top, "host/out/g"));
    const before = stateOf(outside);
    const unpacker = start(script, top, String(SECONDS), COMMAND);
    await new Promise((resolve) => unpacker.child.stdout!.once("data", resolve));
    const racer = start(RACER, top, String(SECONDS));
    const [said, swaps] = await Promise.all([unpacker.output, racer.output]);
    const outcomes = said.replace("ready\n", "");
    expect(stateOf(outside)).toEqual(before);
    expect(Number(swaps)).toBeGreaterThan(1000);
    if (process.env["RACE_SHOW"] !== undefined) console.log(outcomes, swaps);
    const { INTERNAL, TypeError: _, ...rest } = JSON.parse(outcomes) as Record<string, number>;
    expect(INTERNAL).toBeUndefined();
    if (script === COMMANDER) expect(Object.keys(rest)).toEqual(expect.arrayContaining(["0"]));
    expect(Object.keys(rest)).not.toContain("null"); // ended by a signal
    expect(Object.values(rest).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(10);
  });
});
