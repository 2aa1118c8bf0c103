// Matches in rows: the hash of a few bytes leads to a row of places and to a tag of eight bits, the tags of a row are compared all at once, and so only places are looked at that all but
// certainly match. Needs matches.h and tags.h.

enum {
  TAG_BITS = 8,
  GAP = 64, FIRST = 24, LAST = 16, // of a gap that is longer, only so many places are inserted
  GOOD = 16, // where a match is as long, a better one is looked for in half of the places
  ONE_LATER = 4, TWO_LATER = 7, // by so many bits it has to be better
  SPARSE = 8, // where more bytes at once are passed over, they are not inserted
};

static u8 *tags, *heads; // heads, by row: the slot that was filled last; the one filled before it is the next, and behind the last slot the first
static u32 *places;
static u32 rowBits, rowHashed, rowDepth, niceLength, laziness;
static u32 inserted; // up to here, places are in their rows

static INLINE void fill(u32 hash, u32 i, u32 width) {
  const u32 row = hash >> TAG_BITS, slot = heads[row] = (heads[row] - 1) & (width - 1);
  tags[row * width + slot] = hash;
  places[row * width + slot] = i;
}

static INLINE u32 rowHash(u32 i) { return hashOf(load64(i), rowHashed, rowBits + TAG_BITS); }

static INLINE void insertUpTo(u32 to, u32 width) {
  u32 i = inserted;
  if (to - i > GAP) {
    for (const u32 first = i + FIRST; i < first; i++) fill(rowHash(i), i, width);
    i = to - LAST;
  }
  for (; i < to; i++) fill(rowHash(i), i, width);
  inserted = to;
}

struct match {
  u32 length, distance;
  int worth; // in bits, about, and above other matches
};

// A byte saves so many bits, and a distance takes its own.
static INLINE int worthOf(u32 length, u32 distance) { return 4 * (int)length - (int)highestBit(distance + REPEATS); }

static INLINE void tryRepeat(struct match *match, u32 i, u32 distance, u32 end) {
  if (distance - 1 >= i || load32(i) != load32(i - distance)) return;
  const u32 length = 4 + lengthOf(i + 4, i + 4 - distance, end - i - 4);
  const int worth = 4 * length - 1;
  if (worth > match->worth) *match = (struct match){length, distance, worth};
}

// Inserts `i`. Of matches that are worth no more than `match`, none is taken.
static INLINE void search(struct match *match, u32 i, u32 end, const struct found *found, u32 depth, u32 width) {
  tryRepeat(match, i, i > found->from ? found->repeat1 : found->repeat3, end);
  tryRepeat(match, i, found->repeat2, end);
  insertUpTo(i, width);
  const u32 hash = rowHash(i), row = hash >> TAG_BITS, head = heads[row];
  const u32 *const rowPlaces = places + row * width;
  u64 mask = rotated(slotsWith(hash & 255, tags + row * width, width), head, width);
  u32 best = match->length < 4 ? 3 : match->length, wanted = load32(i + best - 3);
  const u32 most = end - i;
  for (; mask != 0 && depth > 0; mask &= mask - 1, depth--) {
    const u32 from = rowPlaces[(head + __builtin_ctzll(mask)) & (width - 1)];
    if (from == 0 || i - from > window) break; // and all that are behind it too
    if (load32(from + best - 3) != wanted) continue;
    const u32 length = lengthOf(i, from, most);
    if (length <= best) continue;
    best = length;
    const int worth = worthOf(length, i - from);
    if (worth > match->worth) *match = (struct match){length, i - from, worth};
    if (length >= niceLength || length >= most) break;
    wanted = load32(i + best - 3);
  }
  fill(hash, i, width);
  inserted = i + 1;
}

static INLINE void parseLazy(u32 width) {
  struct found found = begin();
  const u32 end = blockTo;
  u32 i = blockFrom + (blockFrom == 0);
  if (inserted == 0) inserted = 1;
  while (i + HASHED <= end) {
    struct match match = {0, 0, 0};
    search(&match, i, end, &found, rowDepth, width);
    if (match.length < 4) {
      const u32 by = 1 + ((i - found.from) >> PATIENCE);
      i += by;
      if (by > SPARSE) inserted = i < end ? i : end;
      continue;
    }
    u32 start = i;
    for (u32 by = 1; by <= laziness && start + by + HASHED <= end && match.length < niceLength; by++) {
      const int least = match.worth + (by == 1 ? ONE_LATER : TWO_LATER);
      struct match other = {0, 0, least};
      search(&other, start + by, end, &found, match.length < GOOD ? rowDepth : (rowDepth + 1) / 2, width);
      if (other.length == 0) continue;
      match = other;
      start += by;
      by = 0;
    }
    u32 from = start - match.distance;
    while (start > found.from && from > 0 && input[start - 1] == input[from - 1]) start--, from--, match.length++;
    add(&found, start, match.length, match.distance);
    i = start + match.length;
  }
  finish(&found);
}

static __attribute__((noinline)) void parseRows16(void) { parseLazy(16); }
static __attribute__((noinline)) void parseRows64(void) { parseLazy(64); }
