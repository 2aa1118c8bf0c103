/** The library as its users have it: the built package, by its own name. */
import { createRequire } from "node:module";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";

const root = join(import.meta.dirname, "../..");
if (!existsSync(join(root, "dist/index.js"))) throw new Error("Cannot load the library: it is not built (npm run build)");

type Unzipx = typeof import("../../src/index.ts");

export const { extract, create, list, test, open, UnzipxError, IncompleteError } = createRequire(join(root, "package.json"))("unzipx") as Unzipx;

/** What a promise is rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

/** An UnzipxError that a promise is rejected with. */
export async function failure(promise: Promise<unknown>): Promise<InstanceType<Unzipx["IncompleteError"]>> {
  const error = await rejection(promise);
  if (error instanceof UnzipxError) return error as InstanceType<Unzipx["IncompleteError"]>;
  throw error;
}

/** The bytes as a connection brings them: in small pieces, and slowly enough that others have their turn. */
export function pieces(bytes: Uint8Array, length = 1000): Readable {
  return Readable.from((function* () {
    for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
  })(), { objectMode: false });
}

/** A connection that breaks after some of the bytes. */
export function breaking(bytes: Uint8Array, after: number): Readable {
  return Readable.from((async function* () {
    for (let at = 0; at < after; at += 1000) yield bytes.subarray(at, Math.min(after, at + 1000));
    await new Promise((resolve) => setTimeout(resolve, 5));
    throw Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET", syscall: "read" });
  })(), { objectMode: false });
}

/** A connection that brings some of the bytes and then nothing more, for ever. */
export function stalling(bytes: Uint8Array, after: number): Readable {
  let isSent = false;
  return new Readable({
    read() {
      if (!isSent) this.push(bytes.subarray(0, after));
      isSent = true;
    },
  });
}
