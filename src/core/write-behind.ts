/**
 * Small files of a stream, written by another thread while this one reads on: making a file takes as long as finding it in
 * the archive. Their bytes are copied into shared memory, many files for one message. While the other thread is behind, the
 * caller writes files itself, so both always have work.
 */
import { fromPlain, type UnzipxError } from "../errors.ts";
import type { Pool } from "../parallel/pool.ts";
import type { NewFile } from "../safe/new-file.ts";
import type { Job } from "./jobs.ts";
import { newPool } from "./run-jobs.ts";
import type { WriteResult } from "./write-job.ts";

const BATCH_BYTES = 1 << 20;
const BATCH_FILES = 128;
/** So many are under way at most. */
const BATCHES = 8;
/** Larger ones would be one thread's work for long, and the copy costs more than the message. */
const LARGEST = 256 * 1024;
/** For fewer files a thread is not worth its start. */
const STARTS_AT = 500;

interface Written<What> {
  readonly file: NewFile;
  readonly length: number;
  readonly what: What;
}

export class WriteBehind<What> {
  readonly #failed: (what: What, error: UnzipxError) => void;
  readonly #underWay = new Set<Promise<void>>();
  readonly #free: SharedArrayBuffer[] = [];
  #buffers = 0;
  #pool: Pool<Job> | undefined;
  #seen = 0;
  #buffer: SharedArrayBuffer | undefined;
  #files: Written<What>[] = [];
  #used = 0;
  #error: unknown;

  /** `failed` is told which files could not be written, soon after. */
  constructor(failed: (what: What, error: UnzipxError) => void) {
    this.#failed = failed;
  }

  /** Whether the file will be written: false is for the caller to do it. Throws what went wrong with the thread. */
  take(file: NewFile, bytes: Uint8Array, what: What): boolean {
    if (this.#error !== undefined) throw this.#error;
    if (++this.#seen < STARTS_AT || bytes.length > LARGEST) return false;
    if (this.#buffer !== undefined && (this.#used + bytes.length > BATCH_BYTES || this.#files.length === BATCH_FILES)) this.#send();
    this.#buffer ??= this.#free.pop() ?? (this.#buffers++ < BATCHES ? new SharedArrayBuffer(BATCH_BYTES) : undefined);
    if (this.#buffer === undefined) return false;
    new Uint8Array(this.#buffer, this.#used, bytes.length).set(bytes);
    this.#used += bytes.length;
    this.#files.push({ file, length: bytes.length, what });
    return true;
  }

  /** Resolves when everything that was taken is written, or was told to have failed. */
  async drain(): Promise<void> {
    if (this.#buffer !== undefined) this.#send();
    await Promise.all(this.#underWay);
    if (this.#error !== undefined) throw this.#error;
  }

  /** Nothing is written afterwards. */
  async close(): Promise<void> {
    await this.#pool?.close();
    await Promise.all(this.#underWay);
  }

  #send(): void {
    const [bytes, files] = [this.#buffer!, this.#files];
    [this.#buffer, this.#files, this.#used] = [undefined, [], 0];
    this.#pool ??= newPool(1);
    const job: Job = { kind: "write", bytes, files: files.map(({ file, length }) => ({ file, length })) };
    const task = this.#pool.run<WriteResult>(job).then(
      (failures) => {
        for (const { number, error } of failures) this.#failed(files[number]!.what, fromPlain(error));
        this.#free.push(bytes);
      },
    ).catch((error: unknown) => {
      this.#error ??= error;
    });
    this.#underWay.add(task);
    void task.finally(() => this.#underWay.delete(task));
  }
}
