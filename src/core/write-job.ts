/** A batch of small files, whole and verified: a job that any thread runs. */
import { toPlain } from "../errors.ts";
import type { WorkFailure } from "../parallel/filter-protocol.ts";
import { writeWhole, type NewFile } from "../safe/new-file.ts";
import { entryTrouble } from "./entry-trouble.ts";

/** A file and its content, which lies in shared memory. */
export interface Written {
  readonly file: NewFile;
  readonly start: number;
  readonly length: number;
}

export interface WriteJob {
  readonly kind: "write";
  /** A flag, and behind it the files' contents. */
  readonly memory: SharedArrayBuffer;
  readonly files: readonly Written[];
}

/** The flag, a number, in a word of its own: 1 as long as the contents are needed. It is looked at without waiting for a message. */
export const FLAG_BYTES = 8;

export type WriteResult = readonly WorkFailure[];

export function runWrite({ memory, files }: WriteJob): WriteResult {
  const failures = writeEach(memory, files);
  Atomics.store(new Int32Array(memory, 0, 1), 0, 0);
  return failures;
}

export function writeEach(memory: SharedArrayBuffer, files: readonly Written[]): WriteResult {
  const failures: WorkFailure[] = [];
  files.forEach(({ file, start, length }, number) => {
    try {
      writeWhole(file, new Uint8Array(memory, start, length));
    } catch (error) {
      failures.push({ number, error: toPlain(entryTrouble(error)) });
    }
  });
  return failures;
}
