/** What Commander says of a wrong command line, in the words of all other errors, and what to type instead. */
import { existsSync } from "node:fs";
import type { CommanderError } from "commander";
import { UnzipxError } from "../errors.ts";
import { COMMANDS } from "./table/index.ts";
import type { CommandRow } from "./table/rows.ts";

/** `asked` is the first word of the command line that is no flag. */
export function usageError({ message }: CommanderError, argv: readonly string[], asked: string | undefined): UnzipxError {
  const [first = "", ...more] = message.replace(/^error: /, "").split("\n");
  const meant = /Did you mean (?:one of )?(.*)\?/.exec(more.join(" "))?.[1];
  const known = asked === undefined ? undefined : COMMANDS.find(({ name, long }) => asked === name || asked === long);
  const early = known !== undefined && argv[0]!.startsWith("-") ? argv[0] : undefined;
  if (early !== undefined) return new UnzipxError("USAGE", `Cannot understand "${early}": flags stand behind the command`, { hint: `unzipx ${known!.name} ${early} …` });
  return new UnzipxError("USAGE", sentenceFor(first, known?.name), { hint: hintFor(asked, known, meant) });
}

function hintFor(asked: string | undefined, known: CommandRow | undefined, meant: string | undefined): string {
  if (asked === undefined) return meant ?? "unzipx --help";
  if (known === undefined) return existsSync(asked) ? `unzipx x ${asked}` : meant === undefined ? "unzipx --help" : `unzipx ${meant}`;
  return meant ?? `unzipx ${known.name} --help`;
}

/** Patterns over Commander's messages, and what is said instead. What matches none is said as it came: a newer Commander may have other words. */
const SENTENCES: readonly (readonly [pattern: RegExp, say: (found: readonly string[], command: string) => string])[] = [
  [/^unknown option '(.*)'$/s, ([, flag], command) => `Cannot understand "${flag}": ${command} has no such flag`],
  [/^unknown command '(.*)'$/s, ([, word]) => `Cannot understand "${word}": it is no command`],
  [/^missing required argument '(.*)'$/, ([, name = ""], command) => `Cannot run ${command}: ${name.toUpperCase()} is missing`],
  [/^option '(.*)' argument missing$/, ([, flag = ""]) => `Cannot understand ${bare(flag)}: its value is missing`],
  [/^option '(.*)' argument '(.*)' is invalid\. Allowed choices are (.*)\.$/s, ([, flag = "", value, choices = ""]) => `Cannot understand ${bare(flag)} "${value}": ${noneOf(choices)}`],
  [/^command-argument value '(.*)' is invalid for argument '.*'\. Allowed choices are (.*)\.$/s, ([, value, choices = ""]) => `Cannot understand "${value}": ${noneOf(choices)}`],
  [/^option '(.*)' cannot be used with option '(.*)'$/, ([, one = "", other = ""]) => `Cannot do both: ${bare(one)} and ${bare(other)} contradict each other`],
  [/^too many arguments for '.*'\. Expected (\d+) /, ([, most], command) => `Cannot run ${command}: it takes ${most === "0" ? "no words" : most === "1" ? "one word" : `${most} words`}`],
];

function sentenceFor(said: string, name: string | undefined): string {
  for (const [pattern, say] of SENTENCES) {
    const found = pattern.exec(said);
    if (found !== null) return say(found, name === undefined ? "unzipx" : `unzipx ${name}`);
  }
  return `${said.charAt(0).toUpperCase()}${said.slice(1)}`;
}

/** "-C, --directory <dir>": the longest name. */
function bare(flag: string): string {
  return flag.replace(/^-.*, /, "").replace(/ .*$/, "");
}

function noneOf(choices: string): string {
  return choices.includes(", ") ? `it is none of ${choices}` : `it is not ${choices}`;
}
