/** --ndjson: an event a line on standard output, as it happens. docs/schema/events.schema.json says what is in them. */
import type { Turns } from "../commands/common.ts";
import { now } from "../bytes/clock.ts";
import type { ListedEntry, Listing } from "../core/list.ts";
import type { Reporter } from "../core/reporter.ts";
import type { Summary } from "../core/summary.ts";
import { toPlain, type UnzipxError } from "../errors.ts";
import { printableJson } from "../text/printable.ts";
import { VERSION } from "./version.ts";
import { stdout } from "./streams.ts";
import { EVENTS_SCHEMA, plainEntry, plainFacts, plainRefused, plainSummary } from "./plain.ts";

/** Lines are collected for so long, in milliseconds, or up to so many characters: many small writes take longer than the work itself. */
const [AT_ONCE_MS, AT_ONCE_CHARACTERS] = [50, 32 * 1024];
const PROGRESS_EVERY_MS = 250;

let waiting = "";
let last = 0;
let isScheduled = false;

function flush(): void {
  isScheduled = false;
  if (waiting !== "") stdout.write(waiting);
  [waiting, last] = ["", now()];
}

function emit(event: string, content: object): void {
  waiting += `${printableJson(JSON.stringify({ event, ...content }))}\n`;
  if (waiting.length >= AT_ONCE_CHARACTERS || now() - last >= AT_ONCE_MS) flush();
  else if (!isScheduled) {
    isScheduled = true;
    setTimeout(flush, AT_ONCE_MS).unref();
  }
}

/** The last lines of every stream of events; `error` is what no archive could tell. */
export function emitEnd(exitCode: number, error?: UnzipxError): void {
  if (error !== undefined) emit("error", toPlain(error));
  emit("end", { exitCode });
  flush();
}

/** Of any verb. */
interface Plan {
  readonly summary: Summary;
  readonly entries: readonly object[];
  readonly leftOut?: readonly object[];
  /** What would end the run. */
  readonly error?: UnzipxError | undefined;
}

export interface Events {
  readonly reporter: Reporter;
  readonly turns: Required<Turns<Summary>>;
  readonly planning: Required<Turns<Plan>>;
  readonly listing: Required<Turns<Listing>>;
  listed(entry: ListedEntry): void;
  refused(entry: ListedEntry): void;
}

export function startEvents(command: string, archives: readonly string[]): Events {
  let archive = "";
  let summary: Summary | undefined;
  let bytes = 0;
  let total: number | undefined;
  let progressAt = now();
  /** Errors that came already, and the entries that they are of. */
  const told = new WeakSet<UnzipxError>();
  let failed = new Set<string>();
  let seen = { failures: 0, warnings: 0 };

  const tell = (event: "warning" | "failure", error: UnzipxError): void => {
    if (told.has(error)) return;
    told.add(error);
    if (event === "failure" && error.details.entry !== undefined) failed.add(error.details.entry);
    emit(event, { archive, ...toPlain(error) });
  };
  /** What came to the summary since. */
  const tellNew = (of: Summary): void => {
    for (; seen.failures < of.failures.length; seen.failures++) tell("failure", of.failures[seen.failures]!);
    for (; seen.warnings < of.warnings.length; seen.warnings++) tell("warning", of.warnings[seen.warnings]!);
  };
  const begin = (name: string): void => {
    [archive, summary, bytes, total, failed] = [name, undefined, 0, undefined, new Set()];
    seen = { failures: 0, warnings: 0 };
    emit("archive", { archive });
  };
  const end = (of: Summary, more: object): void => {
    tellNew(of);
    const { warnings: _, failures: __, ...rest } = plainSummary(of);
    emit("summary", { ...rest, ...more });
  };
  const fail = (error: UnzipxError): void => {
    if (summary !== undefined) tellNew(summary);
    emit("error", { archive, ...toPlain(error) });
  };

  const done = (path: string, size: number | undefined): void => {
    if (summary !== undefined) tellNew(summary);
    if (!failed.has(path)) emit("entry", { archive, path, size });
  };

  emit("start", { schema: EVENTS_SCHEMA, version: VERSION, command, archives });
  return {
    reporter: {
      begun: (of) => void (summary = of),
      start: (all) => void (total = all),
      progress(count, path) {
        bytes += count;
        if (summary !== undefined) tellNew(summary);
        if (now() - progressAt < PROGRESS_EVERY_MS) return;
        progressAt = now();
        emit("progress", { archive, bytes, total, path });
      },
      warning: (warning) => tell("warning", warning),
      leftOut: (path, why) => emit("leftOut", { archive, path, why }),
      ...(command === "list" ? {} : { entry: done }), // l has more to tell of an entry: see listed()
    },
    turns: { begin, fail, end: (of) => end(of, {}) },
    planning: {
      begin, fail,
      end({ summary: of, entries, leftOut = [], error }) {
        for (const entry of entries) emit("planned", { archive, ...entry });
        for (const one of leftOut) emit("leftOut", { archive, ...one });
        end(of, { dryRun: true });
        if (error !== undefined) fail(error);
      },
    },
    listing: { begin, fail, end: ({ summary: of, comment, facts }) => end(of, { comment, ...plainFacts(facts) }) },
    listed: (entry) => emit("entry", { archive, ...plainEntry(entry) }),
    refused: ({ path, refused }) => emit("refused", { archive, path, refused: plainRefused(refused!) }),
  };
}
