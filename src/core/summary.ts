/** What a verb did, as data: one place turns it into text, JSON and the exit code. */
import { mostSevere, type UnzipxError } from "../errors.ts";

export interface Summary {
  readonly action: "extract" | "create" | "list" | "test";
  /** The archive, as the user named it. */
  readonly archive: string;
  /** The formats from the outside in: ["gzip", "tar"]. */
  readonly format: readonly string[];
  files: number;
  directories: number;
  links: number;
  /** Entries left alone because the user said so (-n, -u, member selection does not count). */
  skipped: number;
  /** Bytes of content done and verified. */
  bytes: number;
  /** Bytes of the archive; undefined when it came through a pipe and was not counted. */
  archiveBytes: number | undefined;
  /** Where the result lies: the folder for extract, the file for create. */
  destination: string | undefined;
  /** Why nothing was put there although some of it could have been read: it would have been a new folder, or the user wants all or nothing. */
  untouched?: "new" | "atomic";
  readonly warnings: UnzipxError[];
  /** Entries that failed; the run went on. */
  readonly failures: UnzipxError[];
  /** Milliseconds. */
  elapsed: number;
}

export function emptySummary(action: Summary["action"], archive: string, format: readonly string[]): Summary {
  return {
    action, archive, format, files: 0, directories: 0, links: 0, skipped: 0, bytes: 0,
    archiveBytes: undefined, destination: undefined, warnings: [], failures: [], elapsed: 0,
  };
}

/** 0 only when everything asked for was done and verified. */
export function exitCodeOf(summaries: readonly Summary[], thrown: readonly UnzipxError[] = []): number {
  const errors = [...thrown, ...summaries.flatMap((summary) => summary.failures)];
  const worst = mostSevere(errors) ?? mostSevere(summaries.flatMap((summary) => summary.warnings));
  return worst?.exitCode ?? 0;
}
