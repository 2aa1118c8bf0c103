/** Blocks that are so small that to start a thread for them takes longer than to decode them. */
import { sizeOf } from "../../bytes/segments.ts";
import type { Happening } from "../../engine/client.ts";
import type { LzmaBlock } from "../../engine/protocol.ts";
import { decodeBlocks } from "../../engine/serve-blocks.ts";
import { fromPlain, type PlainError } from "../../errors.ts";

/** Of all blocks, packed or not. */
export const SMALL_BYTES = 1 << 20;
/** To begin one may take a millisecond. */
const MOST_BLOCKS = 16;

export function isSmall(blocks: readonly LzmaBlock[]): boolean {
  const bytes = blocks.reduce((sum, { size, packed }) => sum + Math.max(size, sizeOf(packed)), 0);
  return blocks.length <= MOST_BLOCKS && bytes <= SMALL_BYTES;
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
