/** What -T of c names: files and folders, as a list in a file or from standard input. */
import type { DiskPath } from "../bytes/input-file.ts";
import { UnzipxError } from "../errors.ts";
import { bytesOf, itemsOf } from "./name-lists.ts";

const MARK = "\u00ef\u00bb\u00bf"; // of UTF-8, as some editors put it in front

/** Names end with a NUL, or with the line; names that are not UTF-8 are given in bytes. */
export async function inputsFrom(files: readonly string[], { nul }: { readonly nul: boolean }): Promise<DiskPath[]> {
  if (files.filter((file) => file === "-").length > 1) throw new UnzipxError("USAGE", "Cannot read standard input twice: -T - is given twice", { hint: "-T FILE" });
  const inputs: DiskPath[] = [];
  for (const file of files) {
    const text = (await bytesOf(file)).toString("latin1"); // a character for each byte
    const items = itemsOf(text.startsWith(MARK) ? text.slice(MARK.length) : text, nul ? "nul" : "lines", file, "--null");
    for (const item of items) inputs.push(asPath(item));
  }
  // Whatever made the list found nothing: an empty archive would look like success.
  if (inputs.length === 0) throw new UnzipxError("NO_MATCH", `Nothing is to be packed: the list "${files.join('", "')}" is empty`);
  return inputs;
}

function asPath(item: string): DiskPath {
  const bytes = Buffer.from(item, "latin1");
  const text = bytes.toString();
  return bytes.equals(Buffer.from(text)) ? text : bytes;
}
