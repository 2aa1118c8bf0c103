/** c: pack. */
import type { DiskPath } from "../bytes/input-file.ts";
import { create, formatForName, WRITABLE_FORMATS, type CreateOptions, type WritableFormat } from "../core/create.ts";
import type { CreatePlan } from "../core/plan-create.ts";
import type { Summary } from "../core/summary.ts";
import { createSelection } from "../core/select.ts";
import { UnzipxError } from "../errors.ts";
import { eachArchive, type Outcome, type Summaries, type Turns } from "./common.ts";

export interface CreateCommand extends Omit<CreateOptions, "format" | "exclude"> {
  readonly out: string;
  readonly inputs: readonly DiskPath[];
  readonly format: string | undefined;
  readonly exclude: readonly string[];
  readonly turns: Turns<Summary>;
}

export async function createCommand(command: CreateCommand): Promise<Summaries> {
  return eachArchive([command.out], async (out) => create(out, command.inputs, await optionsOf(command)), command.turns);
}

/** The same, without doing any of it. */
export async function planCreateCommand(command: CreateCommand, turns: Turns<CreatePlan>): Promise<Outcome<CreatePlan>> {
  const { planCreate } = await import("../core/plan-create.ts");
  return eachArchive([command.out], async (out) => planCreate(out, command.inputs, await optionsOf(command)), turns);
}

async function optionsOf({ out, inputs: _, format, exclude, turns: __, ...options }: CreateCommand): Promise<CreateOptions> {
  const excluded = await createSelection({ include: [], exclude, ignoreCase: false });
  return { ...options, format: formatOf(out, format), exclude: (path) => !excluded.wants(path) };
}

function formatOf(out: string, format: string | undefined): WritableFormat {
  if (format === undefined) {
    if (out === "-") throw new UnzipxError("USAGE", "Cannot tell what to write to standard output", { hint: "--format tar.gz" });
    return formatForName(out);
  }
  const known = WRITABLE_FORMATS.find((one) => one === format);
  return known ?? formatForName(`x.${format}`); // "tgz" as well; and the error for what cannot be written
}
