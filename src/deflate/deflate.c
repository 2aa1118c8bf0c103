// Deflate's encoder for WebAssembly (RFC 1951): a stream, or the next part of one, in one call. Memory: 3.3 MB.
//
// Matches are found in rows, as zstd finds them: the hash of four bytes leads to a row of places and to a tag of eight bits, the tags of a row are compared all at once, and so
// only places are looked at that all but certainly match. In a chain, as zlib has it, each link waits for the one before. A block ends where what follows differs enough
// from it to be worth codes of its own.
//
// The same input gives the same output, whatever was packed before: places count on from one call to the next, so those of earlier calls are out of every window.
//
// code.ts holds what scripts/wasm.mjs makes of this file, and plain-code.ts the same without vectors.

#include "../bytes/wasm.h"
#include "../bytes/bits.h"
#include "../bytes/sort.h"
#include "../bytes/huffman.h"
#include "../bytes/logarithm.h"
#include "../bytes/reversed.h"
#include "../bytes/tags.h"

enum {
  WINDOW = 1 << 15,
  MOST = 1 << 20,
  LEAST_MATCH = 3,
  MOST_MATCH = 258,
  PAD = 16, // behind the input: zeros that are hashed, and bytes that are compared but never counted

  SHALLOW = 16, SHALLOW_ROWS = 11, // slots of a row, and bits of the rows' number
  DEEP = 64, DEEP_ROWS = 10,
  SLOTS = DEEP << DEEP_ROWS,
  TAG_BITS = 8,
  LONG_BITS = 15, LONG_WAYS = 8, // places that are kept of a hash
  SHORT_BITS = 13,
  // From farther away, three bytes are mostly no longer than the code of a match. In programs 2048 would be 0.2 % better, in hexadecimal digits 3 % worse.
  SHORT_DISTANCE = 512,
  // One byte more is passed over unsearched for each 128 without a match since the last one, or the last step: what is packed already has none.
  PATIENCE_BITS = 7,

  PROBE = 1 << 15, // bytes after which it is known whether the depth is enough
  DEEPER = 7, DEEPEST = 10,
  VERY_SCARCE = 4, // if more than one in so many searches leaves places unseen, as in text of few words, DEEPEST is next
  FIRST = 16, LAST = 8, // bytes of a long match that are inserted

  STEP = 1 << 11, // bytes, about, after which the loops are left: only then can the engine go on with what it has optimised meanwhile
  CHUNK = 1 << 10, // symbols, at the least, between two decisions on where a block ends
  // What codes of their own take, about, in bits: for each symbol, and in all.
  CODE_COST = 4,
  CODES_COST = 64,
  MOST_SEQUENCES = 1 << 16,

  END = 256,
  LITERALS = 286, // and lengths
  DISTANCES = 30,
  LENGTHS = 19,
  LONGEST = 15, // code in bits
  LONGEST_OF_LENGTHS = 7,
  STORED_MOST = 65535,
};

static u8 input[WINDOW + MOST + PAD];
static u8 output[MOST + MOST / 64 + 1024];

// --- Matches

static const struct level {
  u8 width; // slots of a row, SHALLOW or DEEP,
  u8 depth; // of which so many are looked at
  u8 nice; // a match as long is taken as soon as it is found
  u8 all; // of a longer match, only the first and the last bytes are inserted
  u8 lazy; // up to so many bytes further on a better match is looked for,
  u8 good; // in a quarter of the slots if the match has so many bytes, else in half of them,
  u8 enough; // and not at all if it has so many
  u8 scarce; // if more than one in so many searches leaves places unseen, as in much text, the rest is searched as by DEEPER, or by DEEPEST
  u8 ways; // in deep searches, so many places with the same eight bytes are looked at first
} levels[] = {
  {0}, // stored
  {SHALLOW, 1, 8, 32},
  {SHALLOW, 2, 16, 32},
  {SHALLOW, 4, 24, 32},
  {SHALLOW, 10, 32, 32},
  {SHALLOW, 10, 32, 32, 1, 8, 16, 4},
  {SHALLOW, 16, 48, 32, 1, 8, 16, 10},
  {DEEP, 40, 96, 48, 1, 8, 24, 4, 1},
  {DEEP, 64, 192, 255, 1, 16, 64, 0, LONG_WAYS},
  {DEEP, 64, 255, 255, 2, 32, 255, 0, LONG_WAYS},
  {DEEP, 64, 96, 48, 1, 8, 24, 0, LONG_WAYS},
};

static u8 tags[SLOTS];
static u32 places[SLOTS];
static u8 heads[1 << SHALLOW_ROWS]; // by row: the slot that was filled last; the one filled before it is the next, and behind the last slot the first
static u32 shorts[1 << SHORT_BITS]; // by the hash of three bytes: the last place
static u32 longs[LONG_WAYS << LONG_BITS]; // by that of eight bytes, in deep searches: so what lies behind many others is found as well
static u32 base = 2 * WINDOW; // the place of the input's first byte: from it, no place that is 0 is in the window

static u32 at, end;
static u32 searches, cutShort; // of those, the ones that left places in the window unseen
static struct level level;

static inline u32 load32(u32 i) { return *(const any32 *)(input + i); }

static inline u32 hashOf(u32 bytes, u32 bits) { return bytes * 0x9e3779b1u >> (32 - bits); }

static INLINE u32 *longOf(u32 i, u32 ways) { return longs + ways * (u32)(*(const any64 *)(input + i) * 0x9e3779b97f4a7c15u >> (64 - LONG_BITS)); }

static INLINE u32 rowBits(u32 width) { return width == DEEP ? DEEP_ROWS : SHALLOW_ROWS; }

static inline u32 isInWindow(u32 i, u32 from) { return i - from - 1 < WINDOW; }

static INLINE void fill(u32 row, u32 hash, u32 i, u32 width) {
  u32 slot = heads[row] = (heads[row] - 1) & (width - 1);
  tags[row * width + slot] = hash;
  places[row * width + slot] = base + i;
}

// The last place is the first.
static INLINE void fillLong(u32 *kept, u32 i, u32 ways) {
  for (u32 way = ways - 1; way > 0; way--) kept[way] = kept[way - 1];
  kept[0] = base + i;
}

// From now on, matches may reach back to `i`, but for those of three bytes, which are worth little: find() alone notes where they are.
static INLINE void insert(u32 i, u32 width, u32 ways) {
  u32 hash = hashOf(load32(i), rowBits(width) + TAG_BITS);
  fill(hash >> TAG_BITS, hash, i, width);
  if (width == DEEP) fillLong(longOf(i, ways), i, ways);
}

// How many bytes are equal, of `most`.
static inline u32 lengthOf(u32 i, u32 from, u32 most) {
  u32 length = 0;
  for (; length < most; length += 8) {
    u64 differing = *(const any64 *)(input + from + length) ^ *(const any64 *)(input + i + length);
    if (differing == 0) continue;
    length += __builtin_ctzll(differing) / 8;
    break;
  }
  return length < most ? length : most;
}

// The length of a match at `i` that is longer than `best`, and its distance; or else `best`. Inserts `i`.
static INLINE u32 find(u32 i, u32 best, u32 depth, u32 nice, u32 width, u32 ways, u32 *distance) {
  u32 left = end - i, most = left < MOST_MATCH ? left : MOST_MATCH;
  if (left < 4) return best;
  searches++;
  u32 bytes = load32(i), hash = hashOf(bytes, rowBits(width) + TAG_BITS), row = hash >> TAG_BITS;
  u32 head = heads[row] & (width - 1);
  const u32 *const rowPlaces = places + row * width;
  u64 mask = rotated(slotsWith(hash & 255, tags + row * width, width), head, width);
  u32 *const lastShort = shorts + hashOf(bytes << 8, SHORT_BITS);
  const u32 fromShort = *lastShort - base;
  *lastShort = base + i;
  if (width == DEEP) {
    u32 *const kept = longOf(i, ways);
    // What is better than seven bytes has eight in common, and where several such places are kept, older ones are seldom worth the search.
    if (ways > 1 && best >= 7) mask = 0;
    for (u32 way = 0; way < ways; way++) {
      const u32 from = kept[way] - base;
      if (!isInWindow(i, from)) break;
      u32 length = load32(from) == bytes ? lengthOf(i, from, most) : 0;
      if (length <= best) continue;
      best = length;
      *distance = i - from;
      if (length < nice && length < most) continue;
      mask = 0;
      break;
    }
    fillLong(kept, i, ways);
  }
  // Where a longer match would have to be equal as well.
  u32 tail = best < 3 ? 0 : best - 3, wanted = load32(i + tail);
  for (; mask != 0; mask &= mask - 1) {
    u32 from = rowPlaces[(head + __builtin_ctzll(mask)) & (width - 1)] - base;
    if (!isInWindow(i, from)) break; // and all that are behind it too
    u32 length = load32(from + tail) == wanted ? lengthOf(i, from, most) : 0;
    if (length > best) {
      best = length;
      *distance = i - from;
      if (length >= nice || length >= most) break;
      tail = length - 3;
      wanted = load32(i + tail);
    }
    if (--depth > 0) continue;
    mask &= mask - 1;
    cutShort += mask != 0 && isInWindow(i, rowPlaces[(head + __builtin_ctzll(mask)) & (width - 1)] - base);
    break;
  }
  // Asked last, since it is seldom needed and cannot be foreseen.
  if (best < LEAST_MATCH && i - fromShort - 1 < SHORT_DISTANCE && (load32(fromShort) ^ bytes) << 8 == 0) {
    best = LEAST_MATCH;
    *distance = i - fromShort;
  }
  fill(row, hash, i, width);
  return best;
}

// --- Blocks

// Of literals and lengths, and behind them of distances.
enum { COUNTS = LITERALS + DISTANCES };
static u32 fresh[COUNTS], block[COUNTS];
static u64 sequences[MOST_SEQUENCES]; // so many literals, and then a match or none: 24 bits, length 16, distance 16
static u32 sequenceCount, blockSequences; // all, and those before the last divide()
static u32 blockFrom, blockTo, literalsFrom; // in the input: of the block up to the last divide(), and of the literals that no sequence has yet
static u32 freshSymbols;
static u64 blockCost;

static u8 lengthSymbols[MOST_MATCH + 1]; // less 257
static u8 extraBits[COUNTS];
static u32 smallNLogN[1 << 9];

static inline u32 distanceSymbol(u32 distance) {
  u32 d = distance - 1;
  if (d < 4) return d;
  u32 bits = highestBit(d);
  return 2 * bits + (d >> (bits - 1) & 1);
}
static inline u32 distanceBits(u32 symbol) { return symbol < 4 ? 0 : symbol / 2 - 1; }
static inline u32 lengthBits(u32 symbol) { return symbol < 8 || symbol == 28 ? 0 : symbol / 4 - 1; } // less 257

static void makeTables(void) {
  for (u32 length = LEAST_MATCH; length < MOST_MATCH; length++) {
    u32 l = length - LEAST_MATCH, bits = l < 8 ? 0 : highestBit(l) - 2;
    lengthSymbols[length] = 4 * bits + (l >> bits);
  }
  lengthSymbols[MOST_MATCH] = 28;
  for (u32 i = 0; i < LITERALS - END - 1; i++) extraBits[END + 1 + i] = lengthBits(i);
  for (u32 i = 0; i < DISTANCES; i++) extraBits[LITERALS + i] = distanceBits(i);
  for (u32 n = 2; n < 1 << 9; n++) smallNLogN[n] = n * logarithm(n);
}

// 256 times n log n, about.
static inline u64 nLogN(u32 n) {
  if (n < 1 << 9) return smallNLogN[n];
  u32 more = highestBit(n) - 8, rest = n >> more;
  return ((u64)smallNLogN[rest] << more) + (u64)256 * more * n;
}

// What so many symbols take with codes of their own, and these codes, about, in bits times 256.
static u64 costOf(const u32 *one, const u32 *other) {
  u64 cost = 0;
  for (u32 from = 0, to = LITERALS; from < COUNTS; from = to, to = COUNTS) {
    u32 sum = 0, used = 0;
    u64 saved = 0;
    for (u32 i = from; i < to; i++) {
      u32 count = one[i] + other[i];
      sum += count;
      used += count > 0;
      saved += nLogN(count);
    }
    cost += nLogN(sum) - saved + used * CODE_COST * 256;
  }
  return cost + CODES_COST * 256;
}

// Bits go out lowest first (3.1.1).
static struct writer writer;

// A code, and in the highest byte how long it is.
static INLINE void putCode(struct writer *to, u32 code) { put(to, code & 0xffffff, code >> 24); }

static void putBits(u64 value, u32 count) {
  put(&writer, value, count);
  flush(&writer);
}

struct codes {
  u8 lengths[COUNTS];
  u16 codes[COUNTS];
};

// Codes of these lengths (3.2.2), as they are put.
static void makeCodes(u16 *codes, const u8 *lengths, u32 n) {
  u32 next[LONGEST + 2] = {0}, counts[LONGEST + 2] = {0};
  for (u32 i = 0; i < n; i++) counts[lengths[i]]++;
  counts[0] = 0;
  for (u32 length = 1; length <= LONGEST; length++) next[length + 1] = (next[length] + counts[length]) << 1;
  for (u32 i = 0; i < n; i++) if (lengths[i] > 0) codes[i] = reversed(next[lengths[i]]++, lengths[i]);
}

static const u8 lengthOrder[LENGTHS] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

// The lengths of a block's codes, as they are written (3.2.7).
struct header {
  u16 items[COUNTS]; // a symbol, and above it what follows
  u32 itemCount, literals, distances, lengths;
  u8 itemLengths[LENGTHS];
  u32 size; // in bits
};
static struct header header;

static u32 itemBits(u32 symbol) { return symbol < 16 ? 0 : symbol == 16 ? 2 : symbol == 17 ? 3 : 7; }

static void makeHeader(const u8 *lengths) {
  u8 all[COUNTS];
  u32 counts[LENGTHS] = {0};
  header.literals = LITERALS;
  header.distances = DISTANCES;
  while (header.literals > END + 1 && lengths[header.literals - 1] == 0) header.literals--;
  while (header.distances > 1 && lengths[LITERALS + header.distances - 1] == 0) header.distances--;
  u32 n = header.literals + header.distances;
  __builtin_memcpy(all, lengths, header.literals);
  __builtin_memcpy(all + header.literals, lengths + LITERALS, header.distances);
  header.itemCount = header.size = 0;
  for (u32 from = 0, to; from < n; from = to) {
    u32 length = all[from];
    for (to = from + 1; to < n && all[to] == length; to++);
    u32 left = to - from;
    if (length > 0) {
      header.items[header.itemCount++] = length;
      counts[length]++;
      left--;
    }
    while (left >= 3) {
      u32 symbol = length > 0 ? 16 : left <= 10 ? 17 : 18;
      u32 most = length > 0 ? 6 : left <= 10 ? 10 : 138, count = left < most ? left : most;
      header.items[header.itemCount++] = symbol | (count - (symbol == 18 ? 11 : 3)) << 8;
      counts[symbol]++;
      header.size += itemBits(symbol);
      left -= count;
    }
    for (; left > 0; left--) {
      header.items[header.itemCount++] = length;
      counts[length]++;
    }
  }
  lengthsOf(header.itemLengths, counts, LENGTHS, LONGEST_OF_LENGTHS);
  header.lengths = LENGTHS;
  while (header.lengths > 4 && header.itemLengths[lengthOrder[header.lengths - 1]] == 0) header.lengths--;
  header.size += 5 + 5 + 4 + 3 * header.lengths;
  for (u32 i = 0; i < LENGTHS; i++) header.size += counts[i] * header.itemLengths[i];
}

static void putHeader(void) {
  u16 codes[LENGTHS];
  putBits(header.literals - 257, 5);
  putBits(header.distances - 1, 5);
  putBits(header.lengths - 4, 4);
  for (u32 i = 0; i < header.lengths; i++) putBits(header.itemLengths[lengthOrder[i]], 3);
  makeCodes(codes, header.itemLengths, LENGTHS);
  for (u32 i = 0; i < header.itemCount; i++) {
    u32 symbol = header.items[i] & 255;
    putBits(codes[symbol], header.itemLengths[symbol]);
    putBits(header.items[i] >> 8, itemBits(symbol));
  }
}

static void putStored(u32 from, u32 to, u32 isLast) {
  do {
    u32 length = to - from < STORED_MOST ? to - from : STORED_MOST;
    putBits(isLast && from + length == to, 3);
    align(&writer);
    putBits(length | (length ^ 0xffff) << 16, 32);
    __builtin_memcpy(writer.out, input + from, length);
    writer.out += length;
    from += length;
  } while (from < to);
}

static void putSequences(u32 from, u32 count, const struct codes *codes) {
  static u32 literals[256], lengths[MOST_MATCH + 1], distances[DISTANCES]; // for putCode(); of a length with its extra bits
  for (u32 i = 0; i < 256; i++) literals[i] = codes->codes[i] | codes->lengths[i] << 24;
  for (u32 length = LEAST_MATCH; length <= MOST_MATCH; length++) {
    u32 symbol = END + 1 + lengthSymbols[length], extra = extraBits[symbol], codeLength = codes->lengths[symbol];
    u32 rest = (length - LEAST_MATCH) & ((1 << extra) - 1);
    lengths[length] = codes->codes[symbol] | rest << codeLength | (codeLength + extra) << 24;
  }
  for (u32 i = 0; i < DISTANCES; i++) distances[i] = codes->codes[LITERALS + i] | codes->lengths[LITERALS + i] << 24;
  struct writer to = writer; // a copy, of which the compiler knows that nothing else changes it
  const u8 *literal = input + from;
  for (u32 i = 0; i < count; i++) {
    u32 run = sequences[i] & 0xffffff, length = sequences[i] >> 24 & 0xffff, distance = sequences[i] >> 40;
    // Three codes, or those of a match with its extra bits, are 48 bits at the most.
    for (; run >= 3; run -= 3, literal += 3) {
      putCode(&to, literals[literal[0]]);
      putCode(&to, literals[literal[1]]);
      putCode(&to, literals[literal[2]]);
      flush(&to);
    }
    for (; run > 0; run--, literal++) putCode(&to, literals[*literal]);
    flush(&to);
    if (length == 0) continue;
    u32 symbol = distanceSymbol(distance), extra = distanceBits(symbol);
    putCode(&to, lengths[length]);
    putCode(&to, distances[symbol]);
    put(&to, (distance - 1) & ((1 << extra) - 1), extra);
    flush(&to);
    literal += length;
  }
  writer = to;
  putBits(codes->codes[END], codes->lengths[END]);
}

static struct codes own, fixed;

// 3.2.6
static void makeFixed(void) {
  for (u32 i = 0; i < LITERALS; i++) fixed.lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
  for (u32 i = 0; i < LITERALS; i++)
    fixed.codes[i] = reversed(i < 144 ? 0x30 + i : i < 256 ? 0x190 - 144 + i : i < 280 ? i - 256 : 0xc0 - 280 + i, fixed.lengths[i]);
  for (u32 i = 0; i < DISTANCES; i++) {
    fixed.lengths[LITERALS + i] = 5;
    fixed.codes[LITERALS + i] = reversed(i, 5);
  }
}

// Writes `count` sequences, which stand for the input from `from` to `to`, and were counted.
static void putBlock(u32 from, u32 to, u32 count, u32 *counts, u32 isLast) {
  counts[END] = 1;
  lengthsOf(own.lengths, counts, LITERALS, LONGEST);
  lengthsOf(own.lengths + LITERALS, counts + LITERALS, DISTANCES, LONGEST);
  makeHeader(own.lengths);
  u32 ownSize = header.size, fixedSize = 0;
  for (u32 i = 0; i < COUNTS; i++) {
    ownSize += counts[i] * (own.lengths[i] + extraBits[i]);
    fixedSize += counts[i] * (fixed.lengths[i] + extraBits[i]);
  }
  u32 storedSize = 8 * (to - from) + ((to - from) / STORED_MOST + 1) * 40;
  if (storedSize <= ownSize && storedSize <= fixedSize) {
    putStored(from, to, isLast);
    return;
  }
  const struct codes *codes = fixedSize <= ownSize ? &fixed : &own;
  putBits(isLast | (codes == &own ? 4 : 2), 3);
  if (codes == &own) {
    putHeader();
    makeCodes(own.codes, own.lengths, LITERALS);
    makeCodes(own.codes + LITERALS, own.lengths + LITERALS, DISTANCES);
  }
  putSequences(from, count, codes);
}

static void addSequence(u32 run, u32 length, u32 distance) {
  sequences[sequenceCount++] = run | (u64)length << 24 | (u64)distance << 40;
}

// What came since the last call goes to the block, or becomes the beginning of another one where it is better off with codes of its own.
static void divide(void) {
  static const u32 none[COUNTS];
  if (at > literalsFrom) addSequence(at - literalsFrom, 0, 0);
  literalsFrom = at;
  const u32 isFirst = blockSequences == 0;
  u64 freshCost = isFirst && at == end ? 0 : costOf(fresh, none), both = isFirst ? freshCost : costOf(fresh, block);
  if (!isFirst && (blockCost + freshCost < both || sequenceCount > MOST_SEQUENCES - STEP)) {
    putBlock(blockFrom, blockTo, blockSequences, block, 0);
    sequenceCount -= blockSequences;
    __builtin_memmove(sequences, sequences + blockSequences, sequenceCount * sizeof *sequences);
    blockFrom = blockTo;
    __builtin_memset(block, 0, sizeof block);
    both = freshCost;
  }
  for (u32 i = 0; i < COUNTS; i++) block[i] += fresh[i];
  __builtin_memset(fresh, 0, sizeof fresh);
  freshSymbols = 0;
  blockCost = both;
  blockSequences = sequenceCount;
  blockTo = at;
}

// --- From the input to sequences

// Whether it is worth as many literals more. A bit of a distance counts as a quarter of a byte.
static inline u32 isBetter(u32 longer, u32 itsDistance, u32 length, u32 distance, u32 literals) {
  return 4 * (int)(longer - length) + (int)highestBit(distance) - (int)highestBit(itsDistance) > 4 * (int)literals - 2;
}

static INLINE void addLiterals(u32 from, u32 to) {
  freshSymbols += to - from;
  for (; from < to; from++) fresh[input[from]]++;
}

// Goes on for a while.
static INLINE void parse(u32 width, u32 ways) {
  u32 i = at;
  const u32 stop = end - i > STEP ? i + STEP : end, insertable = end < 4 ? 0 : end - 3;
  const u32 depth = level.depth, nice = level.nice, lazy = level.lazy, enough = level.enough, good = level.good, all = level.all;
  while (i < stop) {
    u32 distance = 0, length = find(i, LEAST_MATCH - 1, depth, nice, width, ways, &distance), seen = i + 1;
    if (length < LEAST_MATCH) {
      u32 to = i + 1 + ((i - literalsFrom) >> PATIENCE_BITS);
      if (to > stop) to = stop;
      addLiterals(i, to);
      i = to;
      continue;
    }
    for (u32 by = 1; by <= lazy && length < enough && i + by < end; by++) {
      u32 other = 0, longer = find(i + by, length - 1, by == 1 && length < good ? (depth + 1) / 2 : (depth + 3) / 4, nice, width, ways, &other);
      seen = i + by + 1;
      if (other == 0 || !isBetter(longer, other, length, distance, by)) continue;
      addLiterals(i, i + by);
      i += by;
      length = longer;
      distance = other;
      by = 0;
    }
    addSequence(i - literalsFrom, length, distance);
    fresh[END + 1 + lengthSymbols[length]]++;
    fresh[LITERALS + distanceSymbol(distance)]++;
    freshSymbols++;
    literalsFrom = i += length;
    const u32 to = i < insertable ? i : insertable;
    if (length > all) {
      for (u32 first = seen + FIRST; seen < first && seen < to; seen++) insert(seen, width, ways);
      seen = i - LAST;
    }
    for (; seen < to; seen++) insert(seen, width, ways);
  }
  at = i;
}

// One for each shape of the tables, which the compiler then knows.
static __attribute__((noinline)) void parseShallow(void) { parse(SHALLOW, 0); }
static __attribute__((noinline)) void parseDeep(void) { parse(DEEP, 1); }
static __attribute__((noinline)) void parseDeepest(void) { parse(DEEP, LONG_WAYS); }

static __attribute__((noinline)) void insertSome(u32 from, u32 to) {
  for (; from < to; from++) {
    if (level.width == SHALLOW) insert(from, SHALLOW, 0);
    else insert(from, DEEP, level.ways);
  }
}

// All places so far are out of every window.
static void forget(void) { base += end + WINDOW + 1; }

// Inserts the window before `at`.
static void insertWindow(void) {
  u32 insertable = end < 4 ? 0 : at < end - 3 ? at : end - 3;
  for (u32 i = at < WINDOW ? 0 : at - WINDOW; i < insertable; i += STEP) insertSome(i, insertable - i > STEP ? i + STEP : insertable);
}

EXPORT(input) u8 *inputAt(void) { return input; }
EXPORT(output) u8 *outputAt(void) { return output; }

// Packs what lies in the input from `from` on; of what lies before it, up to WINDOW bytes, it is a continuation. Levels are 0 to 9. What is not the last of its stream ends with an
// empty stored block, and so on a whole byte. Returns how many bytes the output has.
EXPORT(deflate) u32 deflate(u32 from, u32 to, u32 levelNumber, u32 isLast) {
  if (lengthSymbols[MOST_MATCH] == 0) {
    makeTables();
    makeFixed();
  }
  if (base > ~0u - 4 * MOST) {
    __builtin_memset(places, 0, sizeof places);
    __builtin_memset(shorts, 0, sizeof shorts);
    __builtin_memset(longs, 0, sizeof longs);
    base = 2 * WINDOW;
  }
  level = levels[levelNumber];
  writer = (struct writer){output};
  end = to;
  *(any64 *)(input + end) = 0; // read by the hashes of the last bytes, whose places must not depend on what lay there before
  at = blockFrom = blockTo = literalsFrom = from;
  if (levelNumber == 0) {
    if (from < to || isLast) putStored(from, to, isLast);
  } else {
    sequenceCount = blockSequences = freshSymbols = 0;
    __builtin_memset(fresh, 0, sizeof fresh);
    __builtin_memset(block, 0, sizeof block);
    searches = cutShort = 0;
    insertWindow();
    while (at < end) {
      if (at - from >= PROBE && level.scarce > 0) {
        if (level.scarce * cutShort > searches) {
          level = levels[VERY_SCARCE * cutShort > searches ? DEEPEST : DEEPER];
          forget();
          insertWindow();
        }
        level.scarce = 0;
      }
      if (level.width == SHALLOW) parseShallow();
      else if (level.ways == 1) parseDeep();
      else parseDeepest();
      if (freshSymbols >= CHUNK || sequenceCount > MOST_SEQUENCES - STEP) divide();
    }
    if (freshSymbols > 0) divide();
    if (from < to || isLast) putBlock(blockFrom, end, sequenceCount, block, isLast);
  }
  if (!isLast) putStored(to, to, 0);
  align(&writer);
  forget();
  return writer.out - output;
}
