/** A descriptor read from front to back: the next chunk is read while the current one is worked on. */
import { read } from "node:fs";

const CHUNK = 512 * 1024;

/** Calls in the thread pool that wait for another program, by what they wait on. Node does not exit before they return. */
const waiting = new Set<object>();

/** Whether the process could not end now: something is waited for that nobody can be made to give up. */
export function isWaiting(): boolean {
  return waiting.size > 0;
}

/** Counts a call as one that may wait for ever, until the function that comes back is called. */
export function waits(): () => void {
  const call = {};
  waiting.add(call);
  return () => void waiting.delete(call);
}

/**
 * Chunks in two buffers that take turns, so a chunk is valid until the next one is asked for.
 * `position` undefined is a pipe, which has none; there a read that waits for bytes is left behind when the consumer stops,
 * and when `signal` aborts: nobody knows whether more will ever come.
 */
export async function* readAhead(fd: number, position: number | undefined, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const buffers = [Buffer.allocUnsafeSlow(CHUNK), Buffer.allocUnsafeSlow(CHUNK)] as const;
  let at = position;
  let refuse: (reason: unknown) => void = () => {};
  signal?.addEventListener("abort", () => refuse(signal.reason), { once: true });
  const next = (turn: number): Promise<Uint8Array> =>
    new Promise((resolve, reject) => {
      const buffer = buffers[turn % 2]!;
      refuse = reject;
      const returned = at === undefined ? waits() : undefined;
      read(fd, buffer, 0, CHUNK, at ?? null, (error, length) => {
        returned?.();
        if (error !== null) return reject(error);
        if (at !== undefined) at += length;
        resolve(buffer.subarray(0, length));
      });
    });
  let pending = next(0);
  try {
    for (let turn = 0; ; turn++) {
      signal?.throwIfAborted();
      const chunk = await pending;
      if (chunk.length === 0) return;
      pending = next(turn + 1);
      pending.catch(() => {}); // told when it is waited for
      yield chunk;
    }
  } finally {
    if (position !== undefined) await pending.catch(() => {});
  }
}
