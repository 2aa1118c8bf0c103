/** x: unpack. */
import { basename } from "node:path";
import { extract } from "../core/extract.ts";
import type { Reporter } from "../core/reporter.ts";
import { createSelection, type SelectionOptions } from "../core/select.ts";
import { extractTo, type Sink } from "../core/test.ts";
import { formatOfName } from "../formats/detect.ts";
import type { Policy } from "../safe/policy.ts";
import type { Ask } from "../safe/conflicts.ts";
import type { Destination } from "../safe/writer.ts";
import { eachArchive, type Summaries } from "./common.ts";

export interface ExtractCommand {
  readonly archives: readonly string[];
  readonly selection: SelectionOptions;
  readonly directory: string;
  readonly into: Destination["into"];
  readonly policy: Policy;
  readonly format: string | undefined;
  readonly encoding: string | undefined;
  readonly password: (() => Promise<string | undefined>) | undefined;
  readonly threads: number;
  /** Members go here instead of the disk. */
  readonly sink: Sink | undefined;
  readonly ask: Ask | undefined;
  readonly signal: AbortSignal;
  readonly reporter: Reporter;
}

export async function extractCommand(command: ExtractCommand): Promise<Summaries> {
  const { selection: wanted, policy, sink, archives, ...options } = command;
  return eachArchive(archives, async (archive) => {
    const selection = await createSelection(wanted);
    if (sink !== undefined) return extractTo(sink, archive, { ...options, selection, limits: policy.limits, lenient: policy.lenient });
    return extract(archive, { ...options, selection, policy, ownName: ownName(archive) });
  });
}

/** The folder that an archive gets of its own: its name without the extensions; never the archive's very name. */
export function ownName(archive: string): string {
  if (archive === "-") return "archive";
  const name = basename(archive);
  let stem = name;
  for (let format = formatOfName(stem); format !== undefined; format = formatOfName(stem)) {
    const extensions = [...format.extensions, ...("tarExtensions" in format ? format.tarExtensions : [])];
    const extension = extensions.find((one) => stem.toLowerCase().endsWith(one.toLowerCase()));
    if (extension === undefined || extension.length === stem.length) break;
    stem = stem.slice(0, -extension.length);
  }
  return stem === name || stem === "" ? `${name}-extracted` : stem;
}
