/** A batch of small files, whole and verified: a job that any thread runs. */
import { toPlain, type PlainError } from "../errors.ts";
import { writeWhole, type NewFile } from "../safe/new-file.ts";
import { entryTrouble } from "./extract-job.ts";

export interface WriteJob {
  readonly kind: "write";
  /** A flag, and the files' contents, one behind the other. */
  readonly memory: SharedArrayBuffer;
  readonly files: FileColumns;
}

/** Numbers in columns, one row a file: an object for each takes longer to hand over than to make. */
export interface FileColumns {
  readonly paths: readonly string[];
  readonly lengths: Uint32Array;
  readonly modes: Uint32Array;
  /** NaN: none. */
  readonly mtimes: Float64Array;
  /** Absent: they are nobody else's. */
  readonly owners: readonly NewFile["owner"][] | undefined;
}

export function columnsOf(files: readonly { readonly file: NewFile; readonly length: number }[]): FileColumns {
  return {
    paths: files.map(({ file }) => file.path),
    lengths: Uint32Array.from(files, ({ length }) => length),
    modes: Uint32Array.from(files, ({ file }) => file.mode),
    mtimes: Float64Array.from(files, ({ file }) => file.mtime ?? NaN),
    owners: files.some(({ file }) => file.owner !== undefined) ? files.map(({ file }) => file.owner) : undefined,
  };
}

/** Bytes of the flag in front of the contents: 1 as long as they are needed. It is looked at without waiting for a message. */
export const FLAG_BYTES = 4;

/** What went wrong, by the number of the file. */
export type WriteResult = readonly { readonly number: number; readonly error: PlainError }[];

export function runWrite({ memory, files }: WriteJob): WriteResult {
  const failures: { number: number; error: PlainError }[] = [];
  let at = FLAG_BYTES;
  files.paths.forEach((path, number) => {
    const length = files.lengths[number]!;
    const mtime = files.mtimes[number]!;
    try {
      writeWhole({ path, mode: files.modes[number]!, mtime: Number.isNaN(mtime) ? undefined : mtime, owner: files.owners?.[number] }, new Uint8Array(memory, at, length));
    } catch (error) {
      failures.push({ number, error: toPlain(entryTrouble(error)) });
    }
    at += length;
  });
  Atomics.store(new Int32Array(memory, 0, 1), 0, 0);
  return failures;
}
