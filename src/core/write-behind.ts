/**
 * Small files of a stream, written by another thread while this one reads on: making a file takes as long as finding it in
 * the archive. While the other thread is behind, the caller writes files itself, so both always have work.
 */
import { alongside } from "../bytes/alongside.ts";
import { fromPlain, type UnzipxError } from "../errors.ts";
import type { Decoding } from "../parallel/filter-thread.ts";
import { Pool } from "../parallel/pool.ts";
import type { NewFile } from "../safe/new-file.ts";
import type { Job } from "./jobs.ts";
import { FLAG_BYTES, type WriteResult, type Written } from "./write-job.ts";

const BATCH_BYTES = 1 << 20;
const ROOM = BATCH_BYTES - FLAG_BYTES;
const BATCH_FILES = 128;
/** So many are under way at most: this thread reads on for a whole chunk before it hears an answer. */
const BATCHES = 8;
/** Larger ones would be one thread's work for long, and the copy costs more than the message. */
const LARGEST = 256 * 1024;
/** For fewer files a thread is not worth its start. */
const STARTS_AT = 500;

/** Who writes files beside the main thread. */
export interface OtherWriter<What> {
  /** Whether the file will be written: false is for the caller to do it. Throws what went wrong with the thread. */
  take(file: NewFile, bytes: Uint8Array, what: What): boolean;
  /** Resolves when everything that was taken is written, or was told to have failed; rejects with what went wrong with the thread. */
  drain(): Promise<void>;
  /** Nothing is written afterwards. */
  close(): Promise<void>;
}

/** The thread that decodes writes what it decoded, where it lies, when it is ahead: nothing is copied. `failed` is told which files could not be written. */
export function writeWhereDecoded<What>({ hand, drain, end }: Decoding, failed: (what: What, error: UnzipxError) => void): OtherWriter<What> {
  return {
    take: (file, bytes, what) => hand(bytes, (start): Written => ({ file, start, length: bytes.length }), (error) => failed(what, error)),
    drain,
    close: end,
  };
}

/** Memory for one batch. */
interface Buffer {
  readonly memory: SharedArrayBuffer;
  readonly flag: Int32Array;
  readonly contents: Uint8Array;
}

/** A thread of its own, for cores that nobody needs: the bytes are copied into shared memory, many files for one message. */
export class WriteBehind<What> implements OtherWriter<What> {
  readonly #failed: (what: What, error: UnzipxError) => void;
  readonly #underWay = new Set<Promise<void>>();
  readonly #buffers: Buffer[] = [];
  #pool: Pool<Job> | undefined;
  #seen = 0;
  #buffer: Buffer | undefined;
  #files: (Written & { readonly what: What })[] = [];
  #used = 0;
  #error: unknown;

  /** `failed` is told which files could not be written, soon after. */
  constructor(failed: (what: What, error: UnzipxError) => void) {
    this.#failed = failed;
  }

  take(file: NewFile, bytes: Uint8Array, what: What): boolean {
    if (this.#error !== undefined) throw this.#error;
    if (++this.#seen < STARTS_AT || bytes.length > LARGEST) return false;
    if (this.#buffer !== undefined && (alongside(this.#used, bytes) + bytes.length > ROOM || this.#files.length === BATCH_FILES)) this.#send();
    this.#buffer ??= this.#freeBuffer();
    if (this.#buffer === undefined) return false;
    const start = alongside(this.#used, bytes);
    this.#buffer.contents.set(bytes, start);
    this.#used = start + bytes.length;
    this.#files.push({ file, start, length: bytes.length, what });
    return true;
  }

  async drain(): Promise<void> {
    if (this.#buffer !== undefined) this.#send();
    await Promise.all(this.#underWay);
    if (this.#error !== undefined) throw this.#error;
  }

  async close(): Promise<void> {
    await this.#pool?.close();
    await Promise.all(this.#underWay);
  }

  #freeBuffer(): Buffer | undefined {
    const free = this.#buffers.find(({ flag }) => Atomics.load(flag, 0) === 0);
    if (free !== undefined || this.#buffers.length === BATCHES) return free;
    const memory = new SharedArrayBuffer(BATCH_BYTES);
    const buffer: Buffer = { memory, flag: new Int32Array(memory, 0, 1), contents: new Uint8Array(memory, FLAG_BYTES) };
    this.#buffers.push(buffer);
    return buffer;
  }

  #send(): void {
    const [{ memory, flag }, files] = [this.#buffer!, this.#files];
    [this.#buffer, this.#files, this.#used] = [undefined, [], 0];
    Atomics.store(flag, 0, 1);
    this.#pool ??= new Pool<Job>(1, BATCHES);
    const task = this.#pool.run<WriteResult>({ kind: "write", memory, files: files.map(({ file, start, length }) => ({ file, start: FLAG_BYTES + start, length })) }).then((failures) => {
      for (const { number, error } of failures) this.#failed(files[number]!.what, fromPlain(error));
    }).catch((error: unknown) => {
      this.#error ??= error;
    });
    this.#underWay.add(task);
    void task.finally(() => this.#underWay.delete(task));
  }
}
