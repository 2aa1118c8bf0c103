/** A folder with a destination in it, and a look at what an extraction did there and around it. */
import { createHash } from "node:crypto";
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join, posix } from "node:path";
import { removeTree } from "../src/safe/publish.ts";

export interface Box {
  /** Two folders below the top, so that "../.." still ends up in here. */
  readonly destination: string;
  /** A place for the archive. */
  readonly input: string;
  /** And for one that is a pipe. */
  readonly pipes: string;
  /** Paths below the destination to what is there: type, mode, and content or target. */
  look(): Map<string, Found>;
  /** What is not as it was around the destination, or what never may be in it; one sentence each. */
  trouble(): string[];
  /** As at the beginning. */
  empty(): void;
  remove(): void;
}

export interface Found {
  readonly type: "file" | "directory" | "symlink" | "other";
  readonly mode: number;
  /** A digest of a file's content, a link's target. */
  readonly what: string;
  readonly size: number;
}

const CANARY = "the canary sings";
const OLD = new Date("2001-02-03T04:05:06Z");

/** `top` must not exist yet. Temporary files belong into `top`/tmp, which has to be empty after each run. */
export function makeBox(top: string): Box {
  const around = join(top, "around");
  const destination = join(around, "a", "out");
  const input = join(top, "in");
  const pipes = join(top, "pipes");
  const tmp = join(top, "tmp");
  const folders = [around, join(around, "a")];
  const canaries = [...folders.map((folder) => join(folder, "canary")), join(around, "a", "outside"), join(around, "a", "out-evil"), join(around, "a", "out.canary")];
  mkdirSync(destination, { recursive: true });
  mkdirSync(input);
  mkdirSync(pipes);
  mkdirSync(tmp);
  const system = new Set(readdirSync("/"));
  for (const canary of canaries) writeCanary(canary);
  const calm = (folder: string): void => utimesSync(folder, OLD, OLD);
  folders.forEach(calm);
  let known = snapshot();

  function snapshot(): string {
    return [...folders, ...canaries].map((path) => {
      const { ino, mode, mtimeMs, nlink } = lstatSync(path);
      return `${path} ${ino} ${mode} ${mtimeMs} ${nlink} ${folders.includes(path) ? readdirSync(path).sort().join("/") : readFileSync(path, "latin1")}`;
    }).join("\n");
  }

  return {
    destination, input, pipes,
    look: () => look(destination),
    trouble() {
      const found: string[] = [];
      try {
        if (snapshot() !== known) found.push("something outside of the destination was changed");
      } catch (error) {
        found.push(`something outside of the destination is gone: ${String(error)}`);
      }
      for (const name of readdirSync("/")) if (!system.has(name)) found.push(`the root of the system has a new entry: ${name}`);
      for (const name of readdirSync(tmp)) found.push(`a temporary file stayed: ${name.replace(/[0-9a-f]{8,}/, "…")}`);
      found.push(...unsafe(destination, join(around, "a")));
      return found;
    },
    empty() {
      removeTree(destination);
      removeTree(tmp);
      mkdirSync(destination);
      mkdirSync(tmp);
      try {
        folders.forEach(calm);
        if (snapshot() !== known) throw new Error("changed");
      } catch {
        for (const folder of [...folders].reverse()) for (const name of readdirSync(folder)) if (!["a", "out"].includes(name)) rmSync(join(folder, name), { recursive: true, force: true });
        for (const canary of canaries) writeCanary(canary);
        folders.forEach(calm);
        known = snapshot();
      }
    },
    remove() {
      removeTree(top);
      rmSync(top, { recursive: true, force: true });
    },
  };
}

function writeCanary(path: string): void {
  writeFileSync(path, CANARY);
  utimesSync(path, OLD, OLD);
}

export function look(folder: string): Map<string, Found> {
  const found = new Map<string, Found>();
  const pending = [""];
  for (let below = pending.pop(); below !== undefined; below = pending.pop()) {
    const path = join(folder, below);
    const { mode } = statSync(path);
    if ((mode & 0o500) !== 0o500) chmodSync(path, mode | 0o700);
    for (const name of readdirSync(path)) {
      const place = below === "" ? name : `${below}/${name}`;
      const stat = lstatSync(join(folder, place));
      const shared = { mode: stat.mode & 0o7777, size: stat.size };
      if (stat.isDirectory()) {
        found.set(place, { type: "directory", what: "", ...shared, size: 0 });
        pending.push(place);
      } else if (stat.isSymbolicLink()) {
        found.set(place, { type: "symlink", what: readlinkSync(join(folder, place)), ...shared });
      } else if (stat.isFile()) {
        found.set(place, { type: "file", what: digestOf(join(folder, place), stat.size), ...shared });
      } else {
        found.set(place, { type: "other", what: "", ...shared });
      }
    }
  }
  return found;
}

function digestOf(path: string, size: number): string {
  return size > 64 * 1024 * 1024 ? `${size} bytes` : createHash("sha1").update(readFileSync(path)).digest("hex");
}

/** What no archive may bring, whatever it says: places that lead out, special files, rights. `above` holds the canaries. */
function unsafe(folder: string, above: string): string[] {
  const found: string[] = [];
  const outside = new Set(readdirSync(above).filter((name) => name !== "out").map((name) => lstatSync(join(above, name)).ino));
  for (const [place, { type, mode, what }] of look(folder)) {
    if (/(^|\/)\.unzipx-[0-9a-f]/.test(place)) found.push("a staging folder stayed");
    if (type === "other") found.push("a special file was made");
    if (type !== "symlink" && (mode & 0o7022) !== 0) found.push(`a ${type} has a mode that no archive may give: ${(mode & 0o7022).toString(8)}`);
    if (type === "file" && outside.has(lstatSync(join(folder, place)).ino)) found.push("a hard link leads out");
    if (type === "symlink" && leadsOut(folder, place, what)) found.push("a symlink leads out");
  }
  return found;
}

/** Followed component by component, as the system does it. */
function leadsOut(folder: string, link: string, target: string): boolean {
  const at = posix.dirname(link) === "." ? [] : posix.dirname(link).split("/");
  const pending = target.split("/");
  if (target.startsWith("/")) return true;
  for (let hops = 0; pending.length > 0; ) {
    const component = pending.shift()!;
    if (component === "" || component === ".") continue;
    if (component === "..") {
      if (at.pop() === undefined) return true;
      continue;
    }
    at.push(component);
    let onward: string;
    try {
      onward = readlinkSync(join(folder, ...at));
    } catch {
      continue; // no link, or nothing at all
    }
    if (onward.startsWith("/") || ++hops > 40) return hops <= 40;
    at.pop();
    pending.unshift(...onward.split("/"));
  }
  return false;
}
