/** One run of one command, and what it cost. */
import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

const TIME = "/usr/bin/time";
/** Where time(1) is missing: Node tells nobody what a child cost, Python does. Its own 10 MB are the least that it can see. */
const PYTHON = `import os,sys
out=sys.argv[1]
pid=os.posix_spawnp(sys.argv[2],sys.argv[2:],os.environ)
_,status,cost=os.wait4(pid,0)
open(out,"w").write("0 %f %f %d\\n"%(cost.ru_utime,cost.ru_stime,cost.ru_maxrss))
sys.exit(os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128)`;

/** Words in front of a command, which make CPU time and peak memory known in a file; undefined where nothing does that here. */
export function meter() {
  const works = (words) => spawnSync(words[0], [...words.slice(1), "/dev/null", process.execPath, "-e", "0"], { encoding: "utf8" }).status === 0;
  return [[TIME, "-f", "%e %U %S %M", "-o"], ["python3", "-c", PYTHON]].find((words) => (words[0] !== TIME || existsSync(TIME)) && works(words));
}

/**
 * Runs `command` (program and arguments) in `cwd`. Wall time is ours, because that of time(1) has hundredths of a second only;
 * the rest is what wait4(2) told it: `rss` is the largest process's, in KiB.
 */
export function run(command, { cwd, env, meter: words, stdout }) {
  const out = stdout === undefined ? "ignore" : openSync(stdout.startsWith("/") ? stdout : join(cwd, stdout), "w");
  const record = join(cwd, ".time");
  const [program, ...args] = words === undefined ? command : [...words, record, ...command];
  const started = process.hrtime.bigint();
  const child = spawnSync(program, args, { cwd, env, stdio: ["ignore", out, "pipe"], encoding: "utf8", maxBuffer: 1 << 26 });
  const wall = Number(process.hrtime.bigint() - started) / 1e9;
  if (out !== "ignore") closeSync(out);
  if (child.error !== undefined) throw new Error(`${command.join(" ")}: ${child.error.message}`);
  const result = { status: child.status, stderr: child.stderr, wall, user: undefined, system: undefined, rss: undefined };
  if (words === undefined) return result;
  // A failed command puts a line of words in front of the numbers.
  const [, user, system, rss] = readFileSync(record, "utf8").trim().split("\n").at(-1).split(" ").map(Number);
  rmSync(record);
  return { ...result, user, system, rss };
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
