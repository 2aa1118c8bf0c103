/** The command t. */
import { createRenderer } from "../render.ts";
import { assertOneOutput, checksumFrom, passwordFrom, readingFrom, type Verb } from "./shared.ts";

export const test: Verb = async (words, dashed, flags, signal) => {
  const reading = await readingFrom(words, dashed, flags);
  const sarif = flags["sarif"] as string | undefined;
  assertOneOutput(sarif === "-" ? "--sarif -" : undefined, flags);
  if (sarif !== undefined) (await import("../sarif.ts")).assertNoArchive(sarif, reading.archives);
  const renderer = await createRenderer(flags, "t", reading.archives);
  const password = passwordFrom(flags, renderer, { archives: reading.archives });
  const { testCommand } = await import("../../commands/test.ts");
  const checksum = await checksumFrom(flags, reading.archives);
  return renderer.summaries(await testCommand({ ...reading, audit: flags["audit"] === true || sarif !== undefined, password, signal, checksum, reporter: renderer.reporter, turns: renderer.turns }));
};
