/**
 * The command, once for each of its file-system operations, with that operation going wrong. The way in which SQLite is tested: whatever
 * fails, the run has to end in order, with nothing half-written, and the next run has to work.
 */
import { fork, spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { Sandbox } from "./cli.ts";
import { treeOf } from "./tools.ts";

const PRELOAD = join(import.meta.dirname, "fault-preload.mjs");
const SERVER = join(import.meta.dirname, "fault-server.mjs");
const MAIN = join(import.meta.dirname, "../../dist/main.cjs");
const COMMAND = join(import.meta.dirname, "../../bin/unzipx.js");

/** FAULTS=all: every operation, and not a choice of them. It takes half an hour. */
export const isFull = process.env["FAULTS"] === "all";
/** Runs at once. */
const LANES = 2;
const TIMEOUT = 120_000;
const SHOWN = 12;

export interface Fault {
  /** As FAULT_WITH of the preload. */
  readonly with: string;
  readonly lasts?: boolean;
  /** Names of operations, as FAULT_ON of the preload. */
  readonly on?: readonly string[];
  readonly in?: "main" | "worker";
  /** As FAULT_RUN. */
  readonly run?: string;
}

export interface FaultyRun {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
  /** The lines of FAULT_LOG. */
  readonly operations: readonly string[];
}

export interface Command {
  readonly args: readonly string[];
  readonly input?: Uint8Array;
  /** It needs standard input or output as they are, so it needs a process of its own. */
  readonly alone?: boolean;
  /** For a child that is to get signals from outside. */
  readonly started?: (kill: (signal: NodeJS.Signals) => void) => void;
}

/** Runs the command in `folder`, with the `at`-th operation going wrong; 0: none. */
export function runWithFault({ args, input, started }: Command, folder: string, fault: Fault, at: number): Promise<FaultyRun> {
  const log = prepared(folder);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--import", PRELOAD, COMMAND, ...args], {
      cwd: folder,
      env: {
        ...environment(folder),
        FAULT_LOG: log, FAULT_WITH: fault.with, FAULT_AT: String(at), FAULT_LASTS: fault.lasts === true ? "1" : "", FAULT_ON: fault.on?.join(",") ?? "", FAULT_IN: fault.in ?? "", FAULT_RUN: fault.run ?? ":",
      },
      timeout: TIMEOUT, killSignal: "SIGKILL",
    });
    const stdout: Buffer[] = [];
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.stdin.on("error", () => {}); // it wants no more
    child.stdin.end(input);
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout: Buffer.concat(stdout), stderr, operations: linesOf(log) }));
    started?.((name) => void child.kill(name));
  });
}

function prepared(folder: string): string {
  mkdirSync(`${folder}.tmp`, { recursive: true });
  const log = `${folder}.log`;
  rmSync(log, { force: true });
  return log;
}

function environment(folder: string): NodeJS.ProcessEnv {
  const home = `${folder}.home`;
  return { ...process.env, HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home, TMPDIR: `${folder}.tmp`, UNZIPX_ACCEPT_TERMS: "1", NO_COLOR: "1", LC_ALL: "C.UTF-8", NODE_OPTIONS: "", NODE_DISABLE_COMPILE_CACHE: "1" };
}

function linesOf(log: string): string[] {
  return readFileSync(log, "utf8").split("\n").filter((line) => line !== "");
}

/** A process that runs the command many times. */
class Server {
  readonly #child: ChildProcess;
  #said = "";

  constructor() {
    this.#child = fork(SERVER, [MAIN], { execArgv: ["--import", PRELOAD], serialization: "advanced", stdio: ["ignore", "pipe", "pipe", "ipc"] });
    this.#child.stdout!.on("data", (chunk: Buffer) => (this.#said += chunk.toString()));
    this.#child.stderr!.on("data", (chunk: Buffer) => (this.#said += chunk.toString()));
  }

  static async start(): Promise<Server> {
    const server = new Server();
    await new Promise((resolve, reject) => server.#child.once("message", resolve).once("exit", () => reject(new Error(server.#said))));
    return server;
  }

  run(args: readonly string[], folder: string, fault: Fault, at: number): Promise<FaultyRun> {
    const log = prepared(folder);
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => reject(new Error(`${args.join(" ")} with ${JSON.stringify(fault)} at ${at}: ${why}\n${this.#said}\n${linesOf(log).slice(-3).join("\n")}`));
      const timer = setTimeout(() => {
        this.end();
        fail("it hangs");
      }, TIMEOUT);
      const onExit = (code: number | null): void => fail(`the process ended with ${code}`);
      this.#child.once("exit", onExit).once("message", (answer: { code: number; stdout: Buffer; stderr: string }) => {
        clearTimeout(timer);
        this.#child.off("exit", onExit);
        resolve({ ...answer, signal: null, stderr: answer.stderr, operations: linesOf(log) });
      });
      this.#child.send({ args, cwd: folder, env: environment(folder), plan: { at, with: fault.with, lasts: fault.lasts === true, on: fault.on, in: fault.in, run: fault.run, log } });
    });
  }

  end(): void {
    this.#child.kill("SIGKILL");
  }
}

export interface Scene extends Command {
  /** Puts into an empty folder what the command works on; the same each time. */
  prepare(folder: string): void;
  /** What appears has to appear whole or not at all, not only file by file. */
  readonly isWhole?: boolean;
  /** Files whose bytes differ from run to run are only looked at by this: what comes back has to be the same. */
  readonly normalize?: (tree: Record<string, string>, folder: string) => Record<string, string>;
  /** What to add for the second run, where the first one has put some of the places: default -f. "elsewhere": it gets a folder as it was at first. */
  readonly again?: readonly string[] | "elsewhere";
  /** What may be there as well when something failed. */
  readonly instead?: RegExp;
  /** Exit codes that are right beside those of the errno. */
  readonly alsoRight?: readonly number[];
  /** What is packed: without an input that could not be read it is another archive than it should be, but a whole one. */
  readonly archive?: string;
}

/** Exit codes that fit what the system said; 0 is right when nothing is missing all the same. */
const FITTING: Readonly<Record<string, readonly number[]>> = {
  ENOSPC: [50], EDQUOT: [50],
  EIO: [2], EMFILE: [2], ENFILE: [2], EROFS: [2], EBUSY: [2], EFBIG: [2],
  EACCES: [2, 9], EPERM: [2, 9],
  SIGINT: [130], SIGTERM: [143], SIGHUP: [143], SHORT: [], EXIT: [2], HANG: [3],
};

/** The operations that may well have to fail for a file to stay. */
const CLEANING = /^fired \d+ \w+ (rm|rmdir|unlink|readdir|lstat|fstat|chmod|open|close) /;

export interface Injected {
  /** Runs in which something went wrong. */
  readonly faults: number;
  /** Of these, the ones that ended well all the same. */
  readonly harmless: number;
}

/** Runs the scene for every N, and holds each run against the property. `where` is the working folder's owner, and looks after what is around it. */
export async function everyFault(scene: Scene, fault: Fault, where: Sandbox, name = "run"): Promise<Injected> {
  const folderOf = (label: number | string): string => join(where.folder, `${name}-${fault.with}-${label}`);
  const treeAt = (folder: string): Record<string, string> => scene.normalize?.(treeOf(folder), folder) ?? treeOf(folder);
  const made = (label: number | string): string => {
    const folder = folderOf(label);
    mkdirSync(folder);
    scene.prepare(folder);
    return folder;
  };
  const isAlone = scene.input !== undefined || scene.alone === true || /^(SIGKILL|EXIT|HANG)$/.test(fault.with);
  const servers = isAlone ? [] : await Promise.all(Array.from({ length: LANES }, () => Server.start()));
  try {
  const model = made("model");
  const before = treeAt(model);
  const recorded = await runIn(0, scene, model, 0);
  expect([recorded.code, recorded.stderr], "without a fault").toEqual([0, expect.anything()]);
  const after = treeAt(model);
  remove(model);
  const isPart = (name: string): boolean => scene.archive !== undefined && name.startsWith(`${scene.archive.split(".")[0]}.`);
  const queue = positions(recorded.operations);
  let faults = 0;
  let harmless = 0;
  const problems: Error[] = [];
  const lane = async (_: unknown, number: number): Promise<void> => {
    for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
      const folder = made(at);
      const ran = await runIn(number, scene, folder, at);
      const fired = ran.operations.filter((line) => line.startsWith("fired"));
      if (fired.length === 0) {
        expect(ran.code).toBe(0); // fewer operations than before: threads share them as they come
        remove(folder);
        continue;
      }
      faults += 1;
      const context = `${fault.with}${fault.lasts === true ? " from there on" : ""} at ${fired[0]}\nexit ${ran.code} ${ran.signal ?? ""}\n${ran.stderr}`;
      if (ran.code === 0) harmless += 1;
      try {
        const found = treeAt(folder);
        if (scene.archive !== undefined && ran.code !== 0 && /^unzipx: cannot (read|list|pack) "[^"]*\/in\b/m.test(ran.stderr) && readdirSync(folder).some((name) => isPart(name) && found[name] !== before[name])) {
          const tested = await runIn(number, { args: ["t", scene.archive, "-q"] }, folder, 0);
          expect([tested.code, tested.stderr], context).toEqual([0, ""]);
          for (const name of Object.keys(found)) if (isPart(name)) delete found[name];
          for (const name of Object.keys(after)) if (isPart(name)) found[name] = after[name]!;
        }
        judge(ran, fired[0]!, { before, after, found, recorded, context });
        await runAgain(number, folder, ran, { before, after, recorded, context });
      } catch (error) {
        problems.push(error as Error);
      }
      remove(folder);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  where.assertOutsideUntouched();
  if (problems.length > 0) throw new Error(`${problems.length} of ${faults} runs:\n\n${problems.slice(0, SHOWN).map(({ message }) => message).join("\n\n")}`);
  return { faults, harmless };
  } finally {
    for (const server of servers) server.end();
  }

  function runIn(lane: number, command: Command, folder: string, at: number): Promise<FaultyRun> {
    return servers[lane]?.run(command.args, folder, fault, at) ?? runWithFault(command, folder, fault, at);
  }

  function judge(ran: FaultyRun, fired: string, seen: { before: Record<string, string>; after: Record<string, string>; found: Record<string, string>; recorded: FaultyRun; context: string }): void {
    const { context } = seen;
    if (fault.with !== "SIGKILL") {
      expect(ran.signal, context).toBeNull();
      expect([0, 1, ...(FITTING[fault.with] ?? [2]), ...(scene.alsoRight ?? [])], context).toContain(ran.code);
      expect(ran.stderr, context).not.toMatch(/^\s+at |\bundefined\b|UnhandledPromise|Error:/m);
      if (ran.code !== 0) expect(ran.stderr, context).toMatch(/^unzipx: (?!warning:)\S/m);
    }
    const left = [...leftovers(seen.found), ...readdirSync(`${folderOf(fired.split(" ")[1]!)}.tmp`)];
    const mayStay = fault.with === "SIGKILL" || CLEANING.test(fired) || fault.lasts === true;
    for (const one of left) {
      if (fault.with === "SIGKILL") continue;
      expect(mayStay, `left behind: ${one}\n${context}`).toBe(true);
      expect(ran.stderr, `not a word of ${one}\n${context}`).toContain(nameOfOurs(one));
    }
    const found = Object.fromEntries(Object.entries(seen.found).filter(([path]) => !path.includes(".unzipx-")));
    if (ran.code === 0 || (ran.code === 1 && left.length > 0)) {
      expect(found, context).toEqual(seen.after);
      expect(ran.stdout.equals(seen.recorded.stdout), context).toBe(true);
      return;
    }
    if (scene.isWhole === true) {
      expect([seen.before, seen.after], context).toContainEqual(found);
      return;
    }
    for (const [path, what] of Object.entries(found)) if (scene.instead?.test(path) !== true) expect([seen.before[path], seen.after[path]], `${path}\n${context}`).toContain(what);
    for (const path of Object.keys(seen.before)) expect(Object.keys(found), context).toContain(path);
  }

  async function runAgain(lane: number, folder: string, first: FaultyRun, expected: { before: Record<string, string>; after: Record<string, string>; recorded: FaultyRun; context: string }): Promise<void> {
    const { context } = expected;
    if (fault.run !== undefined) return; // what was done to the folder meanwhile stays done
    for (const path of Object.keys(treeOf(folder))) if (path.includes(".unzipx-")) rmSync(join(folder, path), { recursive: true, force: true });
    if (scene.again === "elsewhere") {
      remove(folder);
      mkdirSync(folder);
      scene.prepare(folder);
    }
    const isUntouched = JSON.stringify(treeAt(folder)) === JSON.stringify(expected.before);
    const args = isUntouched ? scene.args : [...scene.args, ...(scene.again === undefined || scene.again === "elsewhere" ? ["-f"] : scene.again)];
    const again = await runIn(lane, { ...scene, args }, folder, 0);
    const told = `second run (${args.join(" ")}) exit ${again.code}\n${again.stderr}\nafter ${context}\nfirst: ${first.code}`;
    expect(again.code, told).toBe(0);
    expect(treeAt(folder), told).toEqual(expected.after);
    expect(again.stdout.equals(expected.recorded.stdout), told).toBe(true);
  }

  function remove(folder: string): void {
    for (const path of [folder, `${folder}.log`, `${folder}.tmp`, `${folder}.home`]) rmSync(path, { recursive: true, force: true });
  }
}

/** Paths of files and folders that are only there during a run; what lies in such a folder counts as one. */
function leftovers(tree: Record<string, string>): string[] {
  return [...new Set(Object.keys(tree).filter((path) => path.includes(".unzipx-")).map((path) => /^(.*?\.unzipx-[^/]*)/.exec(path)![1]!))];
}

function nameOfOurs(path: string): string {
  return path.split("/").at(-1)!;
}

/**
 * Which operations to try: all of them, or of those that differ in numbers and random names only the first and the last, because a
 * thousand files of an archive are written alike.
 */
function positions(operations: readonly string[]): number[] {
  const numbers = operations.map((_, index) => index + 1);
  if (isFull) return numbers;
  const chosen = new Map<string, number[]>();
  operations.forEach((line, index) => {
    const kind = line.replace(/^(fired )?\d+ /, "").replace(/\.unzipx-[\w-]+/g, ".unzipx-").replace(/\d+/g, "0");
    chosen.set(kind, [...(chosen.get(kind) ?? []).slice(0, 1), index + 1]);
  });
  return [...new Set([...chosen.values()].flat())].sort((a, b) => a - b);
}
