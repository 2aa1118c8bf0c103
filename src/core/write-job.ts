/** A batch of small files, whole and verified: a job that any thread runs. */
import { toPlain, type PlainError } from "../errors.ts";
import { writeWhole, type NewFile } from "../safe/new-file.ts";
import { entryTrouble } from "./extract-job.ts";

export interface WriteJob {
  readonly kind: "write";
  /** A flag, and the files' contents, one behind the other. */
  readonly memory: SharedArrayBuffer;
  readonly files: readonly { readonly file: NewFile; readonly length: number }[];
}

/** Bytes of the flag in front of the contents: 1 as long as they are needed. It is looked at without waiting for a message. */
export const FLAG_BYTES = 4;

/** What went wrong, by the number of the file. */
export type WriteResult = readonly { readonly number: number; readonly error: PlainError }[];

export function runWrite({ memory, files }: WriteJob): WriteResult {
  const failures: { number: number; error: PlainError }[] = [];
  let at = FLAG_BYTES;
  files.forEach(({ file, length }, number) => {
    try {
      writeWhole(file, new Uint8Array(memory, at, length));
    } catch (error) {
      failures.push({ number, error: toPlain(entryTrouble(error)) });
    }
    at += length;
  });
  Atomics.store(new Int32Array(memory, 0, 1), 0, 0);
  return failures;
}
