/**
 * Makes the N-th file-system operation of a command go wrong: node --import tests/helpers/fault-preload.mjs bin/unzipx.js …
 *
 * FAULT_AT=N        the operation that goes wrong, counted from 1 over all threads; without it nothing does
 * FAULT_WITH=WHAT   an errno such as ENOSPC: the operation fails with it, and nothing was done (a close closes all the same, as the system's does)
 *                   SHORT: a read or write moves half of the bytes
 *                   a signal such as SIGINT: the process gets it, and the operation goes on (SIGKILL: there is nothing to go on)
 *                   EXIT, HANG: the thread ends, or waits for ever, instead of the operation
 *                   RUN: the shell runs $FAULT_RUN first, in the folder that the command began in
 * FAULT_LASTS=1     so does every later one
 * FAULT_ON=A,B      only these operations are counted: their names in node:fs without "Sync", and "create" for an open that creates
 * FAULT_IN=main     or worker: only those of the main thread, or of the others
 * FAULT_LOG=FILE    a line for each operation that is counted: its number, name, and what it is done to; "fired" in front where it went wrong
 *
 * What Node's loader and the program's own files need is not counted. Workers load this file as well, although the program starts them
 * without the flags of the main thread.
 */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { constants } from "node:os";
import { dirname, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { getSystemErrorMap } from "node:util";
import workers from "node:worker_threads";

const { closeSync, openSync, writeSync } = fs;

/** For all threads: [operations so far, number of plans so far, length of the plan], and the plan as JSON. */
const KEY = "unzipx-fault";
const PLAN_AT = 12;
if (workers.isMainThread) workers.setEnvironmentData(KEY, new SharedArrayBuffer(64 * 1024));
const shared = workers.getEnvironmentData(KEY);
const [COUNTER, PLANS, LENGTH] = [0, 1, 2];
const numbers = new Int32Array(shared, 0, 3);
let known = 0;
/** { at, with, lasts, on, in, run, folder, log }, as the variables are called; `log` is a descriptor, and `folder` where the command began. */
let plan = { at: 0 };

function currentPlan() {
  const newest = Atomics.load(numbers, PLANS);
  if (newest !== known) {
    plan = JSON.parse(Buffer.from(shared, PLAN_AT, numbers[LENGTH]).toString());
    known = newest;
  }
  return plan;
}

/** What happens from now on, counted from 1 again: for a process that runs the command many times. */
function setPlan({ log, ...wanted }) {
  if (currentPlan().log !== undefined) closeSync(plan.log);
  const text = Buffer.from(JSON.stringify({ ...wanted, folder: process.cwd(), log: log === undefined ? undefined : openSync(log, "a") }));
  numbers[LENGTH] = text.copy(Buffer.from(shared), PLAN_AT);
  Atomics.store(numbers, COUNTER, 0);
  Atomics.add(numbers, PLANS, 1);
}
globalThis[Symbol.for(KEY)] = setPlan;

if (workers.isMainThread) {
  const { FAULT_AT, FAULT_WITH, FAULT_LASTS, FAULT_ON, FAULT_IN, FAULT_LOG, FAULT_RUN } = process.env;
  setPlan({ at: Number(FAULT_AT ?? 0), with: FAULT_WITH, lasts: FAULT_LASTS === "1", on: FAULT_ON ? FAULT_ON.split(",") : undefined, in: FAULT_IN, run: FAULT_RUN, log: FAULT_LOG });
}

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url)))) + sep;
const own = [`${root}dist${sep}`, `${root}bin${sep}`];
const ownDescriptors = new Set();
let depth = 0; // some functions of node:fs call others

// Some, as EDQUOT, Node has no name for.
const errnos = new Map(Object.entries(constants.errno).map(([name, number]) => [name, { errno: -number, code: `Unknown system error -${number}`, text: `Unknown system error -${number}` }]));
for (const [errno, [code, text]] of getSystemErrorMap()) errnos.set(code, { errno, code, text });

/** As errors of Node call them. */
const SYSCALLS = { futimes: "futime", utimes: "utime", lutimes: "lutime", copyFile: "copyfile", readdir: "scandir" };

/** What is in the program's own files is the loader's business, and what is said is not counted either. */
function isOwn(what) {
  if (typeof what === "number") return ownDescriptors.has(what) || what === 1 || what === 2;
  const path = what instanceof URL ? fileURLToPath(what) : String(what);
  return own.some((folder) => path.startsWith(folder)) || path === `${root}package.json` || path.includes(`${sep}node_modules${sep}`);
}

function nameOf(name, args) {
  if (name !== "open") return name;
  const flags = args[1] ?? "r";
  return (typeof flags === "number" ? (flags & fs.constants.O_CREAT) !== 0 : /^[wax]/.test(flags)) ? "create" : "open";
}

/** How the operation has to go wrong; undefined: not at all. */
function fault(name, args) {
  if (isOwn(args[0])) return undefined;
  const { at, with: what = "EIO", lasts, on, in: where, run, folder, log } = currentPlan();
  if (where && (where === "main") !== workers.isMainThread) return undefined;
  const operation = nameOf(name, args);
  if (on !== undefined && !on.includes(operation)) return undefined;
  const number = Atomics.add(numbers, COUNTER, 1) + 1;
  const fires = at > 0 && (lasts ? number >= at : number === at);
  const paths = args.slice(0, /^(link|symlink|rename|copyFile)$/.test(name) ? 2 : 1).map((arg) => JSON.stringify(String(arg)));
  if (log !== undefined) writeSync(log, `${fires ? "fired " : ""}${number} ${workers.isMainThread ? "main" : "worker"} ${operation} ${paths.join(" ")}\n`);
  if (!fires) return undefined;
  if (errnos.has(what)) {
    const { errno, code, text } = errnos.get(what);
    const path = typeof args[0] === "number" ? {} : { path: String(args[0]) };
    const error = Object.assign(new Error(`${code}: ${text}, ${name}${path.path === undefined ? "" : ` '${path.path}'`}`), { errno, code, syscall: SYSCALLS[name] ?? name, ...path });
    return { error, closes: name === "close" };
  }
  switch (what) {
    case "SHORT":
      return { short: true };
    case "EXIT":
      process.exit(7);
    case "HANG":
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      return undefined;
    case "RUN":
      execFileSync("sh", ["-c", run], { stdio: "ignore", cwd: folder });
      return undefined;
    default:
      process.kill(process.pid, what);
      return undefined;
  }
}

/** (fd, buffer, offset, length, …) with half of the length, but never nothing. */
function shortened(name, args) {
  if ((name !== "read" && name !== "write") || typeof args[3] !== "number" || args[3] < 2) return args;
  return args.with(3, Math.ceil(args[3] / 2));
}

/** Calls inside of this one are not counted. */
function within(call) {
  depth += 1;
  try {
    return call();
  } finally {
    depth -= 1;
  }
}

const FUNCTIONS = [
  "access", "appendFile", "chmod", "chown", "close", "copyFile", "cp", "exists", "fchmod", "fchown", "fdatasync", "fstat", "fsync", "ftruncate", "futimes", "lchown",
  "link", "lstat", "lutimes", "mkdir", "mkdtemp", "open", "opendir", "read", "readFile", "readdir", "readlink", "readv", "realpath", "rename", "rm", "rmdir", "stat",
  "statfs", "symlink", "truncate", "unlink", "utimes", "write", "writeFile", "writev",
];

/** Properties of the original, some of them behind symbols of Node's own, as promisify needs them. */
function like(original, replacement) {
  for (const key of Reflect.ownKeys(original)) {
    if (key !== "length" && key !== "prototype") Object.defineProperty(replacement, key, Object.getOwnPropertyDescriptor(original, key));
  }
  return replacement;
}

function remember(name, args, result) {
  if (name === "open" && isOwn(args[0])) ownDescriptors.add(result);
  if (name === "close") ownDescriptors.delete(args[0]);
  return result;
}

for (const name of FUNCTIONS) {
  const sync = fs[`${name}Sync`];
  fs[`${name}Sync`] = like(sync, (...args) => {
    if (depth > 0) return sync(...args);
    const found = fault(name, args);
    if (found?.closes) sync(...args);
    if (found?.error !== undefined) {
      if (name === "exists") return false; // it knows no errors
      throw found.error;
    }
    return remember(name, args, within(() => sync(...(found?.short ? shortened(name, args) : args))));
  });
  const withCallback = fs[name];
  fs[name] = like(withCallback, (...args) => {
    const done = args.at(-1);
    if (depth > 0 || typeof done !== "function") return withCallback(...args);
    const found = fault(name, args);
    if (found?.error !== undefined && name !== "exists") {
      if (found.closes) return withCallback(...args.slice(0, -1), () => done(found.error));
      return void setImmediate(() => done(found.error));
    }
    return withCallback(...(found?.short ? shortened(name, args) : args));
  });
  const promising = fs.promises[name];
  if (promising === undefined) continue;
  fs.promises[name] = like(promising, async (...args) => {
    const found = fault(name, args);
    if (found?.error !== undefined) throw found.error;
    return promising(...args);
  });
}
fs.realpathSync.native = (...args) => {
  const found = fault("realpath", args);
  if (found?.error !== undefined) throw found.error;
  return within(() => fs.realpathSync(...args));
};

const { Worker } = workers;
workers.Worker = class extends Worker {
  constructor(file, options = {}) {
    super(file, { ...options, execArgv: ["--import", import.meta.url, ...(options.execArgv ?? [])] });
  }
};
syncBuiltinESMExports();
