/** What a verb did, as data: one place turns it into text, JSON and the exit code. */
import { ERRORS, mostSevere, UnzipxError } from "../errors.ts";
import type { Audit } from "./audit/findings.ts";

export interface Summary {
  readonly action: "extract" | "create" | "list" | "test";
  /** The archive, as the user named it. */
  readonly archive: string;
  /** The formats from the outside in: ["gzip", "tar"]. */
  readonly format: readonly string[];
  files: number;
  directories: number;
  links: number;
  /** Entries left alone because the user said so (-n, -u, member selection does not count); of create, what was left out, a folder as one. */
  skipped: number;
  /** Bytes of content done and verified. */
  bytes: number;
  /** Bytes of the archive; undefined when it came through a pipe and was not counted. */
  archiveBytes: number | undefined;
  /** Where the result lies: the folder for extract, the file for create. */
  destination: string | undefined;
  /** The only thing in the destination that came from this archive, a slash behind it if it is a folder; undefined when there are more. */
  onlyRoot?: string | undefined;
  /** Why nothing was put there although some of it could have been read: it would have been a new folder, or the user wants all or nothing. */
  untouched?: "new" | "atomic";
  readonly warnings: UnzipxError[];
  /** Entries that failed; the run went on. */
  readonly failures: UnzipxError[];
  /** What t --audit found; undefined where nobody asked. */
  audit?: Audit;
  /** Milliseconds. */
  elapsed: number;
}

export function emptySummary(action: Summary["action"], archive: string, format: readonly string[]): Summary {
  return {
    action, archive, format, files: 0, directories: 0, links: 0, skipped: 0, bytes: 0,
    archiveBytes: undefined, destination: undefined, warnings: [], failures: [], elapsed: 0,
  };
}

/** 0 only when everything asked for was done and verified. `strict`: and only without a warning. */
export function exitCodeOf(summaries: readonly Summary[], thrown: readonly UnzipxError[] = [], strict = false): number {
  const errors = [...thrown, ...summaries.flatMap((summary) => summary.failures)];
  if (summaries.some(({ audit }) => (audit?.counts.error ?? 0) > 0)) errors.push(new UnzipxError("AMBIGUOUS", "The audit found an error")); // 6, unless there is worse
  // Whatever it is called: an entry that failed is not there, and that is no success.
  if (errors.length > 0) return mostSevere(errors)!.exitCode || ERRORS.READ_FAILED.exit;
  const code = mostSevere(summaries.flatMap((summary) => summary.warnings))?.exitCode ?? 0;
  const warned = summaries.some(({ warnings, audit }) => warnings.length > 0 || (audit?.counts.warning ?? 0) > 0);
  return strict && code === 0 && warned ? 1 : code;
}
