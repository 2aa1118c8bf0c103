/** From words and flags to typed commands. Validates, and does nothing else. */
import { existsSync } from "node:fs";
import { splitWords, type ReadingCommand } from "../commands/common.ts";
import { UnzipxError } from "../errors.ts";
import type { Renaming } from "../core/rename.ts";
import { defaultThreads } from "../parallel/pool.ts";
import { DEFAULT_LIMITS, DEFAULT_POLICY, NO_LIMITS, USUAL_LEVELS, type Limits, type Overwrite, type Policy } from "../safe/policy.ts";
import type { Destination } from "../safe/writer.ts";
import { chosenEncoding } from "../text/codepages.ts";
import { parseSize } from "../text/size.ts";
import type { Flags } from "./program.ts";

/** What the command line alone can tell. */
export type ReadingArguments = Omit<ReadingCommand, "password" | "signal" | "reporter">;

/** `dashed` are the words behind "--", which are members whatever they are called. */
export function readingArguments(words: readonly string[], dashed: readonly string[], flags: Flags): ReadingArguments {
  if (words.length === 0) throw new UnzipxError("USAGE", "Cannot tell which archive is meant: none is named", { hint: "unzipx --help" });
  const { archives, members } = splitWords(words, existsSync);
  if ([...members, ...dashed, ...texts(flags["include"]), ...texts(flags["exclude"])].includes("")) throw new UnzipxError("USAGE", "Cannot select by an empty pattern: it would match nothing");
  return {
    archives,
    selection: {
      include: [...members, ...dashed, ...texts(flags["include"])],
      exclude: texts(flags["exclude"]),
      ignoreCase: flags["ignoreCase"] === true,
    },
    limits: limitsOf(flags),
    lenient: flags["lenient"] === true,
    format: flags.format,
    encoding: chosenEncoding(flags["encoding"] as string | undefined),
    levels: levelsOf(flags),
    threads: threadsOf(flags),
  };
}

export function policyOf(flags: Flags, limits: Limits, canAsk: boolean): Policy {
  return {
    ...DEFAULT_POLICY,
    overwrite: overwriteOf(flags, canAsk),
    limits,
    links: flags["links"] === "skip" || flags["symlinks"] === false ? "skip" : "safe",
    keepMode: flags["mode"] !== false,
    keepMtime: flags["mtime"] !== false,
    sameOwner: flags["sameOwner"] === true,
    unsafePaths: flags["unsafePaths"] === true,
    lenient: flags["lenient"] === true,
    atomic: flags["atomic"] === true,
  };
}

function overwriteOf(flags: Flags, canAsk: boolean): Overwrite {
  const named: [boolean, string, Overwrite][] = [
    [flags["force"] === true, "-f", "always"],
    [flags["never"] === true, "-n", "never"],
    [flags["update"] === true, "-u", "newer"],
    [flags["overwrite"] !== undefined, `--overwrite ${String(flags["overwrite"])}`, flags["overwrite"] as Overwrite],
  ];
  const given = named.filter(([is]) => is);
  const [first, second] = given;
  if (first !== undefined && second !== undefined && first[2] !== second[2]) {
    throw new UnzipxError("USAGE", `Cannot do both: ${first[1]} and ${second[1]} contradict each other`);
  }
  const chosen = first?.[2] ?? "ask";
  if (chosen !== "ask") return chosen;
  if (flags.yes === true) return "always";
  return canAsk ? "ask" : "fail";
}

export function destinationOf(flags: Flags): { directory: string; into: Destination["into"] } {
  const given = ["directory", "d", "o"].map((flag) => flags[flag]).filter((one) => one !== undefined) as string[];
  if (given.length > 1) throw new UnzipxError("USAGE", "Cannot extract into two folders: -C is given more than once");
  if (given[0] === "") throw new UnzipxError("USAGE", "Cannot extract into a folder without a name", { hint: "-C DIR" });
  const into = flags["here"] === true ? "never" : (flags["into"] as string | undefined) ?? (given.length > 0 ? "never" : "auto");
  if (flags["here"] === true && flags["into"] !== undefined && flags["into"] !== "never") {
    throw new UnzipxError("USAGE", `Cannot do both: --here and --into ${String(flags["into"])} contradict each other`);
  }
  return { directory: given[0] ?? ".", into: into === "never" ? "directory" : into === "always" ? "own-folder" : "auto" };
}

/** Flags of x that cannot both be done: why, and what may be meant. */
const CONTRADICTIONS: readonly (readonly [flags: readonly string[], why: string, hint?: string])[] = [
  [["stdout", "atomic"], "Cannot do both: --atomic takes back what was extracted, and what went to standard output (-O) is gone"],
  [["stdout", "recursive"], "Cannot do both: -R unpacks archives into folders, and -O writes members to standard output"],
  [["stdout", "deleteSource"], "Cannot do both: --delete-source is for what was unpacked to the disk, and -O writes members to standard output", "leave out --delete-source"],
  [["stdout", "dryRun"], "Cannot do both: --dry-run writes nothing, and -O writes members to standard output", "unzipx l ARCHIVE"],
  [["dryRun", "recursive"], "Cannot do both: what archives inside hold (-R) is only known when they are unpacked, and --dry-run unpacks nothing", "unzipx l -R ARCHIVE"],
  [["junkPaths", "stripComponents"], "Cannot do both: -j leaves out all folders, --strip-components only some", "leave out --strip-components"],
];

export function assertNoContradiction(flags: Flags): void {
  const isGiven = (flag: string): boolean => flags[flag] !== undefined && flags[flag] !== false;
  const found = CONTRADICTIONS.find(([both]) => both.every(isGiven));
  if (found !== undefined) throw new UnzipxError("USAGE", found[1], found[2] === undefined ? {} : { hint: found[2] });
}

/** `transformOf` is only there when it is needed. */
export function renamingOf(flags: Flags, transformOf: ((expressions: readonly string[]) => (name: string) => string) | undefined): Renaming | undefined {
  const strip = flags["stripComponents"];
  const junk = flags["junkPaths"] === true;
  if (strip === undefined && !junk && transformOf === undefined) return undefined;
  return {
    junk,
    strip: strip === undefined ? undefined : strip === "auto" ? "auto" : wholeNumber("--strip-components", strip, 0, 4096, "auto"),
    transform: transformOf?.(texts(flags["transform"])),
  };
}

/** More levels than this would keep more files open than a process may have. */
const MOST_LEVELS = 64;

function levelsOf(flags: Flags): number | undefined {
  if (flags["recursive"] === true) return flags["depth"] === undefined ? USUAL_LEVELS : wholeNumber("--depth", flags["depth"], 1, MOST_LEVELS);
  if (flags["depth"] === undefined) return undefined;
  throw new UnzipxError("USAGE", "Cannot tell whether archives inside are meant: --depth says how deep, and -R is not given", { hint: "add -R" });
}

export function threadsOf(flags: Flags): number {
  return flags.threads === undefined ? defaultThreads() : wholeNumber("--threads", flags.threads, 1, 256);
}

function limitsOf(flags: Flags): Limits {
  const base = flags["limits"] === false ? NO_LIMITS : DEFAULT_LIMITS;
  return {
    bytes: sizeOf("--max-size", flags["maxSize"], base.bytes),
    files: flags["maxFiles"] === undefined ? base.files : wholeNumber("--max-files", flags["maxFiles"], 0, Number.MAX_SAFE_INTEGER),
    ratio: flags["maxRatio"] === undefined ? base.ratio : wholeNumber("--max-ratio", flags["maxRatio"], 0, Number.MAX_SAFE_INTEGER),
    depth: flags["maxDepth"] === undefined ? base.depth : wholeNumber("--max-depth", flags["maxDepth"], 1, 4096),
    memory: sizeOf("--max-memory", flags["maxMemory"], base.memory),
    stall: flags["maxStall"] === undefined ? base.stall : wholeNumber("--max-stall", flags["maxStall"], 0, 86_400),
  };
}

export function sizeOf(flag: string, value: unknown, otherwise: number): number {
  const size = value === undefined ? otherwise : parseSize(String(value));
  if (size === undefined) throw new UnzipxError("USAGE", `Cannot understand ${flag} "${String(value)}": it is no size`, { hint: `${flag} 10G` });
  return size;
}

/** `word` is what may stand there instead. */
export function wholeNumber(flag: string, value: unknown, least: number, most: number, word?: string): number {
  const text = String(value);
  const number = /^[0-9]+$/.test(text) ? Number(text) : NaN;
  if (number >= least && number <= most) return number;
  throw new UnzipxError("USAGE", `Cannot understand ${flag} "${text}": it is ${word === undefined ? "no" : `neither ${word} nor a`} whole number from ${least} to ${most}`);
}

/** What stands in a flag that may be repeated. */
export function texts(value: unknown): string[] {
  return Array.isArray(value) ? (value as string[]) : [];
}
