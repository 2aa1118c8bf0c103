/** The filter's side: input from a file or in messages, output into the ring. */
import { parentPort } from "node:worker_threads";
import { readAhead } from "../bytes/read-ahead.ts";
import { fromSystem, toPlain, UnzipxError } from "../errors.ts";
import type { Bytes, Filter } from "../formats/contract.ts";
import { MADE, OVER, SLOT_BYTES, SLOTS, TAKEN, WORKED, WORKING, type FilterStart, type FromFilter, type ToFilter, type WorkFailure } from "./filter-protocol.ts";

/** `workOn` does what is to be done with bytes in the ring: it returns what went wrong. */
export async function serveFilter(
  filters: readonly Filter[], { filter: name, ring, counts: counted, fd, memory, lenient }: FilterStart,
  workOn: (ring: SharedArrayBuffer, work: readonly unknown[]) => Promise<readonly WorkFailure[]>,
): Promise<void> {
  const port = parentPort;
  if (port === null) throw new UnzipxError("INTERNAL", "Cannot serve a filter: this is not a worker thread");
  const say = (message: FromFilter): void => port.postMessage(message);
  const free = Array.from({ length: SLOTS }, (_, slot) => slot);
  let slotFreed = (): void => {};
  /** What came and was not taken; undefined: there is no more. */
  const inputs: (Uint8Array | undefined)[] = [];
  let inputCame = (): void => {};
  const counts = new Int32Array(counted);
  let worked = Promise.resolve();
  port.on("message", (message: ToFilter) => {
    switch (message.kind) {
      case "work":
        worked = worked.then(async () => {
          Atomics.store(counts, WORKING, 1);
          const failures = await workOn(ring, message.work);
          Atomics.store(counts, WORKING, 0);
          Atomics.add(counts, WORKED, 1);
          say({ kind: "worked", failures });
        });
        break;
      case "free":
        void worked.then(() => {
          free.push(message.slot);
          slotFreed();
        });
        break;
      case "input":
        inputs.push(message.bytes);
        inputCame();
    }
  });
  let read = 0;
  async function* input(): Bytes {
    for await (const chunk of pieces()) {
      Atomics.add(counts, TAKEN, 1);
      yield chunk;
    }
  }
  async function* pieces(): Bytes {
    if (fd !== undefined) {
      for await (const chunk of readAhead(fd, 0)) {
        read += chunk.length;
        yield chunk;
      }
      return;
    }
    for (;;) {
      say({ kind: "more" });
      while (inputs.length === 0) await new Promise<void>((resolve) => (inputCame = resolve));
      const bytes = inputs.shift();
      if (bytes === undefined) return;
      yield bytes;
    }
  }
  try {
    const filter = filters.find((one) => one.name === name);
    if (filter === undefined) throw new UnzipxError("INTERNAL", `Cannot decode: no filter is called "${name}"`);
    for await (const chunk of filter.decode(input(), { memory, lenient, warn: (note) => say({ kind: "warn", error: toPlain(note) }) })) {
      for (let at = 0; at < chunk.length; at += SLOT_BYTES) {
        while (free.length === 0) await new Promise<void>((resolve) => (slotFreed = resolve));
        const slot = free.shift()!;
        const part = chunk.subarray(at, at + SLOT_BYTES);
        new Uint8Array(ring, slot * SLOT_BYTES, part.length).set(part);
        Atomics.add(counts, MADE, 1);
        say({ kind: "chunk", slot, length: part.length, read });
      }
    }
    Atomics.store(counts, OVER, 1);
    say({ kind: "end" });
  } catch (error) {
    say({ kind: "error", error: toPlain(fromSystem(error, "read", "read the archive")) });
  }
}
