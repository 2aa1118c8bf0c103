/** The runner: shares out the time among the targets, watches the working process, and keeps what is found. */
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { removeTree } from "../src/safe/publish.ts";
import { keyOf, saveFinding, type Finding } from "./findings.ts";
import { minimise } from "./minimise.ts";
import { WorkProcess } from "./process.ts";
import type { Done, Report } from "./protocol.ts";
import { WRITE } from "./round-trip.ts";
import { corpusSeeds, fixtureSeeds, folderSeeds } from "./seeds.ts";
import { libraryOf, type Library, type Plan } from "./targets.ts";

const HELP = `node fuzz/run.mjs [options]
  --target A,B     formats, splice, truncate, threads, write; default: all
  --seed N         where the random numbers begin; default 1
  --runs N         cases for each target
  --seconds S      as long as that, in turns; default 60 where no --runs is given
  --from N         the number of the first case
  --corpus DIR     archives of other projects; default ../shared/corpus; "none"
  --seeds DIR      more archives, in folders named like their target
  --replay DIR     a finding once more: its folder in fuzz/findings
  --log FILE       a line of JSON for each turn
  --no-save        findings are told and neither made smaller nor kept
`;

export interface Place {
  readonly root: string;
  /** The bundled working process. */
  readonly entry: string;
}

interface Count {
  cases: number;
  operations: number;
  milliseconds: number;
  memory: number;
  readonly exits: Map<string, number>;
}

/** Milliseconds of one target's turn, and cases in it: the first turn tells how many fit. */
const TURN = 8_000;
const FIRST = 5;
const MOST = 400;
const TRIES = 300;

export async function main(argv: readonly string[], place: Place): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      target: { type: "string" }, seed: { type: "string", default: "1" }, runs: { type: "string" }, seconds: { type: "string" }, from: { type: "string", default: "0" },
      corpus: { type: "string" }, seeds: { type: "string" }, replay: { type: "string" }, log: { type: "string" }, "no-save": { type: "boolean", default: false }, help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const beside = values.corpus ?? join(place.root, "../shared/corpus");
  const settings = { root: place.root, corpus: values.corpus !== "none" && existsSync(beside) ? beside : undefined, seeds: values.seeds };
  const library = libraryOf([...fixtureSeeds(place.root), ...(settings.corpus === undefined ? [] : corpusSeeds(settings.corpus)), ...(settings.seeds === undefined ? [] : folderSeeds(settings.seeds))]);
  const top = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "unzipx-fuzz-"));
  const worker = new WorkProcess({ entry: place.entry, top, settings });
  try {
    if (values.replay !== undefined) return await replay(values.replay, worker);
    const targets = values.target?.split(",") ?? [...library.targets, WRITE];
    const unknown = targets.find((target) => target !== WRITE && !library.targets.includes(target));
    if (unknown !== undefined) {
      process.stderr.write(`no such target: ${unknown}; there are ${[...library.targets, WRITE].join(", ")}\n`);
      return 7;
    }
    const runs = values.runs === undefined ? undefined : Number(values.runs);
    return await fuzz({
      targets, seed: Number(values.seed), from: Number(values.from), runs, library, worker,
      until: runs === undefined ? Date.now() + 1000 * Number(values.seconds ?? 60) : Infinity,
      log: values.log, findings: values["no-save"] ? undefined : join(place.root, "fuzz/findings"),
    });
  } finally {
    worker.stop();
    await new Promise((resolve) => setTimeout(resolve, 100)); // for the process to go, and its folder
    removeTree(top);
    rmSync(top, { recursive: true, force: true });
  }
}

interface Session {
  readonly targets: readonly string[];
  readonly seed: number;
  readonly from: number;
  readonly runs: number | undefined;
  readonly until: number;
  readonly library: Library;
  readonly worker: WorkProcess;
  readonly log: string | undefined;
  readonly findings: string | undefined;
}

async function fuzz(session: Session): Promise<number> {
  const counts = new Map<string, Count>(session.targets.map((target) => [target, { cases: 0, operations: 0, milliseconds: 0, memory: 0, exits: new Map() }]));
  const known = new Map<string, Finding>();
  let stopped = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => (stopped = true));
  let next = session.targets.map((target) => ({ target, number: session.from }));
  while (next.length > 0 && !stopped && Date.now() < session.until) {
    for (const turn of next) {
      if (stopped || Date.now() >= session.until) break;
      const { cases, milliseconds } = counts.get(turn.target)!;
      const wanted = cases === 0 ? FIRST : Math.max(1, Math.min(MOST, Math.round((cases * TURN) / milliseconds)));
      const count = session.runs === undefined ? wanted : Math.min(wanted, session.from + session.runs - turn.number);
      turn.number += await takeTurn(session, turn, count, counts.get(turn.target)!, known);
    }
    next = next.filter(({ number }) => session.runs === undefined || number < session.from + session.runs);
  }
  process.stdout.write(table(counts, known));
  return known.size === 0 ? 0 : 1;
}

/** The number of cases that are done with. */
async function takeTurn(session: Session, { target, number }: { target: string; number: number }, count: number, counted: Count, known: Map<string, Finding>): Promise<number> {
  const started = Date.now();
  const found: Report[] = [];
  const ending = await session.worker.ask({ kind: "range", target, seed: session.seed, from: number, count }, (report) => found.push(report));
  let done = count;
  if (ending.kind === "done") {
    done = ending.done.cases;
    add(counted, ending.done);
  } else {
    done = Math.max(1, ending.at - number + 1);
    counted.cases += done;
    found.push({ kind: "finding", plan: planOf(session.library, target, session.seed, ending.at), faults: [`${ending.kind}: ${ending.why}`] });
  }
  counted.milliseconds += Date.now() - started;
  if (session.log !== undefined) {
    appendFileSync(session.log, `${JSON.stringify({ at: new Date().toISOString(), target, seed: session.seed, from: number, cases: done, operations: ending.kind === "done" ? ending.done.operations : 0, milliseconds: Date.now() - started, findings: found.length })}\n`);
  }
  for (const report of found) await remember(session, report, known);
  return done;
}

function planOf(library: Library, target: string, seed: number, number: number): Plan {
  return target === WRITE ? { target, seed, number, from: "", mutations: [], also: [] } : library.plan(target, seed, number);
}

function add(counted: Count, { cases, operations, exits, memory }: Done): void {
  counted.cases += cases;
  counted.operations += operations;
  counted.memory = Math.max(counted.memory, memory);
  for (const [exit, count] of Object.entries(exits)) counted.exits.set(exit, (counted.exits.get(exit) ?? 0) + count);
}

async function remember(session: Session, { plan, faults }: Report, known: Map<string, Finding>): Promise<void> {
  const key = keyOf(plan.target, faults[0]!);
  const before = known.get(key);
  if (before !== undefined) {
    before.count += 1;
    return;
  }
  const finding: Finding = { plan, faults, count: 1 };
  known.set(key, finding);
  process.stdout.write(`finding: ${plan.target}, seed ${plan.seed}, case ${plan.number}, from ${plan.from || "a random tree"}\n  ${faults.join("\n  ")}\n  ${JSON.stringify(plan.mutations).slice(0, 500)}\n`);
  if (session.findings === undefined) return;
  process.stdout.write(`  kept in ${await keep(session, finding, key)}\n`);
}

/** Made smaller first, where it is an archive. A hang is asked for only a few times: each takes its time. */
async function keep({ library, worker, findings }: Session, finding: Finding, key: string): Promise<string> {
  const { plan, faults } = finding;
  if (plan.target === WRITE) return saveFinding(findings!, finding, undefined);
  const [name, { password }] = [library.fileName(plan), library.seedOf(plan.from)];
  const shows = async (bytes: Buffer): Promise<boolean> => {
    const ending = await worker.ask({ kind: "bytes", name, password, base64: bytes.toString("base64"), also: plan.also }, () => {});
    const now = ending.kind === "done" ? ending.done.faults : [`${ending.kind}: ${ending.why}`];
    return now.some((fault) => keyOf(plan.target, fault) === key);
  };
  if (!(await shows(library.bytesOf(plan)))) return `${saveFinding(findings!, finding, { name, bytes: library.bytesOf(plan), password })}: not seen again by itself`;
  const isSlow = /^(hang|crash)|processor time/.test(faults[0]!);
  const least = plan.target === "truncate" ? { plan, bytes: library.bytesOf(plan) } : await minimise(plan, (one) => library.bytesOf(one), shows, isSlow ? 8 : TRIES);
  return saveFinding(findings!, { ...finding, plan: least.plan }, { name, bytes: least.bytes, password });
}

async function replay(folder: string, worker: WorkProcess): Promise<number> {
  const { file, password, faults: _, ...plan } = JSON.parse(readFileSync(join(folder, "finding.json"), "utf8")) as Plan & { file?: string; password?: string; faults: string[] };
  const ending = await worker.ask(
    file === undefined ? { kind: "plan", plan } : { kind: "bytes", name: file, password, base64: readFileSync(join(folder, file), "base64"), also: plan.also }, () => {});
  const faults = ending.kind === "done" ? ending.done.faults : [`${ending.kind}: ${ending.why}`];
  process.stdout.write(faults.length === 0 ? "nothing is wrong with it any more\n" : `${faults.join("\n")}\n`);
  return faults.length === 0 ? 0 : 1;
}

function table(counts: ReadonlyMap<string, Count>, known: ReadonlyMap<string, Finding>): string {
  const rows = [...counts].map(([target, { cases, operations, milliseconds, memory, exits }]) => [
    target, `${cases}`, `${operations}`, (cases / Math.max(0.001, milliseconds / 1000)).toFixed(1), `${memory}`,
    [...exits].sort((a, b) => b[1] - a[1]).map(([exit, count]) => `${exit}:${count}`).join(" "),
  ]);
  const total = (column: 1 | 2): number => rows.reduce((sum, row) => sum + Number(row[column]), 0);
  const head = ["target", "cases", "runs", "cases/s", "MiB", "exit codes of x"];
  const lines = [head, ...rows].map((row) => row.map((cell, i) => (i === 0 || i === 5 ? cell.padEnd(10) : cell.padStart(9))).join(" ").trimEnd());
  const found = [...known].map(([key, { count, plan }]) => `${count} × ${key} (seed ${plan.seed}, case ${plan.number})`);
  return `${lines.join("\n")}\n${total(1)} cases, ${total(2)} runs, ${known.size} findings\n${found.map((line) => `${line}\n`).join("")}`;
}
