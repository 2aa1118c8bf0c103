/** Which rule an error or note of the readers, of the policy or of a limit belongs to. */
import type { ErrorCode, UnzipxError } from "../../errors.ts";
import type { PathOddity } from "../../safe/path.ts";
import type { RuleId } from "./rules.ts";

const BY_CODE: Partial<Record<ErrorCode, RuleId>> = {
  SPECIAL_FILE: "special-file", TRAILING_DATA: "trailing-data", COLLISION: "name-collision", CONFLICT: "name-collision", UNSUPPORTED_METHOD: "unsupported-method", UNSUPPORTED_FORMAT: "unsupported-method",
  PASSWORD: "not-verified", READ_FAILED: "not-verified", NO_INPUT: "not-verified", BAD_CHECKSUM: "damaged", BAD_SIZE: "damaged", BAD_DATA: "damaged", BAD_HEADER: "damaged", TRUNCATED: "damaged", MEMORY: "memory-demand",
};

/** Where the code covers several rules, the words decide; the first that fits. */
const BY_WORDS: Partial<Record<ErrorCode, readonly (readonly [RegExp, RuleId])[]>> = {
  AMBIGUOUS: [[/overlap|reaches into/, "overlapping-entries"], [/does not name|hidden|nobody names/, "hidden-entry"], [/^/, "headers-disagree"]],
  UNSAFE_LINK: [[/hard link/, "hardlink-escape"], [/^/, "link-escape"]],
  LIMIT: [[/deep/, "path-too-deep"], [/^/, "bomb"]],
  ODDITY: [
    [/begins after \d+ bytes/, "prefixed-data"], [/belongs? to (nothing|none|neither)|does not name/, "unclaimed-bytes"], [/is named like/, "extension-mismatch"],
    [/looks like another|second .* follows/, "polyglot"], [/^/, "oddity"],
  ],
};

/** Undefined for what is no matter of the archive. */
export function ruleOf({ code, message, details: { entry = "" } }: UnzipxError): RuleId | undefined {
  if (code === "UNSAFE_PATH") return ruleOfPath(entry);
  return BY_CODE[code] ?? BY_WORDS[code]?.find(([words]) => words.test(message))?.[1];
}

/** Why a path is refused, told from the path itself. */
function ruleOfPath(raw: string): RuleId {
  const path = raw.replaceAll("\\", "/");
  if (raw.includes("\0")) return "unsafe-name";
  if (path.startsWith("//")) return "unc-path";
  if (path.startsWith("/")) return "absolute-path";
  if (/^[A-Za-z]:/.test(path)) return "drive-letter";
  return path.split("/").includes("..") ? "path-traversal" : "unsafe-name";
}

export const RULE_OF_ODDITY: Record<PathOddity, RuleId | undefined> = {
  backslash: "backslash", control: undefined, deceptive: undefined, "device-name": "windows-device-name", "trailing-dot": "trailing-dot", stream: "alternate-stream",
  "short-name": "short-name", alike: "look-alike-name", repeated: "repeated-file",
};
