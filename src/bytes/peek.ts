/** Looking ahead in bytes that come only once. */
import type { Bytes } from "../formats/contract.ts";

export interface Peeked {
  /** The first bytes, at least as many as were asked for, unless there are fewer. */
  readonly head: Uint8Array;
  /** The whole stream again. */
  readonly all: Bytes;
  /** Lets go of the stream, also where nobody has begun to read `all`. */
  close(): Promise<void>;
}

export async function peek(input: Bytes, length: number): Promise<Peeked> {
  const iterator = input[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  let found = 0;
  while (found < length) {
    const { done, value } = await iterator.next();
    if (done === true) break;
    chunks.push(new Uint8Array(value)); // kept beyond the next chunk
    found += value.length;
  }
  const head = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  return {
    head,
    close: async () => void (await iterator.return?.()),
    all: (async function* () {
      try {
        if (head.length > 0) yield head;
        for (;;) {
          const { done, value } = await iterator.next();
          if (done === true) return;
          yield value;
        }
      } finally {
        await iterator.return?.();
      }
    })(),
  };
}
