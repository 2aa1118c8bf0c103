/** A batch of small files, whole and verified: a job that any thread runs. */
import { toPlain, type PlainError } from "../errors.ts";
import { writeWhole, type NewFile } from "../safe/new-file.ts";
import { entryTrouble } from "./extract-job.ts";

export interface WriteJob {
  readonly kind: "write";
  /** The files' contents, one behind the other. */
  readonly bytes: SharedArrayBuffer;
  readonly files: readonly { readonly file: NewFile; readonly length: number }[];
}

/** What went wrong, by the number of the file. */
export type WriteResult = readonly { readonly number: number; readonly error: PlainError }[];

export function runWrite({ bytes, files }: WriteJob): WriteResult {
  const failures: { number: number; error: PlainError }[] = [];
  let at = 0;
  files.forEach(({ file, length }, number) => {
    try {
      writeWhole(file, new Uint8Array(bytes, at, length));
    } catch (error) {
      failures.push({ number, error: toPlain(entryTrouble(error)) });
    }
    at += length;
  });
  return failures;
}
