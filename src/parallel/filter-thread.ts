/** A filter on a thread of its own: it decodes while the main thread parses and writes. */
import { nodeWorkers } from "../bytes/node-modules.ts";
import { stalled, usualPatience } from "../engine/patience.ts";
import { fromPlain, UnzipxError } from "../errors.ts";
import type { Bytes, Warn } from "../formats/contract.ts";
import { WORKER } from "./pool.ts";
import { SLOT_BYTES, SLOTS, type FilterStart, type FromFilter, type ToFilter } from "./filter-protocol.ts";

export interface FilterThreadOptions {
  /** The worker's file, which calls serveFilter(). */
  readonly entry: URL;
  readonly filter: string;
  /** As in FilterStart. */
  readonly compiled: string | undefined;
  /** A file is read by the thread itself; other bytes are handed over. */
  readonly input: { readonly fd: number } | { readonly bytes: Bytes };
  readonly warn: Warn;
  /** As in DecodeOptions. */
  readonly memory: number;
  readonly lenient: boolean;
  /** Told how much of the file was read, which is the progress there is. */
  readonly read: (bytes: number) => void;
}

/** The decoded bytes; each chunk is valid until the next one is asked for. Whoever stops early ends the thread. */
export async function* decodeOnThread({ entry, filter, compiled, input, warn, memory, lenient, read }: FilterThreadOptions): Bytes {
  const ring = new SharedArrayBuffer(SLOTS * SLOT_BYTES);
  const alive = new SharedArrayBuffer(4);
  const start: FilterStart = { filter, compiled, ring, alive, memory, lenient, fd: "fd" in input ? input.fd : undefined };
  const worker = new (nodeWorkers().Worker)(entry, { ...WORKER, workerData: start });
  const say = (message: ToFilter, transfer: ArrayBuffer[] = []): void => worker.postMessage(message, transfer);
  const messages: FromFilter[] = [];
  let wake = (): void => {};
  let died: UnzipxError | undefined;
  worker.on("message", (message: FromFilter) => {
    messages.push(message);
    wake();
  });
  const gone = (why: string): void => {
    died ??= new UnzipxError("INTERNAL", `Cannot decode ${filter}: its thread ended (${why})`);
    wake();
  };
  worker.on("error", (error) => gone(error.message)).on("exit", (code) => gone(`exit code ${code}`));
  const pieces = "bytes" in input ? input.bytes[Symbol.asyncIterator]() : undefined;
  try {
    for (;;) {
      const message = messages.shift();
      if (message === undefined) {
        if (died !== undefined) throw died;
        await silence(new Promise<void>((resolve) => (wake = resolve)), alive, `the ${filter} data`);
        continue;
      }
      switch (message.kind) {
        case "chunk":
          if ("fd" in input) read(message.read);
          yield new Uint8Array(ring, message.slot * SLOT_BYTES, message.length);
          say({ kind: "free", slot: message.slot });
          break;
        case "more": {
          const { done, value } = await pieces!.next();
          const copy = done === true ? undefined : new Uint8Array(value); // ours to give away
          say({ kind: "input", bytes: copy }, copy === undefined ? [] : [copy.buffer]);
          break;
        }
        case "warn":
          warn(fromPlain(message.error));
          break;
        case "error":
          throw fromPlain(message.error);
        case "end":
          return;
      }
    }
  } finally {
    await worker.terminate();
    await pieces?.return?.();
  }
}

/** Waits for a message; throws when none comes and the thread takes no input either. */
async function silence(message: Promise<void>, alive: SharedArrayBuffer, what: string): Promise<void> {
  const patience = usualPatience();
  const taken = new Int32Array(alive);
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const wait = (before: number): void => {
        timer = setTimeout(() => {
          const now = Atomics.load(taken, 0);
          if (now === before) reject(stalled(what, patience));
          else wait(now);
        }, patience);
      };
      if (patience !== Infinity) wait(Atomics.load(taken, 0));
      message.then(resolve, reject);
    });
  } finally {
    clearTimeout(timer);
  }
}
