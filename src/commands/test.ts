/** t: verify every byte. */
import type { Checksum } from "../core/checksum.ts";
import { createSelection } from "../core/select.ts";
import type { Summary } from "../core/summary.ts";
import { test } from "../core/test.ts";
import { eachArchive, type ReadingCommand, type Summaries, type Turns } from "./common.ts";

export interface TestCommand extends ReadingCommand {
  readonly audit: boolean;
  /** What the archive's bytes have to be. */
  readonly checksum: Checksum | undefined;
  readonly turns: Turns<Summary>;
}

export async function testCommand({ archives, selection, turns, ...options }: TestCommand): Promise<Summaries> {
  return eachArchive(archives, async (archive) => test(archive, { ...options, selection: await createSelection(selection) }), turns);
}
