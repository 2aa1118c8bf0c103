/**
 * unzipx against the archive tools of this machine: npm run bench -- --help
 *
 * Every tool's result is held against the input before anything is timed. The runs of one row alternate, A B C A B C,
 * so that whatever else the machine does meets all of them.
 */
import { spawnSync } from "node:child_process";
import { accessSync, chmodSync, constants, cpSync, existsSync, mkdirSync, mkdtempSync, openSync, closeSync, readdirSync, readFileSync, rmSync, statfsSync, statSync, writeSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { copyProgram, makeInputs, measure, SIZES } from "./inputs.mjs";
import { canMeasureChildren, digestTree, median, run } from "./measure.mjs";
import { writeReport } from "./report.mjs";
import { CHECKERS, groups, isStart, lineOf, MAKERS, TOOLS } from "./rows.mjs";

const HELP = `npm run bench -- [options]

  --quick        smaller inputs, fewer rows and runs: about two minutes, once the inputs are made
  --rounds N     runs of every command (default: 5, quick 3; the start-up rows 21)
  --only REGEX   only rows whose id matches; --list shows the ids
  --label NAME   of the results' file names (default: "full" or "quick")
  --work DIR     where inputs are kept (default: bench/work)
  --tmpfs DIR    where the tools run (default: /dev/shm where it has room, otherwise the work folder)
  --results DIR  (default: bench/results)
  --list         show the rows and do nothing
`;

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "..");
const say = (text) => void process.stderr.write(`${text}\n`);

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false }, rounds: { type: "string" }, only: { type: "string" }, label: { type: "string" },
    work: { type: "string", default: join(here, "work") }, tmpfs: { type: "string" }, results: { type: "string", default: join(here, "results") },
    list: { type: "boolean", default: false }, help: { type: "boolean", default: false },
  },
});
const wanted = new RegExp(options.only ?? "");
const chosen = groups(options).map((group) => ({ ...group, rows: group.rows.filter((row) => wanted.test(row.id)) })).filter((group) => group.rows.length > 0);

if (options.help) {
  process.stdout.write(HELP);
} else if (options.list) {
  for (const group of chosen) for (const row of group.rows) process.stdout.write(`${row.id.padEnd(20)}${row.title}\n`);
} else {
  process.exitCode = main();
}

function main() {
  process.umask(0o022); // modes are compared
  const label = options.label ?? (options.quick ? "quick" : "full");
  const work = resolve(options.work);
  const size = options.quick ? SIZES.quick : SIZES.full;
  // The small zip of the start-up rows is made of a few of the tiny files.
  const names = new Set(chosen.map(({ input }) => (input === "small" ? "tiny" : input)));
  const inputs = makeInputs(names, join(work, options.quick ? "inputs-quick" : "inputs-full"), size, say);
  const place = runPlace(work, inputs);
  const folder = mkdtempSync(join(place.path, "unzipx-bench-"));
  const stop = (signal) => {
    rmSync(folder, { recursive: true, force: true });
    process.exit(signal === "SIGINT" ? 130 : 143);
  };
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, stop);
  try {
    const bench = {
      folder, inputs,
      program: copyProgram(root, join(folder, "program")),
      measured: canMeasureChildren(),
      env: { PATH: process.env.PATH, LC_ALL: "C.UTF-8", HOME: folder, TMPDIR: folder, UNZIPX_ACCEPT_TERMS: "1" },
      tools: new Map(Object.keys(TOOLS).map((tool) => [tool, find(tool)])),
      remarks: [],
    };
    if (!bench.measured) bench.remarks.push("CPU time and peak memory are missing: there is no GNU time at /usr/bin/time");
    for (const [tool, path] of bench.tools) if (path === undefined) bench.remarks.push(`${tool} is not installed: its rows lack it`);
    for (const remark of bench.remarks) say(`note: ${remark}`);
    const load = loadavg()[0];
    const started = Date.now();
    const rows = [];
    for (const group of chosen) rows.push(...runGroup(group, bench));
    const files = writeReport({
      label, date: new Date().toISOString().slice(0, 10), quick: options.quick, place: place.about, remarks: bench.remarks, rows,
      inputs: Object.values(inputs).map(({ name, about, files, bytes }) => ({ name, about, files, bytes })),
      machine: {
        processor: cpus()[0]?.model ?? "unknown", cores: availableParallelism(), memory: totalmem(), system: `${process.platform} ${/^[0-9.]*[0-9]/.exec(release())?.[0] ?? ""} ${process.arch}`,
        loadBefore: load, seconds: Math.round((Date.now() - started) / 1000),
      },
      versions: versionsOf(bench),
    }, options.results);
    for (const file of files) say(`wrote ${file}`);
    return rows.every((row) => row.runs.some((one) => one.tool === "unzipx")) ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Where the tools run: in memory if there is room for input, archives and output, so that no disk is measured. */
function runPlace(work, inputs) {
  const most = Math.max(...Object.values(inputs).map((input) => input.bytes + 4096 * input.files));
  const needed = 4 * most + (1 << 28);
  const isTmpfs = (path) => process.platform === "linux" && existsSync(path) && statfsSync(path).type === 0x01021994;
  const wantedPlace = options.tmpfs ?? (isTmpfs("/dev/shm") ? "/dev/shm" : undefined);
  if (wantedPlace !== undefined) {
    const { bavail, bsize } = statfsSync(wantedPlace);
    if (bavail * bsize > needed) return { path: resolve(wantedPlace), about: isTmpfs(wantedPlace) ? "tmpfs" : "a folder on disk" };
    say(`note: ${wantedPlace} has no room for ${Math.round(needed / 2 ** 20)} MiB: running in the work folder`);
  }
  return { path: work, about: "the work folder, on disk" };
}

function find(tool) {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const path = join(folder, tool);
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) return path;
    } catch {
      // not in this folder
    }
  }
  return undefined;
}

function commandOf(tool, args, { program }) {
  if (tool === "unzipx") return [process.execPath, program, ...args];
  return [tool === "node" ? process.execPath : tool, ...args];
}

/** Runs what is not measured; throws when it fails. */
function must([tool, ...args], bench, stdout) {
  const result = run(commandOf(tool, args, bench), { cwd: bench.folder, env: bench.env, measured: false, stdout });
  if (result.status !== 0) throw new Error(`${[tool, ...args].join(" ")} ended with ${result.status}: ${result.stderr.trim().slice(0, 500)}`);
}

function has(tool, { tools }) {
  return tool === "unzipx" || tool === "node" || tools.get(tool) !== undefined;
}

function runGroup(group, bench) {
  const source = join(bench.folder, group.input);
  if (group.input === "small") copySmall(bench.inputs.tiny.path, source);
  else cpSync(bench.inputs[group.input].path, source, { recursive: true });
  setModes(source);
  const made = group.archives.map((extension) => makeArchive(extension, group.input, bench));
  const digests = new Map();
  const digest = (modes) => digests.get(modes) ?? digests.set(modes, digestTree(source, { modes })).get(modes);
  const context = { source, group, made, digest, ...measure(source) };
  try {
    return group.rows.map((row) => runRow(row, context, bench));
  } finally {
    for (const name of readdirSync(bench.folder)) if (name !== "program") remove(bench, name);
  }
}

function copySmall(tiny, into) {
  mkdirSync(into);
  const [folder] = readdirSync(tiny);
  for (const name of readdirSync(join(tiny, folder)).slice(0, 10)) cpSync(join(tiny, folder, name), join(into, name));
}

/** What every tool can keep: no group write, no setuid. */
function setModes(path) {
  for (const entry of readdirSync(path, { withFileTypes: true, recursive: true })) {
    const at = join(entry.parentPath ?? entry.path, entry.name);
    chmodSync(at, entry.isDirectory() || (statSync(at).mode & 0o100) !== 0 ? 0o755 : 0o644);
  }
  chmodSync(path, 0o755);
}

function makeArchive(extension, input, bench) {
  const maker = MAKERS[extension].find(([tool]) => has(tool, bench));
  // A .gz holds one file: the group's only one.
  const [what, archive] = extension === "gz" ? [`${input}/${input}.txt`, `${input}.txt.gz`] : [input, `${input}.${extension}`];
  const [tool] = maker;
  say(`making ${archive} with ${tool}`);
  if (tool === "gzip") must([...maker, what], bench, archive);
  else must([...maker, archive, what], bench);
  return { archive, tool, bytes: statSync(join(bench.folder, archive)).size };
}

function runRow(row, context, bench) {
  const measured = bench.measured;
  const rounds = options.rounds !== undefined ? Number(options.rounds) : isStart(row) ? 21 : options.quick ? 3 : 5;
  say(`${row.id}: ${row.title}`);
  const runs = [];
  const left = [];
  for (const contender of row.contenders) {
    const missing = [contender.tool, ...contender.needs].filter((tool) => !has(tool, bench));
    if (missing.length > 0) {
      left.push({ tool: contender.tool, line: lineOf(contender), why: `${missing.join(", ")} not installed` });
      continue;
    }
    const found = check(row, contender, context, bench);
    if (found.wrong !== undefined) {
      left.push({ tool: contender.tool, line: lineOf(contender), why: found.wrong });
      say(`  left out: ${lineOf(contender)}: ${found.wrong}`);
      continue;
    }
    runs.push({ ...contender, line: lineOf(contender), verified: found.verified, bytes: found.bytes, walls: [], cpus: [], peaks: [], trouble: undefined });
  }
  for (let round = 0; round < rounds; round++) {
    for (const one of runs.filter(({ trouble }) => trouble === undefined)) {
      prepare(row, one, context, bench);
      const result = run(commandOf(one.tool, one.args, bench), { cwd: bench.folder, env: bench.env, measured, stdout: one.stdout });
      if (result.status !== 0) {
        one.trouble = `ended with ${result.status} in round ${round + 1}: ${firstLine(result.stderr, bench)}`;
        say(`  left out: ${one.line}: ${one.trouble}`);
        continue;
      }
      one.walls.push(result.wall);
      if (!measured) continue;
      one.cpus.push(result.user + result.system);
      one.peaks.push(result.rss * 1024);
    }
  }
  for (const name of ["out", "check", row.made]) if (name !== undefined) remove(bench, name);
  for (const { tool, line, trouble } of runs) if (trouble !== undefined) left.push({ tool, line, why: trouble });
  return summarise(row, runs.filter(({ trouble }) => trouble === undefined), left, rounds, context);
}

/** Results name no folder of this machine. */
function firstLine(text, { folder }) {
  return text.replaceAll(folder, ".").trim().split("\n")[0].slice(0, 200);
}

function prepare(row, contender, context, bench) {
  if (row.kind === "extract") {
    remove(bench, "out");
    mkdirSync(join(bench.folder, "out"));
    if (contender.stdout !== undefined) mkdirSync(dirname(join(bench.folder, contender.stdout)), { recursive: true });
  }
  if (row.made !== undefined) remove(bench, row.made);
}

/** A first run, which also warms the caches: what was `wrong`, or what was `verified`. */
function check(row, contender, context, bench) {
  prepare(row, contender, context, bench);
  const result = run(commandOf(contender.tool, contender.args, bench), { cwd: bench.folder, env: bench.env, measured: false, stdout: contender.stdout });
  if (result.status !== 0) return { wrong: `ended with ${result.status}: ${firstLine(result.stderr, bench)}` };
  try {
    switch (row.kind) {
      case "extract":
        return compare(join(bench.folder, "out", context.group.input), context, contender.stdout !== undefined);
      case "create": {
        const [tool, ...args] = CHECKERS[row.made].find(([name]) => has(name, bench));
        remove(bench, "check");
        mkdirSync(join(bench.folder, "check"));
        must([tool, ...args], bench);
        const found = compare(join(bench.folder, "check", context.group.input), context, false);
        return { ...found, ...(found.verified && { verified: `${found.verified}, unpacked with ${tool}` }), bytes: statSync(join(bench.folder, row.made)).size };
      }
      case "list":
        return compareNames(row.names[contender.tool], contender.tool, context, bench);
      case "test":
        return testDamaged(row, contender, bench);
      default:
        return { verified: "exit code 0" };
    }
  } catch (error) {
    return { wrong: firstLine(error.message, bench) };
  }
}

function compare(path, { digest }, contentOnly) {
  if (!contentOnly && digestTree(path, { modes: true }) === digest(true)) return { verified: "paths, contents, modes" };
  if (digestTree(path, { modes: false }) === digest(false)) return { verified: "paths, contents" };
  return { wrong: "its result differs from the input" };
}

function compareNames(args, tool, { source }, bench) {
  must([tool, ...args], bench, "names");
  const text = readFileSync(join(bench.folder, "names"), "utf8");
  const lines = tool === "7zz" ? [...text.matchAll(/^Path = (.*)$/gm)].map(([, name]) => name) : text.split("\n");
  const found = lines.map((line) => line.replace(/\/$/, "")).filter((line) => line !== "").sort();
  const name = source.slice(bench.folder.length + 1);
  const expected = [name, ...readdirSync(source, { recursive: true }).map((one) => `${name}/${one}`)].sort();
  if (found.length === expected.length && found.every((one, i) => one === expected[i])) return { verified: `${found.length} names` };
  return { wrong: `it lists ${found.length} names, expected ${expected.length}` };
}

/** A test that passes everything is fast: one flipped byte must be found. */
function testDamaged(row, contender, bench) {
  const path = join(bench.folder, row.tests);
  const at = Math.floor(statSync(path).size / 3);
  const flip = () => {
    const fd = openSync(path, "r+");
    const byte = readFileSync(path).subarray(at, at + 1);
    writeSync(fd, Uint8Array.of(byte[0] ^ 0xff), 0, 1, at);
    closeSync(fd);
  };
  flip();
  try {
    const { status } = run(commandOf(contender.tool, contender.args, bench), { cwd: bench.folder, env: bench.env, measured: false });
    return status === 0 ? { wrong: "it does not find a flipped byte" } : { verified: "whole archive passes, one flipped byte does not" };
  } finally {
    flip();
  }
}

function summarise(row, runs, left, rounds, context) {
  const summaries = runs.map(({ tool, line, verified, walls, cpus: cpu, peaks, bytes }) => ({
    tool, line, verified, outputBytes: bytes,
    median: median(walls), least: Math.min(...walls), most: Math.max(...walls), walls,
    cpu: cpu.length > 0 ? median(cpu) : undefined, peak: peaks.length > 0 ? Math.max(...peaks) : undefined,
  }));
  const own = summaries.find((one) => one.tool === "unzipx");
  const peers = summaries.filter((one) => (isStart(row) ? one.tool === "node" : one.tool !== "unzipx"));
  const fastest = peers.reduce((best, one) => (best === undefined || one.median < best.median ? one : best), undefined);
  const ratio = own === undefined || fastest === undefined ? undefined : own.median / fastest.median;
  say(`  unzipx ${own?.median.toFixed(3) ?? "left out"} s · ${fastest === undefined ? "nobody to compare with" : `${fastest.tool} ${fastest.median.toFixed(3)} s · ratio ${ratio?.toFixed(2)}`}`);
  return {
    id: row.id, title: row.title, rounds, fastest: fastest?.line, ratio, left, runs: summaries,
    files: context.files, bytes: context.bytes,
    // Only what the row reads.
    archives: context.made.filter(({ archive }) => runs.some((one) => one.args.includes(archive))),
  };
}

function remove({ folder }, name) {
  rmSync(join(folder, name), { recursive: true, force: true });
}

function versionsOf({ tools, program, env, folder }) {
  const versions = { unzipx: unzipxVersion(program, env), node: process.version };
  for (const [tool, path] of tools) {
    if (path === undefined) continue;
    const { stdout, stderr } = spawnSync(tool, TOOLS[tool], { encoding: "utf8", env, cwd: folder });
    const lines = `${stdout}\n${stderr}`.split("\n").map((line) => line.trim()).filter((line) => /\d+\.\d+/.test(line));
    versions[tool] = (lines.find((line) => !/^Copyright/i.test(line)) ?? "unknown").replace(/^This is /, "").replace(/[,.] +(by|Original).*$/i, "").replace(/ : Copyright.*$/, "").replace(/ zlib\/.*$/, "");
  }
  return versions;
}

function unzipxVersion(program, env) {
  const { stdout } = spawnSync(process.execPath, [program, "--version"], { encoding: "utf8", env });
  const git = (...args) => spawnSync("git", args, { cwd: root, encoding: "utf8" }).stdout?.trim();
  const commit = git("rev-parse", "--short", "HEAD");
  const changed = git("status", "--porcelain", "--", "src", "package-lock.json") ? " with changes" : "";
  return commit ? `${stdout.trim()} (${commit}${changed})` : stdout.trim();
}
