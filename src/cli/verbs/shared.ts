/** What several verbs ask of the command line. */
import type { Checksum } from "../../core/checksum.ts";
import { UnzipxError } from "../../errors.ts";
import { printable } from "../../text/printable.ts";
import { readingArguments, type ReadingArguments } from "../arguments.ts";
import { passwordOf, type Password } from "../password.ts";
import type { Flags } from "../program.ts";
import type { Renderer } from "../render.ts";
import { stderr } from "../streams.ts";

/** `dashed` are the words behind "--". Resolves to the exit code. */
export type Verb = (words: readonly string[], dashed: readonly string[], flags: Flags, signal: AbortSignal) => Promise<number>;

/** With what the lists in files select; the code for them is only loaded when there are some. */
export async function readingFrom(words: readonly string[], dashed: readonly string[], flags: Flags): Promise<ReadingArguments> {
  const reading = readingArguments(words, dashed, flags);
  if (flags["filesFrom"] === undefined && flags["excludeFrom"] === undefined) return reading;
  const { withLists } = await import("../lists.ts");
  return { ...reading, selection: await withLists(reading.selection, flags, reading.archives) };
}

/** Standard output is data, and only one kind of it. */
export function assertOneOutput(what: string | undefined, flags: Flags): void {
  const form = flags.json === true ? "--json" : flags["ndjson"] === true ? "--ndjson" : undefined;
  if (what !== undefined && form !== undefined) throw new UnzipxError("USAGE", `Cannot write both to standard output: ${what} and ${form}`);
}

/** The code for it is only loaded when it is asked for. */
export async function checksumFrom(flags: Flags, archives: readonly string[]): Promise<Checksum | undefined> {
  if (flags["checksum"] === undefined) return undefined;
  const { parseChecksum } = await import("../../core/checksum.ts");
  const checksum = parseChecksum(String(flags["checksum"]));
  if ("digest" in checksum && archives.length > 1) throw new UnzipxError("USAGE", "Cannot verify several archives by one digest", { hint: "--checksum @SHA256SUMS, with a line for each" });
  return checksum;
}

interface PasswordUse {
  readonly archives: readonly string[];
  readonly creating?: boolean;
  /** Nothing is asked: all that counts is whether there would be an answer. */
  readonly pretend?: boolean;
}

export function passwordFrom(flags: Flags, renderer: Renderer, { archives, creating = false, pretend = false }: PasswordUse): Password {
  return passwordOf(flags, {
    creating,
    stdinIsTaken: archives.includes("-") || [flags["filesFrom"], flags["excludeFrom"]].flat().includes("-"),
    env: process.env,
    warn: (message) => {
      if (flags.quiet !== true) stderr.write(`unzipx: warning: ${printable(message)}\n`);
    },
    ask: renderer.pausing(async (question: string) => {
      const { askSecretly, canAskOnTerminal } = await import("../prompt.ts");
      if (pretend) return canAskOnTerminal() ? "whatever is typed" : undefined;
      return askSecretly(question);
    }),
  });
}
