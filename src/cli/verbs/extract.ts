/** The command x. */
import { resolve } from "node:path";
import type { ExtractCommand } from "../../commands/extract.ts";
import { assertNoContradiction, destinationOf, policyOf, renamingOf } from "../arguments.ts";
import { createRenderer } from "../render.ts";
import { stdout } from "../streams.ts";
import { assertOneOutput, checksumFrom, passwordFrom, readingFrom, type Verb } from "./shared.ts";

/** What these name Node loads or writes once more for each thread, by ways from the folder that the process works in: that must not be what was unpacked. */
const ELSEWHERE = ["NODE_OPTIONS", "NODE_PATH", "NODE_COMPILE_CACHE", "NODE_REDIRECT_WARNINGS"];

export const extract: Verb = async (words, dashed, flags, signal) => {
  const reading = await readingFrom(words, dashed, flags);
  const { canAskOnTerminal } = await import("../prompt.ts");
  const policy = policyOf(flags, reading.limits, canAskOnTerminal());
  const toStdout = flags["stdout"] === true;
  assertOneOutput(toStdout ? "members (-O)" : undefined, flags);
  const isDry = flags["dryRun"] === true;
  assertNoContradiction(flags);
  const renaming = renamingOf(flags, flags["transform"] === undefined ? undefined : (await import("../../core/transform.ts")).transformOf);
  const renderer = await createRenderer(flags, "x", reading.archives);
  const { storeFile, storeFolder } = await import("../store.ts");
  const { extractCommand, planCommand } = await import("../../commands/extract.ts");
  const { askAboutFile } = await import("../ask-overwrite.ts");
  const command: ExtractCommand = {
    ...reading, ...destinationOf(flags), policy, renaming, signal, checksum: await checksumFrom(flags, reading.archives), deleteSource: flags["deleteSource"] === true, reserved: [resolve(storeFile(storeFolder()))], ownsProcess: !ELSEWHERE.some((name) => process.env[name]),
    password: passwordFrom(flags, renderer, { archives: reading.archives }),
    sink: toStdout ? writeToStdout : undefined,
    ask: policy.overwrite === "ask" ? renderer.pausing(askAboutFile) : undefined,
    reporter: renderer.reporter, turns: renderer.turns,
  };
  return isDry ? renderer.plans(await planCommand(command, renderer.planning)) : renderer.summaries(await extractCommand(command));
};

/** Waits for a slow reader. */
function writeToStdout(chunk: Uint8Array): Promise<void> | void {
  // The chunk is the decoder's own buffer: what is not written at once has to be a copy.
  if (stdout.stream.write(Buffer.from(chunk))) return undefined;
  return new Promise((resolve) => void stdout.stream.once("drain", resolve));
}
