/** Archives that somebody hands over instead of naming them: bytes in memory, or a stream of them. */
import { unlessAborted } from "../bytes/unless-aborted.ts";
import { fromSystem, UnzipxError } from "../errors.ts";
import type { Bytes, Source } from "../formats/contract.ts";
import type { Counted, Input } from "./sources.ts";

/** What is handed on at once of bytes in memory. */
const CHUNK = 512 * 1024;

/** An archive in memory. It must not be changed before the input is closed. */
export function memoryInput(title: string, memory: Uint8Array): Input {
  let read = 0;
  const source: Counted<Source> = {
    name: title, size: memory.length,
    bytesRead: () => read,
    readElsewhere() {},
    async *stream() {
      for (let at = 0; at < memory.length; at += CHUNK) {
        const chunk = memory.subarray(at, at + CHUNK);
        read += chunk.length;
        yield chunk;
      }
    },
    async close() {},
  };
  const solid = { name: "archive", size: memory.length, segments: [{ bytes: memory }], volumes: [] };
  return { title, source, solid, memory, parts: [source], identities: [], files: [], mtime: undefined, close: async () => {} };
}

/** Bytes that come once. `abandon` ends whoever makes them, also while it is being waited for. */
export interface GivenStream {
  readonly chunks: AsyncIterable<unknown>;
  abandon(): void;
}

/** An archive that comes in order, as down a pipe. */
export function streamedInput(title: string, { chunks, abandon }: GivenStream, signal: AbortSignal | undefined): Input {
  let read = 0;
  let isOver = false;
  const close = async (): Promise<void> => {
    if (!isOver) abandon();
    isOver = true;
  };
  async function* stream(): Bytes {
    const iterator = chunks[Symbol.asyncIterator]();
    for (;;) {
      signal?.throwIfAborted();
      const step = iterator.next();
      step.catch(() => {}); // told below, unless nobody waits for it any more
      const { done, value } = await unlessAborted(signal, step).catch((error: unknown) => {
        if (signal?.aborted === true) throw error;
        isOver = true;
        throw fromSystem(error, "read", `read "${title}" to its end`);
      });
      if (done === true) {
        isOver = true;
        return;
      }
      const chunk = bytesOf(value, title);
      read += chunk.length;
      if (chunk.length > 0) yield chunk;
    }
  }
  const source: Counted<Source> = { name: title, size: undefined, bytesRead: () => read, readElsewhere() {}, stream, close };
  return { title, source, solid: undefined, parts: [source], identities: [], files: [], mtime: undefined, close };
}

function bytesOf(chunk: unknown, title: string): Uint8Array {
  if (ArrayBuffer.isView(chunk)) return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  throw new UnzipxError("USAGE", `Cannot read "${title}": its stream gives something else than bytes`, { expected: "Uint8Array", found: chunk === null ? "null" : typeof chunk, hint: "no setEncoding(), no object mode" });
}
