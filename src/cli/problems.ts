/** Errors and warnings as sentences on standard error. */
import type { Summary } from "../core/summary.ts";
import type { UnzipxError } from "../errors.ts";
import { printable } from "../text/printable.ts";
import type { Flags } from "./program.ts";
import { stderr } from "./streams.ts";
import type { Style } from "./style.ts";

/** Problems of one kind that are printed before the rest is only counted. */
export const PRINTED = 10;

/** Those of one archive. */
export function printProblems(summary: Summary, style: Style, flags: Flags): void {
  const print = (errors: readonly UnzipxError[], one: (error: UnzipxError) => void): void => {
    const most = flags.verbose === true ? Infinity : PRINTED;
    errors.slice(0, most).forEach(one);
    if (errors.length > most) stderr.write(style.dim(`unzipx: … and ${errors.length - most} more; -v shows all\n`));
  };
  const where = { archive: summary.archive };
  if (flags.quiet !== true) print(summary.warnings, (warning) => {
    const text = `${sentence(warning.in(where))}${detail(warning)}`;
    stderr.write(style.annotation?.("warning", text) ?? `unzipx: ${style.yellow("warning:")} ${lowerFirst(text)}\n`);
  });
  let hinted: string | undefined;
  print(summary.failures, (error) => {
    const { hint } = error.details;
    printError(error.in(where), style, { again: hint === hinted });
    hinted = hint;
  });
}

/** `unzipx: <action> <subject>: <state>`, what was expected and found, and a hint that can be typed, unless the error before said it (`again`). */
export function printError(error: UnzipxError, style: Style, { again = false } = {}): void {
  const { hint, left } = error.details;
  if (style.annotation !== undefined) {
    stderr.write(style.annotation("error", `${sentence(error)}${detail(error)}${hint === undefined ? "" : `\nhint: ${printable(hint)}`}`));
    return;
  }
  stderr.write(`unzipx: ${style.red(lowerFirst(sentence(error)))}${detail(error)}\n`);
  if (left !== undefined && error.code !== "LEFT_BEHIND") stderr.write(`unzipx: ${style.yellow("warning:")} the temporary ${printable(`"${left}"`)} could not be removed\n`);
  if (hint !== undefined && !again) stderr.write(`${style.cyan("hint:")} ${printable(hint)}\n`);
}

function detail({ details: { expected, found } }: UnzipxError): string {
  const parts = [expected === undefined ? [] : [`expected ${expected}`], found === undefined ? [] : [`found ${found}`]].flat();
  return parts.length === 0 ? "" : printable(` (${parts.join(", ")})`);
}

/** The sentence with the entry's name in the place of "an entry" or "a link". */
function sentence(error: UnzipxError): string {
  const { entry, archive } = error.details;
  let text = error.message;
  if (entry !== undefined) {
    const named = `"${entry}"`;
    const placed = text.replace(/\b(an entry|a link|a hard link)\b/, () => named);
    text = placed === text && !text.includes(named) ? `${text}: ${named}` : placed;
  }
  if (archive !== undefined && archive !== "-" && !text.includes(`"${archive}"`)) text = `${text.replace(/^(Cannot read )the (zip|tar) archive/, `$1"${archive}"`)}`;
  if (archive !== undefined && !text.includes(archive)) text = `${text} [${archive}]`;
  return printable(text);
}

/** The short half of "Refused an entry: its name is empty", for where the entry stands beside it. */
export function reasonOf({ message }: { readonly message: string }): string {
  return message.replace(/^(Refused|Skipped|Left out|Cannot \w+) (an entry|a hard link|a link): /, "");
}

export function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
