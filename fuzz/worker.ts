/** The process that does the work: it may hang, crash or grow, and the runner notices. Tells what it is at in a file, since nothing else gets out of an endless loop. */
import { closeSync, openSync, readdirSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { execFileSync } from "node:child_process";
import { makeBox } from "./box.ts";
import { check, type Verdict } from "./properties.ts";
import type { Answer, Request, Settings } from "./protocol.ts";
import { roundTrip, WRITE } from "./round-trip.ts";
import { corpusSeeds, fixtureSeeds, folderSeeds } from "./seeds.ts";
import { cutFault } from "./cut.ts";
import { libraryOf, type Library, type Plan } from "./targets.ts";

/** MiB that one case may take on top: a decoder may have 256 and its output 64. */
const MOST_MEMORY = 640;
/** MiB at rest, above which a new process is better. */
const TIRED = 1200;
const MOST_DESCRIPTORS = 200;

const settings = JSON.parse(process.argv[2]!) as Settings;
const box = makeBox(join(settings.work, "box"));
process.env["TMPDIR"] = join(settings.work, "box", "tmp");
const fifo = makeFifo(join(settings.work, "pipe"));
const progress = openSync(join(settings.work, "progress"), "w");
let current: Plan | undefined;

export const library: Library = libraryOf([
  ...fixtureSeeds(settings.root),
  ...(settings.corpus === undefined ? [] : corpusSeeds(settings.corpus)),
  ...(settings.seeds === undefined ? [] : folderSeeds(settings.seeds)),
]);

function say(answer: Answer): void {
  process.send!(answer);
}

for (const event of ["uncaughtException", "unhandledRejection"] as const) {
  process.on(event, (error: unknown) => {
    if (current !== undefined) say({ kind: "finding", plan: current, faults: [`${event}: ${error instanceof Error ? (error.stack ?? error.message).split("\n").slice(0, 4).join(" | ") : String(error)}`] });
    setTimeout(() => process.exit(9), 200);
  });
}

process.on("message", (request: Request) => void serve(request));
process.on("disconnect", () => process.exit(0));

async function serve(request: Request): Promise<void> {
  let [cases, operations, memory] = [0, 0, 0];
  const exits: Record<string, number> = {};
  let last: readonly string[] = [];
  const plans = request.kind === "range" ? plansOf(request) : [request.kind === "plan" ? request.plan : undefined];
  for (const plan of plans) {
    current = plan;
    writeSync(progress, `${String(plan?.number ?? 0).padStart(12)} ${Date.now()}`, 0);
    const { verdict, peak } = await measured(() => (plan === undefined ? runBytes(request as Extract<Request, { kind: "bytes" }>) : run(plan)));
    cases += 1;
    operations += verdict.operations;
    exits[verdict.exit] = (exits[verdict.exit] ?? 0) + 1;
    memory = Math.max(memory, peak);
    last = [...verdict.faults];
    if (peak > MOST_MEMORY) last = [...last, `takes more than ${MOST_MEMORY} MiB of memory`];
    if (last.length > 0 && plan !== undefined && request.kind === "range") say({ kind: "finding", plan, faults: last });
    if (request.kind === "range" && resident() > TIRED) break;
  }
  const open = readdirSync("/proc/self/fd").length;
  if (open > MOST_DESCRIPTORS && current !== undefined) say({ kind: "finding", plan: current, faults: [`descriptors stay open: more than ${MOST_DESCRIPTORS}`] });
  writeSync(progress, `${"idle".padStart(12)} ${Date.now()}`, 0);
  say({ kind: "done", cases, operations, exits, memory, faults: last, tired: resident() > TIRED || open > MOST_DESCRIPTORS });
}

function* plansOf({ target, seed, from, count }: Extract<Request, { kind: "range" }>): Generator<Plan> {
  for (let number = from; number < from + count; number++) {
    yield target === WRITE ? { target, seed, number, from: "", mutations: [], also: [] } : library.plan(target, seed, number);
  }
}

async function run(plan: Plan): Promise<Verdict> {
  if (plan.target === WRITE) return roundTrip(plan.seed, plan.number, box);
  const bytes = library.bytesOf(plan);
  const { password } = library.seedOf(plan.from);
  const verdict = await check({ name: library.fileName(plan), bytes, password, also: plan.also }, box, fifo);
  const fault = plan.target === "truncate" ? await cutFault(plan, verdict, library, box) : undefined;
  return fault === undefined ? verdict : { ...verdict, faults: [...verdict.faults, fault] };
}

async function runBytes({ name, password, base64, also }: Extract<Request, { kind: "bytes" }>): Promise<Verdict> {
  return check({ name, bytes: Buffer.from(base64, "base64"), password, also }, box, fifo);
}

/** With how many MiB more than before it took at its highest. Linux forgets the old peak when it is asked to. */
async function measured(work: () => Promise<Verdict>): Promise<{ verdict: Verdict; peak: number }> {
  forgetPeak();
  const before = resident();
  const verdict = await work();
  return { verdict, peak: Math.round(peakResident() - before) };
}

function forgetPeak(): void {
  try {
    writeFileSync("/proc/self/clear_refs", "5");
  } catch {
    // then the peak is that of the whole process
  }
}

function resident(): number {
  return process.memoryUsage.rss() / 1024 / 1024;
}

function peakResident(): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "latin1"))?.[1] ?? 0) / 1024;
}

function makeFifo(path: string): string | undefined {
  try {
    execFileSync("mkfifo", [path]);
    return path;
  } catch {
    return undefined;
  }
}

process.on("exit", () => {
  closeSync(progress);
  box.remove();
});
