/** x, one archive: every entry is claimed, decoded, verified and written. */
import { addAll } from "../bytes/add-all.ts";
import { extractIndex } from "./extract-index.ts";
import type { Run } from "./extract-run.ts";
import { extractStream } from "./extract-stream.ts";
import type { OpenedIndex, OpenedStream } from "./open.ts";

export async function extractEntries(opened: OpenedIndex | OpenedStream, run: Run): Promise<void> {
  if (opened.kind === "stream") return extractStream(opened, run);
  addAll(run.summary.warnings, opened.index.notes);
  await extractIndex(opened, run);
}
