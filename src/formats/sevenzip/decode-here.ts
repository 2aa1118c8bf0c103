/** Blocks that are so small that to start a thread for them takes longer than to decode them. */
import type { Happening } from "../../engine/client.ts";
import type { LzmaBlock } from "../../engine/protocol.ts";
import { decodeBlocks } from "../../engine/serve-blocks.ts";
import { fromPlain, type PlainError } from "../../errors.ts";

/** Packed or not. */
export const SMALL_BYTES = 1 << 20;

export function isSmall(blocks: readonly LzmaBlock[]): boolean {
  return blocks.reduce((sum, { size }) => sum + size, 0) <= SMALL_BYTES;
}

/** As an engine tells it. */
export async function* decodeHere(blocks: readonly LzmaBlock[]): AsyncGenerator<Happening> {
  const happenings: (Happening | { readonly kind: "unreadable"; readonly error: PlainError })[] = [];
  const isWhole = decodeBlocks(blocks, {
    event: (event) => void happenings.push(event),
    data: (bytes) => void happenings.push({ kind: "data", bytes: new Uint8Array(bytes) }),
  });
  for (const happening of happenings) {
    if (happening.kind === "unreadable") throw fromPlain(happening.error);
    yield happening;
  }
  yield { kind: "exit", code: isWhole ? 0 : 2 };
}
