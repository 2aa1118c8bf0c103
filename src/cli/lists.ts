/** Lists in files: names of members (-T of x, l and t), patterns of what is to be left out (-X), and what is to be packed (-T of c). */
import { createReadStream } from "node:fs";
import type { DiskPath } from "../bytes/input-file.ts";
import { fromSystem, UnzipxError } from "../errors.ts";
import type { SelectionOptions } from "../core/select.ts";
import { texts } from "./arguments.ts";
import type { Flags } from "./program.ts";

/** The selection with what lists add to it. `archives` may hold "-". */
export async function withLists(selection: SelectionOptions, flags: Flags, archives: readonly string[]): Promise<SelectionOptions> {
  const [names, patterns] = [texts(flags["filesFrom"]), texts(flags["excludeFrom"])];
  assertOneReader([...archives.filter(isStdin).map(() => "the archive"), ...names.filter(isStdin).map(() => "-T -"), ...patterns.filter(isStdin).map(() => "-X -")]);
  return {
    ...selection,
    exclude: [...selection.exclude, ...(await readAll(patterns, { item: utf8 }))],
    names: names.length === 0 ? undefined : await readSome(names, { item: utf8, nulFlag: "-0", nul: flags["null"] === true }, "Nothing is selected"),
  };
}

/** Files and folders to be packed; those whose names are not UTF-8 in bytes. */
export async function inputsFrom(files: readonly string[], { nul }: { readonly nul: boolean }): Promise<DiskPath[]> {
  assertOneReader(files.filter(isStdin).map(() => "-T -"));
  return readSome(files, { item: diskPath, nulFlag: "--null", nul }, "Nothing is to be packed");
}

function assertOneReader(readers: readonly string[]): void {
  if (readers.length > 1) throw new UnzipxError("USAGE", `Cannot read standard input twice: it is ${readers.join(" and ")}`, { hint: "-T FILE" });
}

/** How a list is read. A name may hold a line's end, so items may end with a NUL; lines may end as Windows ends them. */
interface Reading<Item> {
  readonly nul?: boolean;
  /** What says that they do. */
  readonly nulFlag?: string;
  /** From the bytes of an item, each as a character. */
  item(latin: string, file: string): Item;
}

/** `otherwise`: what an empty list would mean. Whatever made it found nothing: to take that for everything, or for success, would be the opposite of what is meant. */
async function readSome<Item>(files: readonly string[], reading: Reading<Item>, otherwise: string): Promise<Item[]> {
  const items = await readAll(files, reading);
  if (items.length === 0) throw new UnzipxError("NO_MATCH", `${otherwise}: the list "${files.join('", "')}" is empty`);
  return items;
}

async function readAll<Item>(files: readonly string[], { item, nul = false, nulFlag }: Reading<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for (const file of files) {
    const text = withoutMark((await bytesOf(file)).toString("latin1"));
    if (!nul && text.includes("\0")) throw new UnzipxError("USAGE", `Cannot read the list "${file}": it holds a NUL`, { expected: "a name a line", ...(nulFlag === undefined ? {} : { hint: nulFlag }) });
    for (const one of text.split(nul ? "\0" : /\r?\n/)) if (one !== "") items.push(item(one, file));
  }
  return items;
}

async function bytesOf(file: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of isStdin(file) ? process.stdin : createReadStream(file)) chunks.push(chunk as Buffer);
  } catch (error) {
    throw fromSystem(error, "read", `read the list "${file}"`);
  }
  return Buffer.concat(chunks);
}

/** Of UTF-8, as some editors put it in front. */
function withoutMark(latin: string): string {
  return latin.startsWith("\u00ef\u00bb\u00bf") ? latin.slice(3) : latin;
}

function utf8(latin: string, file: string): string {
  const path = diskPath(latin);
  if (typeof path === "string") return path;
  throw new UnzipxError("USAGE", `Cannot read the list "${file}": it is not UTF-8`);
}

function diskPath(latin: string): DiskPath {
  const bytes = Buffer.from(latin, "latin1");
  const text = bytes.toString();
  return bytes.equals(Buffer.from(text)) ? text : bytes;
}

function isStdin(file: string): boolean {
  return file === "-";
}
