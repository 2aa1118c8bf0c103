/** What `unzipx terms` prints. */
import { printable } from "../text/printable.ts";
import type { Flags } from "./program.ts";
import { printJson } from "./print-json.ts";
import { stdout } from "./streams.ts";
import type { TermsState } from "./terms.ts";

export function printTermsText(text: string, flags: Flags): number {
  if (flags.json === true) printJson({ command: "terms", text });
  else stdout.write(text);
  return 0;
}

export function printTerms(state: TermsState & { revoked?: boolean }, flags: Flags): number {
  if (flags.json === true) {
    printJson({ command: "terms", ...state });
    return 0;
  }
  const lines = state.revoked === true ? ["The acceptance was deleted."]
    : state.accepted ? [`The terms are accepted: version ${state.version}, ${state.acceptedAt}, by ${HOW[state.how ?? "command"]}.`]
    : state.version !== undefined ? [`The terms are not accepted: version ${state.version} was, version ${state.currentVersion} is current.`]
    : ["The terms are not accepted."];
  const where = state.revoked === true ? "It was stored in" : state.version === undefined ? "An acceptance would be stored in" : "Stored in";
  stdout.write(`${[...lines, `${where}: ${printable(state.file)}`].join("\n")}\n`);
  return 0;
}

const HOW = { prompt: "an answer on the terminal", flag: "--accept-terms", command: "unzipx terms accept" };
