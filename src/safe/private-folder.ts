/** The user's own cache folder: a place for what is run later, so nobody else may be able to put anything there. */
import { chmodSync, existsSync, lstatSync, mkdirSync, realpathSync, type Stats } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { nodeOs } from "../bytes/node-modules.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Group and others may write. */
export const WRITABLE_BY_OTHERS = 0o022;
/** Group and others may do anything at all. */
const OPEN_TO_OTHERS = 0o077;
/** What lies in such a folder can only be replaced by its owner. */
const STICKY = 0o1000;

/** Made where it is missing. Undefined: there is none, or others could change it, or nobody can tell (Windows). Never throws. */
export function privateFolder(env: Environment = process.env): string | undefined {
  try {
    if (process.geteuid === undefined) return undefined;
    const folder = cacheFolder(env);
    if (!isAbsolute(folder)) return undefined;
    if (!existsSync(folder)) {
      // As root in the home of somebody else, say, nothing is made either.
      if (!isOutOfReach(nearest(folder))) return undefined;
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    }
    const stats = lstatSync(folder);
    if (!stats.isDirectory() || stats.uid !== process.geteuid() || isWritable(stats) || !isOutOfReach(dirname(folder))) return undefined;
    if ((stats.mode & OPEN_TO_OTHERS) !== 0) chmodSync(folder, 0o700); // what is made in there goes by the umask
    return folder;
  } catch {
    return undefined;
  }
}

/** $XDG_CACHE_HOME counts only when it is absolute, as its specification says. $HOME need not be. */
function cacheFolder({ XDG_CACHE_HOME: named = "" }: Environment): string {
  return join(isAbsolute(named) ? named : join(nodeOs().homedir(), ".cache"), "unzipx");
}

function nearest(path: string): string {
  return existsSync(path) ? path : nearest(dirname(path));
}

/** Neither the folder nor one on the way to it belongs to anybody but us and root, and nobody else can change what is in them. */
function isOutOfReach(folder: string): boolean {
  for (let at = realpathSync.native(folder); ; at = dirname(at)) {
    const stats = lstatSync(at);
    if ((stats.uid !== process.geteuid?.() && stats.uid !== 0) || (isWritable(stats) && (stats.mode & STICKY) === 0)) return false;
    if (at === dirname(at)) return true;
  }
}

function isWritable({ mode }: Stats): boolean {
  return (mode & WRITABLE_BY_OTHERS) !== 0;
}
