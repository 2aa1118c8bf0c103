/** An archive that cannot be written front to back, on its way to where nothing can be patched: first into a file without a name. */
import { ftruncateSync } from "node:fs";
import { readExactly } from "../bytes/read-file.ts";
import { openNameless } from "./nameless-file.ts";
import { writeAll } from "./output.ts";

const CHUNK = 1 << 20;

export interface OutputSpool {
  readonly position: number;
  write(chunk: Uint8Array): void;
  patch(offset: number, bytes: Uint8Array): void;
  rewind(offset: number): void;
  /** All that was written; a chunk is valid until the next one is asked for. */
  chunks(): Generator<Uint8Array>;
  discard(): void;
}

export function openOutputSpool(): OutputSpool {
  const { fd, orThrow, close } = openNameless("the archive");
  let position = 0;
  return {
    get position() {
      return position;
    },
    write(chunk) {
      orThrow(() => writeAll(fd, chunk, position));
      position += chunk.length;
    },
    patch: (offset, bytes) => orThrow(() => writeAll(fd, bytes, offset)),
    rewind(offset) {
      orThrow(() => ftruncateSync(fd, offset));
      position = offset;
    },
    *chunks() {
      const buffer = Buffer.allocUnsafe(CHUNK);
      for (let at = 0; at < position; at += CHUNK) {
        const piece = buffer.subarray(0, Math.min(CHUNK, position - at));
        orThrow(() => readExactly(fd, piece, at));
        yield piece;
      }
    },
    discard: close,
  };
}
