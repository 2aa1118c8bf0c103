/** One run of one command, and what it cost; digests that tell whether two tools did the same. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, existsSync, lstatSync, openSync, readdirSync, readFileSync, readlinkSync, readSync, rmSync } from "node:fs";
import { join } from "node:path";

const TIME = "/usr/bin/time";

/** Whether CPU time and peak memory of a child can be had: Node tells them of itself only. */
export function canMeasureChildren() {
  if (!existsSync(TIME)) return false;
  return spawnSync(TIME, ["-f", "%e %U %S %M", process.execPath, "-e", "0"], { encoding: "utf8" }).status === 0;
}

/**
 * Runs `command` (program and arguments) in `cwd`. Wall time is ours, because that of time(1) has hundredths of a second only;
 * the rest is what wait4(2) told it: `rss` is the largest process's, in KiB.
 */
export function run(command, { cwd, env, measured, stdout }) {
  const out = stdout === undefined ? "ignore" : openSync(join(cwd, stdout), "w");
  const record = join(cwd, ".time");
  const [program, ...args] = measured ? [TIME, "-f", "%e %U %S %M", "-o", record, ...command] : command;
  const started = process.hrtime.bigint();
  const child = spawnSync(program, args, { cwd, env, stdio: ["ignore", out, "pipe"], encoding: "utf8", maxBuffer: 1 << 26 });
  const wall = Number(process.hrtime.bigint() - started) / 1e9;
  if (out !== "ignore") closeSync(out);
  if (child.error !== undefined) throw new Error(`${command.join(" ")}: ${child.error.message}`);
  const result = { status: child.status, stderr: child.stderr, wall, user: undefined, system: undefined, rss: undefined };
  if (!measured) return result;
  // A failed command puts a line of words in front of the numbers.
  const [, user, system, rss] = readFileSync(record, "utf8").trim().split("\n").at(-1).split(" ").map(Number);
  rmSync(record);
  return { ...result, user, system, rss };
}

/** SHA-256 over paths, types, contents, and where asked for permission bits, in the order of the paths. */
export function digestTree(root, { modes }) {
  const hash = createHash("sha256");
  const visit = (folder, name) => {
    for (const child of readdirSync(folder).sort()) {
      const path = join(folder, child);
      const inside = name === "" ? child : `${name}/${child}`;
      const stat = lstatSync(path);
      const mode = modes ? (stat.mode & 0o777).toString(8) : "";
      if (stat.isDirectory()) {
        hash.update(`d ${mode} ${inside}\0`);
        visit(path, inside);
      } else if (stat.isSymbolicLink()) {
        hash.update(`l ${inside} ${readlinkSync(path)}\0`);
      } else {
        hash.update(`f ${mode} ${inside} ${stat.size}\0`).update(digestFile(path));
      }
    }
  };
  visit(root, "");
  return hash.digest("hex");
}

const CHUNK = Buffer.alloc(1 << 20);

function digestFile(path) {
  const hash = createHash("sha256");
  const fd = openSync(path, "r");
  for (let read; (read = readSync(fd, CHUNK, 0, CHUNK.length, null)) > 0; ) hash.update(CHUNK.subarray(0, read));
  closeSync(fd);
  return hash.digest();
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
