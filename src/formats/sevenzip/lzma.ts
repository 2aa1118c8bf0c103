/**
 * LZMA (DOC/lzma-specification.txt of the LZMA SDK), for what is small: the header of a 7z is packed with it, and to start the engine takes longer than to
 * decode that here. One function, so that the state of the range decoder stays in the registers of the machine.
 */
import { UnzipxError } from "../../errors.ts";

const PROBABILITY_BITS = 11;
const HALF = 1 << (PROBABILITY_BITS - 1);
const MOVE = 5;
/** Of a range below 2^24 another byte is taken in. */
const TOP = 2 ** 24;
const STATES = 12;
const MAX_POSITION_STATES = 16;
const MIN_MATCH = 2;
const LONG_SLOT = 14;
const ALIGN_BITS = 4;

// Where the probabilities of each decision lie.
const IS_MATCH = 0;
const IS_REP = IS_MATCH + STATES * MAX_POSITION_STATES;
const IS_REP0 = IS_REP + STATES;
const IS_REP1 = IS_REP0 + STATES;
const IS_REP2 = IS_REP1 + STATES;
const IS_REP0_LONG = IS_REP2 + STATES;
const SLOTS = IS_REP0_LONG + STATES * MAX_POSITION_STATES; // four trees of 6 bits
const SPECIAL = SLOTS + 4 * 64;
const ALIGN = SPECIAL + 128;
const LENGTHS = ALIGN + (1 << ALIGN_BITS);
/** Of one coder of lengths: two choices, 8 and 8 for each position state, 256. */
const [LOW, MIDDLE, HIGH] = [2, 2 + 8 * MAX_POSITION_STATES, 2 + 16 * MAX_POSITION_STATES];
const LENGTH_SIZE = HIGH + 256;
const REP_LENGTHS = LENGTHS + LENGTH_SIZE;
const LITERALS = REP_LENGTHS + LENGTH_SIZE;

/** Exactly `size` bytes. `properties`: lc, lp and pb in one byte, and 4 the size of the dictionary, which is not needed: all that came out is kept. Throws BAD_DATA. */
export function decodeLzma(properties: Uint8Array, packed: Uint8Array, size: number): Uint8Array {
  const code0 = properties[0] ?? 0xff;
  if (properties.length !== 5 || code0 >= 9 * 5 * 5 || packed.length < 5 || packed[0] !== 0) throw damaged();
  const literalBits = code0 % 9;
  const literalMask = (1 << (Math.floor(code0 / 9) % 5)) - 1;
  const positionMask = (1 << Math.floor(code0 / 45)) - 1;
  const out = new Uint8Array(size);
  const probabilities = new Uint16Array(LITERALS + (0x300 << (literalBits + Math.floor(code0 / 9) % 5))).fill(HALF);
  let range = 0xffffffff;
  let code = ((packed[1]! << 24) | (packed[2]! << 16) | (packed[3]! << 8) | packed[4]!) >>> 0;
  let next = 5;

  const bit = (index: number): 0 | 1 => {
    const probability = probabilities[index]!;
    const bound = (range >>> PROBABILITY_BITS) * probability;
    let found: 0 | 1 = 0;
    if (code < bound) {
      range = bound;
      probabilities[index] = probability + ((2 * HALF - probability) >> MOVE);
    } else {
      range -= bound;
      code -= bound;
      probabilities[index] = probability - (probability >> MOVE);
      found = 1;
    }
    if (range < TOP) {
      range = (range << 8) >>> 0;
      code = ((code << 8) | (packed[next++] ?? 0)) >>> 0; // what is missing is found out at the end
    }
    return found;
  };
  const tree = (at: number, bits: number): number => {
    let symbol = 1;
    for (let i = 0; i < bits; i++) symbol = (symbol << 1) | bit(at + symbol);
    return symbol - (1 << bits);
  };
  const reverseTree = (at: number, bits: number): number => {
    let [symbol, value] = [1, 0];
    for (let i = 0; i < bits; i++) {
      const found = bit(at + symbol);
      symbol = (symbol << 1) | found;
      value |= found << i;
    }
    return value;
  };
  const direct = (bits: number): number => {
    let value = 0;
    for (let i = 0; i < bits; i++) {
      range >>>= 1;
      const found = code >= range ? 1 : 0;
      if (found === 1) code -= range;
      value = value * 2 + found;
      if (range < TOP) {
        range = (range << 8) >>> 0;
        code = ((code << 8) | (packed[next++] ?? 0)) >>> 0;
      }
    }
    return value;
  };
  const lengthOf = (at: number, positionState: number): number => {
    if (bit(at) === 0) return tree(at + LOW + 8 * positionState, 3);
    if (bit(at + 1) === 0) return 8 + tree(at + MIDDLE + 8 * positionState, 3);
    return 16 + tree(at + HIGH, 8);
  };
  const distanceOf = (length: number): number => {
    const slot = tree(SLOTS + 64 * Math.min(length, 3), 6);
    if (slot < 4) return slot;
    const bits = (slot >> 1) - 1;
    const base = (2 | (slot & 1)) * 2 ** bits;
    if (slot < LONG_SLOT) return base + reverseTree(SPECIAL + base - slot, bits);
    return base + direct(bits - ALIGN_BITS) * (1 << ALIGN_BITS) + reverseTree(ALIGN, ALIGN_BITS);
  };

  let state = 0;
  let [rep0, rep1, rep2, rep3] = [0, 0, 0, 0];
  let at = 0;
  while (at < size) {
    const positionState = at & positionMask;
    if (bit(IS_MATCH + state * MAX_POSITION_STATES + positionState) === 0) {
      const before = at === 0 ? 0 : out[at - 1]!;
      const literals = LITERALS + 0x300 * (((at & literalMask) << literalBits) + (before >> (8 - literalBits)));
      let symbol = 1;
      if (state >= 7) {
        let match = out[at - rep0 - 1]!;
        while (symbol < 0x100) {
          const expected = (match >> 7) & 1;
          match <<= 1;
          const found = bit(literals + ((1 + expected) << 8) + symbol);
          symbol = (symbol << 1) | found;
          if (found !== expected) break;
        }
      }
      while (symbol < 0x100) symbol = (symbol << 1) | bit(literals + symbol);
      out[at++] = symbol;
      state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
      continue;
    }
    let length: number;
    if (bit(IS_REP + state) === 0) {
      [rep3, rep2, rep1] = [rep2, rep1, rep0];
      length = lengthOf(LENGTHS, positionState);
      rep0 = distanceOf(length);
      state = state < 7 ? 7 : 10;
    } else {
      if (bit(IS_REP0 + state) === 0) {
        if (bit(IS_REP0_LONG + state * MAX_POSITION_STATES + positionState) === 0) {
          if (rep0 >= at) throw damaged();
          out[at] = out[at - rep0 - 1]!;
          at += 1;
          state = state < 7 ? 9 : 11;
          continue;
        }
      } else if (bit(IS_REP1 + state) === 0) {
        [rep0, rep1] = [rep1, rep0];
      } else if (bit(IS_REP2 + state) === 0) {
        [rep0, rep1, rep2] = [rep2, rep0, rep1];
      } else {
        [rep0, rep1, rep2, rep3] = [rep3, rep0, rep1, rep2];
      }
      length = lengthOf(REP_LENGTHS, positionState);
      state = state < 7 ? 8 : 11;
    }
    length += MIN_MATCH;
    // Also the distance that marks the end, which is not used where the size is known.
    if (rep0 >= at || length > size - at) throw damaged();
    for (const end = at + length; at < end; at++) out[at] = out[at - rep0 - 1]!;
  }
  if (next > packed.length) throw damaged();
  return out;
}

function damaged(): UnzipxError {
  return new UnzipxError("BAD_DATA", "Cannot read the header of the archive: its compressed data is damaged");
}
