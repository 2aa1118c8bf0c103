/** An archive that is written into a stream of the caller's. */
import type { Writable } from "node:stream";
import { unlessAborted } from "../bytes/unless-aborted.ts";
import { fromSystem, type UnzipxError } from "../errors.ts";
import { FORWARD_ONLY, type Output } from "./output.ts";

export interface OutputWritable extends Output {
  /** Resolves when the stream has taken everything; it is ended then. */
  end(): Promise<void>;
}

/** `title` is what the messages call it. Whoever fails has to destroy the stream: half an archive must not look like one. */
export function openOutputWritable(stream: Writable, title: string, signal: AbortSignal | undefined): OutputWritable {
  let position = 0;
  let failure: UnzipxError | undefined;
  const failed = new Promise<never>((_, reject) => {
    const fail = (error: unknown): void => {
      failure ??= fromSystem(error, "write", `write "${title}"`);
      reject(failure);
    };
    stream.on("error", fail);
    stream.on("close", () => {
      if (!stream.writableFinished) fail(new Error("the stream was closed before the archive was whole"));
    });
    if (stream.destroyed) fail(stream.errored ?? new Error("the stream is closed"));
  });
  failed.catch(() => {}); // told by the next write
  const settled = (event: "drain" | "finish"): Promise<void> => {
    const happened = new Promise<void>((resolve) => void stream.once(event, resolve));
    return unlessAborted(signal, Promise.race([happened, failed]));
  };
  return {
    ...FORWARD_ONLY,
    get position() {
      return position;
    },
    inodes: new Set(),
    async write(chunk) {
      if (failure !== undefined) throw failure;
      position += chunk.length;
      // The chunk is used anew once this is done, and the stream may keep it for longer.
      if (!stream.write(Buffer.from(chunk))) await settled("drain");
    },
    async end() {
      if (failure !== undefined) throw failure;
      const finished = settled("finish");
      stream.end();
      await finished;
    },
  };
}
