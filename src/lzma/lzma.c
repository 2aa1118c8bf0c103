// LZMA, one symbol after the other (DOC/lzma-specification.txt of the LZMA SDK), and CRC-64, for WebAssembly. What is around it (LZMA2's chunks, xz) is in TypeScript.
//
// Whatever the data say, nothing outside this memory can be read or written, and run() looks at every distance; so it only has to be fast. That is: one function, whose
// variables stay in registers, and decisions that cannot be foreseen (the bits of all trees) without a jump. What is left then is the time from one bit to the next, so both
// probabilities that may come next are loaded before the bit is known, and one of them is chosen afterwards.
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
  // Copies run on for fewer bytes than these, by which the circle is larger than its dictionary: so what may be reached back into stays as it is.
  OVERRUN = 32,
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

// As the builtin for repeats wants it.
typedef signed char __attribute__((vector_size(16), aligned(1))) anyBytes;

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
// For each distance below 16: which of the bytes from there on the next 16 are like.
static u8 repeats[16][16];

extern u8 __heap_base;

EXPORT(input) u8 *inputAddress(void) { return input; }
EXPORT(window) u8 *window(void) { return (u8 *)(((u32)&__heap_base + 15) & ~15u); }
EXPORT(position) u32 position(void) { return at; }
EXPORT(code) u32 codeLeft(void) { return code; }
// Whether a match is not over yet.
EXPORT(isWithin) u32 isWithin(void) { return rest > 0; }
EXPORT(used) u32 used(void) { return next - input; }

// A circle needs OVERRUN bytes more than its dictionary.
EXPORT(open) void openWindow(u32 bytes, u32 reach) {
  size = bytes;
  dictionary = reach;
  at = done = isFull = 0;
  if (repeats[15][1] != 0) return;
  for (u32 distance = 1; distance < 16; distance++)
    for (u32 i = 0; i < 16; i++) repeats[distance][i] = i % distance;
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
    code = (u32)(code << 8 | *in++); \
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

// The compiler no longer knows what is in it.
#define HIDE(variable) __asm__("" : "+r"(variable))

// Without a jump: `zero` is all ones where the bit is 0; `value` is the probability, already loaded. The jump for a new byte is seldom taken, and costs less than going without
// it; that both ways multiply makes V8 choose `value` before, when fewer registers are taken. Each choice has a comparison of its own (CHOOSE the third one), since V8 makes a
// conditional move of a comparison that is used once, and a number in a register of one that is used twice.
#define DECIDE(probability) \
  bound = (range >> 11) * value; \
  if (range < 1u << 24) { \
    bound = (range >> 3) * value; \
    HIDE(bound); \
    range <<= 8; \
    code = (u32)(code << 8 | *in++); \
  } \
  difference = code - bound; \
  zero = (u32)(difference >> 63); \
  lowCode = (u32)code; \
  lowBound = (u32)bound; \
  HIDE(lowCode); \
  HIDE(lowBound); \
  probability = (u32)value - (u32)((int)((u32)value + (zero & (31u - FULL))) >> MOVE); \
  range = code < bound ? bound : range - bound; \
  code = difference < 0 ? code : (u64)difference;

#define CHOOSE(if0, if1) lowCode < lowBound ? (if0) : (if1)

// Hidden, since 2 * symbol + 1 becomes an `or` otherwise, which is no part of an address.
#define APPEND(symbol) \
  symbol = 2 * symbol + zero; \
  HIDE(symbol); \
  symbol += 1;

// One bit of a tree, of which `value` is the probability. Loads those of both bits that may follow; at the end of a special distance those are of something else, and not used.
#define STEP(tree, symbol) { \
  const u32 both = *(const any32 *)((tree) + 2 * symbol); \
  DECIDE((tree)[symbol]) \
  value = CHOOSE(both & 0xffff, both >> 16); \
  APPEND(symbol) }

#define LAST_STEP(tree, symbol) { \
  DECIDE((tree)[symbol]) \
  APPEND(symbol) }

#define STEPS_2(tree, symbol) STEP(tree, symbol) STEP(tree, symbol)
#define STEPS_5(tree, symbol) STEPS_2(tree, symbol) STEPS_2(tree, symbol) STEP(tree, symbol)

// A literal behind a match: as long as it is like the byte that the match would have gone on with, its bits have probabilities of their own, which are known before. So the jump is
// for the first bit that differs; `bits` are still to come, with this one.
#define MATCHED_STEP(bits) { \
  u16 *const twin = literals + 0x100 + (expected << (9 - bits) & 0x100) + (expected >> bits); \
  value = *twin; \
  DECIDE(*twin) \
  symbol = (expected >> bits) * 2 + 1 + zero; }

#define MATCHED(bits) \
  MATCHED_STEP(bits) \
  if (symbol != expected >> (bits - 1)) { \
    value = literals[symbol]; \
    goto differs##bits; \
  }

#define REVERSE(step, tree, symbol, weight) \
  step(tree, symbol) \
  distance += weight & ~zero;

// Makes `count` more bytes, which the circle has room for in one piece. `length` bytes of input are there; unless `isLast`, no symbol is begun that may need more.
EXPORT(run) u32 run(u32 length, u32 isLast, u32 count) {
  // All of it in registers. Two in 64 bits, so that the sign of their difference says which is more.
  u64 range_ = range, code_ = code;
  u32 state_ = state, rep0_ = rep0, rep1_ = rep1, rep2_ = rep2, rep3_ = rep3, at_ = at, done_ = done, left = rest;
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
  u32 result = REACHED, zero, lowCode, lowBound;
  u64 value, bound;
  i64 difference;
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
        value = literals[1];
      } else {
        state = state < 10 ? state - 3 : state - 6;
        const u32 expected = BACK(rep0) | 0x100;
        MATCHED(8) MATCHED(7) MATCHED(6) MATCHED(5) MATCHED(4) MATCHED(3) MATCHED(2) MATCHED_STEP(1)
        goto literal;
      }
      STEP(literals, symbol)
    differs8: STEP(literals, symbol)
    differs7: STEP(literals, symbol)
    differs6: STEP(literals, symbol)
    differs5: STEP(literals, symbol)
    differs4: STEP(literals, symbol)
    differs3: STEP(literals, symbol)
    differs2: LAST_STEP(literals, symbol)
    literal:
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
      value = tree[1];
      STEPS_2(tree, left) LAST_STEP(tree, left)
      left -= 8;
    BIT_1
      BIT_0(lengths + 1)
        u16 *const tree = lengths + MIDDLE + 8 * place;
        value = tree[1];
        STEPS_2(tree, left) LAST_STEP(tree, left)
      BIT_1
        u16 *const tree = lengths + HIGH;
        value = tree[1];
        STEPS_5(tree, left) STEPS_2(tree, left) LAST_STEP(tree, left)
        left -= 256 - 16;
      BIT_END
    BIT_END

    if (state >= NEW_DISTANCE) {
      u16 *const slots = probabilities + SLOTS + 64 * (left < 3 ? left : 3);
      u32 slot = 1;
      value = slots[1];
      STEPS_5(slots, slot) LAST_STEP(slots, slot)
      slot -= 64;
      u32 distance = slot;
      if (slot >= 4) {
        u32 bits = (slot >> 1) - 1, symbol = 1;
        distance = 2 | (slot & 1);
        if (slot < 14) {
          distance <<= bits;
          u16 *const tree = probabilities + SPECIAL + distance - slot;
          u32 weight = 1;
          value = tree[1];
          do {
            REVERSE(STEP, tree, symbol, weight)
            weight <<= 1;
          } while (--bits > 0);
        } else {
          for (bits -= 4; bits > 0; bits--) {
            NORMALIZE
            range >>= 1;
            code = (u32)(code - range);
            zero = 0 - ((u32)code >> 31);
            distance = (distance << 1) + zero + 1;
            code = (u32)(code + (range & zero));
          }
          distance <<= 4;
          u16 *const tree = probabilities + ALIGN;
          value = tree[1];
          REVERSE(STEP, tree, symbol, 1) REVERSE(STEP, tree, symbol, 2) REVERSE(STEP, tree, symbol, 4) REVERSE(LAST_STEP, tree, symbol, 8)
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
    if (at >= distance && at + here + OVERRUN <= size_) {
      u8 *to = window_ + at;
      const u8 *from = to - distance;
      u8 *const end = to + here;
      at += here;
      if (distance >= 16) {
        do {
          *(any128 *)to = *(const any128 *)from;
          *(any128 *)(to + 16) = *(const any128 *)(from + 16);
          to += 32;
          from += 32;
        } while (to < end);
      } else {
        const any128 repeated = (any128)__builtin_wasm_swizzle_i8x16(*(const anyBytes *)from, *(const anyBytes *)repeats[distance]);
        const u32 step = 16 - 16 % distance;
        do {
          *(any128 *)to = repeated;
          to += step;
        } while (to < end);
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
