// A block is divided where what follows differs enough from what was before to be worth codes of its own. Needs literals.h and sequences.h.

enum {
  CHUNK = 1 << 11, // literals and sequences, at the least, between two decisions on where a part ends
  // What codes of their own take, about, in bits: for each symbol, and in all.
  LITERAL_COST = 3,
  CODE_COST = 5,
  PART_COST = 128,
};

struct counts {
  u32 literals[256], codes[3][MATCH_LENGTH_CODES];
};

// A part of a block, which became so many sequences and literals.
struct part {
  u32 firstSequence, lastSequence, firstLiteral, lastLiteral, length;
  u64 cost;
  struct counts counts;
};

static u64 nLogN(u32 n) { return (u64)n * logarithmOf(n); }

// What so many of each symbol take, in 256ths of a bit.
static u64 entropyOf(const u32 *one, const u32 *other, u32 symbols, u32 costOfSymbol) {
  u64 cost = 0;
  u32 sum = 0;
  for (u32 i = 0; i < symbols; i++) {
    const u32 count = one[i] + other[i];
    if (count == 0) continue;
    sum += count;
    cost += 256 * costOfSymbol - nLogN(count);
  }
  return sum == 0 ? 0 : cost + nLogN(sum);
}

static u64 costOfCounts(const struct counts *one, const struct counts *other) {
  u64 cost = 256 * PART_COST + entropyOf(one->literals, other->literals, 256, LITERAL_COST);
  for (u32 kind = 0; kind < 3; kind++) cost += entropyOf(one->codes[kind], other->codes[kind], codesOf[kind], CODE_COST);
  return cost;
}

// Counts the sequences from `first` on, and their literals, until there are enough of them; with the last ones go the literals behind them.
static void takeChunk(struct part *part, u32 sequence, u32 literal, u32 literalsInAll, u32 least) {
  part->firstSequence = sequence;
  part->firstLiteral = literal;
  part->length = 0;
  for (u32 symbols = 0; symbols < least && sequence < sequenceCount; sequence++) {
    symbols += 1 + sequences[sequence].literals;
    literal += sequences[sequence].literals;
    part->length += sequences[sequence].literals + sequences[sequence].length;
  }
  if (sequence == sequenceCount) {
    part->length += literalsInAll - literal;
    literal = literalsInAll;
  }
  part->lastSequence = sequence;
  part->lastLiteral = literal;
  countCodes(part->firstSequence, sequence);
  countLiterals(literals + part->firstLiteral, literal - part->firstLiteral);
  __builtin_memcpy(part->counts.codes, codeCounts, sizeof codeCounts);
  __builtin_memcpy(part->counts.literals, literalCounts, sizeof literalCounts);
}

static void join(struct part *part, const struct part *next) {
  part->lastSequence = next->lastSequence;
  part->lastLiteral = next->lastLiteral;
  part->length += next->length;
  for (u32 i = 0; i < 256; i++) part->counts.literals[i] += next->counts.literals[i];
  for (u32 kind = 0; kind < 3; kind++) {
    for (u32 i = 0; i < MATCH_LENGTH_CODES; i++) part->counts.codes[kind][i] += next->counts.codes[kind][i];
  }
}
