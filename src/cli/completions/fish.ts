/** Completions for fish 3.0 and later. */
import { namesOf, type FlagRow } from "../table/rows.ts";
import { candidatesAfter, candidatesFor, namesOfCommand, offered, type Candidates, type Vocabulary } from "./vocabulary.ts";

export function fishScript(vocabulary: Vocabulary): string {
  const { commands } = vocabulary;
  const before = "complete -c unzipx -n __fish_use_subcommand";
  const lines = [
    "# Completions of unzipx for fish: unzipx completions fish > ~/.config/fish/completions/unzipx.fish",
    "complete -c unzipx -f",
    `${before} -s h -l help -d ${quoted("show help")}`,
    `${before} -s V -l version -d ${quoted("print the version")}`,
  ];
  for (const command of commands) for (const name of namesOfCommand(command)) lines.push(`${before} -a ${name} -d ${quoted(command.summary)}`);
  for (const command of commands) {
    const within = `complete -c unzipx -n ${quoted(`__fish_seen_subcommand_from ${namesOfCommand(command).join(" ")}`)}`;
    for (const flag of offered(command)) {
      const candidates = candidatesAfter(flag, command, vocabulary);
      lines.push(`${within}${flagWords(flag)}${candidates === undefined ? "" : ` -r${argumentWords(candidates, vocabulary)}`} -d ${quoted(flag.text)}`);
    }
    const [first] = command.arguments;
    if (first !== undefined) lines.push(`${within}${argumentWords(candidatesFor(first, command, vocabulary), vocabulary)}`);
  }
  return `${lines.join("\n")}\n`;
}

function flagWords(flag: FlagRow): string {
  return namesOf(flag).map((name) => (name.startsWith("--") ? ` -l ${name.slice(2)}` : ` -s ${name.slice(1)}`)).join("");
}

/** What is offered for a value or an operand; -f: no files beside it. */
function argumentWords({ words, files }: Candidates, { endings }: Vocabulary): string {
  if (words.length > 0) return ` -f -a ${quoted(words.join(" "))}`;
  switch (files) {
    case undefined:
      return " -f";
    case "file":
      return " -F";
    case "folder":
      return ` -f -a ${quoted("(__fish_complete_directories)")}`;
    default: // those first, and then all others
      return ` -f -k -a ${quoted(`(__fish_complete_suffix ${endings[files].map((ending) => `.${ending}`).join(" ")})`)}`;
  }
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
