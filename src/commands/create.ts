/** c: pack. */
import type { DiskPath } from "../bytes/input-file.ts";
import { create, formatForName, WRITABLE_FORMATS, type CreateOptions, type WritableFormat } from "../core/create.ts";
import { createSelection } from "../core/select.ts";
import { UnzipxError } from "../errors.ts";
import { eachArchive, type Summaries } from "./common.ts";

export interface CreateCommand extends Omit<CreateOptions, "format" | "exclude"> {
  readonly out: string;
  readonly inputs: readonly DiskPath[];
  readonly format: string | undefined;
  readonly exclude: readonly string[];
}

export async function createCommand({ out, inputs, format, exclude, ...options }: CreateCommand): Promise<Summaries> {
  const excluded = await createSelection({ include: [], exclude, ignoreCase: false });
  return eachArchive([out], async () =>
    create(out, inputs, { ...options, format: formatOf(out, format), exclude: (path) => !excluded.wants(path) }));
}

function formatOf(out: string, format: string | undefined): WritableFormat {
  if (format === undefined) {
    if (out === "-") throw new UnzipxError("USAGE", "Cannot tell what to write to standard output", { hint: "--format tar.gz" });
    return formatForName(out);
  }
  const known = WRITABLE_FORMATS.find((one) => one === format);
  return known ?? formatForName(`x.${format}`); // "tgz" as well; and the error for what cannot be written
}
