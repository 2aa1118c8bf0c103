/** Which process a folder of ours belongs to, and whether that process is still there. */
import { readFileSync, readlinkSync } from "node:fs";
import { createHash } from "node:crypto";
import { hostname } from "node:os";

/** A process, known for certain as long as nobody turns the clock of the machine's starts back. */
export interface Owner {
  /** The machine, or the container: nobody who makes an archive elsewhere knows it. */
  readonly host: string;
  /** This start of the machine; "" where the system does not tell. */
  readonly boot: string;
  /** Whose process numbers these are: containers have their own. "" as above. */
  readonly space: string;
  readonly pid: number;
  /** When the process began, in the system's own count: a number is given to another process some day. "" as above. */
  readonly start: string;
}

export function thisProcess(): Owner {
  const machine = textOf("/etc/machine-id") ?? "";
  return {
    host: createHash("sha256").update(`unzipx\0${machine}\0${hostname()}`).digest("hex").slice(0, 32),
    boot: textOf("/proc/sys/kernel/random/boot_id") ?? "",
    space: pidSpace(),
    pid: process.pid,
    start: startOf(process.pid) ?? "",
  };
}

/** Undefined where nobody can tell from here: another machine, another container. */
export function isAlive(owner: Owner, here = thisProcess()): boolean | undefined {
  if (owner.host !== here.host) return undefined;
  if (owner.boot !== here.boot) return false;
  if (owner.space !== here.space) return undefined;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false; // EPERM: it is another user's
  }
  const start = startOf(owner.pid);
  return start === undefined || owner.start === "" || start === owner.start;
}

/** Field 22 of /proc/PID/stat (proc(5)), counted behind the name, which may hold anything. */
function startOf(pid: number): string | undefined {
  const stat = textOf(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

function pidSpace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1").trim();
  } catch {
    return undefined;
  }
}
