/** test: verifies every byte of an archive, and writes nothing. */
import type { Summary } from "../core/summary.ts";
import { assertComplete, begin, type OutcomeOptions } from "./outcome.ts";
import { reporterOf, type ProgressOptions } from "./progress.ts";
import { checksumOf, levelsOf, readingOf, type ReadingOptions } from "./reading.ts";
import { sourceOf, type ArchiveSource } from "./source.ts";

export interface TestOptions extends ReadingOptions, ProgressOptions, OutcomeOptions {
  /** Archives inside archives are verified too, up to so many levels; true: 8. */
  readonly recursive?: boolean | number | undefined;
  /** What the archive's bytes have to be: "sha256:HEX", or "@FILE" for a list such as SHA256SUMS. */
  readonly checksum?: string | undefined;
  /** Tells in `audit` of the summary what a careful person wants to know before opening the archive; an error there is a failure. */
  readonly audit?: boolean | undefined;
}

/** Resolves when everything that was asked for is whole and nothing of it is refused; otherwise rejects as extract() does. */
export async function test(source: ArchiveSource, options: TestOptions = {}): Promise<Summary> {
  const held = sourceOf(source, options.name);
  return begin("test the archive", options.signal, async (run) => {
    const { test: verify } = await import("../core/test.ts");
    const [reading, checksum, levels] = [await readingOf(options, run), await checksumOf(options.checksum), await levelsOf(options.recursive)];
    const summary = await verify(await held.open(run.signal), { ...reading, checksum, levels, audit: options.audit, signal: run.signal, reporter: reporterOf(options, run) });
    await assertComplete(summary, options);
    return summary;
  }, held.release);
}
