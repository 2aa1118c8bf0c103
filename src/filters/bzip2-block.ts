/**
 * One block of bzip2: Huffman codes, moved to the front, the sorted rotations turned back (Burrows and Wheeler), runs, and the CRC of it
 * all. What takes long are three loops, each a function with nothing but numbers and arrays. As bzip2(1) 1.0.8 reads it (decompress.c).
 */
import type { Block } from "../formats/contract.ts";
import { addTurned, turned } from "./bzip2-crc.ts";
import { blockFailure, Codes, LENGTHS, LONGEST_CODE, LOOKUP_BITS, WHAT, type BlockHeader } from "./bzip2-header.ts";
import { derandomise } from "./bzip2-random.ts";
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
  /** By row of the sorted rotations: its last byte, and above that the row that follows. */
  readonly rows = new Int32Array(BLOCK_BYTES);
  /** How often each byte occurs; then where its rows begin. */
  readonly counts = new Int32Array(256);
}

let workspace: Workspace | undefined;

/**
 * The block whose mark ends at bit `at`; its data ends in front of byte `end`, and SLACK bytes follow. Throws TRUNCATED where it needs more. The content
 * lies in `into`, which has room for BLOCK_BYTES at least.
 */
export function decodeBlock(bytes: Uint8Array, at: number, end: number, into: ArrayBufferLike): Block {
  const { codes, rows, counts } = (workspace ??= new Workspace());
  const header = codes.read(bytes, at, end);
  counts.fill(0);
  const read = readSymbols(bytes, end, header, codes, rows, counts);
  const { count } = read;
  if (header.origin >= count) throw damaged(WHAT, "a block begins behind its end");
  linkRows(rows, count, counts);
  const out = new Uint8Array(into);
  const length = header.isRandomised ? undefined : writeText(rows, count, header.origin, out);
  if (length !== undefined) {
    const content = out.subarray(0, length);
    checkSum(WHAT, header.sum, turned(addTurned(0, content)));
    return { end: read.at, sum: header.sum, count, content, hasRuns: false };
  }
  const text = out.subarray(0, count);
  writeBytes(rows, header.origin, text);
  if (header.isRandomised) derandomise(text);
  const runs = new Runs(text);
  let sum = 0;
  for (let piece = runs.next(); piece !== undefined; piece = runs.next()) sum = addTurned(sum, piece);
  if (runs.isCutOff) throw missingNumber();
  checkSum(WHAT, header.sum, turned(sum));
  return { end: read.at, sum: header.sum, count, content: text, hasRuns: true };
}

/** Reads all symbols: bytes into `rows`, how often each occurs into `counts`. */
function readSymbols(bytes: Uint8Array, end: number, { at: start, last, selectorCount }: BlockHeader, codes: Codes, rows: Int32Array, counts: Int32Array): { at: number; count: number } {
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
      if (have <= 16) {
        bits |= ((bytes[byte]! << 8) | bytes[byte + 1]!) << (16 - have);
        byte += 2;
        have += 16;
      }
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
      if (run < 32) for (const to = count + run; count < to; ) rows[count++] = first;
      else rows.fill(first, count, (count += run));
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
    rows[count++] = value;
  }
  const at = byte * 8 - have;
  if (at > end * 8) throw blockFailure(1, 0, "");
  return { at, count };
}

/** Adds to each row the one that follows: rows are sorted by their first byte, and those with the same one are in the order in which it is the last one. */
function linkRows(rows: Int32Array, count: number, counts: Int32Array): void {
  for (let byte = 0, begin = 0; byte < 256; byte++) {
    const here = counts[byte]!;
    counts[byte] = begin;
    begin += here;
  }
  for (let row = 0; row < count; row++) {
    const byte = rows[row]! & 0xff;
    const place = counts[byte]!;
    counts[byte] = place + 1;
    rows[place]! |= row << 8;
  }
}

/** Follows the rows and makes the runs on the way, because each step waits for memory. Returns the length; undefined: it does not fit into `out`. */
function writeText(rows: Int32Array, count: number, origin: number, out: Uint8Array): number | undefined {
  const most = out.length;
  let length = 0;
  let before = -1;
  let run = 0;
  let row = rows[origin]! >>> 8;
  for (let i = 0; i < count; i++) {
    const cell = rows[row]!;
    const byte = cell & 0xff;
    row = cell >>> 8;
    if (run === 4) {
      if (byte > most - length) return undefined;
      if (byte < 16) for (const to = length + byte; length < to; ) out[length++] = before;
      else out.fill(before, length, (length += byte));
      before = -1;
      run = 0;
      continue;
    }
    if (length === most) return undefined;
    out[length++] = byte;
    run = byte === before ? run + 1 : 1;
    before = byte;
  }
  if (run === 4) throw missingNumber();
  return length;
}

/** The same, with the runs as they are. */
function writeBytes(rows: Int32Array, origin: number, text: Uint8Array): void {
  let row = rows[origin]! >>> 8;
  for (let i = 0; i < text.length; i++) {
    const cell = rows[row]!;
    text[i] = cell;
    row = cell >>> 8;
  }
}

function missingNumber(): Error {
  return damaged(WHAT, "a run has no length");
}
