/** c --dry-run: what would be packed, and how the run would end, as far as it can be told without reading contents. Writes nothing. */
import { accessSync, closeSync, constants } from "node:fs";
import { dirname } from "node:path";
import { now } from "../bytes/clock.ts";
import { openInput, showPath } from "../bytes/input-file.ts";
import type { InputEntry } from "../formats/input.ts";
import { inodeOf, lookAt, orThrow } from "../safe/output.ts";
import { chainOf, FORMATS } from "./create-formats.ts";
import { assertPossible, encryptionOf } from "./create-options.ts";
import { becomesArchive, fileOf, namingOf } from "./create-result.ts";
import type { CreateOptions } from "./create.ts";
import { inputEntries } from "./input-entries.ts";
import type { LeftOut } from "./left-out.ts";
import { startPacking } from "./packing.ts";
import type { PackInput } from "./roots.ts";
import { emptySummary, exitCodeOf, type Summary } from "./summary.ts";

export interface PlannedInput {
  /** In the archive: exact, so never print it raw. */
  readonly path: string;
  readonly type: InputEntry["type"];
  /** Bytes of content. */
  readonly size: number;
  /** On disk. */
  readonly source: string;
}

export interface CreatePlan {
  readonly entries: readonly PlannedInput[];
  /** A folder stands for all that is in it. */
  readonly leftOut: readonly { readonly path: string; readonly why: LeftOut }[];
  /** What the real run would say, but for the size of the archive. */
  readonly summary: Summary;
  readonly exitCode: number;
}

/** Throws what the real run would throw before it has written anything. */
export async function planCreate(out: string, inputs: readonly PackInput[], options: CreateOptions): Promise<CreatePlan> {
  const started = now();
  const { format, signal, dereference = false } = options;
  const summary = emptySummary("create", out, chainOf(format));
  assertPossible(out, options);
  await encryptionOf(options, summary);
  const taken = out === "-" ? new Set<string>() : await placesOf(out, options);
  const leftOut: { path: string; why: LeftOut }[] = [];
  const entries: PlannedInput[] = [];
  const { check, done, fail } = startPacking({ level: 0, dereference, pool: undefined, signal, reporter: {}, summary });
  const found = [...await inputEntries(inputs, { ...options, reporter: { leftOut: (path, why) => void leftOut.push({ path, why }) } }, taken, summary)];
  const holdsOne = FORMATS[format].container === undefined;
  if (holdsOne) (await import("./create-stream.ts")).onlyFile(found, format);
  const assertStorable = format === "7z" ? (await import("./create-7z.ts")).assertStorable : undefined;
  for (const entry of found) {
    check();
    try {
      assertStorable?.(entry);
      if (entry.type === "file") closeSync(openInput(entry.source, dereference || holdsOne).fd);
    } catch (error) {
      fail(entry, error);
      continue;
    }
    const { path, type, size, source } = entry;
    done(entry, size);
    entries.push({ path, type, size, source: showPath(source) });
  }
  if (becomesArchive(summary)) summary.destination = fileOf(out, options);
  summary.elapsed = now() - started;
  return { entries, leftOut, summary, exitCode: exitCodeOf([summary]) };
}

/** What is there already and would be replaced; throws where that is not allowed, or nothing can be made. */
async function placesOf(out: string, { force = false, split, format }: CreateOptions): Promise<ReadonlySet<string>> {
  const present = split === undefined ? [lookAt(out, force)].flatMap((stats) => (stats === undefined ? [] : [inodeOf(stats)]))
    : (await import("../safe/output-parts.ts")).lookAtParts(out, { replace: force, naming: namingOf(format) }).inodes;
  orThrow(() => accessSync(dirname(out), constants.W_OK | constants.X_OK), out);
  return new Set(present);
}
