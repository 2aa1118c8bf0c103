/** The streams of a bzip2 file, every block and stream verified, and what lies behind them. */
import { BlockReader } from "../bytes/block-reader.ts";
import { nextTurn } from "../bytes/clock.ts";
import type { Blocks, Bytes, DecodeOptions } from "../formats/contract.ts";
import { BlocksAhead } from "./bzip2-ahead.ts";
import { BLOCK_MARK, CHECKSUM_BITS, END_MARK, MARK_BITS, withBlock } from "./bzip2-bits.ts";
import { decodeBlock, RESULT_BYTES } from "./bzip2-block.ts";
import { SLACK, WHAT } from "./bzip2-header.ts";
import { Runs } from "./bzip2-runs.ts";
import { Window } from "./bzip2-window.ts";
import { checkSum, damaged, endOf, truncated } from "./framing.ts";

/** "BZh" and a digit from 1 to 9. */
const HEADER_BITS = 32;
const HEADER = 0x425a6830;
/** Bytes of a block before its runs, for each unit of the level. */
const LEVEL_BYTES = 100_000;

export async function* decodeBzip2(input: Bytes, options: DecodeOptions): AsyncGenerator<Uint8Array> {
  const window = new Window(input);
  const blocks = (await options.blocks?.()) ?? blocksHere();
  const ahead = new BlocksAhead(window, blocks);
  try {
    let at = 0;
    for (let streams = 0; ; streams++) {
      const level = (await window.reach(at + HEADER_BITS)) ? window.bits(at, HEADER_BITS) - HEADER : 0;
      if (!(level >= 1 && level <= 9)) return await endAt(window, at, streams, options);
      at += HEADER_BITS;
      let sum = 0;
      for (; (await markAt(window, at)) === BLOCK_MARK; window.drop(at)) {
        const block = await ahead.take(at);
        if (block.count > level * LEVEL_BYTES) throw damaged(WHAT, "a block is longer than its level allows");
        sum = withBlock(sum, block.sum);
        at = block.end;
        if (!block.hasRuns) yield block.content;
        else yield* piecesOf(block.content);
        blocks.free(block.content);
      }
      at += MARK_BITS;
      if (!(await window.reach(at + CHECKSUM_BITS))) throw truncated(WHAT);
      checkSum(WHAT, window.bits(at, CHECKSUM_BITS), sum >>> 0);
      at = Math.ceil((at + CHECKSUM_BITS) / 8) * 8;
      window.drop(at);
    }
  } finally {
    await window.close();
  }
}

/** BLOCK_MARK or END_MARK. */
async function markAt(window: Window, at: number): Promise<number> {
  if (!(await window.reach(at + MARK_BITS))) throw truncated(WHAT);
  const mark = window.bits(at, MARK_BITS);
  if (mark !== BLOCK_MARK && mark !== END_MARK) throw damaged(WHAT, "where a block should begin there is none");
  return mark;
}

function* piecesOf(text: Uint8Array): Generator<Uint8Array> {
  const runs = new Runs(text);
  for (let piece = runs.next(); piece !== undefined; piece = runs.next()) yield piece;
}

/** No stream begins at bit `at`. */
async function endAt(window: Window, at: number, streams: number, options: DecodeOptions): Promise<void> {
  await window.reach(at + HEADER_BITS);
  const reader = new BlockReader(window.rest(at), WHAT);
  const start = await reader.peek(HEADER_BITS / 8);
  reader.position = at / 8;
  await endOf(reader, start, streams, "bzip2", { ...options, bearsRemarks: true });
}

/** On this thread, one after the other. */
function blocksHere(): Blocks {
  let from = new Uint8Array(0);
  const into = new ArrayBuffer(RESULT_BYTES);
  return {
    width: 1,
    async decode(data, at) {
      if (from.length < data.length + SLACK) from = new Uint8Array(2 * data.length + SLACK);
      from.set(data);
      await nextTurn(); // a block takes long enough for signals to be heard in between
      return decodeBlock(from, at, data.length, into);
    },
    free() {},
  };
}
