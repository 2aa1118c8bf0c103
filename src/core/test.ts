/** The verb t, and members to a stream: every byte decoded and verified, nothing written to disk. */
import { addAll } from "../bytes/add-all.ts";
import { now } from "../bytes/clock.ts";
import { ERRORS, fromSystem, type UnzipxError } from "../errors.ts";
import type { Facts } from "../formats/contract.ts";
import type { Limits } from "../safe/policy.ts";
import type { Checksum } from "./checksum.ts";
import { outermost } from "./nested.ts";
import { openArchive } from "./open.ts";
import type { Reporter } from "./reporter.ts";
import type { Selection } from "./select.ts";
import { titleOf, type Input } from "./sources.ts";
import { emptySummary, type Summary } from "./summary.ts";
import { verifyEntries, type Run } from "./test-entries.ts";
import type { Watcher } from "./watch.ts";

export interface TestOptions {
  readonly limits: Limits;
  readonly lenient: boolean;
  readonly selection: Selection;
  readonly format?: string | undefined;
  readonly encoding?: string | undefined;
  readonly password?: (() => Promise<string | undefined>) | undefined;
  /** Levels of archives inside archives that are verified too; undefined: none. */
  readonly levels?: number | undefined;
  /** Tell what a careful person wants to know before opening the archive: Summary.audit. */
  readonly audit?: boolean | undefined;
  /** What the archive's bytes have to be. */
  readonly checksum?: Checksum | undefined;
  /** As in ReadOptions. */
  readonly facts?: Facts | undefined;
  readonly threads: number;
  readonly signal?: AbortSignal | undefined;
  readonly reporter: Reporter;
}

/** Where members go when they go to a stream: awaited, so that a slow reader slows us down. */
export type Sink = (chunk: Uint8Array) => Promise<void> | void;

export async function test(archive: string | Input, options: TestOptions): Promise<Summary> {
  return verify(archive, "test", options);
}

/** Members to `sink`, one after the other and nothing else. What was handed on cannot be taken back: the exit code tells. */
export async function extractTo(sink: Sink, archive: string | Input, options: TestOptions): Promise<Summary> {
  return verify(archive, "extract", options, sink);
}

/** t, with somebody who wants to know more of the entries. */
export async function watch(archive: string | Input, options: TestOptions, watcher: Watcher): Promise<Summary> {
  return verify(archive, "list", options, undefined, watcher);
}

async function verify(archive: string | Input, action: "test" | "extract" | "list", options: TestOptions, sink?: Sink, watcher?: Watcher): Promise<Summary> {
  const started = now();
  const warnings: UnzipxError[] = [];
  const warn = (note: UnzipxError): void => void warnings.push(note);
  const auditor = options.audit === true ? new (await import("./audit/auditor.ts")).Auditor() : undefined;
  let summary = emptySummary(action, titleOf(archive), []);
  try {
    const opened = await openArchive(archive, {
      format: options.format, threads: options.threads, signal: options.signal, lenient: options.lenient, encoding: options.encoding, password: options.password, limits: options.limits, warn,
      checksum: options.checksum, isFinal: sink !== undefined, facts: options.facts, owners: options.facts !== undefined,
    });
    summary = emptySummary(action, titleOf(archive), opened.format);
    options.reporter.begun?.(summary);
    try {
      const run: Run = { summary, options, budget: opened.budget, sink, warn, watcher: auditor ?? watcher };
      await verifyEntries(opened, run, outermost(opened, options.levels ?? 0));
      options.selection.assertAllMatched();
      await opened.verify();
      summary.archiveBytes = opened.archiveBytes ?? opened.bytesRead();
    } finally {
      await opened.close();
      options.reporter.done?.();
    }
  } catch (error) {
    // An audit tells of the archive what it could, and why it came no further.
    const known = fromSystem(error, "read", `read "${titleOf(archive)}"`);
    if (auditor === undefined || ERRORS[known.code].ends === "run" || UNTOLD.has(known.code)) throw error;
    summary.failures.push(known);
  }
  addAll(summary.warnings, warnings);
  if (auditor !== undefined) {
    for (const trouble of [...summary.failures, ...summary.warnings]) auditor.trouble(trouble);
    summary.audit = auditor.result();
  }
  summary.elapsed = now() - started;
  return summary;
}

/** What is no archive, or is not there, cannot be audited; what was asked for in vain is no matter of the archive. */
const UNTOLD: ReadonlySet<string> = new Set(["UNKNOWN_FORMAT", "NO_INPUT", "READ_FAILED", "NO_MATCH"]);
