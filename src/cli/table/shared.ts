/** Flags that several commands have. */
import { DEFAULT_LIMITS, USUAL_LEVELS } from "../../safe/policy.ts";
import { formatCount, formatSize } from "../../text/size.ts";
import type { ArgumentRow, FlagRow } from "./rows.ts";

export const COMMON: readonly FlagRow[] = [
  { group: "How", flag: "--format <name>", text: "the format, whatever content and name say", completes: "format" },
  { group: "How", flag: "--threads <n>", text: "threads to work with; the result is the same for any number" },
  { group: "Encryption", flag: "--password-file <file>", text: "the password is this file's first line", completes: "file" },
  { group: "Encryption", flag: "--password-stdin", text: "the password is standard input's first line" },
  { group: "Encryption", flag: "-p, --password <password>", text: "the password, visible to others: better the two above, or the terminal" },
  { group: "Output", flag: "-q, --quiet", text: "say nothing but errors" },
  { group: "Output", flag: "-v, --verbose", text: "name every entry" },
  { group: "Output", flag: "--json", text: "one JSON document at the end", conflicts: ["ndjson"] },
  { group: "Output", flag: "--ndjson", text: "a JSON document a line, as it happens" },
  { group: "Output", flag: "--color <when>", text: "colours", choices: ["auto", "always", "never"] },
  { group: "Output", flag: "--progress <when>", text: "the progress bar", choices: ["auto", "always", "never"] },
  { group: "General", flag: "-y, --yes", text: "answer every question with yes, but not the terms" },
  { group: "General", flag: "--accept-terms", text: "accept the terms of use" },
];

/** What x, l and t have in common. */
export const READING: readonly FlagRow[] = [
  { group: "What", flag: "-i, --include <glob>", text: "only these members", repeated: true },
  { group: "What", flag: "-x, --exclude <glob>", text: "not these members", repeated: true },
  { group: "What", flag: "-X, --exclude-from <file>", text: "not the members that a line of this file is a pattern of", repeated: true, completes: "file" },
  { group: "What", flag: "-T, --files-from <file>", text: 'only the members that this file names, one a line; "-" is standard input', repeated: true, completes: "file" },
  { group: "What", flag: "-0, --null", text: "the names in -T end with a NUL" },
  { group: "What", flag: "--ignore-case", text: "globs match in any case" },
  { group: "What", flag: "-R, --recursive", text: "archives inside the archive as well" },
  { group: "What", flag: "--depth <n>", text: `with -R: so many levels of them at most (${USUAL_LEVELS})` },
  { group: "Names", flag: "--encoding <name>", text: "character set of names that do not tell theirs, or auto" },
  { group: "How", flag: "--lenient", text: "where two readings of the archive disagree, take one" },
  { group: "Limits", flag: "--max-size <size>", text: "bytes of content at most (what the disk has room for)" },
  { group: "Limits", flag: "--max-files <n>", text: `entries at most (${formatCount(DEFAULT_LIMITS.files)})` },
  { group: "Limits", flag: "--max-ratio <n>", text: `content to archive at most (${DEFAULT_LIMITS.ratio})` },
  { group: "Limits", flag: "--max-depth <n>", text: `folders in one path at most (${DEFAULT_LIMITS.depth})` },
  { group: "Limits", flag: "--max-memory <size>", text: `memory for one decoder's dictionary at most (${formatSize(DEFAULT_LIMITS.memory)})` },
  { group: "Limits", flag: "--max-stall <seconds>", text: `time in which a decoder neither reads nor writes at most (${DEFAULT_LIMITS.stall})` },
  { group: "Limits", flag: "--no-limits", text: "none of these limits" },
];

export const CHECKSUM: FlagRow = {
  group: "How", flag: "--checksum <digest>", text: "only if the archive's bytes match: sha256:HEX, or @FILE as sha256sum writes it",
};

export const ARCHIVES: ArgumentRow = { name: "<archive...>", text: 'archives, then members; "-" is standard input', completes: "readable" };
