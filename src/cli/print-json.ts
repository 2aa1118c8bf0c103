/** The document of --json. */
import { printableJson } from "../text/printable.ts";
import { DOCUMENT_SCHEMA } from "./plain.ts";
import { stdout } from "./streams.ts";

export function printJson(document: object): void {
  stdout.write(`${printableJson(JSON.stringify({ schema: DOCUMENT_SCHEMA, ...document }, undefined, 2))}\n`);
}
