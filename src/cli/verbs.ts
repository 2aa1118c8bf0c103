/** One function a command: arguments → command → what is printed → exit code. */
import { UnzipxError } from "../errors.ts";
import { assertNoContradiction, destinationOf, policyOf, readingArguments, renamingOf, threadsOf, type ReadingArguments } from "./arguments.ts";
import type { DiskPath } from "../bytes/input-file.ts";
import type { CreateCommand } from "../commands/create.ts";
import type { ExtractCommand } from "../commands/extract.ts";
import type { Checksum } from "../core/checksum.ts";
import { entryArguments, levelOf, packingArguments } from "./create-arguments.ts";
import { passwordOf, type Password } from "./password.ts";
import { printable } from "../text/printable.ts";
import { sizeHeap } from "./heap.ts";
import type { Flags } from "./program.ts";
import type { Sort } from "./list-sort.ts";
import { createRenderer, type Renderer } from "./render.ts";
import { stderr, stdout } from "./streams.ts";

type Verb = (words: readonly string[], dashed: readonly string[], flags: Flags, signal: AbortSignal) => Promise<number>;

export const extract: Verb = async (words, dashed, flags, signal) => {
  const reading = await readingFrom(words, dashed, flags);
  const { canAskOnTerminal } = await import("./prompt.ts");
  const policy = policyOf(flags, reading.limits, canAskOnTerminal());
  const toStdout = flags["stdout"] === true;
  assertOneOutput(toStdout ? "members (-O)" : undefined, flags);
  const isDry = flags["dryRun"] === true;
  assertNoContradiction(flags);
  const renaming = renamingOf(flags, flags["transform"] === undefined ? undefined : (await import("../core/transform.ts")).transformOf);
  const renderer = await createRenderer(flags, "x", reading.archives);
  sizeHeap(reading.archives);
  const { storeFile, storeFolder } = await import("./store.ts");
  const { extractCommand, planCommand } = await import("../commands/extract.ts");
  const { askAboutFile } = await import("./ask-overwrite.ts");
  const command: ExtractCommand = {
    ...reading, ...destinationOf(flags), policy, renaming, signal, checksum: await checksumFrom(flags, reading.archives), deleteSource: flags["deleteSource"] === true, reserved: [storeFile(storeFolder())],
    password: passwordFrom(flags, renderer, { archives: reading.archives }),
    sink: toStdout ? writeToStdout : undefined,
    ask: policy.overwrite === "ask" ? renderer.pausing(askAboutFile) : undefined,
    reporter: renderer.reporter, turns: renderer.turns,
  };
  return isDry ? renderer.plans(await planCommand(command, renderer.planning)) : renderer.summaries(await extractCommand(command));
};

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
  sizeHeap(["-"]); // nobody knows yet
  const { createCommand, planCreateCommand } = await import("../commands/create.ts");
  const command: CreateCommand = {
    out, inputs, format: flags.format, exclude: (flags["exclude"] as string[]) ?? [],
    level: levelOf(flags), force: flags["force"] === true, threads: threadsOf(flags),
    ...packing, ...entries, password, signal, reporter: renderer.reporter, turns: renderer.turns,
  };
  return isDry ? renderer.createPlans(await planCreateCommand(command, renderer.planning)) : renderer.summaries(await createCommand(command));
};

export const list: Verb = async (words, dashed, flags, signal) => {
  const reading = await readingFrom(words, dashed, flags);
  assertOneView(flags);
  const renderer = await createRenderer(flags, "l", reading.archives);
  const password = passwordFrom(flags, renderer, { archives: reading.archives });
  sizeHeap(reading.archives);
  const { listCommand } = await import("../commands/list.ts");
  const outcome = await listCommand({
    ...reading, password, signal, reporter: renderer.reporter, turns: renderer.listing, listed: renderer.listing.listed, refused: renderer.listing.refused,
    details: ["long", "info", "json", "ndjson"].some((flag) => flags[flag] === true), hash: flags["hash"] !== undefined,
  });
  const by = flags["sort"] as Sort | undefined;
  if (by === undefined) return renderer.listings(outcome);
  const { sorted } = await import("./list-sort.ts");
  return renderer.listings({ ...outcome, results: outcome.results.map((listing) => ({ ...listing, entries: sorted(listing.entries, by) })) });
};

export const test: Verb = async (words, dashed, flags, signal) => {
  const reading = await readingFrom(words, dashed, flags);
  const sarif = flags["sarif"] as string | undefined;
  assertOneOutput(sarif === "-" ? "--sarif -" : undefined, flags);
  if (sarif !== undefined) (await import("./sarif.ts")).assertNoArchive(sarif, reading.archives);
  const renderer = await createRenderer(flags, "t", reading.archives);
  const password = passwordFrom(flags, renderer, { archives: reading.archives });
  sizeHeap(reading.archives);
  const { testCommand } = await import("../commands/test.ts");
  const checksum = await checksumFrom(flags, reading.archives);
  return renderer.summaries(await testCommand({ ...reading, audit: flags["audit"] === true || sarif !== undefined, password, signal, checksum, reporter: renderer.reporter, turns: renderer.turns }));
};

export const terms: Verb = async ([action = "show"], _, flags) => {
  const { termsAccept, termsRevoke, termsShow, termsStatus } = await import("./terms.ts");
  const { printTerms, printTermsText } = await import("./render.ts");
  switch (action) {
    case "show":
      return printTermsText(await termsShow(), flags);
    case "accept":
      return printTerms(await termsAccept(), flags);
    case "status":
      return printTerms(termsStatus(), flags);
    case "revoke":
      return printTerms(await termsRevoke(), flags);
    default:
      throw new UnzipxError("USAGE", `There is no action "${action}" of terms`, { hint: "unzipx terms show|accept|status|revoke" });
  }
};

export const formats: Verb = async (_, __, flags) => {
  const { printFormats } = await import("./render-formats.ts");
  return printFormats(flags);
};

export const completions: Verb = async ([shell = ""]) => {
  const { completionScript } = await import("./completions/index.ts");
  stdout.write(completionScript(shell));
  return 0;
};

/** With what the lists in files select; the code for them is only loaded when there are some. */
async function readingFrom(words: readonly string[], dashed: readonly string[], flags: Flags): Promise<ReadingArguments> {
  const reading = readingArguments(words, dashed, flags);
  if (flags["filesFrom"] === undefined && flags["excludeFrom"] === undefined) return reading;
  const { withLists } = await import("./lists.ts");
  return { ...reading, selection: await withLists(reading.selection, flags, reading.archives) };
}

/** Standard output is data, and only one kind of it. */
function assertOneOutput(what: string | undefined, flags: Flags): void {
  const form = flags.json === true ? "--json" : flags["ndjson"] === true ? "--ndjson" : undefined;
  if (what !== undefined && form !== undefined) throw new UnzipxError("USAGE", `Cannot write both to standard output: ${what} and ${form}`);
}

/** -0 also says how a list of names (-T) is read; alone it is a way to show names. */
function assertOneView(flags: Flags): void {
  const other = ["long", "tree", "info"].find((view) => flags[view] === true);
  if (flags["null"] === true && other !== undefined && flags["filesFrom"] === undefined) throw new UnzipxError("USAGE", `Cannot do both: -0 shows names only, and --${other} more than that`);
}

/** The code for it is only loaded when it is asked for. */
async function checksumFrom(flags: Flags, archives: readonly string[]): Promise<Checksum | undefined> {
  if (flags["checksum"] === undefined) return undefined;
  const { parseChecksum } = await import("../core/checksum.ts");
  const checksum = parseChecksum(String(flags["checksum"]));
  if ("digest" in checksum && archives.length > 1) throw new UnzipxError("USAGE", "Cannot verify several archives by one digest", { hint: "--checksum @SHA256SUMS, with a line for each" });
  return checksum;
}

/** The inputs of c that stand in lists; the code for them is only loaded when there are some. */
async function listedInputs(flags: Flags): Promise<DiskPath[]> {
  const files = flags["filesFrom"] as readonly string[] | undefined;
  if (files !== undefined) return (await import("./lists.ts")).inputsFrom(files, { nul: flags["null"] === true });
  if (flags["null"] === true) throw new UnzipxError("USAGE", "Cannot tell which list is meant: --null says how names end in it, and -T is not given", { hint: "-T FILE" });
  return [];
}

interface PasswordUse {
  readonly archives: readonly string[];
  readonly creating?: boolean;
  /** Nothing is asked: all that counts is whether there would be an answer. */
  readonly pretend?: boolean;
}

function passwordFrom(flags: Flags, renderer: Renderer, { archives, creating = false, pretend = false }: PasswordUse): Password {
  return passwordOf(flags, {
    creating,
    stdinIsTaken: archives.includes("-") || [flags["filesFrom"], flags["excludeFrom"]].flat().includes("-"),
    env: process.env,
    warn: (message) => {
      if (flags.quiet !== true) stderr.write(`unzipx: warning: ${printable(message)}\n`);
    },
    ask: renderer.pausing(async (question: string) => {
      const { askSecretly, canAskOnTerminal } = await import("./prompt.ts");
      if (pretend) return canAskOnTerminal() ? "whatever is typed" : undefined;
      return askSecretly(question);
    }),
  });
}

/** Waits for a slow reader. */
function writeToStdout(chunk: Uint8Array): Promise<void> | void {
  // The chunk is the decoder's own buffer: what is not written at once has to be a copy.
  if (stdout.stream.write(Buffer.from(chunk))) return undefined;
  return new Promise((resolve) => void stdout.stream.once("drain", resolve));
}
