/** What must hold for every archive, however it was bent. One sentence for each thing that does not. */
import { closeSync, constants, openSync, renameSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { extract, type ExtractOptions } from "../src/core/extract.ts";
import { list, type Listing } from "../src/core/list.ts";
import { EVERYTHING } from "../src/core/select.ts";
import type { Summary } from "../src/core/summary.ts";
import { test } from "../src/core/test.ts";
import type { ErrorCode } from "../src/errors.ts";
import { DEFAULT_POLICY, type Policy } from "../src/safe/policy.ts";
import type { Box, Found } from "./box.ts";
import { disagreements } from "./agree.ts";
import { gist, outcomeOf, type Outcome } from "./outcome.ts";

export interface Case {
  /** As the archive is called: extensions count. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly password: string | undefined;
  /** What else is tried with it. */
  readonly also: readonly Also[];
}
export type Also = "pipe" | "threads" | "new folder" | "recursive" | "lenient";

/** Operations done, and what went wrong. */
export interface Verdict {
  readonly operations: number;
  readonly faults: readonly string[];
  /** Of the extraction. */
  readonly exit: number;
  readonly tree: ReadonlyMap<string, Found>;
}

/** Processor time that one operation may take, in milliseconds: seeds are small, and so is what may come out of them. */
const MOST_EFFORT = 12_000;
const POLICY: Policy = { ...DEFAULT_POLICY, limits: { ...DEFAULT_POLICY.limits, bytes: 16 * 1024 * 1024, files: 20_000 } };

/** Milliseconds of processor time of all threads: on a busy machine the clock says little. */
function effortSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const summaryItself = (summary: Summary): Summary => summary;

/** With a named pipe at `fifo`, archives are read from a pipe as well. */
export async function check(one: Case, box: Box, fifo: string | undefined): Promise<Verdict> {
  const faults: string[] = [];
  const archive = join(box.input, one.name);
  writeFileSync(archive, one.bytes);
  const password = async (): Promise<string | undefined> => one.password;
  const reading = { selection: EVERYTHING, password, reporter: {}, limits: POLICY.limits };
  let operations = 0;
  const before = process.cpuUsage();
  const note = (what: string, { faults: own, time }: Outcome<unknown>): void => {
    operations += 1;
    faults.push(...own.map((fault) => `${what}: ${fault}`));
    if (time > MOST_EFFORT && effortSince(before) > MOST_EFFORT) faults.push(`${what}: took more than ${MOST_EFFORT / 1000} s of processor time`);
    faults.push(...box.trouble().map((trouble) => `${what}: ${trouble}`));
  };
  const extraction = async (what: string, from: string, options: Partial<ExtractOptions> = {}): Promise<Outcome<Summary> & { tree: Map<string, Found> }> => {
    const outcome = await outcomeOf(summaryItself, () =>
      extract(from, { directory: box.destination, into: "directory", ownName: "own", policy: POLICY, selection: EVERYTHING, threads: 1, reporter: {}, password, ...options }),
    );
    note(what, outcome);
    const tree = box.look();
    if (outcome.thrown !== undefined && tree.size > 0) faults.push(`${what}: the archive was given up (${outcome.thrown.code}), and something of it stayed`);
    box.empty();
    return { ...outcome, tree };
  };

  const x = await extraction("x", archive);
  const l = await outcomeOf((listing: Listing) => listing.summary, () => list(archive, reading));
  note("l", l);
  const t = await outcomeOf(summaryItself, () => test(archive, { ...reading, lenient: false, threads: 1 }));
  note("t", t);
  faults.push(...disagreements(x, l));
  for (const [what, { exit, failures }] of Object.entries({ x, l, t })) if (exit === 0 && failures.length > 0) faults.push(`${what} ends with 0, and something failed: ${failures[0]!.message}`);
  if (x.exit === 0 && t.exit !== 0) faults.push(`x ends with 0 and t with ${t.exit}: ${gist(t)}; ${said(t)}`);
  if (t.exit === 0 && x.exit !== 0 && !isPolicyOnly(x)) faults.push(`t ends with 0 and x with ${x.exit}: ${gist(x)}; ${said(x)}`);

  const same = (what: string, other: Outcome<Summary> & { tree: Map<string, Found> }): void => {
    if (gist(other) !== gist(x)) faults.push(`${what}: ends with ${gist(other)}, otherwise with ${gist(x)}; ${said(other)}; ${said(x)}`);
    else if (printed(other.tree) !== printed(x.tree)) faults.push(`${what}: gives other files`);
  };
  for (const also of one.also) {
    if (also === "threads") same("with threads", await extraction("x with threads", archive, { threads: 3 }));
    else if (also === "new folder") await extraction("x into a new folder", archive, { directory: join(box.destination, "new") });
    else if (also === "recursive") await extraction("x -R", archive, { levels: 8 });
    else if (also === "lenient") await extraction("x --lenient", archive, { policy: { ...POLICY, lenient: true } });
    else if (fifo !== undefined) {
      const named = join(box.pipes, one.name); // a filter's content is named after its archive
      renameSync(fifo, named);
      const piped = await throughPipe(named, one.bytes, () => extraction("x from a pipe", named)).finally(() => renameSync(named, fifo));
      if (!isOfFilesOnly(x, one.bytes) && piped.thrown?.code !== "UNKNOWN_FORMAT" && piped.thrown?.code !== "UNSUPPORTED_FORMAT") same("from a pipe", piped);
    }
  }
  return { operations, faults: [...new Set(faults)], exit: x.exit, tree: x.tree };
}

/** What shows only at the end of a file (the end record of a zip with something in front, a disk image's trailer) cannot be seen in a pipe, nor can what lies beside it. */
function isOfFilesOnly({ thrown }: Outcome<Summary>, bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes).toString("latin1");
  return thrown?.code === "NO_INPUT" || (!text.startsWith("PK") && text.includes("PK\x05\x06")) || /koly|conectix/.test(text.slice(-600));
}

/** Written from the thread pool: opening the pipe waits there until `work` opens the other end. */
async function throughPipe<Result>(fifo: string, bytes: Uint8Array, work: () => Promise<Result>): Promise<Result> {
  const written = writeFile(fifo, bytes).catch(() => undefined); // who reads may stop before the end
  try {
    return await work();
  } finally {
    closeSync(openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK)); // the writer, where nothing opened the pipe
    await written;
  }
}

/** The rules of the way to the disk, which a test does not know. */
const POLICY_CODES: ReadonlySet<ErrorCode> = new Set(["UNSAFE_PATH", "UNSAFE_LINK", "COLLISION", "CONFLICT", "SPECIAL_FILE"]);

function isPolicyOnly({ thrown, failures }: Outcome<unknown>): boolean {
  return thrown === undefined && failures.every(({ code, message }) => POLICY_CODES.has(code) || (code === "LIMIT" && message.includes("folders deep")));
}

function said({ thrown, failures }: Outcome<unknown>): string {
  const error = thrown ?? failures[0];
  return error === undefined ? "" : `${error.message} (${error.details.expected ?? ""}, ${error.details.found ?? ""})`;
}

function printed(tree: ReadonlyMap<string, Found>): string {
  return [...tree].map(([path, { type, mode, what }]) => `${path}\0${type}\0${mode}\0${what}`).sort().join("\n");
}
