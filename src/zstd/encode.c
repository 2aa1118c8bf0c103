// zstd's encoder for WebAssembly (RFC 8878): content to one frame, in one call.
//
// encode-code.ts holds what scripts/wasm.mjs makes of this file.

#include "../bytes/wasm.h"
#include "../bytes/bits.h"
#include "../bytes/sort.h"
#include "../bytes/huffman.h"
#include "fse.h"
#include "literals.h"
#include "sequences.h"
#include "matches.h"
#include "rows.h"
#include "optimal.h"
#include "sum.h"

extern u8 __heap_base;

enum { WINDOW = 8 << 20 };

static const struct level {
  void (*parse)(void);
  u8 longBits, shortBits; // of the numbers of places that are kept
  u8 rowBits, width, depth; // rows of so many slots, of which so many are looked at
  u8 laziness; // up to so many bytes further on a better match is looked for
  u16 nice; // a match as long is taken as soon as it is found
} levels[] = {
  {parseSingle7, 0, 14},
  {parseSingle7, 0, 14},
  {parseSingle7, 0, 14},
  {parseSingle6, 0, 16},
  {parseSingle6, 0, 16},
  {parseDouble, 17, 16},
  {parseDouble, 17, 16},
  {parseRows16, 0, 0, 15, 16, 16, 1, 256},
  {parseRows64, 0, 0, 16, 64, 64, 2, 512},
  {parseOptimal},
};
static const struct level *level;

static u8 *output;
static u8 *tables, *tablesEnd;

static u32 bound(u32 length) { return length + 3 * (length / BLOCK + 1) + 64; }

static u32 aligned(u32 address) { return (address + 15) & ~15u; }

// Finds a place for everything, and says where the memory has to end.
EXPORT(layout) u32 layout(u32 length, u32 levelNumber) {
  level = levels + levelNumber;
  u32 at = aligned((u32)&__heap_base);
  input = (u8 *)at;
  at = aligned(at + length + PAD);
  output = (u8 *)at;
  at = aligned(at + bound(length) + BLOCK);
  longBits = level->longBits;
  shortBits = level->shortBits;
  rowBits = level->rowBits;
  rowDepth = level->depth;
  laziness = level->laziness;
  niceLength = level->nice;
  window = WINDOW;
  tables = (u8 *)at;
  if (level->parse == parseOptimal) {
    treeMask = WINDOW - 1;
    tree = (u32 *)at;
    at += 8 * WINDOW;
    treeHeads = (u32 *)at;
    at += 4u << TREE_BITS;
    threes = (u32 *)at;
    at += 4u << THREE_BITS;
    candidates = (struct candidate *)at;
    at += CANDIDATES * sizeof *candidates;
    firstCandidates = (u32 *)at;
    at += (BLOCK + 1) * sizeof *firstCandidates;
    at = aligned(at);
    nodes = (struct node *)at;
    at += (BLOCK + 1) * sizeof *nodes;
  } else if (level->width > 0) {
    places = (u32 *)at;
    at += (4u * level->width) << rowBits;
    tags = (u8 *)at;
    at += level->width << rowBits;
    heads = (u8 *)at;
    at += 1u << rowBits;
  } else {
    longs = (u32 *)at;
    at += 4u << longBits;
    shorts = (u32 *)at;
    at += 4u << shortBits;
  }
  tablesEnd = (u8 *)at;
  return at;
}

EXPORT(input) const u8 *inputAt(void) { return input; }
EXPORT(output) u8 *outputAt(void) { return output; }

// 3.1.1.1
static u8 *putHeader(u8 *out, u32 length) {
  enum { SINGLE_SEGMENT = 0x20, CHECKSUM = 0x04 };
  *(any32 *)out = 0xfd2fb528;
  const u32 flag = length < 256 ? 0 : length < 65536 + 256 ? 1 : 2;
  out[4] = flag << 6 | SINGLE_SEGMENT | CHECKSUM;
  *(any32 *)(out + 5) = flag == 1 ? length - 256 : length;
  return out + 5 + (1 << flag);
}

enum { RAW_BLOCK, RLE_BLOCK, COMPRESSED_BLOCK };

static u32 isOneByte(const u8 *from, u32 length) {
  for (u32 i = 1; i < length; i++) if (from[i] != from[0]) return 0;
  return 1;
}

// 3.1.1.2
static u8 *putBlock(u8 *out) {
  const u32 length = blockTo - blockFrom, isLast = blockTo == contentEnd;
  const u8 *const from = input + blockFrom;
  u32 type = RAW_BLOCK, size = length;
  u8 *end = out + 3;
  if (length > 1 && isOneByte(from, length)) {
    type = RLE_BLOCK;
    *end++ = from[0];
  } else if (length > 8) {
    const u32 repeat1 = repeats[0], repeat2 = repeats[1], repeat3 = repeats[2];
    level->parse();
    end = putSequences(putLiterals(out + 3, literals, literalCount));
    size = end - out - 3;
    if (size < length) {
      type = COMPRESSED_BLOCK;
      lastCodes = freshCodes;
      for (u32 kind = 0; kind < 3; kind++) lastTables[kind] = freshTables[kind];
    } else {
      size = length;
      repeats[0] = repeat1;
      repeats[1] = repeat2;
      repeats[2] = repeat3;
    }
  }
  if (type == RAW_BLOCK) {
    __builtin_memcpy(out + 3, from, length);
    end = out + 3 + length;
  }
  const u32 header = isLast | type << 1 | size << 3;
  out[0] = header;
  out[1] = header >> 8;
  out[2] = header >> 16;
  return end;
}

// Packs `length` bytes of input, after layout(). How long the frame is.
EXPORT(encode) u32 encodeFrame(u32 length) {
  if (logarithms[2] == 0) {
    makeLogarithms();
    makeSequenceTables();
  }
  contentEnd = length;
  __builtin_memset((u8 *)input + length, 0, PAD);
  __builtin_memset(tables, 0, tablesEnd - tables);
  inserted = hasPrices = 0;
  repeats[0] = 1;
  repeats[1] = 4;
  repeats[2] = 8;
  lastCodes.isThere = 0;
  for (u32 kind = 0; kind < 3; kind++) lastTables[kind] = 0;
  u8 *out = putHeader(output, length);
  struct sum sum = beginSum();
  blockTo = 0;
  do {
    blockFrom = blockTo;
    blockTo = contentEnd - blockFrom > BLOCK ? blockFrom + BLOCK : contentEnd;
    addStripes(&sum, input + blockFrom, input + blockTo);
    out = putBlock(out);
  } while (blockTo < contentEnd);
  *(any32 *)out = endSum(&sum, input + length / STRIPE * STRIPE, length);
  return out + 4 - output;
}
