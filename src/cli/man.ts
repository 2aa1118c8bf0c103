/** The manual page, in the man macros of roff, from the table of commands; scripts/build.mjs writes it into the package. */
import { COMMANDS } from "./table/index.ts";
import { GROUPS, namesOf, valueOf, type CommandRow, type FlagRow } from "./table/rows.ts";
import { DESCRIPTION, ENVIRONMENT, EXAMPLES, EXIT_CODES, FILES, WORDS } from "./table/texts.ts";

export function manPage(version: string): string {
  return [
    `.TH UNZIPX 1 "" ${quoted(`unzipx ${version}`)}`,
    ".SH NAME",
    "unzipx \\- pack, unpack, list and test archives",
    ".SH SYNOPSIS",
    ...COMMANDS.flatMap((command, at) => [...(at === 0 ? [] : [".br"]), `.B unzipx ${command.name}`, `.RI ${quoted(["[options]", ...command.arguments.map(({ name }) => name)].join(" "))}`]),
    ".SH DESCRIPTION",
    ...paragraphs([DESCRIPTION, ...WORDS]),
    ...COMMANDS.flatMap(commandLines),
    ".SH EXAMPLES",
    ...exampleLines(EXAMPLES),
    ".SH ENVIRONMENT",
    ...ENVIRONMENT.flatMap(([name, meaning]) => tagged(`.B ${roff(name)}`, meaning)),
    ".SH FILES",
    ...FILES.flatMap(([name, meaning]) => tagged(`.I ${roff(name)}`, meaning)),
    ".SH EXIT STATUS",
    ...EXIT_CODES.flatMap(([code, meaning]) => tagged(`.B ${code}`, meaning)),
    "",
  ].join("\n");
}

function commandLines(command: CommandRow): string[] {
  const { name, long, summary, flags, examples, notes } = command;
  return [
    `.SH ${quoted(`${name.toUpperCase()}${long === undefined ? "" : `, ${long.toUpperCase()}`}`)}`,
    ...paragraphs([`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`]),
    ...command.arguments.flatMap((argument) => tagged(`.I ${quoted(argument.name)}`, withChoices(argument.text, argument.choices))),
    ...GROUPS.flatMap((group) => {
      const rows = flags.filter((flag) => flag.group === group);
      return rows.length === 0 ? [] : [`.SS ${quoted(group)}`, ...rows.flatMap(flagLines)];
    }),
    ...(examples.length === 0 ? [] : [`.SS Examples`, ...exampleLines(examples)]),
    ...(notes.length === 0 ? [] : [`.SS Notes`, ...paragraphs(notes)]),
  ];
}

function flagLines(flag: FlagRow): string[] {
  const value = valueOf(flag);
  const names = namesOf(flag).map((name) => `\\fB${roff(name)}\\fR`).join(", ");
  const repeated = flag.repeated === true ? "; may be given several times" : "";
  return tagged(`${names}${value === undefined ? "" : ` \\fI${roff(value.slice(1, -1))}\\fR`}`, `${withChoices(flag.text, flag.choices)}${repeated}`);
}

function withChoices(text: string, choices: readonly string[] | undefined): string {
  return choices === undefined ? text : `${text}: ${choices.join(", ")}`;
}

function exampleLines(examples: CommandRow["examples"]): string[] {
  return apart(examples.map(([line, does]) => [...(does === "" ? [] : [roff(does)]), ".RS", ".nf", roff(line), ".fi", ".RE"]));
}

function paragraphs(texts: readonly string[]): string[] {
  return apart(texts.map((text) => [roff(text)]));
}

/** With a paragraph's distance between them. */
function apart(blocks: readonly (readonly string[])[]): string[] {
  return blocks.flatMap((lines, at) => (at === 0 ? lines : [".PP", ...lines]));
}

function tagged(tag: string, text: string): string[] {
  return [".TP", tag, roff(text)];
}

/** Text that roff shows as it is: no escapes, no requests, and dashes that can be copied. */
function roff(text: string): string {
  const escaped = text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("~", "\\(ti").replaceAll("^", "\\(ha").replaceAll("`", "\\(ga")
    .replace(/[^\n -\x7e]/gu, (sign) => `\\[u${sign.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}]`);
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}

function quoted(text: string): string {
  return `"${roff(text).replaceAll('"', '""')}"`;
}
