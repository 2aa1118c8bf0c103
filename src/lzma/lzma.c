// LZMA, one symbol after the other (DOC/lzma-specification.txt of the LZMA SDK), and CRC-64, for WebAssembly. What is around it (LZMA2's chunks, xz) is in TypeScript.
//
// Whatever the data say, nothing outside this memory can be read or written, and run() looks at every distance; so it only has to be fast. That is: one function, whose
// variables stay in registers, and decisions that cannot be foreseen (literals, slots) without a jump.
//
// code.ts holds what scripts/wasm.mjs makes of this file.

#include "../bytes/wasm.h"

enum {
  INPUT = 1 << 16,
  // A symbol takes at most so many bytes; they may be read, and are looked at afterwards.
  SYMBOL = 32,
  HALF = 1024,
  FULL = 2048,
  MOVE = 5,
  STATES = 12,
  // Behind those states: the distance of the match is still to come.
  NEW_DISTANCE = STATES,
  MIN_MATCH = 2,
};

// Where the probabilities of each decision lie.
enum {
  IS_MATCH = 0,
  IS_REP = IS_MATCH + STATES * 16,
  IS_REP0 = IS_REP + STATES,
  IS_REP1 = IS_REP0 + STATES,
  IS_REP2 = IS_REP1 + STATES,
  IS_REP0_LONG = IS_REP2 + STATES,
  SLOTS = IS_REP0_LONG + STATES * 16, // four trees of 6 bits
  SPECIAL = SLOTS + 4 * 64,
  ALIGN = SPECIAL + 128,
  LENGTHS = ALIGN + 16,
  // Of one coder of lengths: two choices, 8 and 8 for each position state, 256.
  LOW = 2,
  MIDDLE = LOW + 8 * 16,
  HIGH = MIDDLE + 8 * 16,
  REP_LENGTHS = LENGTHS + HIGH + 256,
  LITERALS = REP_LENGTHS + HIGH + 256,
  MOST = LITERALS + (0x300 << 12), // lc up to 8, lp up to 4
};

// How a call of run() ended.
enum { REACHED, DAMAGED, END_MARK, WANTS_INPUT };

static u8 input[INPUT + SYMBOL];
static u16 probabilities[MOST];
static u32 range, code, state, rep0, rep1, rep2, rep3;
// Of a match: bytes that are still to be copied.
static u32 rest;
// The dictionary is a circle of `size` bytes, of which `dictionary` may be reached back into; `at` is where the next one goes.
static u32 size, dictionary, at;
// Bytes since the dictionary was empty, modulo 2^32; whether they fill it.
static u32 done, isFull;
static u32 literalBits, literalMask, positionMask;
static u8 *next;

extern u8 __heap_base;

EXPORT(input) u8 *inputAddress(void) { return input; }
EXPORT(window) u8 *window(void) { return (u8 *)(((u32)&__heap_base + 15) & ~15u); }
EXPORT(position) u32 position(void) { return at; }
EXPORT(code) u32 codeLeft(void) { return code; }
// Whether a match is not over yet.
EXPORT(isWithin) u32 isWithin(void) { return rest > 0; }
EXPORT(used) u32 used(void) { return next - input; }

// A circle needs some bytes more than its dictionary, since copies run on.
EXPORT(open) void openWindow(u32 bytes, u32 reach) {
  size = bytes;
  dictionary = reach;
  at = done = isFull = 0;
}

EXPORT(rewind) void rewindWindow(void) { at = 0; }
EXPORT(forget) void forget(void) { done = isFull = 0; }

EXPORT(reset) void reset(u32 lc, u32 lp, u32 pb) {
  literalBits = lc;
  literalMask = (1u << lp) - 1;
  positionMask = (1u << pb) - 1;
  u32 count = LITERALS + (0x300u << (lc + lp));
  for (u32 i = 0; i < count; i++) probabilities[i] = HALF;
  state = rep0 = rep1 = rep2 = rep3 = rest = 0;
}

// The range coder's first five bytes, of which the first is 0.
EXPORT(begin) u32 begin(void) {
  range = 0xffffffff;
  code = (u32)input[1] << 24 | (u32)input[2] << 16 | (u32)input[3] << 8 | input[4];
  next = input + 5;
  return input[0];
}

// What is left of the input moves to the front. How much that is.
EXPORT(shift) u32 shift(u32 length) {
  u32 left = input + length - next;
  for (u32 i = 0; i < left; i++) input[i] = next[i];
  next = input;
  return left;
}

// From `from` of the input on, as they are.
EXPORT(store) void store(u32 from, u32 length) {
  __builtin_memcpy(window() + at, input + from, length);
  if (done >= dictionary) isFull = 1; // before `done` can begin anew
  at += length;
  done += length;
}

#define NORMALIZE \
  if (range < 1u << 24) { \
    range <<= 8; \
    code = code << 8 | *in++; \
  }

// If the bit is 0: what follows in braces; then comes BIT_1.
#define BIT_0(probability) \
  p = (probability); \
  value = *p; \
  NORMALIZE \
  bound = (range >> 11) * value; \
  if (code < bound) { \
    range = bound; \
    *p = value + ((FULL - value) >> MOVE);

#define BIT_1 \
  } else { \
    range -= bound; \
    code -= bound; \
    *p = value - (value >> MOVE);

#define BIT_END }

// One bit of a tree, with a jump.
#define JUMP(tree, symbol) \
  BIT_0((tree) + symbol) symbol <<= 1; \
  BIT_1 symbol = symbol << 1 | 1; \
  BIT_END

// Without: `zero` is all ones where the bit is 0.
#define DECIDE(probability) \
  p = (probability); \
  value = *p; \
  NORMALIZE \
  bound = (range >> 11) * value; \
  zero = -(u32)(code < bound); \
  range -= bound; \
  range = (range & ~zero) | (bound & zero); \
  code -= bound & ~zero; \
  *p = value - (u32)((int)(value + (zero & (31u - FULL))) >> MOVE);

#define STEP(tree, symbol) \
  DECIDE((tree) + symbol) \
  symbol = (symbol << 1) + 1 + zero;

// A literal behind a match: as long as it is like the byte that the match would have gone on with, its bits have probabilities of their own.
#define MATCHED_STEP \
  expected <<= 1; \
  bit = same; \
  same &= expected; \
  BIT_0(literals + same + bit + symbol) symbol <<= 1; \
  same ^= bit; \
  BIT_1 symbol = symbol << 1 | 1; \
  BIT_END

#define REVERSE_STEP(tree, symbol, weight) \
  BIT_0((tree) + symbol) symbol <<= 1; \
  BIT_1 symbol = symbol << 1 | 1; \
  distance += weight; \
  BIT_END

// Makes `count` more bytes, which the circle has room for in one piece. `length` bytes of input are there; unless `isLast`, no symbol is begun that may need more.
EXPORT(run) u32 run(u32 length, u32 isLast, u32 count) {
  // All of it in registers.
  u32 range_ = range, code_ = code, state_ = state, rep0_ = rep0, rep1_ = rep1, rep2_ = rep2, rep3_ = rep3, at_ = at, done_ = done, left = rest;
  const u32 size_ = size, dictionary_ = dictionary, lc = literalBits, lpMask = literalMask, pbMask = positionMask;
  u8 *in = next;
  u8 *const window_ = window();
#define range range_
#define code code_
#define state state_
#define rep0 rep0_
#define rep1 rep1_
#define rep2 rep2_
#define rep3 rep3_
#define at at_
#define done done_
#define BACK(distance) window_[at - (distance) - 1 + (at > (distance) ? 0 : size_)]
  u8 *const last = input + length - (isLast ? 0 : SYMBOL);
  const u32 limit = at + count;
  if (done >= dictionary_) isFull = 1; // before `done` can begin anew
  const u32 isFull_ = isFull;
  u32 result = REACHED, value, bound, zero;
  u16 *p;
  if (left > 0) goto copy;
  while (at < limit) {
    if (in > last) {
      result = WANTS_INPUT;
      break;
    }
    const u32 place = done & pbMask;
    u16 *lengths;
    BIT_0(probabilities + IS_MATCH + (state << 4) + place)
      const u32 before = done == 0 && !isFull_ ? 0 : BACK(0);
      u16 *const literals = probabilities + LITERALS + 0x300 * (((done & lpMask) << lc) + (before >> (8 - lc)));
      u32 symbol = 1;
      if (state < 7) {
        state = state < 4 ? 0 : state - 3;
        STEP(literals, symbol) STEP(literals, symbol) STEP(literals, symbol) STEP(literals, symbol)
        STEP(literals, symbol) STEP(literals, symbol) STEP(literals, symbol) STEP(literals, symbol)
      } else {
        state = state < 10 ? state - 3 : state - 6;
        u32 expected = BACK(rep0), same = 0x100, bit;
        MATCHED_STEP MATCHED_STEP MATCHED_STEP MATCHED_STEP MATCHED_STEP MATCHED_STEP MATCHED_STEP MATCHED_STEP
      }
      window_[at++] = symbol;
      done++;
      continue;
    BIT_1 BIT_END
    BIT_0(probabilities + IS_REP + state)
      state += NEW_DISTANCE;
      lengths = probabilities + LENGTHS;
    BIT_1
      if (done == 0 && !isFull_) {
        result = DAMAGED;
        break;
      }
      BIT_0(probabilities + IS_REP0 + state)
        BIT_0(probabilities + IS_REP0_LONG + (state << 4) + place)
          if (rep0 >= dictionary_ || (rep0 >= done && !isFull_)) {
            result = DAMAGED;
            break;
          }
          window_[at] = BACK(rep0);
          at++;
          done++;
          state = state < 7 ? 9 : 11;
          continue;
        BIT_1 BIT_END
      BIT_1
        u32 found;
        BIT_0(probabilities + IS_REP1 + state)
          found = rep1;
        BIT_1
          BIT_0(probabilities + IS_REP2 + state)
            found = rep2;
          BIT_1
            found = rep3;
            rep3 = rep2;
          BIT_END
          rep2 = rep1;
        BIT_END
        rep1 = rep0;
        rep0 = found;
      BIT_END
      state = state < 7 ? 8 : 11;
      lengths = probabilities + REP_LENGTHS;
    BIT_END

    left = 1;
    BIT_0(lengths)
      u16 *const tree = lengths + LOW + 8 * place;
      JUMP(tree, left) JUMP(tree, left) JUMP(tree, left)
      left -= 8;
    BIT_1
      BIT_0(lengths + 1)
        u16 *const tree = lengths + MIDDLE + 8 * place;
        JUMP(tree, left) JUMP(tree, left) JUMP(tree, left)
      BIT_1
        u16 *const tree = lengths + HIGH;
        JUMP(tree, left) JUMP(tree, left) JUMP(tree, left) JUMP(tree, left) JUMP(tree, left) JUMP(tree, left) JUMP(tree, left) JUMP(tree, left)
        left -= 256 - 16;
      BIT_END
    BIT_END

    if (state >= NEW_DISTANCE) {
      u16 *const slots = probabilities + SLOTS + 64 * (left < 3 ? left : 3);
      u32 slot = 1;
      STEP(slots, slot) STEP(slots, slot) STEP(slots, slot) STEP(slots, slot) STEP(slots, slot) STEP(slots, slot)
      slot -= 64;
      u32 distance = slot;
      if (slot >= 4) {
        u32 bits = (slot >> 1) - 1, symbol = 1;
        distance = 2 | (slot & 1);
        if (slot < 14) {
          distance <<= bits;
          u16 *const tree = probabilities + SPECIAL + distance - slot;
          u32 weight = 1;
          do {
            REVERSE_STEP(tree, symbol, weight)
            weight <<= 1;
          } while (--bits > 0);
        } else {
          for (bits -= 4; bits > 0; bits--) {
            NORMALIZE
            range >>= 1;
            code -= range;
            zero = 0 - (code >> 31);
            distance = (distance << 1) + zero + 1;
            code += range & zero;
          }
          distance <<= 4;
          u16 *const tree = probabilities + ALIGN;
          REVERSE_STEP(tree, symbol, 1) REVERSE_STEP(tree, symbol, 2) REVERSE_STEP(tree, symbol, 4) REVERSE_STEP(tree, symbol, 8)
          if (distance == 0xffffffff) {
            left = 0;
            state -= NEW_DISTANCE;
            result = END_MARK;
            break;
          }
        }
      }
      rep3 = rep2;
      rep2 = rep1;
      rep1 = rep0;
      rep0 = distance;
      state = state < NEW_DISTANCE + 7 ? 7 : 10;
    }
    if (rep0 >= dictionary_ || (rep0 >= done && !isFull_)) {
      result = DAMAGED;
      break;
    }
    left += MIN_MATCH;

  copy:;
    u32 here = limit - at;
    if (here > left) here = left;
    left -= here;
    done += here;
    const u32 distance = rep0 + 1;
    if (at >= distance && at + here + 16 <= size_) {
      u8 *to = window_ + at;
      const u8 *from = to - distance;
      u8 *const end = to + here;
      at += here;
      if (distance >= 16) {
        do {
          *(any128 *)to = *(const any128 *)from;
          to += 16;
          from += 16;
        } while (to < end);
      } else if (distance >= 8) {
        do {
          *(any64 *)to = *(const any64 *)from;
          to += 8;
          from += 8;
        } while (to < end);
      } else {
        do *to++ = *from++;
        while (to < end);
      }
    } else {
      u32 from = at - distance + (at < distance ? size_ : 0);
      do {
        window_[at++] = window_[from++];
        if (from == size_) from = 0;
      } while (--here > 0);
    }
  }
  if (in <= input + length) { NORMALIZE } // the encoder has done so as well
#undef range
#undef code
#undef state
#undef rep0
#undef rep1
#undef rep2
#undef rep3
#undef at
#undef done
  range = range_;
  code = code_;
  state = state_;
  rep0 = rep0_;
  rep1 = rep1_;
  rep2 = rep2_;
  rep3 = rep3_;
  at = at_;
  done = done_;
  rest = left;
  next = in;
  return result;
}

// CRC-64 of xz (its section 6): ECMA-182, bits reversed; eight bytes at once.
static u64 crcTables[8][256];
static u64 crc;

EXPORT(crc64Begin) void crc64Begin(void) {
  crc = ~0ull;
  if (crcTables[0][1] != 0) return;
  for (u32 byte = 0; byte < 256; byte++) {
    u64 sum = byte;
    for (u32 bit = 0; bit < 8; bit++) sum = sum >> 1 ^ (sum & 1 ? 0xc96c5795d7870f42 : 0);
    crcTables[0][byte] = sum;
  }
  for (u32 row = 1; row < 8; row++)
    for (u32 byte = 0; byte < 256; byte++) crcTables[row][byte] = crcTables[row - 1][byte] >> 8 ^ crcTables[0][crcTables[row - 1][byte] & 0xff];
}

// Of the circle.
EXPORT(crc64) void crc64(u32 from, u32 length) {
  const u8 *byte = window() + from, *const end = byte + length;
  u64 sum = crc;
  for (; end - byte >= 8; byte += 8) {
    sum ^= *(const any64 *)byte;
    sum = crcTables[7][sum & 0xff] ^ crcTables[6][sum >> 8 & 0xff] ^ crcTables[5][sum >> 16 & 0xff] ^ crcTables[4][sum >> 24 & 0xff]
      ^ crcTables[3][sum >> 32 & 0xff] ^ crcTables[2][sum >> 40 & 0xff] ^ crcTables[1][sum >> 48 & 0xff] ^ crcTables[0][sum >> 56];
  }
  while (byte < end) sum = sum >> 8 ^ crcTables[0][(sum ^ *byte++) & 0xff];
  crc = sum;
}

EXPORT(crc64End) u64 crc64End(void) { return ~crc; }
