/**
 * One block of bzip2: Huffman codes, moved to the front, the sorted rotations turned back (Burrows and Wheeler), runs, and the CRC of it
 * all. What takes long are loops, each in a function with nothing but numbers and arrays. As bzip2(1) 1.0.8 reads it (decompress.c).
 */
import type { Block } from "../formats/contract.ts";
import { addTurned, turned } from "./bzip2-crc.ts";
import { blockFailure, Codes, LENGTHS, LONGEST_CODE, LOOKUP_BITS, WHAT, type BlockHeader } from "./bzip2-header.ts";
import { derandomise } from "./bzip2-random.ts";
import { Rows } from "./bzip2-rows.ts";
import { Runs } from "./bzip2-runs.ts";
import { checkSum, damaged } from "./framing.ts";

/** Bytes of the largest block, before its runs. */
export const BLOCK_BYTES = 900_000;
/** Symbols with one code. */
const GROUP = 50;
/** A run's length is written in so many digits at most. */
const RUN_DIGITS = 21;

/** Room for what a block becomes with its runs, as far as they are not very long. */
export const RESULT_BYTES = 2 << 20;

/** What decoding a block takes, kept for the next one on this thread. */
class Workspace {
  readonly codes = new Codes();
  /** The last bytes of the sorted rotations. */
  readonly lasts = new Uint8Array(BLOCK_BYTES);
  /** How often each byte occurs. */
  readonly counts = new Int32Array(256);
  readonly rows = new Rows(BLOCK_BYTES);
  readonly text = new Uint8Array(BLOCK_BYTES);
}

let workspace: Workspace | undefined;

/**
 * The block whose mark ends at bit `at`; its data ends in front of byte `end`, and SLACK bytes follow. Throws TRUNCATED where it needs more. The content
 * lies in `into`, which has room for BLOCK_BYTES at least.
 */
export function decodeBlock(bytes: Uint8Array, at: number, end: number, into: ArrayBufferLike): Block {
  const { codes, lasts, counts, rows, text: whole } = (workspace ??= new Workspace());
  const header = codes.read(bytes, at, end);
  const { sum, origin } = header;
  counts.fill(0);
  const read = readSymbols(bytes, end, header, codes, lasts, counts);
  const { count } = read;
  if (origin >= count) throw damaged(WHAT, "a block begins behind its end");
  const text = whole.subarray(0, count);
  rows.turnBack(lasts, counts, origin, text);
  if (header.isRandomised) derandomise(text);
  const out = new Uint8Array(into);
  const length = writeRuns(text, out);
  if (length !== undefined) {
    const content = out.subarray(0, length);
    checkSum(WHAT, sum, turned(addTurned(0, content)));
    return { end: read.at, sum, count, content, hasRuns: false };
  }
  const runs = new Runs(text);
  let found = 0;
  for (let piece = runs.next(); piece !== undefined; piece = runs.next()) found = addTurned(found, piece);
  if (runs.isCutOff) throw missingNumber();
  checkSum(WHAT, sum, turned(found));
  out.set(text);
  return { end: read.at, sum, count, content: out.subarray(0, count), hasRuns: true };
}

/** Reads all symbols: bytes into `lasts`, how often each occurs into `counts`. */
function readSymbols(bytes: Uint8Array, end: number, { at: start, last, selectorCount }: BlockHeader, codes: Codes, lasts: Uint8Array, counts: Int32Array): { at: number; count: number } {
  const { lookup, limits, offsets, symbols, selectors, order } = codes;
  const lookupShift = 32 - LOOKUP_BITS;
  let byte = (start >>> 3) + 1;
  /** The next bits, the first one highest; below those that were read there are zeros. */
  let bits = bytes[byte - 1]! << (24 + (start & 7));
  let have = 8 - (start & 7);
  let group = 0;
  let left = 0;
  let code = 0;
  let count = 0;
  /** Of the run that is being read: its length so far, and how many digits that were. */
  let run = 0;
  let digits = 0;
  for (;;) {
    if (left === 0) {
      // The bits of a group are fewer than the slack has.
      if (byte > end + 4) throw blockFailure(1, 0, "");
      if (group === selectorCount) throw blockFailure(byte * 8 - have, end * 8, "a block has more symbols than it chooses codes for");
      code = selectors[group++]!;
      left = GROUP;
    }
    left--;
    if (have <= 16) {
      bits |= ((bytes[byte]! << 8) | bytes[byte + 1]!) << (16 - have);
      byte += 2;
      have += 16;
    }
    let found = lookup[(code << LOOKUP_BITS) + (bits >>> lookupShift)]!;
    if (found === 0) {
      // The longest code has more bits than are there by now.
      for (; have <= 24; have += 8) bits |= bytes[byte++]! << (24 - have);
      let length = LOOKUP_BITS + 1;
      while (length <= LONGEST_CODE && bits >>> (32 - length) >= limits[code * LENGTHS + length]!) length++;
      if (length > LONGEST_CODE) throw blockFailure(byte * 8 - have, end * 8, "a block has bits that are no code");
      found = (symbols[offsets[code * LENGTHS + length]! + (bits >>> (32 - length))]! << 5) | length;
    }
    const length = found & 31;
    const symbol = found >>> 5;
    bits <<= length;
    have -= length;
    if (symbol < 2) {
      // Digits of 1 and 2, the lowest first.
      if (digits === RUN_DIGITS) throw blockFailure(byte * 8 - have, end * 8, "a run is longer than any block");
      run += (symbol + 1) << digits++;
      continue;
    }
    if (digits > 0) {
      if (run > BLOCK_BYTES - count) throw blockFailure(byte * 8 - have, end * 8, "a block is longer than blocks are");
      const first = order[0]!;
      counts[first]! += run;
      if (run < 32) for (const to = count + run; count < to; ) lasts[count++] = first;
      else lasts.fill(first, count, (count += run));
      run = 0;
      digits = 0;
    }
    if (symbol === last) break;
    if (count === BLOCK_BYTES) throw blockFailure(byte * 8 - have, end * 8, "a block is longer than blocks are");
    const place = symbol - 1;
    const value = order[place]!;
    if (place < 24) for (let k = place; k > 0; k--) order[k] = order[k - 1]!;
    else order.copyWithin(1, 0, place);
    order[0] = value;
    counts[value]!++;
    lasts[count++] = value;
  }
  const at = byte * 8 - have;
  if (at > end * 8) throw blockFailure(1, 0, "");
  return { at, count };
}

/** Makes the runs of `text`. Returns the length; undefined: it does not fit into `out`. */
function writeRuns(text: Uint8Array, out: Uint8Array): number | undefined {
  let length = 0;
  let begin = 0;
  // Of four equal bytes, two that stand at every third place are the first or the second, or the third, and the next.
  for (let at = 0; at < text.length - 1; at += 3) {
    const byte = text[at]!;
    if (byte !== text[at + 1]) continue;
    let first = at;
    while (first > begin && text[first - 1] === byte) first--;
    if (text[first + 2] !== byte || text[first + 3] !== byte) continue;
    const after = first + 4;
    if (after >= text.length) throw missingNumber();
    const more = text[after]!;
    if (length + after - begin + more > out.length) return undefined;
    length = copy(text, begin, after, out, length);
    out.fill(byte, length, length + more);
    length += more;
    begin = after + 1;
    at = begin - 3;
  }
  if (length + text.length - begin > out.length) return undefined;
  return copy(text, begin, text.length, out, length);
}

/** For few bytes a call takes longer than the bytes. */
function copy(text: Uint8Array, from: number, to: number, out: Uint8Array, at: number): number {
  if (to - from > 64) {
    out.set(text.subarray(from, to), at);
    return at + to - from;
  }
  while (from < to) out[at++] = text[from++]!;
  return at;
}

function missingNumber(): Error {
  return damaged(WHAT, "a run has no length");
}
