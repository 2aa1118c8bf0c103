/** The command c. */
import type { DiskPath } from "../../bytes/input-file.ts";
import type { CreateCommand } from "../../commands/create.ts";
import { UnzipxError } from "../../errors.ts";
import { texts, threadsOf } from "../arguments.ts";
import { entryArguments, levelOf, packingArguments } from "../create-arguments.ts";
import type { Flags } from "../program.ts";
import { createRenderer } from "../render.ts";
import { stdout } from "../streams.ts";
import { assertOneOutput, passwordFrom, type Verb } from "./shared.ts";

export const create: Verb = async ([out = "", ...words], dashed, flags, signal) => {
  const isDry = flags["dryRun"] === true;
  assertOneOutput(out === "-" && !isDry ? "the archive" : undefined, flags);
  if (out === "-" && stdout.isTerminal && !isDry) throw new UnzipxError("USAGE", "Cannot write an archive to standard output: it is a terminal", { hint: "unzipx c - --format tar.gz DIR > FILE" });
  const packing = packingArguments(flags);
  const entries = entryArguments(flags, process.env);
  const renderer = await createRenderer(flags, "c", [out]);
  const password = passwordFrom(flags, renderer, { archives: [], creating: true, pretend: isDry });
  const inputs = [...words, ...dashed, ...(await listedInputs(flags))];
  if (inputs.length === 0) throw new UnzipxError("USAGE", "Cannot tell what to pack: no input is named", { hint: `unzipx c ${out} DIR` });
  const { createCommand, planCreateCommand } = await import("../../commands/create.ts");
  const command: CreateCommand = {
    out, inputs, format: flags.format, exclude: texts(flags["exclude"]),
    level: levelOf(flags), force: flags["force"] === true, threads: threadsOf(flags),
    ...packing, ...entries, password, signal, reporter: renderer.reporter, turns: renderer.turns,
  };
  return isDry ? renderer.createPlans(await planCreateCommand(command, renderer.planning)) : renderer.summaries(await createCommand(command));
};

/** The inputs of c that stand in lists; the code for them is only loaded when there are some. */
async function listedInputs(flags: Flags): Promise<DiskPath[]> {
  const files = flags["filesFrom"] as readonly string[] | undefined;
  if (files !== undefined) return (await import("../lists.ts")).inputsFrom(files, { nul: flags["null"] === true });
  if (flags["null"] === true) throw new UnzipxError("USAGE", "Cannot tell which list is meant: --null says how names end in it, and -T is not given", { hint: "-T FILE" });
  return [];
}
