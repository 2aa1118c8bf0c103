/** What the help and the manual page say beside commands and flags. */
import type { CommandRow } from "./rows.ts";

export const DESCRIPTION = "Packs, unpacks, lists and tests archives.";

export const EXAMPLES: CommandRow["examples"] = [
  ["unzipx x photos.zip", "unpack; into a folder of its own if it holds more than one thing"],
  ["unzipx x site.tar.gz -C /srv/www", "unpack into a folder"],
  ["unzipx c backup.tar.gz notes src", "pack"],
  ["unzipx l photos.zip", "show what is inside"],
  ["unzipx t photos.zip", "verify every byte"],
];

/** In the order of the numbers; tests hold it beside the table of errors. */
export const EXIT_CODES: readonly (readonly [code: number, meaning: string])[] = [
  [0, "everything asked for was done and verified"],
  [1, "done, with warnings: something was left out"],
  [2, "another failure while reading or writing"],
  [3, "damaged: checksum, authentication or structure wrong"],
  [4, "the terms of use are not accepted, and there is nobody to ask"],
  [5, "the target exists"],
  [6, "an entry was refused as unsafe"],
  [7, "wrong command line"],
  [8, "a decoder wants more memory than allowed"],
  [9, "archive or input not found or not readable"],
  [11, "a pattern matched nothing"],
  [12, "a limit was hit: size, count, ratio or depth"],
  [50, "no space left"],
  [51, "the archive is cut off"],
  [81, "format or method not supported"],
  [82, "the password is missing or wrong"],
  [130, "interrupted; nothing half-written stays"],
  [143, "terminated; nothing half-written stays"],
];

/** How the words of a command line are taken. */
export const WORDS: readonly string[] = [
  "A first word of tar's letters, such as xf, tvf or -czf, is read as tar reads it, whatever files there are: t lists, f takes the next word as the archive, z, j and J (or --zstd) choose the filter of a new archive, and all other words are members or inputs.",
  "The format is told by an archive's content, and for a new archive by its name. Words that name existing files are archives, the rest are globs for members; the first word is always an archive, and what stands behind -- is always a member. The archive - is standard input.",
  "In a glob, * and ? stand for what is within one folder, ** for any number of folders, [a-z] and {a,b} as in a shell. A glob without a slash matches names in every folder; one that matches a folder takes all that is in it.",
  "Sizes can have a unit: 10K, 1.5M, 2G, 1T, in powers of 1024.",
  "Standard output is for data (lists, JSON, members, archives); progress, questions, warnings and errors go to standard error. Names from archives are shown with their control and direction characters escaped; in JSON they are exact.",
  "With --json there is one document at the end, with --ndjson an event a line as it happens; both are described by the JSON Schemas in docs/schema of the package, and nothing else goes to standard output.",
];

export const ENVIRONMENT: readonly (readonly [name: string, meaning: string])[] = [
  ["UNZIPX_ACCEPT_TERMS", "1, or the version of the terms: they are accepted for this run, and nothing is stored"],
  ["UNZIPX_PASSWORD", "the password, where no flag names one"],
  ["NO_COLOR, FORCE_COLOR", "no colours, or colours also where there is no terminal; --color has the last word"],
  ["SOURCE_DATE_EPOCH", "with c --reproducible: the time of all entries, in seconds since 1970"],
  ["CI", "as build services set it: progress comes in lines, and seldom"],
  ["GITHUB_ACTIONS", "true: errors and warnings become annotations, and the names of -v can be folded away"],
  ["XDG_CONFIG_HOME, HOME", "where the settings lie"],
  ["TMPDIR", "where archives are kept that come from a pipe and have to be read from the end"],
];

export const FILES: readonly (readonly [name: string, meaning: string])[] = [
  ["~/.config/unzipx/terms.json", "that the terms were accepted: which, when and how. unzipx terms status shows where it is on this machine"],
];
