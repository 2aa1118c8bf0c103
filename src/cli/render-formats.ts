/** `unzipx formats`: the table of what is read and written, from the lists that the detection itself uses. */
import { FILTERS } from "../filters/index.ts";
import { CONTAINERS } from "../formats/index.ts";
import type { Flags } from "./program.ts";
import { printJson } from "./render.ts";

export interface FormatRow {
  readonly name: string;
  readonly about: string;
  readonly read: boolean;
  readonly write: boolean;
  /** Read from a pipe with bounded memory; otherwise a pipe is spooled first. */
  readonly stream: boolean;
  readonly encrypted: boolean;
  readonly extensions: readonly string[];
}

export function formatRows(): FormatRow[] {
  return [
    ...CONTAINERS.map((one) => ({ name: one.name, about: one.about, read: true, write: one.writes, stream: one.needs === "stream", encrypted: false, extensions: one.extensions })),
    ...FILTERS.map((one) => ({ name: one.name, about: one.about, read: true, write: one.encode !== undefined, stream: true, encrypted: false, extensions: [...one.extensions, ...one.tarExtensions] })),
  ];
}

export function printFormats(flags: Flags): number {
  const rows = formatRows();
  if (flags.json === true) {
    printJson({ command: "formats", formats: rows });
    return 0;
  }
  const yes = (is: boolean): string => (is ? "yes" : "no").padEnd(6);
  process.stdout.write(`${"format".padEnd(8)}read  write stream encrypted  extensions\n`);
  for (const row of rows) {
    process.stdout.write(`${row.name.padEnd(8)}${yes(row.read)}${yes(row.write)}${yes(row.stream)} ${yes(row.encrypted)}    ${row.extensions.slice(0, 8).join(" ")}${row.extensions.length > 8 ? " …" : ""}\n`);
  }
  return 0;
}
