/** What a caller hears while the work goes on. What a callback throws ends the work. */
import type { Reporter } from "../core/reporter.ts";
import type { Run } from "./outcome.ts";

export interface Progress {
  /** Done so far; never less than before. Bytes of content for zip and 7z, bytes of the archive where it is read from front to back. */
  readonly bytes: number;
  /** What `bytes` will be at the end; undefined where nobody knows. */
  readonly total: number | undefined;
  /** What is being worked on: exact, so never print it raw. */
  readonly entry: string | undefined;
}

export interface DoneEntry {
  /** Exact, so never print it raw. */
  readonly path: string;
  readonly size: number | undefined;
}

export interface ProgressOptions {
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** A file is read, or written, and verified. What was extracted becomes visible at the end, all at once. */
  readonly onEntry?: ((entry: DoneEntry) => void) | undefined;
}

export function reporterOf(options: ProgressOptions, { guard }: Run): Reporter {
  const onProgress = options.onProgress && guard(options.onProgress);
  const onEntry = options.onEntry && guard(options.onEntry);
  let total: number | undefined;
  let bytes = 0;
  let told = 0;
  return {
    ...(onProgress === undefined ? {} : {
      start(expected) {
        total = expected;
      },
      progress(more, entry) {
        bytes += more;
        told = Math.max(told, bytes); // what an entry had brought is taken back when it turns out to be damaged
        onProgress({ bytes: told, total: total === undefined ? undefined : Math.max(total, told), entry });
      },
    }),
    ...(onEntry === undefined ? {} : { entry: (path, size) => onEntry({ path, size }) }),
  };
}
