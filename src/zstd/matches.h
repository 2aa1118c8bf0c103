// From content to sequences: each search fills `sequences` and `literals` with what lies from `blockFrom` to `blockTo`. Needs sequences.h.
//
// Places are counted from the beginning of the content. Tables begin with 0, which is a place as well: whatever they hold lies before the place that is searched for, and is compared before it is believed.

enum {
  PAD = 32, // behind the content: zeros that are hashed, and bytes that are compared or copied but never counted
  HASHED = 8, // bytes that have to be there where something is searched for
};

static const u8 *input;
static u32 contentEnd, blockFrom, blockTo;
static u32 window; // the farthest that a match reaches back
static u32 repeats[REPEATS]; // distances of the matches before

static u8 literals[BLOCK + PAD];
static u32 literalCount;

// What a search has found so far in its block. A copy, of which the compiler knows that nothing else changes it.
struct found {
  struct sequence *next;
  u8 *literal;
  u32 from; // of the literals that no sequence has yet
  u32 repeat1, repeat2, repeat3;
};

static INLINE u32 load32(u32 i) { return *(const any32 *)(input + i); }
static INLINE u64 load64(u32 i) { return *(const any64 *)(input + i); }

// Of the first `bytes` bytes, 4 to 8; `bits` are of the table's size.
static INLINE u32 hashOf(u64 word, u32 bytes, u32 bits) { return (word << (64 - 8 * bytes)) * 0x9e3779b185ebca87u >> (64 - bits); }

// How many bytes are equal, of `most`.
static INLINE u32 lengthOf(u32 i, u32 from, u32 most) {
  u32 length = 0;
  for (; length < most; length += 8) {
    const u64 differing = load64(from + length) ^ load64(i + length);
    if (differing == 0) continue;
    length += __builtin_ctzll(differing) / 8;
    break;
  }
  return length < most ? length : most;
}

static struct found begin(void) {
  return (struct found){sequences, literals, blockFrom, repeats[0], repeats[1], repeats[2]};
}

static INLINE void copyLiterals(struct found *found, u32 to) {
  const u8 *from = input + found->from, *const end = input + to;
  u8 *literal = found->literal;
  found->literal += to - found->from;
  do {
    *(any128 *)literal = *(const any128 *)from;
    literal += 16;
    from += 16;
  } while (from < end);
}

static void finish(struct found *found) {
  if (found->from < blockTo) copyLiterals(found, blockTo);
  sequenceCount = found->next - sequences;
  literalCount = found->literal - literals;
  repeats[0] = found->repeat1;
  repeats[1] = found->repeat2;
  repeats[2] = found->repeat3;
}

// 3.1.1.5: without literals in front of it, a match cannot have the distance of the last one, and the numbers mean others.
static INLINE u32 offsetOf(struct found *found, u32 run, u32 distance) {
  const u32 repeat1 = found->repeat1, repeat2 = found->repeat2, repeat3 = found->repeat3;
  const u32 shift = run == 0;
  u32 offset;
  if (distance == repeat1 && !shift) return 1;
  if (distance == repeat2) offset = 2 - shift;
  else {
    offset = distance == repeat3 ? 3 - shift : distance == repeat1 - 1 && shift ? 3 : distance + REPEATS;
    found->repeat3 = repeat2;
  }
  found->repeat2 = repeat1;
  found->repeat1 = distance;
  return offset;
}

static INLINE void add(struct found *found, u32 i, u32 length, u32 distance) {
  const u32 run = i - found->from;
  copyLiterals(found, i);
  const u32 offset = offsetOf(found, run, distance);
  *found->next++ = (struct sequence){run, length, offset};
  found->from = i + length;
}

// --- One table, or two: of places by the hash of their next bytes, the last one

static u32 *longs, *shorts;
static u32 longBits, shortBits;

// Of what is found nowhere, one byte more is passed over for each so many bytes (2^) since the last match.
enum { PATIENCE = 8 };

// As zstd's "dfast": places by eight bytes, or else by `hashed`.
static INLINE void parseDouble(u32 hashed) {
  struct found found = begin();
  u32 *const longs_ = longs, *const shorts_ = shorts;
  const u32 longBits_ = longBits, shortBits_ = shortBits, end = blockTo, window_ = window;
  u32 i = blockFrom + (blockFrom == 0);
#define LONG(word) longs_[hashOf(word, 8, longBits_)]
#define SHORT(word) shorts_[hashOf(word, hashed, shortBits_)]
  while (i + HASHED <= end) {
    const u64 word = load64(i);
    u32 *const longPlace = &LONG(word), *const shortPlace = &SHORT(word);
    u32 from = *longPlace, length, start = i;
    const u32 fromShort = *shortPlace;
    *longPlace = *shortPlace = i;
    if (load32(i + 1 - found.repeat1) == (u32)(word >> 8)) {
      start = i + 1;
      from = start - found.repeat1;
      length = 4 + lengthOf(start + 4, from + 4, end - start - 4);
    } else {
      if (load64(from) == word && i - from <= window_) length = 8 + lengthOf(i + 8, from + 8, end - i - 8);
      else if (load32(fromShort) == (u32)word && i - fromShort <= window_) {
        // A byte further on there may be a longer one.
        const u64 next = load64(i + 1);
        u32 *const nextPlace = &LONG(next);
        const u32 fromNext = *nextPlace;
        *nextPlace = i + 1;
        if (load64(fromNext) == next && i + 1 - fromNext <= window_ && i + 1 + HASHED <= end) {
          start = i + 1;
          from = fromNext;
          length = 8 + lengthOf(start + 8, from + 8, end - start - 8);
        } else {
          from = fromShort;
          length = 4 + lengthOf(i + 4, from + 4, end - i - 4);
        }
      } else {
        i += 1 + ((i - found.from) >> PATIENCE);
        continue;
      }
    }
    while (start > found.from && from > 0 && input[start - 1] == input[from - 1]) start--, from--, length++;
    add(&found, start, length, start - from);
    const u32 inside = i + 2;
    i = start + length;
    if (i + HASHED > end) break;
    LONG(load64(inside)) = SHORT(load64(inside)) = inside;
    LONG(load64(i - 2)) = i - 2;
    SHORT(load64(i - 1)) = i - 1;
    while (i + HASHED <= end && load32(i) == load32(i - found.repeat2)) {
      from = i - found.repeat2;
      length = 4 + lengthOf(i + 4, from + 4, end - i - 4);
      LONG(load64(i)) = SHORT(load64(i)) = i;
      add(&found, i, length, i - from);
      i += length;
    }
  }
#undef LONG
#undef SHORT
  finish(&found);
}

// As zstd's "fast": places by `hashed` bytes.
static INLINE void parseSingle(u32 hashed) {
  struct found found = begin();
  u32 *const shorts_ = shorts;
  const u32 shortBits_ = shortBits, end = blockTo, window_ = window;
  u32 i = blockFrom + (blockFrom == 0);
#define SHORT(word) shorts_[hashOf(word, hashed, shortBits_)]
  while (i + HASHED + 1 <= end) {
    const u64 word = load64(i), next = load64(i + 1);
    u32 *const place = &SHORT(word);
    u32 from = *place, length, start = i;
    *place = i;
    u32 *const nextPlace = &SHORT(next);
    const u32 fromNext = *nextPlace;
    *nextPlace = i + 1;
    if (load32(i + 2 - found.repeat1) == (u32)(word >> 16)) {
      start = i + 2;
      from = start - found.repeat1;
      length = 4 + lengthOf(start + 4, from + 4, end - start - 4);
    } else {
      if (load32(from) == (u32)word && i - from <= window_) length = 4 + lengthOf(i + 4, from + 4, end - i - 4);
      else if (load32(fromNext) == (u32)next && i + 1 - fromNext <= window_) {
        start = i + 1;
        from = fromNext;
        length = 4 + lengthOf(start + 4, from + 4, end - start - 4);
      } else {
        i += 2 + ((i - found.from) >> (PATIENCE - 1));
        continue;
      }
    }
    while (start > found.from && from > 0 && input[start - 1] == input[from - 1]) start--, from--, length++;
    add(&found, start, length, start - from);
    const u32 inside = i + 2;
    i = start + length;
    if (i + HASHED > end) break;
    SHORT(load64(inside)) = inside;
    SHORT(load64(i - 2)) = i - 2;
    while (i + HASHED <= end && load32(i) == load32(i - found.repeat2)) {
      from = i - found.repeat2;
      length = 4 + lengthOf(i + 4, from + 4, end - i - 4);
      SHORT(load64(i)) = i;
      add(&found, i, length, i - from);
      i += length;
    }
  }
#undef SHORT
  finish(&found);
}

// One for each number of bytes, which the compiler then knows.
static __attribute__((noinline)) void parseSingle7(void) { parseSingle(7); }
static __attribute__((noinline)) void parseSingle6(void) { parseSingle(6); }
static __attribute__((noinline)) void parseDouble5(void) { parseDouble(5); }
