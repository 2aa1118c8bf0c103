/** Colours, and what else depends on who reads a stream. */
import type { ChalkInstance } from "chalk";
import { isReadByActions } from "./ci.ts";
import type { Flags } from "./program.ts";
import { stderr, type Output } from "./streams.ts";

export type Style = Pick<ChalkInstance, "red" | "yellow" | "green" | "dim" | "bold" | "cyan"> & {
  /** A problem as a line of its own for who runs us; undefined: there is only a reader. */
  readonly annotation?: ((kind: "error" | "warning", text: string) => string) | undefined;
};
const same = (text: string): string => text;
const PLAIN = { red: same, yellow: same, green: same, dim: same, bold: same, cyan: same } as unknown as Style;

/** Colours only where somebody sees them, and chalk is only loaded for them. */
export async function styleFor(output: Output, flags: Flags): Promise<Style> {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  const wanted = flags.color === "always" ? true
    : flags.color === "never" ? false
    : NO_COLOR !== undefined && NO_COLOR !== "" ? false
    : FORCE_COLOR !== undefined && FORCE_COLOR !== "0" ? true
    : output.isTerminal && TERM !== "dumb";
  const style = wanted ? new (await import("chalk")).Chalk({ level: 1 }) : PLAIN;
  if (output !== stderr || !isReadByActions(process.env, 2)) return style;
  const { red, yellow, green, dim, bold, cyan } = style;
  return { red, yellow, green, dim, bold, cyan, annotation: (await import("./github.ts")).annotation };
}
