/** What -T of c names: files and folders, as a list in a file or from standard input. */
import { createReadStream } from "node:fs";
import type { DiskPath } from "../bytes/input-file.ts";
import { fromSystem, UnzipxError } from "../errors.ts";

const MARK = "\u00ef\u00bb\u00bf"; // of UTF-8, as some editors put it in front

/** Names end with a NUL, or with the line; names that are not UTF-8 are given in bytes. */
export async function inputsFrom(files: readonly string[], { nul }: { readonly nul: boolean }): Promise<DiskPath[]> {
  if (files.filter((file) => file === "-").length > 1) throw new UnzipxError("USAGE", "Cannot read standard input twice: -T - is given twice", { hint: "-T FILE" });
  const inputs: DiskPath[] = [];
  for (const file of files) for (const item of itemsOf(await bytesOf(file), file, nul)) inputs.push(asPath(item));
  // Whatever made the list found nothing: an empty archive would look like success.
  if (inputs.length === 0) throw new UnzipxError("NO_MATCH", `Nothing is to be packed: the list "${files.join('", "')}" is empty`);
  return inputs;
}

/** A character for each byte. */
function itemsOf(text: string, file: string, nul: boolean): string[] {
  if (!nul && text.includes("\0")) throw new UnzipxError("USAGE", `Cannot read the list "${file}": it holds a NUL`, { expected: "a name a line", hint: "--null" });
  return text.split(nul ? "\0" : /\r?\n/).filter((item) => item !== "");
}

async function bytesOf(file: string): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of file === "-" ? process.stdin : createReadStream(file)) chunks.push(chunk as Buffer);
  } catch (error) {
    throw fromSystem(error, "read", `read the list "${file}"`);
  }
  const text = Buffer.concat(chunks).toString("latin1");
  return text.startsWith(MARK) ? text.slice(MARK.length) : text;
}

function asPath(item: string): DiskPath {
  const bytes = Buffer.from(item, "latin1");
  const text = bytes.toString();
  return bytes.equals(Buffer.from(text)) ? text : bytes;
}
