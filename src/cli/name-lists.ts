/** Lists in files: names of members (-T), and patterns of what is to be left out (-X). */
import { createReadStream } from "node:fs";
import { fromSystem, UnzipxError } from "../errors.ts";
import type { SelectionOptions } from "../core/select.ts";
import type { Flags } from "./program.ts";

/** Throws USAGE when standard input would be read twice. `archives` may hold "-". */
export async function withLists(selection: SelectionOptions, flags: Flags, archives: readonly string[]): Promise<SelectionOptions> {
  const [names, patterns] = [listsOf(flags["filesFrom"]), listsOf(flags["excludeFrom"])];
  const readers = [...archives.filter((one) => one === "-").map(() => "the archive"), ...names.filter(isStdin).map(() => "-T -"), ...patterns.filter(isStdin).map(() => "-X -")];
  if (readers.length > 1) throw new UnzipxError("USAGE", `Cannot read standard input twice: it is ${readers.join(" and ")}`, { hint: "-T FILE" });
  return {
    ...selection,
    exclude: [...selection.exclude, ...(await readAll(patterns, "lines"))],
    names: names.length === 0 ? undefined : await namesIn(names, flags["null"] === true ? "nul" : "lines"),
  };
}

async function namesIn(files: readonly string[], separator: Separator): Promise<string[]> {
  const names = await readAll(files, separator);
  // Whatever made the list found nothing: to take that for "everything" would be the opposite of what is meant.
  if (names.length === 0) throw new UnzipxError("NO_MATCH", `Nothing is selected: the list "${files.join('", "')}" is empty`);
  return names;
}

async function readAll(files: readonly string[], separator: Separator): Promise<string[]> {
  const items: string[] = [];
  for (const file of files) for (const item of itemsOf(await textOf(file), separator, file)) items.push(item);
  return items;
}

/** How a list says where an item ends. A name may hold a line's end; lines may end as Windows ends them. */
type Separator = "lines" | "nul";

/** Empty ones are left out. */
export function itemsOf(text: string, separator: Separator, file: string, flag = "-0"): string[] {
  if (separator === "nul") return text.split("\0").filter((item) => item !== "");
  if (text.includes("\0")) throw new UnzipxError("USAGE", `Cannot read the list "${file}": it holds a NUL`, { expected: "a name a line", hint: flag });
  return text.split(/\r?\n/).filter((item) => item !== "");
}

export async function bytesOf(file: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of isStdin(file) ? process.stdin : createReadStream(file)) chunks.push(chunk as Buffer);
  } catch (error) {
    throw fromSystem(error, "read", `read the list "${file}"`);
  }
  return Buffer.concat(chunks);
}

async function textOf(file: string): Promise<string> {
  const bytes = await bytesOf(file);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes); // without the mark that some editors put in front
  } catch {
    throw new UnzipxError("USAGE", `Cannot read the list "${file}": it is not UTF-8`);
  }
}

function listsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? (value as string[]) : [];
}

function isStdin(file: string): boolean {
  return file === "-";
}
