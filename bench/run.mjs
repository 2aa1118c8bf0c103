/**
 * unzipx against the archive tools of this machine: npm run bench -- --help
 *
 * Every tool's result is held against the input before anything is timed. The runs of one row alternate, A B C A B C,
 * so that whatever else the machine does meets all of them.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bundleCodecs } from "./codecs.mjs";
import { START } from "./contenders.mjs";
import { runGroup } from "./group.mjs";
import { isKept, makeInputs, SIZES } from "./inputs.mjs";
import { meter } from "./measure.mjs";
import { choosePlaces, roomFor } from "./place.mjs";
import { copyProgram, programVersion } from "./program.mjs";
import { writeReport } from "./report.mjs";
import { groups } from "./rows.mjs";
import { findTools, installPeers, versionsOf } from "./tools.mjs";

const HELP = `npm run bench -- [options]

  --quick         smaller inputs, fewer rows and runs: about two minutes, once the inputs are made
  --rounds N      runs of every command (default: up to 5, quick 3, fewer of slow ones; the start-up rows 21, quick 11)
  --minutes N     after so many no further row is begun, and those that are missing are told (default: no limit)
  --only REGEX    only rows whose id matches; --list shows the ids
  --label NAME    of the results' file names (default: "full" or "quick")
  --work DIR      where inputs are kept (default: bench/work)
  --tmpfs DIR     where the tools run (default: /dev/shm where it has room), or none
  --disk DIR      where they run once more, in the rows that write files (default: the work folder in a full run), or none
  --results DIR   (default: bench/results)
  --sparse-gb N   size of the sparse file (default: 100), with --only sparse
  --list          show the rows and do nothing

In the full run only: rows about growth (scale-…); with --quick, --only scale runs them smaller. Only when --only names
them, in either: the rows about a sparse file (sparse-…).
`;

/** What is there without being installed. */
const OURS = new Set(["unzipx", "node", "floor"]);

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "..");
const say = (text) => void process.stderr.write(`${text}\n`);

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false }, rounds: { type: "string" }, minutes: { type: "string", default: "Infinity" }, only: { type: "string", default: "" }, label: { type: "string" },
    work: { type: "string", default: join(here, "work") }, tmpfs: { type: "string" }, disk: { type: "string" }, results: { type: "string", default: join(here, "results") },
    "sparse-gb": { type: "string", default: "100" }, list: { type: "boolean", default: false }, help: { type: "boolean", default: false },
  },
});
const wanted = new RegExp(options.only);
const chosen = groups({ quick: options.quick, sparseGigabytes: Number(options["sparse-gb"]) })
  .filter(({ named }) => !named || options.only.includes(named))
  .map((group) => ({ ...group, rows: group.rows.filter(({ id }) => wanted.test(id)) }))
  .filter(({ rows }) => rows.length > 0);

if (options.help) {
  process.stdout.write(HELP);
} else if (options.list) {
  for (const { rows } of chosen) for (const { id, title } of rows) process.stdout.write(`${id.padEnd(24)}${title}\n`);
} else {
  process.exitCode = await main();
}

async function main() {
  process.umask(0o022); // modes are compared
  const remarks = [];
  const remark = (text) => {
    remarks.push(text);
    say(`note: ${text}`);
  };
  const work = resolve(options.work);
  // The small zip of the start-up rows is made of a few of the tiny files.
  const names = new Set(chosen.map(({ input }) => (input === "small" ? "tiny" : input)).filter(isKept));
  const inputs = makeInputs(names, join(work, options.quick ? "inputs-quick" : "inputs-full"), options.quick ? SIZES.quick : SIZES.full, say);
  const path = [installPeers(join(work, "peers"), { say, remark }), process.env.PATH].join(delimiter);
  const tools = findTools(path);
  for (const [tool, found] of tools) if (found === undefined) remark(`${tool} is not installed: its rows lack it`);
  const measuring = meter();
  if (measuring === undefined) remark("CPU time and peak memory are missing: there is neither GNU time at /usr/bin/time nor python3");
  else if (measuring[0] === "python3") remark("peak memory below 12 MB cannot be seen: it was measured with Python, for want of GNU time");

  const disk = options.disk ?? (options.quick ? undefined : work);
  const chosenPlaces = choosePlaces({ tmpfs: options.tmpfs, disk, work, needed: roomFor(Object.values(inputs)), say });
  const places = chosenPlaces.map(({ kind, path: parent }) => ({ kind, folder: mkdtempSync(join(parent, "unzipx-bench-")) }));
  const cleanUp = () => {
    for (const { folder } of places) rmSync(folder, { recursive: true, force: true });
  };
  for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]]) {
    process.on(signal, () => {
      cleanUp();
      process.exit(code);
    });
  }
  try {
    for (const { folder } of places) mkdirSync(join(folder, "home"));
    const env = { PATH: path, LC_ALL: "C.UTF-8", HOME: join(places[0].folder, "home"), TMPDIR: places[0].folder, UNZIPX_ACCEPT_TERMS: "1" };
    const program = copyProgram(root, join(places[0].folder, "program"));
    env.FLOOR_CODECS = await bundleCodecs(root, join(places[0].folder, "program"));
    const version = programVersion(root, program, env); // of what was copied: the sources may be worked on meanwhile
    const until = Date.now() + Number(options.minutes) * 60_000;
    const bench = {
      isOver: () => Date.now() > until,
      places, inputs, program, env, say, remark, meter: measuring, several: places.length > 1, rounds: roundsOf,
      has: (tool) => OURS.has(tool) || tools.get(tool) !== undefined,
    };
    const load = loadavg()[0];
    const started = Date.now();
    const rows = [];
    for (const group of chosen) rows.push(...(await runGroup(group, bench)));
    const files = writeReport({
      label: options.label ?? (options.quick ? "quick" : "full"), date: new Date().toISOString().slice(0, 10), quick: options.quick,
      places: places.map(({ kind }) => kind), remarks, rows,
      inputs: Object.values(inputs).map(({ name, about, files: count, bytes }) => ({ name, about, files: count, bytes })),
      machine: {
        processor: cpus()[0]?.model ?? "unknown", cores: availableParallelism(), memory: totalmem(), system: `${process.platform} ${/^[0-9.]*[0-9]/.exec(release())?.[0] ?? ""} ${process.arch}`,
        loadBefore: load, seconds: Math.round((Date.now() - started) / 1000),
      },
      versions: { unzipx: version, node: process.version, ...versionsOf(tools, env) },
    }, options.results);
    for (const file of files) say(`wrote ${file}`);
    return rows.every(({ runs }) => runs.some(({ tool }) => tool === "unzipx")) ? 0 : 1;
  } finally {
    cleanUp();
  }
}

/** As many as there is time for; `seconds` is what one round takes. An odd number has a run in its middle. */
function roundsOf({ kind, leastRounds, mostRounds }, seconds) {
  if (options.rounds !== undefined) return Number(options.rounds);
  if (kind === START) return options.quick ? 11 : 21;
  const { least, most, time } = options.quick ? { least: 1, most: 3, time: 2 } : { least: 3, most: 5, time: 120 };
  const possible = Math.min(mostRounds ?? most, Math.max(leastRounds ?? least, Math.floor(time / seconds)));
  return possible % 2 === 0 ? possible - 1 : possible;
}
