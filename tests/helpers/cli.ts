/** The built command in a folder of its own, and a look at what it left there and around it. */
import { spawn, spawnSync, type SpawnOptions } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync, type Stats } from "node:fs";
import { dirname, join } from "node:path";
import { expect, inject } from "vitest";
import { assertDocument, assertEvents } from "./schema.ts";
import { temporaryFolder, treeOf } from "./tools.ts";

export { treeOf } from "./tools.ts";

const COMMAND = join(import.meta.dirname, "../../bin/unzipx.js");

/** The command's file; it needs what "npm run build" makes. */
function command(): string {
  if (!existsSync(join(dirname(COMMAND), "../dist/main.cjs"))) throw new Error("Cannot run the command: it is not built (npm run build)");
  return COMMAND;
}

export const isRoot = process.getuid?.() === 0;
export const isWindows = process.platform === "win32";

export interface Ran {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly bytes: Buffer;
}

export interface RunOptions {
  readonly input?: Uint8Array;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Instead of node: the command line goes behind these words. */
  readonly through?: readonly string[];
  readonly cwd?: string;
}

/**
 * A working folder inside several folders with a sentinel each. Nothing that is extracted may change anything outside `folder`.
 */
export interface Sandbox {
  readonly folder: string;
  /** Writes a file into the folder and gives its absolute path. */
  file(name: string, content: string | Uint8Array): string;
  run(args: readonly string[], options?: RunOptions): Ran;
  /** For a process that is to be watched or killed meanwhile. */
  start(args: readonly string[], options?: SpawnOptions): ReturnType<typeof spawn>;
  /** What lies below the folder, or below a folder in it. */
  tree(below?: string): Record<string, string>;
  /** The same for people: files with their content, links with their target, folders with a slash at the end. */
  contents(below?: string): Record<string, string>;
  /** Fails when anything around the folder is another than it was. */
  assertOutsideUntouched(): void;
}

export function sandbox(): Sandbox {
  const top = temporaryFolder();
  const home = join(top, "home");
  const outside = join(top, "outside");
  const folder = join(outside, "a/b/work");
  mkdirSync(home);
  mkdirSync(folder, { recursive: true });
  for (let at = folder; at !== top; ) {
    at = dirname(at);
    writeFileSync(join(at, "sentinel"), `in ${at}`);
  }
  // What a check by prefix would take for the folder itself.
  mkdirSync(`${folder}-evil`);
  writeFileSync(`${folder}-evil/sentinel`, "beside");
  // Folder by folder, without what lies in the working folder, which may be large.
  const around = (): Record<string, unknown> => Object.fromEntries(["", "a", "a/b", "a/b/work-evil"].map((path) => [path, readdirSync(join(outside, path)).map((name) => {
    const at = join(outside, path, name);
    const { mode, nlink, isFile } = pick(lstatSync(at));
    return isFile ? [name, mode, nlink, readFileSync(at, "utf8")] : [name, mode];
  })]));
  const before = around();
  const environment = (env: RunOptions["env"] = {}): NodeJS.ProcessEnv => {
    const all: NodeJS.ProcessEnv = { ...process.env, HOME: home, XDG_CONFIG_HOME: join(home, ".config"), XDG_CACHE_HOME: inject("caches"), UNZIPX_ACCEPT_TERMS: "1", NO_COLOR: "1", LC_ALL: "C.UTF-8", ...env };
    for (const [key, value] of Object.entries(env)) if (value === undefined) delete all[key];
    delete all["FORCE_COLOR"];
    delete all["NODE_OPTIONS"];
    return { ...all, ...(env["FORCE_COLOR"] === undefined ? {} : { FORCE_COLOR: env["FORCE_COLOR"] }) };
  };
  return {
    folder,
    file(name, content) {
      const path = join(folder, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
      return path;
    },
    run(args, { input, env, through = [process.execPath], cwd = folder } = {}) {
      const [program, ...first] = through;
      const result = spawnSync(program!, [...first, command(), ...args], {
        cwd, env: environment(env), input: input ?? Buffer.alloc(0), maxBuffer: 1 << 28, timeout: 60_000,
      });
      if (result.error !== undefined && result.status === null) throw result.error;
      if (!through.includes("-c")) judgeOutput(args, result.stdout.toString()); // what a shell makes of it is the test's business
      return {
        code: result.status, signal: result.signal, bytes: result.stdout,
        stdout: result.stdout.toString(), stderr: result.stderr.toString(),
      };
    },
    start: (args, options = {}) => spawn(process.execPath, [command(), ...args], { cwd: folder, ...options, env: environment() }),
    tree: (below = "") => treeOf(join(folder, below)),
    contents: (below = "") => contentsOf(join(folder, below)),
    assertOutsideUntouched: () => expect(around()).toEqual(before),
  };
}

/** What programs are to read is as it is documented, whatever the test is about. */
function judgeOutput(args: readonly string[], stdout: string): void {
  const flags = args.includes("--") ? args.slice(0, args.indexOf("--")) : args;
  if (stdout === "" || flags.includes("--help")) return;
  if (flags.includes("--ndjson")) assertEvents(stdout);
  else if (flags.includes("--json")) assertDocument(stdout);
}

const SHOWN = 200;

export function contentsOf(folder: string, prefix = ""): Record<string, string> {
  const contents: Record<string, string> = {};
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    const stats = lstatSync(path);
    if (stats.isDirectory()) Object.assign(contents, { [`${prefix}${name}/`]: "" }, contentsOf(path, `${prefix}${name}/`));
    else if (stats.isSymbolicLink()) contents[prefix + name] = `-> ${readlinkSync(path)}`;
    else if (!stats.isFile()) contents[prefix + name] = "(special)";
    else contents[prefix + name] = stats.size <= SHOWN ? readFileSync(path, "utf8") : sha256(readFileSync(path));
  }
  return contents;
}

function pick(stats: Stats): { mode: number; nlink: number; isFile: boolean } {
  return { mode: stats.mode, nlink: stats.nlink, isFile: stats.isFile() };
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
