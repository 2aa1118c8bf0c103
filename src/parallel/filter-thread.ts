/** A filter on a thread of its own: it decodes while the main thread parses and writes, and writes as well where it is far ahead. */
import { startThread } from "../bytes/thread.ts";
import { stalled, usualPatience } from "../engine/patience.ts";
import { fromPlain, UnzipxError } from "../errors.ts";
import type { Bytes, Warn } from "../formats/contract.ts";
import { HandedWork } from "./handed-work.ts";
import { COUNTS, INPUT_AHEAD, MADE, OVER, SLOT_BYTES, SLOTS, TAKEN, WORKED, WORKING, type FilterStart, type FromFilter, type ToFilter, type WorkFailure } from "./filter-protocol.ts";

export interface FilterThreadOptions {
  readonly filter: string;
  /** A file is read by the thread itself; other bytes are handed over. */
  readonly input: { readonly fd: number } | { readonly bytes: Bytes };
  readonly warn: Warn;
  /** As in DecodeOptions. */
  readonly memory: number;
  readonly lenient: boolean;
  /** Told how much of the file was read, which is the progress there is. */
  readonly read: (bytes: number) => void;
}

/** What is decoded, and a hand for what is to be done with it. */
export interface Decoding {
  /** Each chunk is valid until the next one is asked for. Whoever stops early ends the thread. */
  readonly bytes: Bytes;
  /**
   * Has the decoding thread do something with bytes of the last chunk, where they lie: `work` makes what it is told, from their place in the ring. `failed` is
   * told later what went wrong. False: it has no time, because it is not ahead, or the bytes do not lie there. Throws what went wrong with the thread, or in `failed`.
   */
  hand(bytes: Uint8Array, work: (ring: number) => unknown, failed: (error: UnzipxError) => void): boolean;
  /** Resolves when all that was handed over is done, or was told to have failed; rejects where the thread ended before. */
  drain(): Promise<void>;
  /** Nothing is done any more when it resolves. */
  end(): Promise<void>;
}

/** So many chunks lie ready, of SLOTS, when the decoding thread is given other work, and one more for each that it was given and has not done. */
const AHEAD = 24;
/** The same when all is decoded. */
const LEFT = 2;

export function decodeOnThread({ filter, input, warn, memory, lenient, read }: FilterThreadOptions): Decoding {
  const ring = new SharedArrayBuffer(SLOTS * SLOT_BYTES);
  const counts = new Int32Array(new SharedArrayBuffer(COUNTS * Int32Array.BYTES_PER_ELEMENT));
  const messages: Exclude<FromFilter, { kind: "worked" | "more" }>[] = [];
  let say = (_message: ToFilter, _transfer?: ArrayBuffer[]): void => {};
  let end = async (): Promise<void> => {};
  let wake = (): void => {};
  let drained = (): void => {};
  /** Of the thread, or of who was told of a failure. */
  let trouble: { readonly error: unknown } | undefined;
  /** Chunks that were begun. */
  let begun = 0;
  /** Whether what is to be done with the last chunk is handed over. */
  let handsOver = false;
  const handed = new HandedWork((work) => say({ kind: "work", work }));

  const stop = (error: unknown): void => {
    trouble ??= { error };
    wake();
    drained();
  };
  const worked = (failures: readonly WorkFailure[]): void => {
    try {
      handed.answered(failures);
    } catch (error) {
      stop(error);
    }
    if (handed.isDone) drained();
  };
  const drain = async (): Promise<void> => {
    handed.send();
    while (!handed.isDone && trouble === undefined) await silence(new Promise<void>((resolve) => (drained = resolve)), { counts, isStarved: () => false, what: `the ${filter} data` });
    if (trouble !== undefined) throw trouble.error;
  };

  async function* chunks(): Bytes {
    const start: FilterStart = { filter, ring, counts: counts.buffer, memory, lenient, fd: "fd" in input ? input.fd : undefined };
    const worker = startThread({ role: "filter", start });
    say = (message, transfer = []) => worker.postMessage(message, transfer);
    end = async () => void (await worker.terminate());
    const feed = "bytes" in input ? new Feed(input.bytes, (bytes) => say({ kind: "input", bytes }, bytes === undefined ? [] : [bytes.buffer])) : undefined;
    worker.on("message", (message: FromFilter) => {
      if (message.kind === "worked") return worked(message.failures);
      if (message.kind === "more") return feed?.more();
      messages.push(message);
      wake();
    });
    let isOver = false;
    const gone = (why: string): void => {
      if (!isOver) stop(new UnzipxError("INTERNAL", `Cannot decode ${filter}: its thread ended (${why})`));
    };
    worker.on("error", (error) => gone(error.message)).on("exit", (code) => gone(`exit code ${code}`));
    try {
      for (;;) {
        const message = messages.shift();
        if (message === undefined || trouble !== undefined) {
          if (trouble !== undefined) throw trouble.error;
          await silence(new Promise<void>((resolve) => (wake = resolve)), { counts, isStarved: () => feed?.isStarved === true, what: `the ${filter} data` });
          continue;
        }
        switch (message.kind) {
          case "chunk":
            if ("fd" in input) read(message.read);
            begun += 1;
            handsOver = Atomics.load(counts, MADE) - begun >= (Atomics.load(counts, OVER) === 1 ? LEFT : AHEAD) + handed.sent - Atomics.load(counts, WORKED);
            yield new Uint8Array(ring, message.slot * SLOT_BYTES, message.length);
            handsOver = false;
            handed.send();
            say({ kind: "free", slot: message.slot });
            break;
          case "warn":
            warn(fromPlain(message.error));
            break;
          case "error":
            feed?.throwIfFailed();
            throw fromPlain(message.error);
          case "end":
            feed?.throwIfFailed();
            return await drain();
        }
      }
    } finally {
      isOver = handed.isDone;
      await end();
      await feed?.close();
    }
  }

  return {
    bytes: chunks(),
    hand(bytes, work, failed) {
      if (trouble !== undefined) throw trouble.error;
      if (!handsOver || bytes.buffer !== ring) return false;
      handed.add(work(bytes.byteOffset), failed);
      return true;
    },
    drain,
    end: () => end(),
  };
}

/** Hands input over that comes from elsewhere, INPUT_AHEAD pieces before they are asked for. What goes wrong with it is its end. */
class Feed {
  readonly #pieces: AsyncIterator<Uint8Array>;
  readonly #send: (bytes: Uint8Array<ArrayBuffer> | undefined) => void;
  #asked = 0;
  #sent = 0;
  #isWaiting = false;
  #isOver = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(bytes: Bytes, send: (bytes: Uint8Array<ArrayBuffer> | undefined) => void) {
    this.#pieces = bytes[Symbol.asyncIterator]();
    this.#send = send;
    void this.#go();
  }

  /** The next piece is asked for. */
  more(): void {
    this.#asked += 1;
    void this.#go();
  }

  /** The thread waits, and is not to blame. */
  get isStarved(): boolean {
    return this.#isWaiting && this.#asked > this.#sent;
  }

  throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Does not wait for who may wait for ever. */
  async close(): Promise<void> {
    this.#isOver = true;
    const returned = this.#pieces.return?.();
    if (this.#isWaiting) returned?.catch(() => {});
    else await returned;
  }

  async #go(): Promise<void> {
    while (!this.#isWaiting && !this.#isOver && this.#sent < this.#asked + INPUT_AHEAD) {
      const bytes = await this.#next();
      if (this.#isOver) return;
      this.#isOver = bytes === undefined;
      this.#sent += 1;
      this.#send(bytes);
    }
  }

  /** Undefined at the end. */
  async #next(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    this.#isWaiting = true;
    try {
      const { done, value } = await this.#pieces.next();
      return done === true ? undefined : new Uint8Array(value); // ours to give away
    } catch (error) {
      this.#failure = { error };
      return undefined;
    } finally {
      this.#isWaiting = false;
    }
  }
}

function progressOf(counts: Int32Array): number {
  return Atomics.load(counts, TAKEN) + Atomics.load(counts, MADE) + Atomics.load(counts, WORKED);
}

/** Waits for a message; throws when none comes and the thread does nothing else either, and does not wait for input or a slow disk. */
async function silence(message: Promise<void>, { counts, isStarved, what }: { readonly counts: Int32Array; isStarved(): boolean; readonly what: string }): Promise<void> {
  const patience = usualPatience();
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const wait = (before: number): void => {
        timer = setTimeout(() => {
          const now = progressOf(counts);
          if (now === before && Atomics.load(counts, WORKING) === 0 && !isStarved()) reject(stalled(what, patience));
          else wait(now);
        }, patience);
      };
      if (patience !== Infinity) wait(progressOf(counts));
      message.then(resolve, reject);
    });
  } finally {
    clearTimeout(timer);
  }
}
