/** One of Node's zlib transforms as a function from bytes to bytes, with its errors as ours. */
import type { Transform } from "node:stream";
import type { Zlib } from "node:zlib";
import { fromSystem, UnzipxError } from "../errors.ts";
import type { Bytes } from "../formats/contract.ts";

/** What the transform's output buffer should be: fewer round trips to zlib's threads than with the 16 KiB of Node. */
export const CHUNK = 256 * 1024;

/**
 * Runs `input` through `transform`. The transform works off the main thread; a few chunks are decoded ahead.
 * Whoever stops early destroys it, and the input's `finally` blocks run.
 */
export async function* through(input: Bytes, transform: Transform & Zlib, what: string): AsyncGenerator<Uint8Array> {
  let stopped = false;
  let failure: unknown;
  const feeding = (async () => {
    try {
      for await (const chunk of input) {
        if (stopped) return;
        if (!transform.write(chunk)) await drained(transform);
        if (stopped) return;
      }
      transform.end();
    } catch (error) {
      failure = error;
      transform.destroy(error as Error);
    }
  })();
  try {
    for await (const chunk of transform) yield chunk as Uint8Array;
  } catch (error) {
    throw failure ?? zlibError(error, what);
  } finally {
    stopped = true;
    transform.destroy();
    await feeding;
  }
}

function drained(transform: Transform): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      transform.off("drain", settle).off("close", settle).off("error", settle);
      resolve();
    };
    if (transform.destroyed) return resolve();
    transform.once("drain", settle).once("close", settle).once("error", settle);
  });
}

export function zlibError(error: unknown, what: string): UnzipxError {
  if (error instanceof UnzipxError) return error;
  const { code, message, syscall } = error as NodeJS.ErrnoException;
  if (syscall !== undefined) return fromSystem(error, "read", `read ${what}`); // what it was fed with could not be read
  if (code === "Z_BUF_ERROR") return new UnzipxError("TRUNCATED", `Cannot read ${what}: the data ends too early`, { cause: error });
  return new UnzipxError("BAD_DATA", `Cannot read ${what}: the compressed data is damaged (${message})`, { cause: error });
}
