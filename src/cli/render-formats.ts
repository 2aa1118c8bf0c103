/** `unzipx formats`: the table of what is read and written, from the lists that detection and creation themselves use. */
import { chainOf, WRITABLE_FORMATS } from "../core/create-formats.ts";
import { FILTERS } from "../filters/index.ts";
import { CONTAINERS } from "../formats/index.ts";
import type { Flags } from "./program.ts";
import { printJson } from "./print-json.ts";
import { stdout } from "./streams.ts";

export interface FormatRow {
  readonly name: string;
  readonly about: string;
  readonly read: boolean;
  readonly write: boolean;
  /** Read from a pipe with bounded memory; otherwise a pipe is spooled first. */
  readonly stream: boolean;
  /** Encrypted ones are read, and written where the format is written. */
  readonly encrypted: boolean;
  readonly extensions: readonly string[];
}

export function formatRows(): FormatRow[] {
  const written = new Set(WRITABLE_FORMATS.flatMap(chainOf));
  return [...CONTAINERS, ...FILTERS].map((one) => ({
    name: one.name,
    about: one.about,
    read: true,
    write: written.has(one.name),
    stream: one.kind === "filter" || one.needs === "stream",
    encrypted: one.encryption !== undefined,
    extensions: one.kind === "filter" ? [...one.extensions, ...one.tarExtensions] : one.extensions,
  }));
}

/** Extensions that one line has room for. */
const SHOWN = 8;

export function printFormats(flags: Flags): number {
  const rows = formatRows();
  if (flags.json === true) {
    printJson({ command: "formats", formats: rows });
    return 0;
  }
  const yes = (is: boolean): string => (is ? "yes" : "no");
  const table = [
    ["format", "read", "write", "stream", "encrypted", "extensions"],
    ...rows.map(({ name, read, write, stream, encrypted, extensions }) => [
      name, yes(read), yes(write), yes(stream), yes(encrypted), extensions.slice(0, SHOWN).join(" ") + (extensions.length > SHOWN ? " …" : ""),
    ]),
  ];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  for (const row of table) stdout.write(`${row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ").trimEnd()}\n`);
  return 0;
}
