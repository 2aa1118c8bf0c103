/** What stands below the flags on a help page: examples, notes, exit codes. */
import type { CommandRow } from "./table/rows.ts";
import { EXIT_CODES } from "./table/texts.ts";

/** Wider lines are hard to read. */
const WIDEST = 110;

export function belowTheFlags({ examples, notes }: Pick<CommandRow, "examples" | "notes">, columns: number): string {
  const width = Math.min(columns, WIDEST);
  const parts = [
    ...(examples.length > 0 ? [`Examples:\n${exampleLines(examples, width)}`] : []),
    ...notes.map((note) => wrapped(note, width).join("\n")),
    `Exit codes:\n${EXIT_CODES.map(([code, meaning]) => hanging(String(code).padStart(5), meaning, width)).join("\n")}`,
  ];
  return parts.map((part) => `\n${part}`).join("\n");
}

/** What an example does stands beside it, or below it where there is no room. */
function exampleLines(examples: CommandRow["examples"], width: number): string {
  const longest = Math.max(...examples.map(([line]) => line.length));
  const beside = examples.every(([, does]) => 2 + longest + 2 + does.length <= width);
  return examples.map(([line, does]) => {
    if (does === "") return `  ${line}`;
    return beside ? `  ${line.padEnd(longest)}  ${does}` : `  ${line}\n      ${wrapped(does, width - 6).join("\n      ")}`;
  }).join("\n");
}

function hanging(head: string, text: string, width: number): string {
  const indent = " ".repeat(head.length + 2);
  return `${head}  ${wrapped(text, width - indent.length).join(`\n${indent}`)}`;
}

/** Lines of at most `width` columns, of words that are not cut. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = "";
    }
    line += line === "" ? word : ` ${word}`;
  }
  return [...lines, line];
}
