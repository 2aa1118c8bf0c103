/** One compressed member inside a longer input: decoded to its own end, what was read too much given back. */
import type { Transform } from "node:stream";
import type { Zlib } from "node:zlib";
import type { BlockReader } from "./block-reader.ts";
import { zlibError } from "./through.ts";

/**
 * Feeds `transform` from the reader until the member ends, and leaves the reader right behind it.
 * The transform works off the main thread, a few chunks ahead of whoever takes them.
 */
export async function* decodeMember(reader: BlockReader, transform: Transform & Zlib, what: string): AsyncGenerator<Uint8Array> {
  let fed = 0;
  let last: Uint8Array = new Uint8Array(0);
  let over = false;
  let failure: unknown;
  const feeding = (async () => {
    try {
      while (!over) {
        const piece = await reader.piece();
        if (piece === undefined) {
          transform.end();
          return;
        }
        last = piece;
        fed += piece.length;
        await written(transform, piece);
        // What it left is no longer of the member, and the end may be announced only later.
        if (transform.bytesWritten < fed) return;
      }
    } catch (error) {
      failure = error;
      transform.destroy(error as Error);
    }
  })();
  transform.once("end", () => (over = true)).once("close", () => (over = true));
  try {
    for await (const chunk of transform) yield chunk as Uint8Array;
    over = true;
    transform.destroy(); // releases a write that waits for room
    await feeding;
    const consumed = transform.bytesWritten;
    if (fed > consumed) reader.giveBack(last.subarray(last.length - (fed - consumed)));
  } catch (error) {
    throw failure ?? zlibError(error, what);
  } finally {
    over = true;
    transform.destroy();
    await feeding;
  }
}

/** Resolves when the chunk was worked on, or when the transform has no use for it any more. */
function written(transform: Transform, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    if (transform.destroyed || transform.readableEnded) return resolve();
    const settle = (): void => {
      transform.off("close", settle).off("end", settle);
      resolve();
    };
    transform.once("close", settle).once("end", settle);
    transform.write(chunk, settle);
  });
}
