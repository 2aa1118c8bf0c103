/** Runs one verb and says how it ended, in a form that can be compared; and what about that end is a fault of ours. */
import type { Summary } from "../src/core/summary.ts";
import { exitCodeOf } from "../src/core/summary.ts";
import { UnzipxError } from "../src/errors.ts";

export interface Outcome<Result> {
  readonly exit: number;
  /** Undefined when it threw. */
  readonly result: Result | undefined;
  readonly thrown: UnzipxError | undefined;
  readonly failures: readonly UnzipxError[];
  /** What must not happen, whatever the archive is. */
  readonly faults: readonly string[];
  /** Milliseconds. */
  readonly time: number;
}

export async function outcomeOf<Result>(summaryOf: (result: Result) => Summary, work: () => Promise<Result>): Promise<Outcome<Result>> {
  const started = performance.now();
  try {
    const result = await work();
    const { failures, warnings } = summaryOf(result);
    return { exit: exitCodeOf([summaryOf(result)]), result, thrown: undefined, failures, faults: [...failures, ...warnings].flatMap(faultsOf), time: performance.now() - started };
  } catch (error) {
    const exit = error instanceof UnzipxError ? error.exitCode : -1;
    return { exit, result: undefined, thrown: error instanceof UnzipxError ? error : undefined, failures: [], faults: faultsOf(error), time: performance.now() - started };
  }
}

/** How an exception of the language sounds when it was taken for trouble with the file. */
const OURS = /is not (a function|iterable|defined|a constructor)|Cannot (read|set) propert|of undefined|of null|out of (range|bounds)|[Ii]nvalid (array|typed array|string|Array buffer) length|Maximum call stack|must be (of type|an instance)|assertion|\bundefined\b|\bNaN\b|\[object|allocation failed|Unexpected token|in JSON|ERR_|(?!ERROR)E[A-Z]{4,}:/;

function faultsOf(error: unknown): string[] {
  if (!(error instanceof UnzipxError)) return [`an exception that is none of ours: ${error instanceof Error ? (error.stack ?? error.message).split("\n").slice(0, 4).join(" | ") : String(error)}`];
  const { cause } = error.details;
  if (error.code === "INTERNAL") return [`INTERNAL: ${error.message}`];
  if (error.code === "WRITE_FAILED" || error.code === "READ_FAILED") return [`taken for trouble with the file system: ${error.message}`];
  if (cause instanceof TypeError || cause instanceof ReferenceError || cause instanceof RangeError) return [`an exception of the language: ${(cause.stack ?? cause.message).split("\n").slice(0, 3).join(" | ")}`];
  const said = `${error.message} ${error.details.expected ?? ""} ${error.details.found ?? ""}`;
  if (OURS.test(withoutNames(said, error))) return [`a message that sounds like an exception: ${said}`];
  return [];
}

/** What stands in quotes comes from the archive. */
function withoutNames(text: string, error: UnzipxError): string {
  return text.replaceAll(error.details.entry ?? "\0", "").replace(/"[^"]*"/g, '""');
}

/** What two runs over the same bytes must have in common. */
export function gist({ exit, thrown, failures }: Outcome<unknown>): string {
  const codes = failures.map((error) => `${error.code} ${error.details.entry ?? ""}`).sort();
  return `exit ${exit}${thrown === undefined ? "" : `, ${thrown.code}`}${codes.length === 0 ? "" : `, ${codes.join("; ")}`}`;
}
