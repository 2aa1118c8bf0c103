// The blocks of zstd frames (RFC 8878), for WebAssembly. What is around them (frames, block headers, sizes) is in TypeScript.
//
// Whatever the data say, nothing outside this memory can be read or written. Within it, reads may run some bytes over the ends of what they are about, which have room for that;
// what is read there is never made use of: whoever took more bits than there were is told so before he gives anything. Lengths and distances are looked at before they are followed.
//
// code.ts holds what scripts/wasm.mjs makes of this file.

#include "../bytes/wasm.h"
#include "sum.h"

// Copies are of any128, two steps of 8 bytes: -msimd128, which not every processor has, was no faster.
#define LIKELY(condition) __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

enum {
  BLOCK = 128 * 1024, // 3.1.1.2.3
  // Copies go on, and bits are read, for so many bytes at most in front of or behind what they are about.
  SLACK = 64,
  HUFFMAN_LOG = 11, // 4.2.1
  WEIGHTS_LOG = 6,
  STREAMS_MINIMUM = 6, // of content: less is not in four streams
};

// What does not decode, instead of a length.
static const u32 DAMAGED = ~0u;

static u8 paddedInput[SLACK + BLOCK + SLACK];
static u8 *const input = paddedInput + SLACK;
static u8 literals[BLOCK + SLACK];

extern u8 __heap_base;

EXPORT(input) u8 *inputAddress(void) { return input; }
EXPORT(window) u8 *window(void) { return (u8 *)(((u32)&__heap_base + 15) & ~15u); }

static u32 highestBit(u32 value) { return 31 - __builtin_clz(value); }

// A bitstream that is read backwards (4.1): its bits in front of the place where it is, of which the highest is the next one. Below 0 more were taken than there are.
typedef struct {
  const u8 *start;
  int left;
} Bits;

// The last byte's highest bit that is set marks the end. Whether there is one.
static u32 beginBits(Bits *bits, const u8 *start, u32 length) {
  if (length == 0 || start[length - 1] == 0) return 0;
  bits->start = start;
  bits->left = 8 * (length - 1) + highestBit(start[length - 1]);
  return 1;
}

// The next 56 bits at least, from the highest bit of the word down.
#define WORD(start, left) (*(const any64 *)((start) + ((left) >> 3) - 7) << (8 - ((left)&7)))

// Up to 56 bits.
static u32 takeBits(Bits *bits, u32 count) {
  u32 value = WORD(bits->start, bits->left) >> 1 >> (63 - count);
  bits->left -= count;
  return value;
}

// FSE (4.1).

// A state stands for a symbol, and says which bits lead to the next one. For sequences the symbol is a code: a number that it begins at, and how many bits to add.
typedef struct {
  u32 base;
  u8 extra;
  u8 bits;
  u16 next;
} State;

typedef struct {
  const State *states; // 0: none so far
  u32 log;
} Table;

enum { LITERAL_LENGTHS, OFFSETS, MATCH_LENGTHS, WEIGHTS };
enum { SYMBOLS = 256, STATES = 512 };

// The highest symbol, and the highest accuracy log, of each kind.
static const u8 highestSymbols[] = {35, 31, 52, 255};
static const u8 highestLogs[] = {9, 8, 9, WEIGHTS_LOG};

static short probabilities[SYMBOLS];

// 4.1.1. The length of the description, of which `length` bytes are there; `symbols` is set to how many there are.
static u32 readProbabilities(const u8 *in, u32 length, u32 kind, u32 *symbols, u32 *log) {
  u32 at = 4, symbol = 0;
  if (length == 0) return DAMAGED;
  *log = (in[0] & 15) + 5;
  if (*log > highestLogs[kind]) return DAMAGED;
  int left = 1 << *log;
  while (left > 0) {
    if (symbol > highestSymbols[kind] || at > 8 * length) return DAMAGED;
    // A number from 0 to left + 1; the lowest of them are a bit shorter.
    const u32 bits = highestBit(left + 1) + 1, low = (1u << (bits - 1)) - 1, shorter = (1u << bits) - 2 - left;
    u32 value = *(const any32 *)(in + (at >> 3)) >> (at & 7) & (2 * low + 1);
    at += bits;
    if ((value & low) < shorter) {
      value &= low;
      at--;
    } else if (value > low) value -= shorter;
    const int probability = (int)value - 1; // -1: less than 1
    left -= probability < 0 ? 1 : probability;
    probabilities[symbol++] = probability;
    if (probability != 0) continue;
    for (u32 zeros = 3; zeros == 3;) {
      if (at > 8 * length) return DAMAGED;
      zeros = in[at >> 3] >> (at & 7);
      if ((at & 7) == 7) zeros |= in[(at >> 3) + 1] << 1;
      zeros &= 3;
      at += 2;
      if (symbol + zeros > (u32)highestSymbols[kind] + 1) return DAMAGED;
      for (u32 i = 0; i < zeros; i++) probabilities[symbol++] = 0;
    }
  }
  *symbols = symbol;
  return at > 8 * length ? DAMAGED : (at + 7) >> 3;
}

// 3.1.1.3.2.1.1: how many bits the codes of lengths add; each code begins where the one before it ends.
static const u8 literalLengthBits[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
static const u8 matchLengthBits[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                     0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
static u32 literalLengthBases[36], matchLengthBases[53];
static const u32 MIN_MATCH = 3;

static State meaning(u32 kind, u32 symbol) {
  switch (kind) {
    case LITERAL_LENGTHS: return (State){literalLengthBases[symbol], literalLengthBits[symbol], 0, 0};
    case MATCH_LENGTHS: return (State){matchLengthBases[symbol], matchLengthBits[symbol], 0, 0};
    // 3.1.1.5: values of up to 3 are repeat offsets; of others 3 is taken away.
    case OFFSETS: return (State){(1u << symbol) - (symbol > 1 ? 3 : 0), symbol, 0, 0};
    default: return (State){symbol, 0, 0, 0};
  }
}

// 4.1.1, from the probabilities.
static void buildTable(State *states, u32 kind, u32 symbols, u32 log) {
  static u8 spread[STATES];
  static u16 nexts[SYMBOLS];
  const u32 size = 1u << log, step = (size >> 1) + (size >> 3) + 3;
  u32 high = size;
  for (u32 symbol = 0; symbol < symbols; symbol++) {
    nexts[symbol] = probabilities[symbol] < 0 ? 1 : probabilities[symbol];
    if (probabilities[symbol] < 0) spread[--high] = symbol;
  }
  for (u32 symbol = 0, at = 0; symbol < symbols; symbol++) {
    for (int i = 0; i < probabilities[symbol]; i++) {
      spread[at] = symbol;
      do at = (at + step) & (size - 1);
      while (at >= high);
    }
  }
  for (u32 i = 0; i < size; i++) {
    const u32 next = nexts[spread[i]]++;
    states[i] = meaning(kind, spread[i]);
    states[i].bits = log - highestBit(next);
    states[i].next = (next << states[i].bits) - size;
  }
}

// The Huffman tree of literals (4.2): a byte of code, of which the lower bits are the symbol's, to the symbol << 8 and its bits.
static u16 huffman[1 << HUFFMAN_LOG];
static u32 hasHuffman;
static u8 weights[SYMBOLS];

// 4.2.1.2. How many weights there are, except for the last one, which is not told.
static u32 readWeights(const u8 *in, u32 length) {
  static State states[1 << WEIGHTS_LOG];
  u32 symbols, log, count = 0;
  const u32 header = readProbabilities(in, length, WEIGHTS, &symbols, &log);
  if (header == DAMAGED) return DAMAGED;
  buildTable(states, WEIGHTS, symbols, log);
  Bits bits;
  if (!beginBits(&bits, in + header, length - header)) return DAMAGED;
  u32 one = takeBits(&bits, log), other = takeBits(&bits, log);
  if (bits.left < 0) return DAMAGED;
  // Two states take turns; where the bits of one are not there any more, the other one has the last word.
  while (bits.left >= 0) {
    if (count > SYMBOLS - 3) return DAMAGED;
    const State state = states[one];
    weights[count++] = state.base;
    one = other;
    other = state.next + takeBits(&bits, state.bits);
  }
  weights[count++] = states[one].base;
  return count;
}

// 4.2.1. The length of the description, of which `length` bytes are there at most.
static u32 readTree(const u8 *in, u32 length) {
  if (length == 0) return DAMAGED;
  u32 size = in[0], count;
  if (size < 128) {
    if (size >= length) return DAMAGED;
    count = readWeights(in + 1, size);
    if (count == DAMAGED) return DAMAGED;
  } else {
    count = size - 127;
    size = (count + 1) / 2;
    if (size >= length) return DAMAGED;
    for (u32 i = 0; i < count; i++) weights[i] = in[1 + i / 2] >> (i & 1 ? 0 : 4) & 15;
  }
  // What the last weight leaves is a power of two.
  u32 sum = 0, starts[HUFFMAN_LOG + 2] = {0};
  for (u32 i = 0; i < count; i++) {
    if (weights[i] > HUFFMAN_LOG) return DAMAGED;
    sum += weights[i] == 0 ? 0 : 1u << (weights[i] - 1);
    starts[weights[i]]++;
  }
  if (sum == 0 || sum >= 1u << HUFFMAN_LOG) return DAMAGED;
  const u32 log = highestBit(sum) + 1, rest = (1u << log) - sum;
  if ((rest & (rest - 1)) != 0) return DAMAGED;
  weights[count] = highestBit(rest) + 1;
  starts[weights[count++]]++;
  // As the reference decoder has it: the longest codes come in pairs, and there are some.
  if (starts[1] < 2) return DAMAGED;
  // From the longest codes to the shortest, in the order of the symbols. Shorter trees are made as deep as the deepest one, so that a code always is as many bits.
  for (u32 weight = 1, at = 0; weight <= HUFFMAN_LOG; weight++) {
    const u32 here = starts[weight];
    starts[weight] = at;
    at += here << (weight - 1 + HUFFMAN_LOG - log);
  }
  for (u32 symbol = 0; symbol < count; symbol++) {
    const u32 weight = weights[symbol];
    if (weight == 0) continue;
    const u32 cells = 1u << (weight - 1 + HUFFMAN_LOG - log);
    const u16 entry = symbol << 8 | (log + 1 - weight);
    for (u32 i = 0; i < cells; i++) huffman[starts[weight] + i] = entry;
    starts[weight] += cells;
  }
  hasHuffman = 1;
  return 1 + size;
}

// Five codes of 11 bits are 55: so many are in a word beside a mark, whose place tells how many were taken.
enum { AT_ONCE = 5 };
#define LOAD(i) \
  const u32 shift##i = 8 - (left##i & 7); \
  u64 word##i = (*(const any64 *)(start##i + (left##i >> 3) - 7) | 1) << shift##i;
#define CODE(i, at) \
  entry = huffman[word##i >> (64 - HUFFMAN_LOG)]; \
  word##i <<= entry & 0xff; \
  out##i[at] = entry >> 8;
#define STEP(at) CODE(0, at) CODE(1, at) CODE(2, at) CODE(3, at)
#define DONE(i) \
  left##i -= __builtin_ctzll(word##i) - shift##i; \
  out##i += AT_ONCE;

// What is left of one stream, and has to end with it. Whether it did.
static u32 decodeRest(Bits bits, u8 *out, u8 *end) {
  const u8 *const start0 = bits.start;
  int left0 = bits.left;
  u8 *out0 = out;
  u32 entry;
  while (end - out0 >= AT_ONCE && left0 >= 0) {
    LOAD(0)
    CODE(0, 0) CODE(0, 1) CODE(0, 2) CODE(0, 3) CODE(0, 4)
    DONE(0)
  }
  while (out0 < end && left0 >= 0) {
    entry = huffman[WORD(start0, left0) >> (64 - HUFFMAN_LOG)];
    left0 -= entry & 0xff;
    *out0++ = entry >> 8;
  }
  return out0 == end && left0 == 0;
}

// 3.1.1.3.1.6: four streams, side by side, so that the processor need not wait for each of them. Whether all of them ended where they should.
static u32 decodeFour(const u8 *in, u32 length, u32 size) {
  if (length < 6 || size < STREAMS_MINIMUM) return 0;
  const u32 part = (size + 3) / 4;
  const u32 length0 = *(const any16 *)in, length1 = *(const any16 *)(in + 2), length2 = *(const any16 *)(in + 4);
  if (length0 + length1 + length2 + 6 > length || 3 * part > size) return 0;
  Bits bits0, bits1, bits2, bits3;
  const u8 *at = in + 6;
  if (!beginBits(&bits0, at, length0) || !beginBits(&bits1, at + length0, length1) || !beginBits(&bits2, at + length0 + length1, length2)
      || !beginBits(&bits3, at + length0 + length1 + length2, length - 6 - length0 - length1 - length2))
    return 0;
  const u8 *const start0 = bits0.start, *const start1 = bits1.start, *const start2 = bits2.start, *const start3 = bits3.start;
  int left0 = bits0.left, left1 = bits1.left, left2 = bits2.left, left3 = bits3.left;
  u8 *out0 = literals, *out1 = literals + part, *out2 = out1 + part, *out3 = out2 + part;
  u32 entry;
  // The last one is the shortest.
  for (u32 rounds = (size - 3 * part) / AT_ONCE; rounds > 0 && (left0 | left1 | left2 | left3) >= 0; rounds--) {
    LOAD(0) LOAD(1) LOAD(2) LOAD(3)
    STEP(0) STEP(1) STEP(2) STEP(3) STEP(4)
    DONE(0) DONE(1) DONE(2) DONE(3)
  }
  return decodeRest((Bits){start0, left0}, out0, literals + part) && decodeRest((Bits){start1, left1}, out1, literals + 2 * part)
    && decodeRest((Bits){start2, left2}, out2, literals + 3 * part) && decodeRest((Bits){start3, left3}, out3, literals + size);
}

static const u8 *literal, *literalsEnd;

enum { RAW, RLE, COMPRESSED, TREELESS };

// 3.1.1.3.1. The length of the section.
static u32 readLiterals(const u8 *in, u32 length, u32 most) {
  if (length == 0) return DAMAGED;
  const u32 type = in[0] & 3, format = in[0] >> 2 & 3;
  const u64 fields = *(const any64 *)in;
  u32 header, size;
  literal = literals;
  if (type == RAW || type == RLE) {
    header = format == 3 ? 3 : format == 1 ? 2 : 1;
    if (header > length) return DAMAGED;
    size = (fields & ((1u << 8 * header) - 1)) >> (header == 1 ? 3 : 4);
    const u32 packed = type == RLE ? 1 : size;
    if (size > most || packed > length - header) return DAMAGED;
    if (type == RLE) __builtin_memset(literals, in[header], size);
    else literal = in + header;
    literalsEnd = literal + size;
    return header + packed;
  }
  header = format == 3 ? 5 : format == 2 ? 4 : 3;
  const u32 bits = format == 3 ? 18 : format == 2 ? 14 : 10, mask = (1u << bits) - 1;
  if (header > length) return DAMAGED;
  size = fields >> 4 & mask;
  const u32 packed = fields >> (4 + bits) & mask;
  if (size > most || packed > length - header) return DAMAGED;
  u32 tree = 0;
  if (type == COMPRESSED) {
    tree = readTree(in + header, packed);
    if (tree == DAMAGED) return DAMAGED;
  } else if (!hasHuffman) return DAMAGED;
  const u8 *const streams = in + header + tree;
  if (format == 0) {
    Bits only;
    if (!beginBits(&only, streams, packed - tree) || !decodeRest(only, literals, literals + size)) return DAMAGED;
  } else if (!decodeFour(streams, packed - tree, size)) return DAMAGED;
  literalsEnd = literals + size;
  return header + packed;
}

// Sequences.

static State own[3][STATES], predefined[3][64];
static Table tables[3];

// 3.1.1.3.2.2: the tables that need no description.
static const u8 predefinedLogs[] = {6, 5, 6};
static const signed char predefinedProbabilities[3][53] = {
  {4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1},
  {1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1},
  {1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1},
};

EXPORT(prepare) void prepare(void) {
  for (u32 code = 0, base = 0; code < sizeof literalLengthBits; base += 1u << literalLengthBits[code++]) literalLengthBases[code] = base;
  for (u32 code = 0, base = MIN_MATCH; code < sizeof matchLengthBits; base += 1u << matchLengthBits[code++]) matchLengthBases[code] = base;
  for (u32 kind = 0; kind < 3; kind++) {
    for (u32 symbol = 0; symbol < 53; symbol++) probabilities[symbol] = predefinedProbabilities[kind][symbol];
    buildTable(predefined[kind], kind, kind == OFFSETS ? 29 : highestSymbols[kind] + 1u, predefinedLogs[kind]);
  }
}

enum { PREDEFINED, ONE_SYMBOL, DESCRIBED, REPEATED };

// The length of what tells of it; `mode` is 3.1.1.3.2.1's.
static u32 readTable(const u8 *in, u32 length, u32 kind, u32 mode) {
  Table *const table = tables + kind;
  switch (mode) {
    case PREDEFINED:
      *table = (Table){predefined[kind], predefinedLogs[kind]};
      return 0;
    case ONE_SYMBOL:
      if (length == 0 || in[0] > highestSymbols[kind]) return DAMAGED;
      own[kind][0] = meaning(kind, in[0]);
      *table = (Table){own[kind], 0};
      return 1;
    case DESCRIBED: {
      u32 symbols, log;
      const u32 header = readProbabilities(in, length, kind, &symbols, &log);
      if (header == DAMAGED) return DAMAGED;
      buildTable(own[kind], kind, symbols, log);
      *table = (Table){own[kind], log};
      return header;
    }
    default: return table->states == 0 ? DAMAGED : 0;
  }
}

// Distances of the matches before (3.1.1.5).
static u32 repeat1, repeat2, repeat3;
// How far back matches may reach. The window is a circle: where it began anew, `lap` bytes lie in front of its beginning, and those at their end still count; else 0.
static u32 reach, lap;

// A frame begins, at the beginning of the circle.
EXPORT(open) void openFrame(u32 bytes) {
  reach = bytes;
  lap = hasHuffman = 0;
  repeat1 = 1;
  repeat2 = 4;
  repeat3 = 8;
  for (u32 kind = 0; kind < 3; kind++) tables[kind].states = 0;
}

EXPORT(wrap) void wrap(u32 length) { lap = length; }

// At least 16 bytes, in steps of that.
static inline void copyWide(u8 *to, const u8 *from, u8 *end) {
  do {
    *(any128 *)to = *(const any128 *)from;
    to += 16;
    from += 16;
  } while (to < end);
}

// A match that is closer than 16 bytes repeats itself.
static inline void copyNear(u8 *to, u32 distance, u8 *end) {
  // Multiples of the distance that are 8 bytes or more: the same bytes.
  static const u8 farther[] = {0, 8, 8, 9, 8, 10, 12, 14, 8, 9, 10, 11, 12, 13, 14, 15};
  const u8 *from = to - distance;
  for (u32 i = 0; i < 8; i++) to[i] = from[i];
  to += 8;
  from = to - farther[distance];
  while (to < end) {
    *(any64 *)to = *(const any64 *)from;
    to += 8;
    from += 8;
  }
}

// A match that begins in front of the circle's beginning, and perhaps goes on behind it.
static void copyLap(u8 *to, u8 *const start, u32 distance, u32 length) {
  u32 before = distance - (to - start);
  const u8 *from = start + lap - before;
  for (; length > 0 && before > 0; length--, before--) *to++ = *from++;
  for (from = start; length > 0; length--) *to++ = *from++;
}

// 3.1.1.3.2: makes up to `most` bytes at `at`. How many.
static u32 runSequences(const u8 *in, u32 length, u32 count, u32 at, u32 most) {
  Bits bits;
  if (!beginBits(&bits, in, length)) return DAMAGED;
  const State *const literalLengths = tables[LITERAL_LENGTHS].states, *const offsets = tables[OFFSETS].states, *const matchLengths = tables[MATCH_LENGTHS].states;
  u32 literalState = takeBits(&bits, tables[LITERAL_LENGTHS].log), offsetState = takeBits(&bits, tables[OFFSETS].log), matchState = takeBits(&bits, tables[MATCH_LENGTHS].log);
  const u8 *const start = bits.start;
  int left = bits.left;
  u8 *const window_ = window();
  u8 *to = window_ + at;
  u8 *const begin = to, *const end = to + most;
  const u32 reach_ = reach;
  const u8 *literal_ = literal, *const literalsEnd_ = literalsEnd;
  u32 rep1 = repeat1, rep2 = repeat2, rep3 = repeat3;
  for (;;) {
    if (left < 0) return DAMAGED;
    u64 word = WORD(start, left);
#define TAKE(bits) (word >> 1 >> (63 - (bits)))
#define TAKEN(bits) word <<= (bits);
    const State l = literalLengths[literalState], o = offsets[offsetState], m = matchLengths[matchState];
    const u32 extra = (u32)l.extra + o.extra + m.extra;
    // The states take up to 26 bits, and 56 are there.
    const u32 isLong = extra > 30;
    u32 distance = o.base + (u32)TAKE(o.extra);
    TAKEN(o.extra)
    if (UNLIKELY(isLong)) word = WORD(start, left - o.extra);
    u32 matchLength = m.base + (u32)TAKE(m.extra);
    TAKEN(m.extra)
    u32 literalLength = l.base + (u32)TAKE(l.extra);
    TAKEN(l.extra)
    left -= extra;
    if (o.extra > 1) {
      rep3 = rep2;
      rep2 = rep1;
      rep1 = distance;
    } else {
      // A repeat offset: the numbers are one less where there are no literals, and the fourth one is the first less a byte.
      const u32 number = distance + (literalLength == 0);
      if (number == 1) distance = rep1;
      else {
        distance = number == 2 ? rep2 : number == 3 ? rep3 : rep1 - 1;
        if (number != 2) rep3 = rep2;
        rep2 = rep1;
        rep1 = distance;
      }
    }
    if (--count > 0) {
      if (UNLIKELY(isLong)) word = WORD(start, left);
      literalState = l.next + (u32)TAKE(l.bits);
      TAKEN(l.bits)
      matchState = m.next + (u32)TAKE(m.bits);
      TAKEN(m.bits)
      offsetState = o.next + (u32)TAKE(o.bits);
      left -= l.bits + m.bits + o.bits;
    }

    if (literalLength > (u32)(literalsEnd_ - literal_) || literalLength + matchLength > (u32)(end - to)) return DAMAGED;
    *(any128 *)to = *(const any128 *)literal_;
    if (literalLength > 16) copyWide(to + 16, literal_ + 16, to + literalLength);
    to += literalLength;
    literal_ += literalLength;

    // 0, which is none, is the largest one less 1.
    if (distance - 1 >= reach_) return DAMAGED;
    if (LIKELY(distance <= (u32)(to - window_))) {
      if (LIKELY(distance >= 16)) copyWide(to, to - distance, to + matchLength);
      else copyNear(to, distance, to + matchLength);
    } else if (lap == 0) return DAMAGED;
    else copyLap(to, window_, distance, matchLength);
    to += matchLength;
    if (count == 0) break;
  }
  if (left != 0) return DAMAGED;
  repeat1 = rep1;
  repeat2 = rep2;
  repeat3 = rep3;
  literal = literal_;
  return to - begin;
}

// A compressed block (3.1.1.3) of `length` bytes of input: its content, up to `most` bytes, is put at `at` of the window, where SLACK bytes more may be written. How much it is, or DAMAGED.
EXPORT(block) u32 block(u32 length, u32 at, u32 most) {
  const u32 section = readLiterals(input, length, most);
  if (section == DAMAGED) return DAMAGED;
  const u8 *in = input + section, *const end = input + length;
  u32 content = 0;
  // 3.1.1.3.2.1
  if (in == end) return DAMAGED;
  u32 count = *in++;
  const u32 more = count == 0xff ? 2 : count >= 0x80 ? 1 : 0;
  if (end - in < more) return DAMAGED;
  if (more == 1) count = ((count - 0x80) << 8) + *in;
  if (more == 2) count = *(const any16 *)in + 0x7f00;
  in += more;
  if (count > 0) {
    if (in == end) return DAMAGED;
    const u32 modes = *in++;
    if ((modes & 3) != 0) return DAMAGED;
    for (u32 kind = 0; kind < 3; kind++) {
      const u32 description = readTable(in, end - in, kind, modes >> (6 - 2 * kind) & 3);
      if (description == DAMAGED) return DAMAGED;
      in += description;
    }
    content = runSequences(in, end - in, count, at, most);
    if (content == DAMAGED) return DAMAGED;
  } else if (in != end) return DAMAGED;
  const u32 rest = literalsEnd - literal;
  if (rest > most - content) return DAMAGED;
  __builtin_memcpy(window() + at + content, literal, rest);
  return content + rest;
}

// A block as it is (3.1.1.2.2).
EXPORT(store) void store(u32 length, u32 at) { __builtin_memcpy(window() + at, input, length); }

// A block of one byte, repeated.
EXPORT(fill) void fill(u32 length, u32 at) { __builtin_memset(window() + at, input[0], length); }

// The checksum of a frame (3.1.1), over what is taken of the window in whatever pieces.

static struct sum lanes;
static u64 summed;
static u8 stripe[STRIPE];

EXPORT(sumBegin) void sumBegin(void) {
  lanes = beginSum();
  summed = 0;
}

// Of the window.
EXPORT(sum) void sum(u32 at, u32 length) {
  const u8 *byte = window() + at, *const end = byte + length;
  const u32 begun = summed % STRIPE;
  summed += length;
  if (begun > 0) {
    const u32 wanted = length < STRIPE - begun ? length : STRIPE - begun;
    __builtin_memcpy(stripe + begun, byte, wanted);
    if (begun + wanted < STRIPE) return;
    addStripes(&lanes, stripe, stripe + STRIPE);
    byte += wanted;
  }
  byte = addStripes(&lanes, byte, end);
  __builtin_memcpy(stripe, byte, end - byte);
}

EXPORT(sumEnd) u32 sumEnd(void) { return endSum(&lanes, stripe, summed); }
