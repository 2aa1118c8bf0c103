// bzip2's encoder for WebAssembly: a stream, block by block. There is no paper but bzip2(1) itself, whose decoder all of this is held against. Memory: 20 MB, of which small
// blocks touch little.
//
// What takes the time is the sort of a block's rotations. It is a two-stage sort (Itoh and Tanaka 1999, with the types of Nong, Zhang and Chan 2009 and, as in Mori's
// divsufsort, only type B* sorted): a rotation is of type A if it is greater than the one that begins at its next byte, else of type B; those of type B that are followed by
// one of type A, B*, are at most half of all, mostly a third, and the order of the others follows from theirs in two passes. B* are sorted by their bytes as far as
// ordinary data needs, and where many bytes are equal by the ranks of those that follow, over ever doubled distances (Manber and Myers 1990, Larsson and Sadakane
// 2007), so no data take longer than n log² n: of 44 inputs made for it the worst took four to seven times as long as ordinary data.
//
// code.ts holds what scripts/wasm.mjs makes of this file.

#include "../bytes/wasm.h"
#include "../bytes/sort.h"
#include "../bytes/huffman.h"

enum {
  INPUT = 1 << 16,
  LEVEL = 100000, // bytes of a block for each level
  MOST = 9 * LEVEL,
  SPARE = 19, // which bzip2(1) leaves free
  // A byte may close a run, whose length takes a byte, and be the fourth of another.
  RESERVE = 3,
  LEAST_COUNTED = 4,
  MOST_RUN = 255,
  PAD = 16,

  // Of a key of the sort, above a place; or a rank.
  KEY_BYTES = 5,
  // Rotations that are equal for so many bytes are sorted by ranks, if they can be.
  DEEP = 17,

  RUN_A = 0,
  RUN_B = 1,
  SYMBOLS = 258,
  GROUP = 50, // symbols that share a table
  TABLES = 6,
  LONGEST = 17, // code in bits; readers know up to 20, bzip2(1) writes up to 17
  COST_BITS = 10, // of a group in one table: at most GROUP times LONGEST
  ROUNDS = 4, // in which tables are made better; as many more take away a ten-thousandth of the size
};

static u8 input[INPUT];
static u8 output[3 * MOST]; // symbols are no more than bytes and one, and none takes more than LONGEST bits
static u8 *out;
static u64 bits;
static u32 bitCount;

// Backwards, so that eight bytes loaded at once are a number that sorts as they do.
static u8 text[PAD + MOST + PAD];
#define TEXT(i) text[PAD + MOST - 1 - (int)(i)]
#define KEY_AT(i) (*(const any64 *)&TEXT((i) + 7))
static u32 length, capacity;
// The run that is not closed yet: its byte, and how often so far; 0: none.
static u32 runByte, run;
static u32 crc, combined;

static u32 sorted[MOST]; // in each: a rotation's place, and above it the byte before it, which is what comes out
static u64 keys[MOST / 2 + 1];
static u32 starRoom[MOST / 2 + 1];
static u32 *stars, starCount; // where B* begin, in the order of the text
static u32 depths[MOST / 2 + 1]; // by rank: how many B* parts are known to be equal in that group

// Rotations that are equal as far as they were compared.
struct group { u32 from, to, depth; };
static struct group groups[MOST / 4 + 1];

static void put(u32 count, u32 value) {
  bits = bits << count | value;
  bitCount += count;
  if (bitCount < 32) return;
  bitCount -= 32;
  *(any32 *)out = __builtin_bswap32((u32)(bits >> bitCount));
  out += 4;
}

// How much was put, whose memory is free again.
static u32 flush(void) {
  u32 count = out - output;
  out = output;
  return count;
}

// --- In: runs of four to 255 equal bytes are four of them and how many more, and the checksum of what goes in.

static u32 crcTables[8][256];

static void makeCrcTables(void) {
  for (u32 byte = 0; byte < 256; byte++) {
    u32 sum = byte << 24;
    for (u32 bit = 0; bit < 8; bit++) sum = sum << 1 ^ (sum >> 31 ? 0x04c11db7 : 0);
    crcTables[0][byte] = sum;
  }
  for (u32 row = 1; row < 8; row++)
    for (u32 byte = 0; byte < 256; byte++) crcTables[row][byte] = crcTables[row - 1][byte] << 8 ^ crcTables[0][crcTables[row - 1][byte] >> 24];
}

static u32 addCrc(u32 sum, const u8 *at, const u8 *end) {
  for (; end - at >= 8; at += 8) {
    u32 first = sum ^ __builtin_bswap32(*(const any32 *)at);
    sum = crcTables[7][first >> 24] ^ crcTables[6][first >> 16 & 0xff] ^ crcTables[5][first >> 8 & 0xff] ^ crcTables[4][first & 0xff]
      ^ crcTables[3][at[4]] ^ crcTables[2][at[5]] ^ crcTables[1][at[6]] ^ crcTables[0][at[7]];
  }
  while (at < end) sum = sum << 8 ^ crcTables[0][sum >> 24 ^ *at++];
  return sum;
}

static void closeRun(void) {
  if (run >= LEAST_COUNTED) {
    TEXT(length) = run - LEAST_COUNTED;
    length++;
  }
  run = 0;
}

EXPORT(input) u8 *inputAddress(void) { return input; }
EXPORT(output) u8 *outputAddress(void) { return output; }
EXPORT(isEmpty) u32 isEmpty(void) { return length == 0; }

static void newBlock(void) {
  length = run = 0;
  crc = ~0u;
}

// Begins a stream of blocks of up to `level` times 100,000 bytes.
EXPORT(begin) void begin(u32 level) {
  if (crcTables[0][1] == 0) makeCrcTables();
  capacity = level * LEVEL - SPARE;
  out = output;
  bitCount = combined = 0;
  put(32, 0x425a6830 + level); // "BZh0"
  newBlock();
}

// Of the input from `from` to `to`, as much goes into the block as there is room for. Returns where that ends.
EXPORT(take) u32 take(u32 from, u32 to) {
  u32 at = from, length_ = length, run_ = run, byte_ = runByte;
  const u32 most = capacity - RESERVE;
  for (; at < to && length_ <= most; at++) {
    u32 byte = input[at];
    if (byte != byte_ || run_ == 0) {
      if (run_ >= LEAST_COUNTED) {
        TEXT(length_) = run_ - LEAST_COUNTED;
        length_++;
      }
      byte_ = byte;
      run_ = 1;
      TEXT(length_) = byte;
      length_++;
    } else {
      run_++;
      if (run_ <= LEAST_COUNTED) {
        TEXT(length_) = byte;
        length_++;
      } else if (run_ == MOST_RUN) {
        TEXT(length_) = run_ - LEAST_COUNTED;
        length_++;
        run_ = 0;
      }
    }
  }
  length = length_;
  run = run_;
  runByte = byte_;
  crc = addCrc(crc, input + from, input + at);
  return at;
}

// --- The sort

// Two B* are never side by side, so half the place tells them apart.
static u32 *const starAt = sorted;           // by half a place: the number of the B* there
static u32 *const ranks = sorted + MOST / 2; // by that number

static u32 starAfter(u32 star, u32 count) {
  star += count;
  return star >= starCount ? star - starCount : star;
}

// How many further B* begin within the first `depth` bytes of one, but for the last, whose type what follows may yet decide otherwise: whatever begins with the
// same bytes has B* at the same distances. Not more than there are.
static u32 partsWithin(u32 place, u32 depth) {
  u32 star = starAt[place >> 1], count = 0;
  for (u32 distance = 0; count < starCount; count++) {
    u32 from = stars[star];
    star = starAfter(star, 1);
    distance += stars[star] > from ? stars[star] - from : stars[star] + length - from;
    if (distance >= depth) break;
  }
  return count > 0 ? count - 1 : 0;
}

// Sorts the keys of a group, the bytes behind the first `depth`. What is still equal goes on top of `stack`, or, if ranks can go on from there, to the end of `*tied`.
static struct group *sortByBytes(struct group one, struct group *stack, struct group **tied) {
  sort(keys + one.from, one.to - one.from);
  u32 depth = one.depth + KEY_BYTES;
  for (u32 from = one.from, to; from < one.to; from = to) {
    u64 key = keys[from] >> PLACE_BITS;
    for (to = from + 1; to < one.to && keys[to] >> PLACE_BITS == key; to++);
    if (to - from == 1) continue;
    u32 parts = depth < DEEP ? 0 : partsWithin(keys[from] & PLACE, depth);
    if (parts > 0) *(*tied)++ = (struct group){from, to, parts};
    else *--stack = (struct group){from, to, depth};
  }
  return stack;
}

// Sorts the first `count` groups, whose keys end in a B*'s number, by the ranks of what follows behind their equal parts. Where the ranks are equal as well, the parts of that
// rank's group are equal too: taken in turn, groups at the least double their parts each time.
static void sortByRanks(u32 count) {
  const u32 room = sizeof groups / sizeof *groups;
  u32 next = 0, end = count;
  while (count > 0) {
    struct group one = groups[next];
    next = next + 1 == room ? 0 : next + 1;
    count--;
    for (u32 i = one.from; i < one.to; i++) {
      u32 star = keys[i] & PLACE;
      keys[i] = (u64)ranks[starAfter(star, one.depth)] << PLACE_BITS | star;
    }
    sort(keys + one.from, one.to - one.from);
    for (u32 from = one.from, to; from < one.to; from = to) {
      u64 rank = keys[from] >> PLACE_BITS;
      for (to = from; to < one.to && keys[to] >> PLACE_BITS == rank; to++) ranks[keys[to] & PLACE] = from;
      if (to - from == 1) continue;
      u32 depth = one.depth + (rank == one.from ? one.depth : depths[rank]);
      depths[from] = depth;
      if (depth >= starCount) continue; // equal all around
      groups[end] = (struct group){from, to, depth};
      end = end + 1 == room ? 0 : end + 1;
      count++;
    }
  }
}

// By type and first two bytes, how many there are.
enum { TYPE_A, TYPE_B, TYPE_B_STAR, TYPES };
static u32 counts[TYPES][1 << 16];
// Where type B of a second and a first byte ends; the next one goes there, from the end on.
static u32 ends[256][256];
// By first byte: where its rotations begin, where those of type B do, and where the next one of type A goes.
static u32 begins[257], beginsB[256], nextA[256];

static u32 placeBefore(u32 place) { return (place > 0 ? place : length) - 1; }
static u32 entry(u32 place) { return (u32)TEXT(place - 1) << PLACE_BITS | place; }

// Counts the types, and finds all B*. From the end on, since a type depends on what follows: it begins in front of `last`, whose next byte is another one.
static void classify(u32 last) {
  __builtin_memset(counts, 0, sizeof counts);
  u32 place = last, after = TEXT(last), isB = after < TEXT(last + 1);
  u32 *star = starRoom + sizeof starRoom / sizeof *starRoom;
  for (u32 left = length; left > 0; left--) {
    place = placeBefore(place);
    u32 byte = TEXT(place);
    u32 isBHere = (byte < after) | ((byte == after) & isB);
    u32 isStar = isBHere & ~isB;
    star[-1] = place;
    star -= isStar;
    counts[isBHere + isStar][byte << 8 | after]++;
    isB = isBHere;
    after = byte;
  }
  stars = star;
  starCount = starRoom + sizeof starRoom / sizeof *starRoom - star;
}

// Sorts all B* into `keys`, each by its number.
static void sortStars(void) {
  // By the first two bytes at once.
  u32 *const next = counts[TYPE_B_STAR];
  u32 at = 0;
  for (u32 pair = 0; pair < 1 << 16; pair++) {
    u32 count = next[pair];
    next[pair] = at;
    at += count;
  }
  for (u32 star = 0; star < starCount; star++) {
    u32 place = stars[star];
    starAt[place >> 1] = star;
    keys[next[TEXT(place) << 8 | TEXT(place + 1)]++] = (KEY_AT(place + 2) & ~(u64)PLACE) | place;
  }
  struct group *const last = groups + sizeof groups / sizeof *groups, *stack = last, *tied = groups;
  for (u32 pair = 0, from = 0; pair < 1 << 16; from = next[pair++]) {
    if (next[pair] - from < 2) continue;
    stack = sortByBytes((struct group){from, next[pair], 2}, stack, &tied);
    while (stack < last) {
      struct group one = *stack++;
      for (u32 i = one.from; i < one.to; i++) {
        u32 place = keys[i] & PLACE, at = place + one.depth;
        while (at >= length) at -= length;
        keys[i] = (KEY_AT(at) & ~(u64)PLACE) | place;
      }
      stack = sortByBytes(one, stack, &tied);
    }
  }
  for (u32 i = 0; i < starCount; i++) {
    u32 star = starAt[(keys[i] & PLACE) >> 1];
    keys[i] = star;
    ranks[star] = i;
  }
  for (struct group *one = groups; one < tied; one++) {
    depths[one->from] = one->depth;
    for (u32 i = one->from; i < one->to; i++) ranks[keys[i]] = one->from;
  }
  sortByRanks(tied - groups);
}

// Puts the rotations into the order that follows from that of B*, of which counts[TYPE_B_STAR] has where each pair of bytes ends.
static void induce(void) {
  const u32 *const starEnds = counts[TYPE_B_STAR];
  u32 at = 0, star = 0;
  for (u32 byte = 0; byte < 256; byte++) {
    begins[byte] = nextA[byte] = at;
    for (u32 after = 0; after <= byte; after++) at += counts[TYPE_A][byte << 8 | after];
    beginsB[byte] = at;
    for (u32 after = byte; after < 256; after++) {
      u32 pair = byte << 8 | after;
      for (; star < starEnds[pair]; star++) sorted[at++] = entry(stars[keys[star] & PLACE]);
      at += counts[TYPE_B][pair];
      ends[after][byte] = at;
    }
  }
  begins[256] = at;
  // In front of each one of type B, another of type B if its byte is not greater; from the last on.
  for (u32 byte = 256; byte-- > 0;) {
    u32 *const to = ends[byte];
    for (u32 i = begins[byte + 1]; i-- > beginsB[byte];) {
      u32 before = sorted[i] >> PLACE_BITS;
      if (before <= byte) sorted[--to[before]] = entry(placeBefore(sorted[i] & PLACE));
    }
  }
  // In front of each one, one of type A if its byte is greater, or the same and this is of type A; from the first on.
  for (u32 byte = 0; byte < 256; byte++) {
    u32 i = begins[byte];
    for (; i < beginsB[byte]; i++) {
      u32 before = sorted[i] >> PLACE_BITS;
      if (before >= byte) sorted[nextA[before]++] = entry(placeBefore(sorted[i] & PLACE));
    }
    for (; i < begins[byte + 1]; i++) {
      u32 before = sorted[i] >> PLACE_BITS;
      if (before > byte) sorted[nextA[before]++] = entry(placeBefore(sorted[i] & PLACE));
    }
  }
}

static void sortRotations(void) {
  for (u32 i = 0; i < PAD - 1; i++) TEXT(length + i) = TEXT(i);
  TEXT(-1) = TEXT(length - 1);
  u32 last = length;
  do last--;
  while (last > 0 && TEXT(last) == TEXT(last + 1));
  if (TEXT(last) == TEXT(last + 1)) { // one byte all over: all rotations are equal
    for (u32 i = 0; i < length; i++) sorted[i] = entry(i);
    return;
  }
  classify(last);
  sortStars();
  induce();
}

// --- Out: move-to-front with runs of zeros in two symbols, and Huffman codes.

static u16 symbols[MOST + 1];
static u32 symbolCount, alphabet;
static u32 frequencies[SYMBOLS];
static u8 isUsed[256];
static u32 origin;

static u64 order[256 / 8]; // the bytes, eight in each, and the first one lowest

static void addSymbol(u32 symbol) {
  symbols[symbolCount++] = symbol;
  frequencies[symbol]++;
}

// The place of a byte in `order`, from which it moves to the front.
static u32 moveToFront(u32 byte) {
  const u64 ones = 0x0101010101010101;
  u64 pushed = byte;
  for (u32 row = 0;; row++) {
    u64 now = order[row], differing = now ^ byte * ones;
    u64 found = (differing - ones) & ~differing & ones << 7; // the lowest bit of these belongs to the first byte that is 0
    if (found == 0) {
      order[row] = now << 8 | pushed;
      pushed = now >> 56;
      continue;
    }
    u32 at = __builtin_ctzll(found) & ~7u;
    u64 below = ((u64)1 << at) - 1, above = ~below << 8;
    order[row] = (now & above) | (now & below) << 8 | pushed;
    return 8 * row + at / 8;
  }
}

static void addZeros(u32 count) {
  // The digits of their number, in base two, of which none is zero.
  for (count++; count > 1; count >>= 1) addSymbol(count & 1 ? RUN_B : RUN_A);
}

static void makeSymbols(void) {
  __builtin_memset(isUsed, 0, sizeof isUsed);
  for (u32 i = 0; i < length; i++) isUsed[TEXT(i)] = 1;
  u32 used = 0;
  for (u32 byte = 0; byte < 256; byte++) if (isUsed[byte]) ((u8 *)order)[used++] = byte;
  alphabet = used + 2;
  __builtin_memset(frequencies, 0, sizeof frequencies);
  symbolCount = 0;
  u32 zeros = 0, front = order[0] & 0xff;
  for (u32 i = 0; i < length; i++) {
    u32 byte = sorted[i] >> PLACE_BITS;
    if ((sorted[i] & PLACE) == 0) origin = i;
    if (byte == front) {
      zeros++;
      continue;
    }
    addZeros(zeros);
    zeros = 0;
    front = byte;
    addSymbol(moveToFront(byte) + 1);
  }
  addZeros(zeros);
  addSymbol(alphabet - 1);
}

static u8 lengths[TABLES][SYMBOLS];
static u8 selectors[MOST / GROUP + 2];
static u32 tableFrequencies[TABLES][SYMBOLS];

// How many tables so many symbols are worth, since each takes some 60 bytes.
static u32 tablesFor(u32 count) {
  return count < 200 ? 2 : count < 600 ? 3 : count < 1200 ? 4 : count < 2400 ? 5 : 6;
}

// Gives each GROUP of symbols the table in which it is shortest, with its selector, and counts what each table is used for. Returns how many groups there are.
static u32 selectTables(u32 tables) {
  static u64 costs[SYMBOLS]; // in all tables, side by side
  for (u32 symbol = 0; symbol < alphabet; symbol++) {
    costs[symbol] = 0;
    for (u32 table = 0; table < tables; table++) costs[symbol] |= (u64)lengths[table][symbol] << COST_BITS * table;
  }
  __builtin_memset(tableFrequencies, 0, sizeof tableFrequencies);
  u32 groupCount = 0;
  u8 places[TABLES] = {0, 1, 2, 3, 4, 5}; // among those that were used last, as in putSelectors()
  for (u32 from = 0, to; from < symbolCount; from = to) {
    to = from + GROUP < symbolCount ? from + GROUP : symbolCount;
    u64 sums = 0;
    for (u32 i = from; i < to; i++) sums += costs[symbols[i]];
    u32 best = 0, least = ~0u;
    for (u32 table = 0; table < tables; table++, sums >>= COST_BITS) {
      u32 sum = (sums & ((1 << COST_BITS) - 1)) + places[table];
      if (sum >= least) continue;
      least = sum;
      best = table;
    }
    for (u32 table = 0; table < tables; table++) places[table] += places[table] < places[best];
    places[best] = 0;
    for (u32 i = from; i < to; i++) tableFrequencies[best][symbols[i]]++;
    selectors[groupCount++] = best;
  }
  return groupCount;
}

// At first, each table is for symbols that follow each other, and make up an equal share of what is left; then, again and again, for what it was chosen for.
static u32 makeTables(u32 tables) {
  u32 symbol = 0, left = symbolCount;
  for (u32 table = 0; table < tables; table++) {
    u32 from = symbol, sum = 0, share = left / (tables - table);
    while (symbol < alphabet && sum < share) sum += frequencies[symbol++];
    for (u32 i = 0; i < alphabet; i++) lengths[table][i] = i >= from && i < symbol ? 0 : LONGEST;
    left -= sum;
  }
  for (u32 round = 0; round < ROUNDS; round++) {
    selectTables(tables);
    for (u32 table = 0; table < tables; table++) makeLengths(lengths[table], tableFrequencies[table], alphabet, LONGEST);
  }
  return selectTables(tables);
}

static void putUsed(void) {
  u32 rows = 0;
  for (u32 byte = 0; byte < 256; byte++) if (isUsed[byte]) rows |= 0x8000 >> (byte >> 4);
  put(16, rows);
  for (u32 row = 0; row < 16; row++) {
    if ((rows & 0x8000 >> row) == 0) continue;
    for (u32 i = 0; i < 16; i++) put(1, isUsed[16 * row + i]);
  }
}

// Each as its place among those that were used last: as many ones, and a zero.
static void putSelectors(u32 count) {
  u8 recent[TABLES];
  for (u32 i = 0; i < TABLES; i++) recent[i] = i;
  for (u32 i = 0; i < count; i++) {
    u32 place = 0;
    for (; recent[place] != selectors[i]; place++);
    put(place + 1, (2 << place) - 2);
    for (; place > 0; place--) recent[place] = recent[place - 1];
    recent[0] = selectors[i];
  }
}

// Each length from the one before it: 10 for one more, 11 for one less, and 0 where it is right.
static void putLengths(const u8 *table) {
  u32 now = table[0];
  put(5, now);
  for (u32 symbol = 0; symbol < alphabet; symbol++) {
    for (; now < table[symbol]; now++) put(2, 2);
    for (; now > table[symbol]; now--) put(2, 3);
    put(1, 0);
  }
}

static void putSymbols(u32 tables) {
  static u32 codes[TABLES][SYMBOLS]; // and below each its length
  for (u32 table = 0; table < tables; table++) {
    u32 code = 0;
    for (u32 bits = 1; bits <= LONGEST; bits++, code <<= 1)
      for (u32 symbol = 0; symbol < alphabet; symbol++)
        if (lengths[table][symbol] == bits) codes[table][symbol] = code++ << 8 | bits;
  }
  for (u32 i = 0, group = 0; i < symbolCount; group++) {
    const u32 *const of = codes[selectors[group]];
    for (u32 to = i + GROUP < symbolCount ? i + GROUP : symbolCount; i < to; i++) put(of[symbols[i]] & 0xff, of[symbols[i]] >> 8);
  }
}

// Writes the block, which is not empty, behind the output. Returns how long that is; what is taken from there does not come again.
EXPORT(block) u32 block(void) {
  closeRun();
  sortRotations();
  makeSymbols();
  combined = (combined << 1 | combined >> 31) ^ ~crc;
  put(24, 0x314159); // the digits of pi
  put(24, 0x265359);
  put(32, ~crc);
  put(1, 0);
  put(24, origin);
  putUsed();
  u32 tables = tablesFor(symbolCount);
  u32 count = makeTables(tables);
  put(3, tables);
  put(15, count);
  putSelectors(count);
  for (u32 table = 0; table < tables; table++) putLengths(lengths[table]);
  putSymbols(tables);
  newBlock();
  return flush();
}

// Ends the stream; as block().
EXPORT(end) u32 end(void) {
  put(24, 0x177245); // the digits of its square root
  put(24, 0x385090);
  put(32, combined);
  put(-bitCount & 7, 0);
  for (; bitCount > 0; bitCount -= 8) *out++ = bits >> (bitCount - 8);
  return flush();
}
