// The cheapest way through a block, as far as prices can be known beforehand: all matches of each place are found in a binary tree, and paths through them are compared by what
// they would take with the codes of the round before. Needs matches.h.

enum {
  TREE_HASHED = 4, TREE_BITS = 20,
  THREE_BITS = 16, THREE_DISTANCE = 1 << 16, // from farther away, three bytes are not worth a match
  TREE_DEPTH = 96,
  NICE = 256, // a match as long is taken, and what lies inside it not looked at
  INSIDE_FIRST = 32, INSIDE_LAST = 32,
  CANDIDATES = 8 * BLOCK,
  AT_A_PLACE = 64,
  ROUNDS = 2,
};

struct candidate {
  u32 length, distance;
};

// How a place is best reached: by a match that ends there, or by a literal.
struct node {
  u32 cost; // in 256ths of a bit, with the length of the literals so far
  u32 length, distance; // of the match; or 1 and 0
  u32 run; // of literals
  u32 repeats[REPEATS];
  u32 next; // on the way that was chosen
};

static u32 *tree, *treeHeads, *threes; // of a place: the roots of those that are less, and of those that are more
static u32 treeMask, treeBits, threeBits; // the mask is of places, and less than the window
static struct candidate *candidates;
static u32 *firstCandidates; // by place, and one behind the last
static struct node *nodes;

static u32 literalPrices[256], literalLengthPrices[LITERAL_LENGTH_CODES], offsetPrices[OFFSET_CODES], matchLengthPrices[MATCH_LENGTH_CODES];
static u32 lengthPrices[NICE + 1];

// Puts `i` into the tree, and matches of more than `best` bytes, each longer than the one before, into `to`. How many.
static u32 findAll(u32 i, u32 best, struct candidate *to) {
  const u32 left = contentEnd - i, limit = left < NICE ? left : NICE, most = blockTo - i;
  u32 *const head = treeHeads + hashOf(load64(i), TREE_HASHED, treeBits);
  u32 from = *head, lengthOfLess = 0, lengthOfMore = 0, count = 0;
  u32 *less = tree + 2 * (i & treeMask), *more = less + 1;
  *head = i;
  for (u32 depth = TREE_DEPTH; depth > 0 && from != 0 && i - from <= treeMask; depth--) {
    u32 length = lengthOfLess < lengthOfMore ? lengthOfLess : lengthOfMore;
    length += lengthOf(i + length, from + length, limit - length);
    u32 *const roots = tree + 2 * (from & treeMask);
    const u32 usable = length < most ? length : most;
    if (usable > best) {
      best = usable;
      if (count < AT_A_PLACE) count++;
      to[count - 1] = (struct candidate){usable, i - from};
    }
    if (length == limit) {
      if (limit < NICE) break; // what comes behind it decides the order, and is not there yet
      *less = roots[0];
      *more = roots[1];
      return count;
    }
    if (input[from + length] < input[i + length]) {
      *less = from;
      less = roots + 1;
      from = *less;
      lengthOfLess = length;
    } else {
      *more = from;
      more = roots;
      from = *more;
      lengthOfMore = length;
    }
  }
  *less = *more = 0;
  return count;
}

static u32 findThree(u32 i, struct candidate *to) {
  u32 *const place = threes + hashOf(load64(i), 3, threeBits);
  const u32 from = *place;
  *place = i;
  if (from == 0 || i - from > THREE_DISTANCE || (load32(from) ^ load32(i)) << 8 != 0) return 0;
  const u32 most = blockTo - i;
  const u32 length = lengthOf(i, from, most < NICE ? most : NICE);
  if (length < LEAST_MATCH) return 0;
  *to = (struct candidate){length, i - from};
  return 1;
}

static void findCandidates(void) {
  static struct candidate unused[AT_A_PLACE];
  const u32 end = blockTo;
  u32 count = 0, i = blockFrom;
  for (; i + HASHED <= end; i++) {
    firstCandidates[i - blockFrom] = count;
    if (i == 0) continue;
    struct candidate *const here = candidates + count;
    if (count + 2 * AT_A_PLACE > CANDIDATES) {
      findAll(i, 0, unused);
      continue;
    }
    u32 found = findThree(i, here);
    found += findAll(i, found > 0 ? here[0].length : LEAST_MATCH - 1, here + found);
    count += found;
    if (found == 0 || here[found - 1].length < NICE) continue;
    struct candidate *const last = here + found - 1;
    last->length += lengthOf(i + NICE, i + NICE - last->distance, end - i - NICE);
    // What lies inside is in nobody's way.
    const u32 to = i + last->length;
    for (i++; i < to; i++) {
      firstCandidates[i - blockFrom] = count;
      if (i + HASHED <= end && (to - i <= INSIDE_LAST || to - i + INSIDE_FIRST >= last->length)) findAll(i, 0, unused);
    }
    i--;
  }
  for (; i <= end; i++) firstCandidates[i - blockFrom] = count;
}

// What is not there counts as less than once.
static void setPrices(u32 *prices, const u32 *counts, u32 symbols) {
  u32 sum = 0;
  for (u32 i = 0; i < symbols; i++) sum += 2 * counts[i] + 1;
  const u32 most = logarithmOf(sum);
  for (u32 i = 0; i < symbols; i++) prices[i] = most - logarithmOf(2 * counts[i] + 1);
}

static void setAllPrices(void) {
  setPrices(literalPrices, literalCounts, 256);
  for (u32 i = 0; i < 256; i++) if (literalPrices[i] < 256) literalPrices[i] = 256; // no code is shorter than a bit
  setPrices(literalLengthPrices, codeCounts[LITERAL_LENGTHS], LITERAL_LENGTH_CODES);
  setPrices(offsetPrices, codeCounts[OFFSETS], OFFSET_CODES);
  setPrices(matchLengthPrices, codeCounts[MATCH_LENGTHS], MATCH_LENGTH_CODES);
  for (u32 i = 0; i < LITERAL_LENGTH_CODES; i++) literalLengthPrices[i] += 256 * literalLengthBits[i];
  for (u32 i = 0; i < OFFSET_CODES; i++) offsetPrices[i] += 256 * i;
  for (u32 i = 0; i < MATCH_LENGTH_CODES; i++) matchLengthPrices[i] += 256 * matchLengthBits[i];
  for (u32 length = LEAST_MATCH; length <= NICE; length++) lengthPrices[length] = matchLengthPrices[matchLengthCode(length - LEAST_MATCH)];
}

static inline u32 runPrice(u32 run) { return literalLengthPrices[literalLengthCode(run)]; }

static INLINE void reach(struct node *node, u32 cost, u32 length, u32 distance) {
  if (cost >= node->cost) return;
  node->cost = cost;
  node->length = length;
  node->distance = distance;
}

// What is known of a place as soon as all before it are: repeat offsets (3.1.1.5) and literals.
static INLINE void arrive(struct node *node) {
  const struct node *const before = node - node->length;
  const u32 *const old = before->repeats, distance = node->distance;
  u32 *const repeats_ = node->repeats;
  if (distance == 0) {
    node->run = before->run + 1;
    for (u32 i = 0; i < REPEATS; i++) repeats_[i] = old[i];
    return;
  }
  node->run = 0;
  repeats_[0] = distance;
  const u32 isSame = distance == old[0] && before->run > 0;
  repeats_[1] = isSame ? old[1] : old[0];
  repeats_[2] = isSame || distance == old[1] ? old[2] : old[1];
}

// From a place by one match, in all its lengths from `least` on. The length where the search is to go on, since it is so long; or 0.
static INLINE u32 follow(struct node *node, u32 cost, u32 least, u32 length, u32 distance) {
  if (length >= NICE) {
    reach(node + length, cost + matchLengthPrices[matchLengthCode(length - LEAST_MATCH)], length, distance);
    return length;
  }
  for (u32 l = least; l <= length; l++) reach(node + l, cost + lengthPrices[l], l, distance);
  return 0;
}

static __attribute__((noinline)) void findWay(void) {
  const u32 n = blockTo - blockFrom;
  for (u32 i = 1; i <= n; i++) nodes[i].cost = ~0u;
  nodes[0] = (struct node){.cost = runPrice(0), .repeats = {repeats[0], repeats[1], repeats[2]}};
  const u32 none = runPrice(0);
  for (u32 at = 0; at < n;) {
    struct node *const node = nodes + at;
    const u32 i = blockFrom + at, left = n - at;
    if (at > 0) arrive(node);
    reach(node + 1, node->cost + literalPrices[input[i]] + runPrice(node->run + 1) - runPrice(node->run), 1, 0);
    u32 jump = 0;
    const u32 cost = node->cost + none, shift = node->run == 0, word = load32(i) << 8;
    if (left >= LEAST_MATCH) {
      u32 longest = LEAST_MATCH - 1;
      for (u32 number = 0; number < REPEATS && jump == 0; number++) {
        const u32 distance = number + shift < REPEATS ? node->repeats[number + shift] : node->repeats[0] - 1;
        if (distance - 1 >= i || load32(i - distance) << 8 != word) continue;
        const u32 length = lengthOf(i, i - distance, left);
        if (length < LEAST_MATCH || length <= longest) continue;
        jump = follow(node, cost + offsetPrices[highestBit(number + 1)], LEAST_MATCH, length, distance);
        longest = length;
      }
      const struct candidate *const end = candidates + firstCandidates[at + 1];
      u32 least = LEAST_MATCH;
      for (const struct candidate *candidate = candidates + firstCandidates[at]; candidate < end && jump == 0; candidate++) {
        jump = follow(node, cost + offsetPrices[highestBit(candidate->distance + REPEATS)], least, candidate->length, candidate->distance);
        least = candidate->length + 1;
      }
    }
    // The places that are passed over lead nowhere.
    at += jump > 0 ? jump : 1;
  }
  for (u32 at = n; at > 0; at -= nodes[at].length) nodes[at - nodes[at].length].next = at;
}

static __attribute__((noinline)) struct found takeWay(void) {
  struct found found = begin();
  for (u32 at = 0, n = blockTo - blockFrom; at < n; at = nodes[at].next) {
    const struct node *const to = nodes + nodes[at].next;
    if (to->distance > 0) add(&found, blockFrom + at, to->length, to->distance);
  }
  return found;
}

static u32 hasPrices;

static __attribute__((noinline)) void parseOptimal(void) {
  findCandidates();
  if (!hasPrices) {
    // Of all bytes, and as the tables that are known beforehand have it.
    countLiterals(input + blockFrom, blockTo - blockFrom);
    for (u32 kind = 0; kind < 3; kind++) {
      for (u32 i = 0; i < MATCH_LENGTH_CODES; i++) codeCounts[kind][i] = i < predefined[kind].symbols && predefined[kind].probabilities[i] > 0 ? predefined[kind].probabilities[i] : 0;
    }
  }
  for (u32 round = hasPrices; round <= ROUNDS; round++) {
    const u32 old[REPEATS] = {repeats[0], repeats[1], repeats[2]};
    setAllPrices();
    findWay();
    struct found found = takeWay();
    finish(&found);
    countCodes(0, sequenceCount);
    countLiterals(literals, literalCount);
    if (round < ROUNDS) for (u32 i = 0; i < REPEATS; i++) repeats[i] = old[i];
  }
  hasPrices = 1;
}
