// The sequences of a block (RFC 8878, 3.1.1.3.2): so many literals, and then a match. Needs fse.h.

enum {
  BLOCK = 128 * 1024, // 3.1.1.2.3
  LEAST_MATCH = 3,
  SEQUENCES_MOST = BLOCK / LEAST_MATCH + 1,
  REPEATS = 3, // offset values of up to 3 are repeat offsets; of others, 3 is taken away (3.1.1.5)
  LITERAL_LENGTH_CODES = 36,
  MATCH_LENGTH_CODES = 53,
  OFFSET_CODES = 32,
  PREDEFINED_OFFSET_CODES = 29,
};

enum { LITERAL_LENGTHS, OFFSETS, MATCH_LENGTHS };
enum { PREDEFINED, ONE_SYMBOL, DESCRIBED, REPEATED };

struct sequence {
  u32 literals, length, offset; // of which the last one is a value of 3.1.1.5
};

static struct sequence sequences[SEQUENCES_MOST];
static u32 sequenceCount;

static const u8 mostAccuracy[] = {9, 8, 9};
static const u8 codesOf[] = {LITERAL_LENGTH_CODES, OFFSET_CODES, MATCH_LENGTH_CODES};

static struct table predefined[3];
static struct table kept[3][2]; // of each kind that of the last block, and room for this one's
static const struct table *lastTables[3], *freshTables[3];

// 3.1.1.3.2.2: -1 is less than 1.
static const u8 predefinedAccuracies[] = {6, 5, 6};
static const signed char predefinedProbabilities[3][MATCH_LENGTH_CODES] = {
  {4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1},
  {1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1},
  {1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1},
};

// 3.1.1.3.2.1.1: what the codes of lengths add.
static const u8 literalLengthBits[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
static const u8 matchLengthBits[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                     0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
// Of lengths that share their code with others of other numbers of bits; longer ones follow a rule.
enum { SHORT_LITERALS = 64, SHORT_MATCHES = 128 };
static u8 literalLengthCodes[SHORT_LITERALS], matchLengthCodes[SHORT_MATCHES];

static void makeSequenceTables(void) {
  for (u32 code = 0, length = 0; length < SHORT_LITERALS; code++) {
    for (u32 i = 0; i < 1u << literalLengthBits[code] && length < SHORT_LITERALS; i++) literalLengthCodes[length++] = code;
  }
  for (u32 code = 0, length = 0; length < SHORT_MATCHES; code++) {
    for (u32 i = 0; i < 1u << matchLengthBits[code] && length < SHORT_MATCHES; i++) matchLengthCodes[length++] = code;
  }
  for (u32 kind = 0; kind < 3; kind++) {
    struct table *const table = predefined + kind;
    table->accuracy = predefinedAccuracies[kind];
    table->symbols = kind == OFFSETS ? PREDEFINED_OFFSET_CODES : codesOf[kind];
    for (u32 i = 0; i < table->symbols; i++) table->probabilities[i] = predefinedProbabilities[kind][i];
    buildTable(table);
  }
}

static inline u32 literalLengthCode(u32 length) { return length < SHORT_LITERALS ? literalLengthCodes[length] : highestBit(length) + 19; }
static inline u32 matchLengthCode(u32 length) { // less LEAST_MATCH
  return length < SHORT_MATCHES ? matchLengthCodes[length] : highestBit(length) + 36;
}

static u8 sequenceCodes[3][SEQUENCES_MOST];
static u32 codeCounts[3][MATCH_LENGTH_CODES];

static __attribute__((noinline)) void countCodes(u32 from, u32 to) {
  __builtin_memset(codeCounts, 0, sizeof codeCounts);
  for (u32 i = from; i < to; i++) {
    const u32 l = literalLengthCode(sequences[i].literals), o = highestBit(sequences[i].offset), m = matchLengthCode(sequences[i].length - LEAST_MATCH);
    sequenceCodes[LITERAL_LENGTHS][i] = l;
    sequenceCodes[OFFSETS][i] = o;
    sequenceCodes[MATCH_LENGTHS][i] = m;
    codeCounts[LITERAL_LENGTHS][l]++;
    codeCounts[OFFSETS][o]++;
    codeCounts[MATCH_LENGTHS][m]++;
  }
}

// Chooses how the codes of a kind are told, by what that costs, and puts what has to be said of it. The mode.
static u32 chooseTable(struct writer *to, u32 kind, u32 total) {
  static u8 description[128];
  const u32 *const counts = codeCounts[kind];
  u32 symbols = 0, distinct = 0;
  for (u32 i = 0; i < codesOf[kind]; i++) {
    if (counts[i] == 0) continue;
    symbols = i + 1;
    distinct++;
  }
  u32 mode = PREDEFINED, cost = costOf(predefined + kind, counts, symbols);
  const struct table *chosen = predefined + kind;
  if (lastTables[kind] != 0) {
    const u32 again = costOf(lastTables[kind], counts, symbols);
    if (again < cost) {
      mode = REPEATED;
      cost = again;
      chosen = lastTables[kind];
    }
  }
  struct table *const own = &kept[kind][lastTables[kind] == &kept[kind][0]];
  if (distinct == 1) {
    if (cost > 8 * 256) {
      buildSingle(own, symbols - 1);
      freshTables[kind] = own;
      *to->out++ = symbols - 1;
      return ONE_SYMBOL;
    }
  } else {
    // More accuracy than the number of sequences can fill, or less than the symbols need, would be in vain.
    u32 accuracy = highestBit(total) < LEAST_ACCURACY + 2 ? LEAST_ACCURACY : highestBit(total) - 2;
    if (accuracy < highestBit(symbols) + 1) accuracy = highestBit(symbols) + 1;
    if (accuracy > mostAccuracy[kind]) accuracy = mostAccuracy[kind];
    normalize(own, counts, symbols, total, accuracy);
    struct writer aside = {description};
    describe(&aside, own);
    const u32 length = aside.out - description, fresh = costOf(own, counts, symbols);
    if (fresh + 8 * 256 * length < cost) {
      buildTable(own);
      freshTables[kind] = own;
      __builtin_memcpy(to->out, description, length);
      to->out += length;
      return DESCRIBED;
    }
  }
  freshTables[kind] = chosen;
  return mode;
}

static inline u32 lowest(u32 value, u32 bits) { return value & ((1u << bits) - 1); }

// From the last to the first.
static __attribute__((noinline)) u8 *putCodes(u8 *out, u32 first, u32 last) {
  struct writer to = {out};
  const struct table *const literalLengths = freshTables[LITERAL_LENGTHS], *const offsets = freshTables[OFFSETS], *const matchLengths = freshTables[MATCH_LENGTHS];
  u32 literalState = 0, offsetState = 0, matchState = 0;
  for (u32 i = last; i-- > first;) {
    const u32 l = sequenceCodes[LITERAL_LENGTHS][i], o = sequenceCodes[OFFSETS][i], m = sequenceCodes[MATCH_LENGTHS][i];
    if (i + 1 == last) {
      literalState = firstState(literalLengths, l);
      offsetState = firstState(offsets, o);
      matchState = firstState(matchLengths, m);
    } else {
      offsetState = encode(&to, offsets, offsetState, o);
      matchState = encode(&to, matchLengths, matchState, m);
      literalState = encode(&to, literalLengths, literalState, l);
    }
    const u32 literalBits = literalLengthBits[l], matchBits = matchLengthBits[m];
    // The states give out 26 bits at the most, and up to 7 are not out yet.
    const u32 isLong = literalBits + matchBits + o > 30;
    if (isLong) flush(&to);
    put(&to, lowest(sequences[i].literals, literalBits), literalBits);
    put(&to, lowest(sequences[i].length - LEAST_MATCH, matchBits), matchBits);
    if (isLong) flush(&to);
    put(&to, lowest(sequences[i].offset, o), o);
    flush(&to);
  }
  put(&to, lowest(matchState, matchLengths->accuracy), matchLengths->accuracy);
  put(&to, lowest(offsetState, offsets->accuracy), offsets->accuracy);
  put(&to, lowest(literalState, literalLengths->accuracy), literalLengths->accuracy);
  put(&to, 1, 1);
  align(&to);
  return to.out;
}

// The sequences section, of those from `first` to `last`, whose codes are counted.
static u8 *putSequences(u8 *out, u32 first, u32 last) {
  const u32 n = last - first;
  for (u32 kind = 0; kind < 3; kind++) freshTables[kind] = lastTables[kind];
  if (n < 128) *out++ = n;
  else if (n < 0x7f00) {
    *out++ = (n >> 8) + 128;
    *out++ = n;
  } else {
    *out++ = 255;
    *(any16 *)out = n - 0x7f00;
    out += 2;
  }
  if (n == 0) return out;
  u8 *const modes = out;
  struct writer to = {out + 1};
  *modes = 0;
  for (u32 kind = 0; kind < 3; kind++) *modes |= chooseTable(&to, kind, n) << (6 - 2 * kind);
  return putCodes(to.out, first, last);
}
