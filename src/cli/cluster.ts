/** tar's letters as the first word, "xzf" or "-cJf": the same command line in our own words. */
import { UnzipxError } from "../errors.ts";
import type { WritableFormat } from "../core/create-formats.ts";
import { COMMANDS } from "./table/index.ts";
import { namesOf, valueOf, type FlagRow } from "./table/rows.ts";

type Verb = "x" | "c" | "l";

const VERBS = new Map<string, Verb>([["x", "x"], ["c", "c"], ["t", "l"]]);

/** What a letter means for each verb; [] where it is what we do anyway: the content decides how to read, the name how to write. */
const MEANS: Readonly<Record<string, Partial<Record<Verb, readonly string[]>>>> = {
  v: { x: ["-v"], c: ["-v"], l: ["-l"] },
  z: { x: [], c: ["tar.gz"], l: [] },
  j: { x: [], c: ["tar.bz2"], l: [] },
  J: { x: [], c: ["tar.xz"], l: [] },
  a: { x: [], c: [], l: [] },
  p: { x: [], l: [] },
  h: { c: ["-L"] },
  k: { x: ["-n"] },
  m: { x: ["--no-mtime"] },
  O: { x: ["-O"] },
};

const FILTERS = new Map<string, WritableFormat>([["--gzip", "tar.gz"], ["--bzip2", "tar.bz2"], ["--xz", "tar.xz"], ["--zstd", "tar.zst"]]);

/** `argv` as it is, unless its first word is such a cluster. Throws USAGE for letters that we have not. */
export function withoutCluster([cluster = "", ...rest]: readonly string[]): string[] {
  const dashed = cluster.startsWith("-");
  const letters = dashed ? cluster.slice(1) : cluster;
  const verb = verbOf(cluster, letters);
  if (dashed && !letters.endsWith("f")) throw new UnzipxError("USAGE", `Cannot read "${cluster}" the tar way: what follows the f of a word with a dash is a file's name`, { hint: `-${letters.replaceAll("f", "")}f` });
  const flags: string[] = [];
  const formats: string[] = [];
  let archive: string | undefined;
  for (const letter of letters) {
    if (VERBS.has(letter)) continue;
    const words = MEANS[letter]?.[verb];
    if (letter === "f") archive = take(rest, cluster, letter);
    else if (letter === "C" && verb !== "l") flags.push("-C", take(rest, cluster, letter)); // tar's old way: the words stand in the order of the letters
    else if (words === undefined) throw unknown(cluster, letter, verb);
    else if (words[0]?.startsWith("tar.")) formats.push(words[0]);
    else flags.push(...words);
  }
  const { options, others } = parted(rest, verb);
  for (const option of options) {
    const format = FILTERS.get(option);
    if (format === undefined) flags.push(option);
    else if (verb === "c") formats.push(format);
  }
  if (formats.some((format) => format !== formats[0])) throw new UnzipxError("USAGE", `Cannot compress in two ways: "${cluster}" asks for ${[...new Set(formats)].join(" and ")}`);
  const format = formats[0] ?? (verb === "c" && archive === "-" ? "tar" : undefined);
  // In front, so that a --format of the user's own counts; and what stands behind the archive are members, whatever files there are.
  return [verb, ...(format === undefined ? [] : ["--format", format]), ...flags, safe(archive!), "--", ...others];
}

function verbOf(cluster: string, letters: string): Verb {
  const verbs = [...new Set([...letters].filter((letter) => VERBS.has(letter)))];
  if (verbs.length === 1) return VERBS.get(verbs[0]!)!;
  throw new UnzipxError("USAGE", `Cannot read "${cluster}" the tar way: it asks for ${verbs.join(" and ")} at once`, { hint: "unzipx --help" });
}

function take(rest: string[], cluster: string, letter: string): string {
  const word = rest.shift();
  if (word === undefined) throw new UnzipxError("USAGE", `Cannot read "${cluster}" the tar way: no ${letter === "f" ? "archive" : "folder"} follows it`, { hint: `unzipx ${cluster} ${letter === "f" ? "ARCHIVE" : "ARCHIVE DIR"}` });
  return word;
}

function unknown(cluster: string, letter: string, verb: Verb): UnzipxError {
  const own = Object.keys(MEANS).filter((one) => MEANS[one]![verb] !== undefined).join("");
  return new UnzipxError("USAGE", `Cannot read "${cluster}" the tar way: there is no letter "${letter}" for it`, { expected: `letters of ${[...VERBS.keys()].join("")}f${own}${verb === "l" ? "" : "C"}`, hint: `unzipx ${verb} --help` });
}

/** Flags with their values, and the other words. */
function parted(words: readonly string[], verb: Verb): { readonly options: string[]; readonly others: string[] } {
  const rows = COMMANDS.find(({ name }) => name === verb)!.flags;
  const [options, others]: [string[], string[]] = [[], []];
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (word === "--") {
      others.push(...words.slice(at + 1));
      break;
    }
    if (!word.startsWith("-") || word === "-") others.push(word);
    else options.push(word, ...(wantsMore(word, rows) && at + 1 < words.length ? [words[++at]!] : []));
  }
  return { options, others };
}

/** Whether the value is the next word: not in "--into=always" or "-Cout". */
function wantsMore(word: string, rows: readonly FlagRow[]): boolean {
  const takesValue = (name: string): boolean => rows.some((row) => valueOf(row) !== undefined && namesOf(row).includes(name));
  if (word.startsWith("--")) return takesValue(word);
  const first = [...word.slice(1)].findIndex((letter) => takesValue(`-${letter}`));
  return first >= 0 && first === word.length - 2;
}

/** An archive whose name looks like a flag. */
function safe(archive: string): string {
  return archive.startsWith("-") && archive !== "-" ? `./${archive}` : archive;
}
