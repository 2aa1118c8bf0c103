/** The entries of a new archive: what the walk finds, with the names, times and modes that the options give them. */
import { joinBytes } from "../bytes/input-file.ts";
import { UnzipxError } from "../errors.ts";
import type { InputEntry } from "../formats/input.ts";
import { checkPath } from "../safe/path.ts";
import { DEFAULT_LIMITS } from "../safe/policy.ts";
import { FORMATS } from "./create-formats.ts";
import type { CreateOptions } from "./create.ts";
import type { PackInput } from "./roots.ts";
import type { Summary } from "./summary.ts";
import { walk } from "./walk.ts";

/** The earliest time that every format can hold. */
const EARLIEST = Date.UTC(1980, 0, 1);

/** What is left out or cannot be read goes into the summary. `leaveOut`: the archive itself, by "device:inode". */
export async function inputEntries(inputs: readonly PackInput[], options: CreateOptions, leaveOut: ReadonlySet<string>, summary: Summary): Promise<Iterable<InputEntry>> {
  const { base = ".", reproducible = false, exclude = () => false, hidden, junk, reporter } = options;
  const prefix = options.prefix === undefined ? undefined : prefixOf(options.prefix);
  const git = options.gitignore === true ? (await import("./gitignore.ts")).gitRules(base) : undefined;
  const entries = (): Iterable<InputEntry> => walk(inputs, {
    base, exclude, hidden, junk, git, leaveOut,
    sorted: reproducible,
    // `gzip link` can only mean the file.
    dereference: options.dereference === true || FORMATS[options.format].container === undefined,
    leftOut(path, why) {
      summary.skipped += 1;
      reporter?.leftOut?.(path, why);
    },
    warn(warning) {
      summary.warnings.push(warning);
      reporter?.warning?.(warning);
    },
    fail: (failure) => summary.failures.push(failure),
  });
  return changed(entries, { mtime: options.mtime ?? (reproducible ? EARLIEST : undefined), prefix, reproducible });
}

interface Changes {
  readonly mtime: number | undefined;
  readonly prefix: string | undefined;
  readonly reproducible: boolean;
}

/** The walk begins when the first entry is asked for. */
function* changed(entries: () => Iterable<InputEntry>, { mtime, prefix, reproducible }: Changes): Generator<InputEntry> {
  for (const found of entries()) {
    let entry = found;
    if (mtime !== undefined) entry = { ...entry, mtime, timeIsGiven: true };
    if (prefix !== undefined) entry = below(prefix, entry);
    yield reproducible ? normalized(entry) : entry;
  }
}

function below(prefix: string, entry: InputEntry): InputEntry {
  return { ...entry, path: `${prefix}/${entry.path}`, pathBytes: entry.pathBytes && joinBytes(prefix, entry.pathBytes) };
}

/** Nothing of the machine the files lie on: no owners, no umask, no hard links, which a copy or a checkout does not keep. */
function normalized(entry: InputEntry): InputEntry {
  const mode = entry.type === "symlink" ? 0o777 : entry.type === "directory" || (entry.mode & 0o100) !== 0 ? 0o755 : 0o644;
  return { ...entry, mode, uid: 0, gid: 0, nlink: 1 };
}

/** What we would not unpack ourselves, we do not make. */
function prefixOf(prefix: string): string {
  const path = process.platform === "win32" ? prefix.replaceAll("\\", "/") : prefix;
  const checked = checkPath(path, { platform: process.platform, backslash: "character", maxDepth: DEFAULT_LIMITS.depth, unsafe: false });
  const reason = checked instanceof UnzipxError ? checked.message.replace(/^.*?: /, "") : checked.path === "" ? "it names no folder" : undefined;
  if (reason !== undefined) throw new UnzipxError("USAGE", `Cannot store the entries below "${prefix}": ${reason}`, { hint: "--prefix NAME-1.0" });
  return (checked as { path: string }).path;
}
