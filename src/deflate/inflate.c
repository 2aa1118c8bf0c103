// Raw deflate (RFC 1951) inflated as it comes, for WebAssembly: text in five eighths of zlib's time, a tar of sources in nine tenths, programs in the same. 11 bits of a code at once
// would be 7 % faster for such a tar and 5 % slower for text. With vectors, or compiled by -O3, it is no faster, and native code of this source is not either.
//
// Whatever the data say, nothing outside this memory can be read or written. Within it: every code is looked at before it is followed, distances are held against what was made so far, output
// ends at most OVERSHOOT bytes behind what the caller said, and is written to at most SLACK bytes behind that; input is not read behind its end. What is refused is what zlib refuses.
//
// Codes are looked up LL_BITS at once. When a block has gone on for a while its table is made richer: an entry then is two literals, or a length with its extra bits and the code of its
// distance, so that a match is one look at the table, and one shift between that and the next.

#include "../bytes/wasm.h"
#include "../bytes/reversed.h"

#define LIKELY(condition) __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

enum {
  LL_BITS = 10,
  D_BITS = 9,
  LONGEST = 15, // of codes, 3.2.7
  LL_SYMBOLS = 288,
  D_SYMBOLS = 32,
  MOST_LL = 286,
  MOST_D = 30,
  END_OF_BLOCK = 256,
  WINDOW = 32 * 1024,
  MOST_INPUT = 256 * 1024,
  LEFT = 1024, // of input that says too little by itself: a block's header at the most, which has some 600 bytes
  ROOM = 512 * 1024, // of output: large enough that calls cost nothing, small enough to stay in the processor's cache
  SLACK = 64,
  INPUT_LEFT = 32, // bytes that are looked at one by one
  OVERSHOOT = 520, // two matches, with two literals each in front
  // So much of a block comes out before it is worth a richer table.
  PLAIN_BYTES = 1024,
};

// What inflate() returns; from BAD_TYPE on nothing more comes.
enum { NEEDS_INPUT, NEEDS_ROOM, ENDED, BAD_TYPE, BAD_STORED, BAD_COUNTS, BAD_LENGTHS, BAD_REPEAT, NO_END, BAD_LL_CODE, BAD_D_CODE, BAD_SYMBOL, BAD_DISTANCE };

// Entries of the table of literals and lengths. Bits 0 to 5 of all: how many bits they take.
//   what can be done at once: up to two literals, and behind them a match, or none. Bits 8-13: those without the distance's extra bits; 16-31: the literals; 32-47: the distance that the extra
//     bits add to; 48-56: the match's length; 57-58: how many literals.
//   others: bit 63; bits 24-27: which. A length: bits 8-13: those of the code; 16-19: of its extra bits; 48-56: what they add to.
#define IS_OTHER (1ull << 63)
enum { LENGTH = 1, END, LONG, INVALID };
#define KIND(entry) ((u32)(entry) >> 24 & 15)
#define OTHER(kind) (IS_OTHER | (u64)(kind) << 24)
#define LENGTH_OF(entry) ((u32)((entry) >> 48) & 511)
#define LITERALS_OF(entry) ((u32)((entry) >> 57) & 3)
// Behind literals alone stands a match of no length; it is copied from where nothing was written just now, which would have to be waited for.
#define NOWHERE (128ull << 32)

// Of the table of distances: bits 0-5: how many bits they take; 8-11: of them the extra ones; 16-31: what these add to; or 0, D_LONG or D_INVALID: no distance.
enum { D_LONG = 1 << 6, D_INVALID = 1 << 7 };

static u64 plain[1 << LL_BITS], rich[1 << LL_BITS];
static u32 distances[1 << D_BITS];

// A code in canonical order, for what the tables do not hold.
typedef struct {
  u16 counts[LONGEST + 1];
  u16 firsts[LONGEST + 1]; // the first symbol of a length, in `sorted`
  u32 limits[LONGEST + 1]; // codes of a length are below it, both of them as LONGEST bits
  u16 sorted[LL_SYMBOLS];
  u32 longest;
} Code;

static Code ll, d;

static const u8 lengthExtra[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
static const u16 lengthBase[] = {3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};

static u32 distanceExtra(u32 symbol) { return symbol < 4 ? 0 : (symbol >> 1) - 1; }
static u32 distanceBase(u32 symbol) { return symbol < 4 ? symbol + 1 : ((2 + (symbol & 1)) << ((symbol >> 1) - 1)) + 1; }

static u64 meaningOfLL(u32 symbol, u32 bits) {
  if (symbol < END_OF_BLOCK) return 1ull << 57 | NOWHERE | symbol << 16 | bits << 8 | bits;
  if (symbol == END_OF_BLOCK) return OTHER(END) | bits;
  if (symbol >= MOST_LL) return OTHER(INVALID);
  const u32 extra = lengthExtra[symbol - 257];
  return OTHER(LENGTH) | (u64)lengthBase[symbol - 257] << 48 | extra << 16 | bits << 8 | (bits + extra);
}

static u32 meaningOfD(u32 symbol, u32 bits) {
  if (symbol >= MOST_D) return D_INVALID;
  const u32 extra = distanceExtra(symbol);
  return distanceBase(symbol) << 16 | extra << 8 | (bits + extra);
}

// Codes of these lengths, and whether they are as zlib wants them: complete, or one code of one bit, or (nobody can decode anything then) none.
static u32 order(Code *code, const u8 *lengths, u32 symbols) {
  for (u32 i = 0; i <= LONGEST; i++) code->counts[i] = 0;
  for (u32 i = 0; i < symbols; i++) code->counts[lengths[i]]++;
  code->counts[0] = 0;
  u32 next = 0, limit = 0;
  code->longest = 0;
  u16 at[LONGEST + 1];
  for (u32 i = 1; i <= LONGEST; i++) {
    at[i] = code->firsts[i] = next;
    next += code->counts[i];
    limit += code->counts[i] << (LONGEST - i);
    code->limits[i] = limit;
    if (code->counts[i] != 0) code->longest = i;
  }
  for (u32 i = 0; i < symbols; i++)
    if (lengths[i] != 0) code->sorted[at[lengths[i]]++] = i;
  return limit == 1 << LONGEST || (code->longest <= 1 && limit <= 1 << LONGEST);
}

// The code of the next bits, of which LONGEST count; 0: there is none such. Codes begin with their highest bit, numbers with their lowest.
static u32 lookUp(const Code *code, u32 bits, u32 *symbol) {
  bits = reversed(bits, LONGEST);
  for (u32 length = 1; length <= code->longest; length++) {
    if (bits >= code->limits[length]) continue;
    const u32 first = code->limits[length] - (code->counts[length] << (LONGEST - length));
    *symbol = code->sorted[code->firsts[length] + ((bits - first) >> (LONGEST - length))];
    return length;
  }
  return 0;
}

// Fills a table of 2^bits entries, as many bits as the longest code has but at most `most`; returns how many. A code's bits are reversed in the table's index: a table of codes of up to n bits, twice, is one of n + 1.
#define BUILD(name, Entry, meaning, invalid, isLong)                                                         \
  static u32 name(Entry *entries, const Code *code, u32 most) {                                              \
    u32 bits = 0, reversed = 0;                                                                              \
    const u16 *symbol = code->sorted;                                                                        \
    entries[0] = invalid;                                                                                    \
    for (u32 length = 1; length <= code->longest; length++) {                                                \
      if (length <= most) {                                                                                  \
        for (u32 i = 0; i < 1u << bits; i++) entries[i + (1u << bits)] = entries[i];                         \
        bits = length;                                                                                       \
      }                                                                                                      \
      for (u32 left = code->counts[length]; left > 0; left--) {                                              \
        entries[reversed & ((1u << bits) - 1)] = length <= most ? meaning(*symbol, length) : isLong;         \
        symbol++;                                                                                            \
        const u32 zeros = reversed ^ ((1u << length) - 1);                                                   \
        if (zeros == 0) break;                                                                               \
        const u32 bit = 1u << (31 - __builtin_clz(zeros));                                                   \
        reversed = (reversed & (bit - 1)) | bit;                                                             \
      }                                                                                                      \
    }                                                                                                        \
    return bits;                                                                                             \
  }

BUILD(buildLL, u64, meaningOfLL, OTHER(INVALID), OTHER(LONG))
BUILD(buildD, u32, meaningOfD, D_INVALID, D_LONG)

enum { HEAD, STORED, CODES, OVER };

// Where it is: within a block or in front of one.
static struct {
  u64 bits; // that were read and not used; above `count` of them zeros
  u32 count;
  u32 state, isLast, stored;
  u32 llBits, dBits, isRich;
  u32 plainLeft; // what comes out before the table is made richer
  u32 made; // up to WINDOW
  const u8 *in, *end;
  u8 *out;
} now;

// One symbol after the other, for the sake of the processor's guesses. A literal is put in front of what the bits behind it lead to, richer or not: the longest codes come first, so
// that shorter ones find more.
static void enrich(void) {
  for (; now.llBits < LL_BITS; now.llBits++)
    for (u32 i = 0; i < 1u << now.llBits; i++) plain[i + (1u << now.llBits)] = plain[i];
  for (; now.dBits < LL_BITS && now.dBits < D_BITS; now.dBits++)
    for (u32 i = 0; i < 1u << now.dBits; i++) distances[i + (1u << now.dBits)] = distances[i];
  for (u32 i = 0; i < 1 << LL_BITS; i++) rich[i] = plain[i];
  // Codes in the order of their symbols, as buildLL() numbers them.
  u32 reversed = 0, count = 0;
  static u16 codesOf[LL_SYMBOLS];
  for (u32 length = 1; length <= LL_BITS && length <= ll.longest; length++) {
    for (u32 left = ll.counts[length]; left > 0; left--) {
      codesOf[count++] = reversed;
      const u32 zeros = reversed ^ ((1u << length) - 1);
      if (zeros == 0) break;
      const u32 bit = 1u << (31 - __builtin_clz(zeros));
      reversed = (reversed & (bit - 1)) | bit;
    }
  }
  for (u32 i = 0; i < count; i++) {
    const u32 symbol = ll.sorted[i], code = codesOf[i];
    if (symbol <= END_OF_BLOCK || symbol >= MOST_LL) continue;
    const u64 entry = plain[code];
    const u32 bits = entry >> 8 & 63, taken = entry & 63, extras = 1u << (taken - bits);
    if (taken > LL_BITS) continue;
    for (u32 extra = 0; extra < extras; extra++) {
      const u64 length = (u64)(LENGTH_OF(entry) + extra) << 48;
      const u64 alone = OTHER(LENGTH) | length | taken << 8 | taken;
      u64 *to = rich + (extra << bits | code);
      for (u32 k = 0; k < 1u << (LL_BITS - taken); k++) {
        const u32 distance = distances[k & ((1u << D_BITS) - 1)], used = taken + (distance & 63), more = distance >> 8 & 15;
        const u64 match = length | (u64)(distance >> 16) << 32 | (used - more) << 8 | used;
        to[k << taken] = (distance & (D_LONG | D_INVALID)) == 0 && used - more <= LL_BITS ? match : alone;
      }
    }
  }
  for (u32 i = count; i-- > 0;) {
    const u32 symbol = ll.sorted[i];
    if (symbol >= END_OF_BLOCK) continue;
    const u64 entry = plain[codesOf[i]];
    const u32 taken = entry & 63;
    u64 *to = rich + codesOf[i];
    const u64 more = (1ull << 57) + taken * 0x101;
    for (u32 k = 0; k < 1u << (LL_BITS - taken); k++) {
      u64 next = rich[k];
      if ((i64)next >= 0 && LITERALS_OF(next) == 2) next = plain[k];
      const u64 both = next + more + (next & 0xff0000) * 255 + (symbol << 16);
      to[k << taken] = (i64)next >= 0 && (both >> 8 & 63) <= LL_BITS ? both : entry;
    }
  }
  now.isRich = 1;
}

// Bit by bit, where there may be too few.
static u32 fill(u32 count) {
  while (now.count < count) {
    if (now.in == now.end) return 0;
    now.bits |= (u64)*now.in++ << now.count;
    now.count += 8;
  }
  return 1;
}

static u32 take(u32 count) {
  const u32 value = now.bits & ((1ull << count) - 1);
  now.bits >>= count;
  now.count -= count;
  return value;
}

// As much as there is, up to 57 bits or more.
static void fillUp(void) {
  while (now.count < 56 && now.in < now.end) {
    now.bits |= (u64)*now.in++ << now.count;
    now.count += 8;
  }
}

static u32 beginCodes(const u8 *llLengths, u32 llCount, const u8 *dLengths, u32 dCount) {
  if (!order(&ll, llLengths, llCount)) return BAD_LL_CODE;
  if (!order(&d, dLengths, dCount)) return BAD_D_CODE;
  now.llBits = buildLL(plain, &ll, LL_BITS);
  now.dBits = buildD(distances, &d, D_BITS);
  now.isRich = 0;
  now.plainLeft = PLAIN_BYTES;
  now.state = CODES;
  return 0;
}

static u32 beginFixed(void) {
  u8 lengths[LL_SYMBOLS], distanceLengths[D_SYMBOLS];
  for (u32 i = 0; i < LL_SYMBOLS; i++) lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
  for (u32 i = 0; i < D_SYMBOLS; i++) distanceLengths[i] = 5;
  return beginCodes(lengths, LL_SYMBOLS, distanceLengths, D_SYMBOLS);
}

// 3.2.7. NEEDS_INPUT is 0, and so is success: whoever calls it looks at now.state.
static u32 beginDynamic(void) {
  static const u8 places[] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
  static Code meta;
  u8 lengths[LL_SYMBOLS + D_SYMBOLS], metaLengths[19];
  if (!fill(14)) return NEEDS_INPUT;
  const u32 llCount = take(5) + 257, dCount = take(5) + 1, metaCount = take(4) + 4, all = llCount + dCount;
  if (llCount > MOST_LL || dCount > MOST_D) return BAD_COUNTS;
  for (u32 i = 0; i < 19; i++) {
    metaLengths[places[i]] = 0;
    if (i >= metaCount) continue;
    if (!fill(3)) return NEEDS_INPUT;
    metaLengths[places[i]] = take(3);
  }
  if (!order(&meta, metaLengths, 19) || meta.limits[LONGEST] != 1 << LONGEST) return BAD_LENGTHS;
  // 7 bits are the longest here.
  u8 symbols[1 << 7], bitsOf[1 << 7];
  for (u32 i = 0; i < 1 << 7; i++) {
    u32 symbol = 0;
    bitsOf[i] = lookUp(&meta, i, &symbol);
    symbols[i] = symbol;
  }
  for (u32 i = 0; i < all;) {
    fillUp();
    const u32 index = now.bits & 127, symbol = symbols[index], bits = bitsOf[index], extra = symbol < 16 ? 0 : symbol == 16 ? 2 : symbol == 17 ? 3 : 7;
    if (bits + extra > now.count) return NEEDS_INPUT;
    take(bits);
    if (symbol < 16) {
      lengths[i++] = symbol;
      continue;
    }
    if (symbol == 16 && i == 0) return BAD_REPEAT;
    const u8 value = symbol == 16 ? lengths[i - 1] : 0;
    u32 times = take(extra) + (symbol == 18 ? 11 : 3);
    if (i + times > all) return BAD_REPEAT;
    while (times-- > 0) lengths[i++] = value;
  }
  if (lengths[END_OF_BLOCK] == 0) return NO_END;
  return beginCodes(lengths, llCount, lengths + llCount, dCount);
}

// The length of a block's header in front of its codes is not known before it is read: without all of it, it is read anew when there is more.
static u32 beginBlock(void) {
  const u64 bits = now.bits;
  const u32 count = now.count;
  const u8 *in = now.in;
  u32 result = NEEDS_INPUT;
  if (fill(3)) {
    now.isLast = take(1);
    switch (take(2)) {
      case 0:
        take(now.count & 7);
        if (!fill(32)) break;
        now.stored = take(16);
        if (take(16) != (now.stored ^ 0xffff)) return BAD_STORED;
        now.state = STORED;
        return 0;
      case 1: return beginFixed();
      case 2: result = beginDynamic(); break;
      default: return BAD_TYPE;
    }
  }
  if (now.state == HEAD && result == NEEDS_INPUT) {
    now.bits = bits;
    now.count = count;
    now.in = in;
  }
  return result;
}

static INLINE void copy16(u8 *to, const u8 *from) { *(any128 *)to = *(const any128 *)from; }
static INLINE void copy8(u8 *to, const u8 *from) { *(any64 *)to = *(const any64 *)from; }

// Writes up to 15 bytes more.
static INLINE void copyMatch(u8 *out, u32 distance, u32 length) {
  const u8 *from = out - distance;
  const u8 *const end = out + length;
  if (LIKELY(distance >= 16)) {
    copy16(out, from);
    if (LIKELY(length <= 16)) return;
    do {
      out += 16;
      from += 16;
      copy16(out, from);
    } while (out + 16 < end);
    return;
  }
  if (distance == 1) {
    const u64 word = *from * 0x0101010101010101ull;
    do {
      *(any64 *)out = word;
      *(any64 *)(out + 8) = word;
      out += 16;
    } while (out < end);
    return;
  }
  // What repeats, twice, repeats too.
  while (distance < 8) {
    copy8(out, from);
    out += distance;
    distance *= 2;
  }
  while (out < end) {
    copy8(out, from);
    out += 8;
    from += 8;
  }
}

// One symbol after the other, each only if all its bits are there.
static u32 codesCarefully(const u8 *lowest, const u8 *limit) {
  while (now.out < limit) {
    fillUp();
    u32 symbol, used = lookUp(&ll, now.bits & 0x7fff, &symbol);
    if (used == 0) return now.count < LONGEST ? NEEDS_INPUT : BAD_SYMBOL;
    if (used > now.count) return NEEDS_INPUT;
    if (symbol < END_OF_BLOCK) {
      take(used);
      *now.out++ = symbol;
      continue;
    }
    if (symbol == END_OF_BLOCK) {
      take(used);
      now.state = now.isLast ? OVER : HEAD;
      return 0;
    }
    if (symbol >= MOST_LL) return BAD_SYMBOL;
    const u32 extra = lengthExtra[symbol - 257];
    const u32 length = lengthBase[symbol - 257] + (now.bits >> used & ((1u << extra) - 1));
    used += extra;
    const u32 usedByDistance = lookUp(&d, now.bits >> used & 0x7fff, &symbol);
    if (usedByDistance == 0) return now.count < used + LONGEST ? NEEDS_INPUT : BAD_SYMBOL;
    used += usedByDistance;
    if (used > now.count) return NEEDS_INPUT;
    if (symbol >= MOST_D) return BAD_SYMBOL;
    const u32 more = distanceExtra(symbol), distance = distanceBase(symbol) + (now.bits >> used & ((1u << more) - 1));
    used += more;
    if (used > now.count) return NEEDS_INPUT;
    if (distance > (u32)(now.out - lowest)) return BAD_DISTANCE;
    take(used);
    copyMatch(now.out, distance, length);
    now.out += length;
  }
  return NEEDS_ROOM;
}

// Up to 56 bits more; those above `count` may be there already, and are the same.
#define REFILL()                        \
  do {                                  \
    bits |= *(const any64 *)in << count; \
    in += (63 - count) >> 3;            \
    count |= 56;                        \
  } while (0)
#define DROP(entry)                  \
  do {                               \
    bits >>= (entry)&63;             \
    count -= (u32)(entry)&63;        \
  } while (0)

// Literals are written even where there are none.
#define STEP()                                                                                             \
  do {                                                                                                     \
    const u32 distance = (u32)(entry >> 32 & 0xffff) + (u32)((bits & ~(~0ull << (entry & 63))) >> (entry >> 8 & 63)); \
    const u32 length = LENGTH_OF(entry);                                                                   \
    DROP(entry);                                                                                           \
    *(any16 *)out = entry >> 16;                                                                           \
    out += LITERALS_OF(entry);                                                                             \
    if (UNLIKELY(distance > (u32)(out - lowest))) {                                                        \
      if (length == 0) break;                                                                              \
      result = BAD_DISTANCE;                                                                               \
      goto done;                                                                                           \
    }                                                                                                      \
    copyMatch(out, distance, length);                                                                      \
    out += length;                                                                                         \
  } while (0)

// As long as neither end is near. What it leaves to others: nothing is wrong, or they find out.
static u32 codesQuickly(const u8 *lowest, const u8 *limit) {
  u64 bits = now.bits;
  u32 count = now.count;
  const u8 *in = now.in;
  // In an iteration it is filled twice, by 8 bytes at the most.
  const u8 *const inLimit = now.end - INPUT_LEFT;
  u8 *out = now.out;
  const u32 mask = (1u << now.llBits) - 1, dMask = (1u << now.dBits) - 1;
  const u64 *const table = now.isRich ? rich : plain;
  u32 result = 0;
  while (LIKELY(in < inLimit && out < limit)) {
    REFILL();
    u64 entry = table[bits & mask];
    // Two of those that take 24 bits at most.
    if (LIKELY((i64)entry >= 0)) {
      STEP();
      entry = table[bits & mask];
      if (LIKELY((i64)entry >= 0)) {
        STEP();
        continue;
      }
    }
    u32 kind = KIND(entry);
    REFILL();
    if (kind == LONG) {
      u32 symbol;
      const u32 used = lookUp(&ll, bits & 0x7fff, &symbol);
      entry = used == 0 ? OTHER(INVALID) : meaningOfLL(symbol, used);
      if ((i64)entry >= 0) {
        DROP(entry);
        *out++ = entry >> 16;
        continue;
      }
      kind = KIND(entry);
    }
    if (kind == LENGTH) {
      const u32 length = LENGTH_OF(entry) + ((u32)(bits >> (entry >> 8 & 63)) & ((1u << (entry >> 16 & 15)) - 1));
      DROP(entry);
      u32 found = distances[bits & dMask];
      if (UNLIKELY(found & (D_LONG | D_INVALID))) {
        u32 symbol;
        const u32 used = lookUp(&d, bits & 0x7fff, &symbol);
        found = used == 0 ? D_INVALID : meaningOfD(symbol, used);
        if (found & D_INVALID) {
          result = BAD_SYMBOL;
          break;
        }
      }
      const u32 more = found >> 8 & 15;
      const u32 distance = (found >> 16) + ((u32)(bits >> ((found & 63) - more)) & ((1u << more) - 1));
      DROP(found);
      if (UNLIKELY(distance > (u32)(out - lowest))) {
        result = BAD_DISTANCE;
        break;
      }
      copyMatch(out, distance, length);
      out += length;
      continue;
    }
    if (kind == END) {
      DROP(entry);
      now.state = now.isLast ? OVER : HEAD;
    } else result = BAD_SYMBOL;
    break;
  }
done:
  // Whole bytes go back.
  in -= count >> 3;
  count &= 7;
  now.bits = bits & ((1u << count) - 1);
  now.count = count;
  now.in = in;
  now.out = out;
  return result;
}

static u32 codes(const u8 *lowest, const u8 *limit) {
  while (now.state == CODES) {
    if (now.out >= limit) return NEEDS_ROOM;
    if (!now.isRich && now.plainLeft == 0) enrich();
    const u8 *const here = now.out;
    const u8 *to = limit;
    if (!now.isRich && limit - here > now.plainLeft) to = here + now.plainLeft;
    u32 result = 0;
    if (now.end - now.in > INPUT_LEFT) result = codesQuickly(lowest, to);
    if (result != 0) return result;
    if (!now.isRich) now.plainLeft = now.out - here < now.plainLeft ? now.plainLeft - (now.out - here) : 0;
    if (now.state != CODES) break;
    if (now.out >= to) continue;
    // Near the end of the input.
    const u32 careful = codesCarefully(lowest, limit);
    if (now.state == CODES) return careful;
  }
  return 0;
}

static u32 storedBytes(const u8 *limit) {
  while (now.stored > 0 && now.count > 0 && now.out < limit) {
    *now.out++ = take(8);
    now.stored--;
  }
  u32 length = now.stored;
  if (now.count > 0) length = 0;
  if (length > now.end - now.in) length = now.end - now.in;
  if (now.out >= limit) length = 0;
  else if (length > limit - now.out) length = limit - now.out;
  __builtin_memcpy(now.out, now.in, length);
  now.out += length;
  now.in += length;
  now.stored -= length;
  if (now.stored > 0) return now.out >= limit ? NEEDS_ROOM : NEEDS_INPUT;
  now.state = now.isLast ? OVER : HEAD;
  return 0;
}

EXPORT(begin) void begin(void) {
  now.bits = now.count = now.made = 0;
  now.state = HEAD;
}

// Inflates what is in [in, in + length) to `out`, `room` bytes or up to OVERSHOOT more; what was made before, up to WINDOW bytes of it, has to be in front of `out`.
// Afterwards used() of the input are done with, and made() bytes are there.
static const u8 *first;
static u8 *firstOut;
EXPORT(inflate) u32 inflate(const u8 *in, u32 length, u8 *out, u32 room) {
  first = now.in = in;
  now.end = in + length;
  firstOut = now.out = out;
  const u8 *const lowest = out - now.made, *const limit = out + room;
  u32 result = 0;
  while (result == 0) {
    if (now.state == OVER) {
      now.in -= now.count >> 3;
      now.bits = now.count = 0;
      result = ENDED;
    } else if (now.state == HEAD) {
      result = beginBlock();
      if (result == 0 && now.state == HEAD) break;
    } else {
      result = now.state == STORED ? storedBytes(limit) : codes(lowest, limit);
      if (result == 0 && (now.state == CODES || now.state == STORED)) break;
    }
  }
  now.made = now.made + (now.out - out) > WINDOW ? WINDOW : now.made + (now.out - out);
  // Whole bytes go back, the next call begins with them.
  now.in -= now.count >> 3;
  now.count &= 7;
  now.bits &= (1u << now.count) - 1;
  return result;
}
EXPORT(used) u32 used(void) { return now.in - first; }
EXPORT(made) u32 made(void) { return now.out - firstOut; }

// Where input goes, behind what was left of the one before; and output, in turns, so that what came last may be written meanwhile. In front of each half there is the window.
static u8 input[LEFT + MOST_INPUT];
static u8 halves[2][WINDOW + ROOM + OVERSHOOT + SLACK];
EXPORT(input) u8 *inputAt(void) { return input; }
EXPORT(output) u8 *outputAt(u32 half) { return halves[half] + WINDOW; }
