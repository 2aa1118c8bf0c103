/** The record that the terms were accepted: one small file. Reading it is on every run's path, so only writing loads conf. */
import { accessSync, constants, existsSync, lstatSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, posix, win32 } from "node:path";

const WAYS = ["prompt", "flag", "command"] as const;
const VERSION = /^\d+(\.\d+)*$/;
const DIGEST = /^[0-9a-f]{64}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** All that is stored; nothing about the user, the machine or the archives belongs here. */
export interface Acceptance {
  readonly version: string;
  readonly digest: string;
  /** ISO 8601, UTC. */
  readonly acceptedAt: string;
  readonly how: (typeof WAYS)[number];
}

export interface Surroundings {
  readonly platform?: NodeJS.Platform;
  readonly env?: NodeJS.ProcessEnv;
  readonly home?: string;
}

/** Where settings go on this system, by the rules of env-paths. */
export function storeFolder({ platform = process.platform, env = process.env, home = homeFolder() }: Surroundings = {}): string {
  if (platform === "win32") return win32.join(env["APPDATA"] || win32.join(home, "AppData", "Roaming"), "unzipx", "Config");
  if (platform === "darwin") return posix.join(home, "Library", "Preferences", "unzipx");
  // The XDG specification calls a relative path invalid: it would mean another folder in every working directory.
  const set = env["XDG_CONFIG_HOME"];
  return posix.join(set !== undefined && posix.isAbsolute(set) ? set : posix.join(home, ".config"), "unzipx");
}

// A user without HOME and without an entry in the user database (containers) has no home: "/" is what shells take then.
function homeFolder(): string {
  try {
    return homedir();
  } catch {
    return "/";
  }
}

export function storeFile(folder: string): string {
  return join(folder, "terms.json");
}

/** Never throws: what cannot be read or understood counts as not accepted. */
export function readAcceptance(folder: string): Acceptance | undefined {
  try {
    const { version, digest, acceptedAt, how } = JSON.parse(readFileSync(storeFile(folder), "utf8")) as Record<string, unknown>;
    const known = WAYS.find((way) => way === how);
    if (!matches(version, VERSION) || !matches(digest, DIGEST) || !matches(acceptedAt, TIME) || known === undefined) return undefined;
    return { version, digest, acceptedAt, how: known };
  } catch {
    return undefined;
  }
}

function matches(value: unknown, shape: RegExp): value is string {
  return typeof value === "string" && shape.test(value);
}

/** Replaces the file in one rename, so that a run beside this one reads the old record or the new one, never half of one. */
export async function writeAcceptance(folder: string, acceptance: Acceptance): Promise<void> {
  const conf = await openConf(folder);
  conf.store = { ...acceptance };
}

/** Whether there was a file to delete. */
export async function deleteAcceptance(folder: string): Promise<boolean> {
  if (lstatSync(storeFile(folder), { throwIfNoEntry: false }) === undefined) return false;
  const conf = await openConf(folder);
  // Emptied first: where the system refuses to remove the file, it must at least no longer say yes.
  conf.clear();
  rmSync(conf.path, { force: true });
  return true;
}

async function openConf(folder: string) {
  refuseReadOnly(folder);
  const { default: Conf } = await import("conf");
  return new Conf<Record<string, string>>({ projectName: "unzipx", cwd: folder, configName: "terms", clearInvalidConfig: true });
}

// conf tries again for a second when it may not write, blocking the thread; what is known beforehand need not wait.
function refuseReadOnly(folder: string): void {
  try {
    accessSync(folder, constants.W_OK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    // Made here, one by one: mkdir's own recursion never ends where a parent can hold no folders, as in /proc.
    makeFolder(folder);
  }
}

function makeFolder(folder: string): void {
  const parent = dirname(folder);
  if (parent !== folder && !existsSync(parent)) makeFolder(parent);
  try {
    mkdirSync(folder, 0o700);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error; // another run was faster
  }
}
