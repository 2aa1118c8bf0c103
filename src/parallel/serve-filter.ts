/** The filter's side: input from a file or in messages, output into the ring. */
import { parentPort, workerData } from "node:worker_threads";
import { readAhead } from "../bytes/read-ahead.ts";
import { fromSystem, toPlain, UnzipxError } from "../errors.ts";
import type { Bytes, Filter } from "../formats/contract.ts";
import { SLOT_BYTES, SLOTS, type FilterStart, type FromFilter, type ToFilter } from "./filter-protocol.ts";

export async function serveFilter(filters: readonly Filter[]): Promise<void> {
  const port = parentPort;
  if (port === null) throw new UnzipxError("INTERNAL", "Cannot serve a filter: this is not a worker thread");
  const { filter: name, ring, alive, fd, memory, lenient } = workerData as FilterStart;
  const say = (message: FromFilter): void => port.postMessage(message);
  const free = Array.from({ length: SLOTS }, (_, slot) => slot);
  let slotFreed = (): void => {};
  let inputCame = (_: Uint8Array | undefined): void => {};
  port.on("message", (message: ToFilter) => {
    if (message.kind === "free") {
      free.push(message.slot);
      slotFreed();
    } else {
      inputCame(message.bytes);
    }
  });
  let read = 0;
  const taken = new Int32Array(alive);
  async function* input(): Bytes {
    for await (const chunk of pieces()) {
      Atomics.add(taken, 0, 1);
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
      const bytes = await new Promise<Uint8Array | undefined>((resolve) => {
        inputCame = resolve;
        say({ kind: "more" });
      });
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
        say({ kind: "chunk", slot, length: part.length, read });
      }
    }
    say({ kind: "end" });
  } catch (error) {
    say({ kind: "error", error: toPlain(fromSystem(error, "read", "read the archive")) });
  }
}
