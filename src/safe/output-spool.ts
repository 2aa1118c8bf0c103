/** An archive that cannot be written front to back, on its way to where nothing can be patched: first into a file without a name. */
import { closeSync, constants, ftruncateSync, openSync, rmSync, unlinkSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readUpTo } from "../bytes/read-file.ts";
import { fromSystem } from "../errors.ts";
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
  const folder = tmpdir();
  const path = join(folder, `unzipx-${randomBytes(12).toString("hex")}`);
  const orThrow = <T>(action: () => T): T => {
    try {
      return action();
    } catch (error) {
      throw fromSystem(error, "write", `keep the archive in a temporary file in "${folder}"`, { hint: "TMPDIR=DIR unzipx …" });
    }
  };
  const fd = orThrow(() => openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0), 0o600));
  const named = process.platform === "win32"; // an open file cannot lose its name there
  if (!named) unlinkSync(path);
  let position = 0;
  let open = true;
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
      for (let at = 0; at < position; at += CHUNK) yield buffer.subarray(0, readUpTo(fd, buffer.subarray(0, Math.min(CHUNK, position - at)), at));
    },
    discard() {
      if (!open) return;
      open = false;
      closeSync(fd);
      if (named) rmSync(path, { force: true });
    },
  };
}
