/** What --json and --ndjson say of summaries and entries: docs/schema has it all. */
import { bareEntry } from "../core/bare-entry.ts";
import type { ListedEntry } from "../core/list.ts";
import type { Summary } from "../core/summary.ts";
import { toPlain, type PlainError, type UnzipxError } from "../errors.ts";
import type { Facts } from "../formats/contract.ts";

/** Versions of the shapes: raised when a field changes its meaning or goes. */
export const DOCUMENT_SCHEMA = 1;
export const EVENTS_SCHEMA = 1;

export function plainSummary(summary: Summary): Omit<Summary, "warnings" | "failures"> & { readonly warnings: PlainError[]; readonly failures: PlainError[] } {
  return { ...summary, elapsed: Math.round(summary.elapsed), warnings: summary.warnings.map(toPlain), failures: summary.failures.map(toPlain) };
}

export function plainEntry(entry: ListedEntry): object {
  const { refused, sha256, place } = entry;
  const { refusal, mtime, ...shown } = bareEntry(entry);
  return { ...shown, sha256, place, mtime: plainTime(mtime), refusal: refusal && toPlain(refusal), refused: refused && plainRefused(refused) };
}

export function plainRefused({ code, message }: UnzipxError): Pick<PlainError, "code" | "message"> {
  return { code, message };
}

export function plainFacts(facts: Facts | undefined): { readonly charset: string; readonly solid: boolean | undefined } {
  return { charset: facts?.charset ?? "UTF-8", solid: facts?.solid };
}

/** Milliseconds since 1970 → ISO 8601; undefined for a time that no calendar has. */
export function plainTime(mtime: number | undefined): string | undefined {
  const date = mtime === undefined ? undefined : new Date(mtime);
  return date === undefined || Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
