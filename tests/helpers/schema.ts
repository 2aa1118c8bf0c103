/** docs/schema, by which every --json and --ndjson output of the tests is judged: strictly, so that no field comes without being documented. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";

export type Schema = { [key: string]: unknown };

export function schemaOf(name: "output" | "events"): Schema {
  return JSON.parse(readFileSync(join(import.meta.dirname, `../../docs/schema/${name}.schema.json`), "utf8")) as Schema;
}

/** The same, but objects hold nothing that is not in it. */
function strict(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strict);
  if (typeof value !== "object" || value === null) return value;
  const all = Object.fromEntries(Object.entries(value).map(([key, one]) => [key, strict(one)]));
  return "properties" in all && !("additionalProperties" in all) && "type" in all ? { ...all, additionalProperties: false } : all;
}

let validators: { readonly output: ValidateFunction; readonly events: ValidateFunction } | undefined;

function validatorsOf(): NonNullable<typeof validators> {
  if (validators !== undefined) return validators;
  const ajv = new Ajv2020({ strictTypes: true, strictTuples: true });
  formats.default(ajv);
  const output = ajv.compile(strict(schemaOf("output")) as Schema);
  return (validators = { output, events: ajv.compile(strict(schemaOf("events")) as Schema) });
}

/** Fails when it is not one document as docs/schema has it. */
export function assertDocument(text: string): void {
  judge(validatorsOf().output, JSON.parse(text), text);
}

/** Fails when a line is no event, or the lines are in no order that makes sense. */
export function assertEvents(text: string): void {
  if (!text.endsWith("\n")) throw new Error(`The last event has no end: ${JSON.stringify(text.slice(-200))}`);
  const events = text.slice(0, -1).split("\n").map((line) => JSON.parse(line) as { readonly event: string });
  for (const event of events) judge(validatorsOf().events, event, JSON.stringify(event));
  if (events.at(-1)!.event !== "end" || events.filter(({ event }) => event === "end").length !== 1) throw new Error(`The events do not end with the end: ${text}`);
  const starts = events.filter(({ event }) => event === "start").length;
  if (events[0]!.event !== "start" ? starts > 0 || events.length !== 2 : starts > 1) throw new Error(`The events do not begin with the start: ${text}`);
}

function judge(validate: ValidateFunction, value: unknown, text: string): void {
  if (!validate(value)) throw new Error(`It is not as docs/schema says: ${JSON.stringify(validate.errors?.map(({ instancePath, message, params }) => ({ instancePath, message, params })))}\n${text.slice(0, 2000)}`);
}
