// zstd's encoder for WebAssembly (RFC 8878): content to one frame, in one call or in parts.
//
// The same content in the same parts gives the same frame, whatever was packed before: a frame begins with tables that are empty. Each search looks at so many places and no more, and
// compares so many bytes of each, or else goes on behind what was equal: no content takes many times as long as another.
//
// fse.h, literals.h and sequences.h write a block, matches.h, rows.h and optimal.h find what it is to say. encode-code.ts holds what scripts/wasm.mjs makes of all that.

#include "../bytes/wasm.h"
#include "../bytes/bits.h"
#include "../bytes/sort.h"
#include "../bytes/huffman.h"
#include "../bytes/logarithm.h"
#include "../bytes/tags.h"
#include "fse.h"
#include "literals.h"
#include "sequences.h"
#include "matches.h"
#include "rows.h"
#include "optimal.h"
#include "parts.h"
#include "sum.h"

extern u8 __heap_base;

enum {
  WINDOW = 1 << 23, // which every decoder should have room for (3.1.1.1.2)
  STREAM_WINDOW = 1 << 22, // of a stream, unless the level makes use of more
  PART = 1 << 20, // of a stream
  // What a block may take before it turns out that it does not shrink: all literals, and sequences of up to ten bytes.
  OVERSHOOT = BLOCK + 10 * SEQUENCES_MOST,
  LITTLE = 1 << 18,
  UNCOMPRESSED = 8, // shorter blocks are not worth a try
};

static const struct level {
  void (*parse)(void);
  u8 longBits, shortBits; // of the numbers of places that are kept
  u8 rowBits, width, depth; // rows of so many slots, of which so many are looked at
  u8 laziness; // up to so many bytes further on a better match is looked for
  u16 nice; // a match as long is taken as soon as it is found
  u8 divides; // blocks, where parts of them are worth codes of their own
} levels[] = {
  {parseSingle7, 0, 14},
  {parseSingle7, 0, 14},
  {parseSingle7, 0, 14},
  {parseSingle6, 0, 16},
  {parseSingle6, 0, 16},
  {parseDouble5, 17, 16, .divides = 1},
  {parseDouble5, 17, 16, .divides = 1},
  {parseRows16, .rowBits = 15, .width = 16, .depth = 8, .laziness = 1, .nice = 128, .divides = 1},
  {parseRows64, .rowBits = 16, .width = 64, .depth = 64, .laziness = 2, .nice = 512, .divides = 1},
  {parseOptimal, .divides = 1},
}, smallLevels[] = { // of little content, which takes little time in any case
  {parseSingle6, 0, 14},
  {parseSingle6, 0, 14},
  {parseSingle6, 0, 14},
  {parseDouble5, 15, 14},
  {parseDouble5, 15, 14},
};
static const struct level *level;

static u8 *output;
// Of places, from the first to the end of the last table, and behind them of whatever else has to be empty.
static u32 *placesFrom, *placesEnd;
static u8 *tablesEnd;
static u32 capacity, isStream;
static u8 *free; // memory that has no use yet

static void *take(u32 bytes) {
  u8 *const taken = free;
  free += (bytes + 15) & ~15u;
  return taken;
}

static u32 *takePlaces(u32 bits) { return take(4u << bits); }

// More than twice as many as there is content would be cleared in vain.
static u32 fewer(u32 bits, u32 length) {
  const u32 enough = length < 64 ? 7 : highestBit(length) + 2;
  return bits < enough ? bits : enough;
}

static void takeTables(u32 length) {
  if (level->parse == parseOptimal) {
    const u32 windowBits = fewer(23, length);
    treeMask = (1u << windowBits) - 1;
    treeBits = fewer(TREE_BITS, length);
    threeBits = fewer(THREE_BITS, length);
    tree = takePlaces(windowBits + 1);
    treeHeads = takePlaces(treeBits);
    threes = takePlaces(threeBits);
  } else if (level->width > 0) {
    const u32 widthBits = highestBit(level->width);
    rowBits = fewer(level->rowBits + widthBits, length) - widthBits;
    rowHashed = length > LITTLE ? 5 : 4;
    rowDepth = level->depth;
    laziness = level->laziness;
    niceLength = level->nice;
    places = takePlaces(rowBits + widthBits);
  } else {
    longBits = fewer(level->longBits, length);
    shortBits = fewer(level->shortBits, length);
    longs = takePlaces(longBits);
    shorts = takePlaces(shortBits);
  }
}

// Finds room for a frame of `length` bytes, or for a stream, and says where the memory has to end.
EXPORT(layout) u32 layout(u32 length, u32 levelNumber, u32 isStream_) {
  level = (length > LITTLE || isStream_ || levelNumber >= sizeof smallLevels / sizeof *smallLevels ? levels : smallLevels) + levelNumber;
  isStream = isStream_;
  window = isStream && level->parse != parseOptimal ? STREAM_WINDOW : WINDOW;
  capacity = isStream ? 2 * window + PART : length;
  const u32 part = isStream ? PART : length;
  free = (u8 *)(((u32)&__heap_base + 15) & ~15u);
  input = take(capacity + PAD);
  output = take(part + 3 * (part / BLOCK + 1) + 64 + OVERSHOOT);
  placesFrom = (u32 *)free;
  takeTables(capacity);
  placesEnd = (u32 *)free;
  if (level->width > 0) {
    tags = take(level->width << rowBits);
    heads = take(1u << rowBits);
  }
  tablesEnd = free;
  if (level->parse == parseOptimal) {
    candidates = take(CANDIDATES * sizeof *candidates);
    firstCandidates = take((BLOCK + 1) * sizeof *firstCandidates);
    nodes = take((BLOCK + 1) * sizeof *nodes);
  }
  return (u32)free;
}

static struct sum sum;
static u64 total;
static u32 summed; // up to here, in whole stripes
static u32 isBegun, hasSum;

// A frame begins, with a checksum or without.
EXPORT(begin) void beginFrame(u32 hasSum_) {
  if (logarithms[2] == 0) {
    makeLogarithms();
    makeSequenceTables();
  }
  __builtin_memset(placesFrom, 0, tablesEnd - (u8 *)placesFrom);
  contentEnd = blockTo = inserted = summed = isBegun = hasPrices = 0;
  total = 0;
  hasSum = hasSum_;
  sum = beginSum();
  // 3.1.1.5
  repeats[0] = 1;
  repeats[1] = 4;
  repeats[2] = 8;
  lastCodes.isThere = 0;
  for (u32 kind = 0; kind < 3; kind++) lastTables[kind] = 0;
}

// All places are `by` less, a multiple of the window; those that would be less than 0 are none.
static __attribute__((noinline)) void slide(u32 by) {
  contentEnd -= by;
  inserted = inserted > by ? inserted - by : 0;
  summed = summed > by ? summed - by : 0;
  __builtin_memmove((u8 *)input, input + by, contentEnd);
  for (u32 *place = placesFrom; place < placesEnd; place++) *place = *place > by ? *place - by : 0;
}

// Where the next bytes of content are to be put: all of them, or up to PART of a stream.
EXPORT(input) const u8 *inputAt(void) {
  if (isStream && contentEnd + PART > capacity) slide(window);
  return input + contentEnd;
}

EXPORT(output) u8 *outputAt(void) { return output; }

// 3.1.1.1
static u8 *putHeader(u8 *out) {
  enum { SINGLE_SEGMENT = 0x20, CHECKSUM = 0x04, LEAST_WINDOW_LOG = 10 };
  const u32 length = contentEnd, descriptor = hasSum ? CHECKSUM : 0;
  *(any32 *)out = 0xfd2fb528;
  out += 4;
  if (isStream || length > window) {
    out[0] = descriptor | (isStream ? 0 : 2 << 6);
    out[1] = (highestBit(window) - LEAST_WINDOW_LOG) << 3;
    if (!isStream) *(any32 *)(out + 2) = length;
    return out + (isStream ? 2 : 6);
  }
  const u32 flag = length < 256 ? 0 : length < 65536 + 256 ? 1 : 2;
  out[0] = descriptor | SINGLE_SEGMENT | flag << 6;
  *(any32 *)(out + 1) = flag == 1 ? length - 256 : length;
  return out + 1 + (1 << flag);
}

static u32 isOneByte(const u8 *from, u32 length) {
  for (u32 i = 1; i < length; i++) if (from[i] != from[0]) return 0;
  return 1;
}

enum { RAW_BLOCK, RLE_BLOCK, COMPRESSED_BLOCK, BLOCK_HEADER = 3 };

// 3.1.1.2, in front of what it says, whose end is returned.
static u8 *putBlockHeader(u8 *out, u32 type, u32 size, u32 isLast, u8 *end) {
  const u32 header = isLast | type << 1 | size << 3;
  *(any16 *)out = header;
  out[2] = header >> 16;
  return end;
}

// 3.1.1.3. Its end; or 0 where it would be longer than a block may be.
static u8 *putPart(u8 *out, const struct part *part, u32 isLast) {
  __builtin_memcpy(literalCounts, part->counts.literals, sizeof literalCounts);
  __builtin_memcpy(codeCounts, part->counts.codes, sizeof codeCounts);
  u8 *const body = out + BLOCK_HEADER;
  u8 *const end = putSequences(putLiterals(body, literals + part->firstLiteral, part->lastLiteral - part->firstLiteral), part->firstSequence, part->lastSequence);
  // Without sequences, a block as it is leaves everything as it was.
  if (part->firstSequence == part->lastSequence && (u32)(end - body) >= part->length) {
    __builtin_memcpy(body, literals + part->firstLiteral, part->length);
    return putBlockHeader(out, RAW_BLOCK, part->length, isLast, body + part->length);
  }
  if (end - body > BLOCK) return 0;
  lastCodes = freshCodes;
  for (u32 kind = 0; kind < 3; kind++) lastTables[kind] = freshTables[kind];
  return putBlockHeader(out, COMPRESSED_BLOCK, end - body, isLast, end);
}

// In one part, or as many as are worth it. The end; or 0 where it does not shrink.
static u8 *putParts(u8 *out, u32 isLast) {
  static struct part part, next;
  static const struct counts none;
  u8 *const begin = out;
  const u32 symbols = literalCount + sequenceCount, least = !level->divides || symbols < 2 * CHUNK ? ~0u : symbols / 8 > CHUNK ? symbols / 8 : CHUNK;
  takeChunk(&part, 0, 0, literalCount, least);
  if (part.lastSequence < sequenceCount) part.cost = costOfCounts(&part.counts, &none);
  while (part.lastSequence < sequenceCount) {
    takeChunk(&next, part.lastSequence, part.lastLiteral, literalCount, least);
    const u64 both = costOfCounts(&part.counts, &next.counts);
    next.cost = costOfCounts(&next.counts, &none);
    if (part.cost + next.cost < both) {
      out = putPart(out, &part, 0);
      if (out == 0) return 0;
      part = next;
    } else {
      join(&part, &next);
      part.cost = both;
    }
  }
  out = putPart(out, &part, isLast);
  return out != 0 && (u32)(out - begin) <= blockTo - blockFrom + BLOCK_HEADER ? out : 0;
}

// 3.1.1.2
static u8 *putBlock(u8 *out, u32 isLast) {
  const u32 length = blockTo - blockFrom;
  const u8 *const from = input + blockFrom;
  u8 *const body = out + BLOCK_HEADER;
  if (length > 1 && isOneByte(from, length)) {
    *body = from[0];
    return putBlockHeader(out, RLE_BLOCK, length, isLast, body + 1);
  }
  if (length > UNCOMPRESSED) {
    const u32 old[REPEATS] = {repeats[0], repeats[1], repeats[2]};
    level->parse();
    u8 *const end = putParts(out, isLast);
    if (end != 0) return end;
    // A reader knows nothing of all that; and what it had before may be gone here.
    for (u32 i = 0; i < REPEATS; i++) repeats[i] = old[i];
    lastCodes.isThere = 0;
    for (u32 kind = 0; kind < 3; kind++) lastTables[kind] = 0;
  }
  __builtin_memcpy(body, from, length);
  return putBlockHeader(out, RAW_BLOCK, length, isLast, body + length);
}

// Packs `length` bytes that were put where input() said. How many bytes of the frame the output has.
EXPORT(pack) u32 pack(u32 length, u32 isLast) {
  blockTo = contentEnd;
  contentEnd += length;
  total += length;
  // Read by the hashes of the last bytes, which must not depend on what lay there before.
  __builtin_memset((u8 *)input + contentEnd, 0, PAD);
  u8 *out = isBegun ? output : putHeader(output);
  isBegun = 1;
  // What is empty is an empty block.
  for (u32 isThere = isLast || length > 0; isThere; isThere = blockTo < contentEnd) {
    blockFrom = blockTo;
    blockTo = contentEnd - blockFrom > BLOCK ? blockFrom + BLOCK : contentEnd;
    if (hasSum) summed = addStripes(&sum, input + summed, input + blockTo) - input;
    out = putBlock(out, isLast && blockTo == contentEnd);
  }
  if (!isLast || !hasSum) return out - output;
  *(any32 *)out = endSum(&sum, input + summed, total);
  return out + 4 - output;
}
