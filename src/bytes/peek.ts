/** Looking ahead in bytes that come only once. */
import type { Bytes } from "../formats/contract.ts";

/** The first bytes of a stream, at least `length` of them unless it ends earlier, and the whole stream again. */
export async function peek(input: Bytes, length: number): Promise<{ head: Uint8Array; all: Bytes }> {
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
