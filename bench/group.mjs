/** The rows of one group: set up, checked, run in turns, in every place. */
import { spawnSync } from "node:child_process";
import { cpSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { check, clear, firstLine, prepare } from "./check.mjs";
import { runContender } from "./command.mjs";
import { CREATE, EXTRACT, lineOf, START } from "./contenders.mjs";
import { setUp, whyNot } from "./subject.mjs";
import { summarise } from "./summary.mjs";

/** What belongs to the run, not to a group. */
const KEPT = new Set(["program", "home"]);
/** Whoever takes so many times as long as the fastest is run once: its median is not what anybody wants to know. */
const HOPELESS = 20;
const NAMED = /^(sparse|entries)/;

export async function runGroup(group, { places, ...bench }) {
  const why = whyNot(group) ?? (bench.isOver() ? "not run, for want of time" : undefined);
  if (why !== undefined) {
    bench.remark(`${group.rows.map(({ title }) => title).join(", ")}: ${why}`);
    return [];
  }
  const results = [];
  let subject;
  let last;
  try {
    for (const [number, place] of places.entries()) {
      // A second place tells something about rows that write files, and nothing about others.
      const rows = group.rows.filter(({ kind }) => number === 0 || ((kind === EXTRACT || kind === CREATE) && !NAMED.test(group.input)));
      if (rows.length === 0) continue;
      const here = { ...bench, ...place, env: { ...bench.env, HOME: join(place.folder, "home"), TMPDIR: place.folder } };
      if (subject === undefined) subject = setUp(group, here);
      else moveSetUp(last, place);
      last = place;
      for (const row of rows) {
        if (bench.isOver()) bench.remark(`${row.title}: not run, for want of time`);
        else results.push(await runRow(row, subject, here));
      }
    }
  } finally {
    for (const { folder } of places) empty(folder);
  }
  return results;
}

/** Everything else waits for its child: here an interruption is heard that ended one. */
const signals = () => new Promise((resolve) => void setImmediate(resolve));

function moveSetUp(from, to) {
  for (const name of readdirSync(from.folder).filter((name) => !KEPT.has(name))) cpSync(join(from.folder, name), join(to.folder, name), { recursive: true });
  empty(from.folder);
}

function empty(folder) {
  for (const name of readdirSync(folder)) if (!KEPT.has(name)) rmSync(join(folder, name), { recursive: true, force: true });
}

async function runRow(row, subject, bench) {
  bench.say(`${row.id}: ${row.title}${bench.several ? ` (${bench.kind})` : ""}`);
  const left = [];
  const leave = ({ tool, name, line }, why) => {
    left.push({ tool, name, line, why });
    bench.say(`  left out: ${line}: ${why}`);
  };
  const runs = [];
  let seconds = 0;
  for (const contender of row.contenders) {
    const { tool, name, needs } = contender;
    const one = { ...contender, line: lineOf(contender), walls: [], cpus: [], peaks: [] };
    const missing = [tool, ...needs].filter((needed) => !bench.has(needed));
    if (missing.length > 0) {
      left.push({ tool, name, line: one.line, why: `${missing.join(", ")} not installed` });
      continue;
    }
    const { wrong, verified, bytes, wall } = check(row, contender, subject, bench);
    await signals();
    if (wrong !== undefined) {
      leave(one, wrong);
      continue;
    }
    seconds += wall;
    runs.push({ ...one, verified, bytes, checked: wall });
  }
  const rounds = bench.rounds(row, seconds);
  const failed = new Set();
  const fastest = Math.min(...runs.filter(({ tool }) => tool !== "floor").map(({ checked }) => checked));
  for (let round = 0; round < rounds; round++) {
    for (const one of runs.filter((each) => !failed.has(each) && (round === 0 || each.checked < HOPELESS * fastest))) {
      const trouble = runOnce(row, one, bench);
      await signals();
      if (trouble === undefined) continue;
      failed.add(one);
      leave(one, `${trouble} in round ${round + 1}`);
    }
  }
  clear(row, bench);
  const result = summarise(row, { runs: runs.filter((one) => !failed.has(one)), left, rounds, subject, place: bench.kind });
  bench.say(`  ${result.sentence}`);
  return result.row;
}

/** What went wrong, if anything. */
function runOnce(row, one, bench) {
  prepare(row, one, bench);
  // What earlier runs left to be written would be written during this one.
  if (bench.kind === "disk" && row.kind !== START) spawnSync("sync");
  const { status, stderr, wall, user, system, rss } = runContender(one, bench, { measured: true });
  if (status !== 0) return `ended with ${status}: ${firstLine(stderr, bench)}`;
  one.walls.push(wall);
  if (rss !== undefined) {
    one.cpus.push(user + system);
    one.peaks.push(rss * 1024);
  }
  return undefined;
}
