// FSE's encoder (RFC 8878, 4.1): probabilities for what was counted, how they are described, and tables to encode with. Needs bits.h and logarithm.h.

enum {
  SYMBOLS_MOST = 64,
  LEAST_ACCURACY = 5,
  MOST_ACCURACY = 9,
  STATES_MOST = 1 << MOST_ACCURACY,
};

// A number that no block reaches: what it would cost to encode a symbol that a table has not, in 256ths of a bit.
static const u32 IMPOSSIBLE = 1u << 30;

// How a symbol is encoded. Of its states, the higher ones give out one bit more than the lower ones.
struct step {
  u32 bits; // added to a state, it is how many, times 65536
  int first; // what is left of the state counts from here in `states`
};

struct table {
  u32 accuracy; // a logarithm
  u32 symbols;
  short probabilities[SYMBOLS_MOST]; // of 1 << accuracy; -1 is less than 1
  struct step steps[SYMBOLS_MOST];
  u16 states[STATES_MOST];
};

static u16 logarithms[STATES_MOST + 1]; // in 256ths

static void makeLogarithms(void) {
  for (u32 n = 1; n <= STATES_MOST; n++) logarithms[n] = logarithm(n);
}

// In 256ths, about.
static u32 logarithmOf(u32 n) {
  const u32 more = n < STATES_MOST ? 0 : highestBit(n) - MOST_ACCURACY + 1;
  return logarithms[n >> more] + 256 * more;
}

// Probabilities that are as far from the counts as they have to be: none that is counted is 0.
static void normalize(struct table *table, const u32 *counts, u32 symbols, u32 total, u32 accuracy) {
  const u32 size = 1u << accuracy;
  int left = size;
  short *const p = table->probabilities;
  table->accuracy = accuracy;
  table->symbols = symbols;
  for (u32 i = 0; i < symbols; i++) {
    const u32 rounded = ((u64)counts[i] * size + total / 2) / total;
    p[i] = counts[i] == 0 ? 0 : rounded == 0 ? 1 : rounded;
    left -= p[i];
  }
  // One at a time where it costs least, or gains most: about the count for each cell.
  for (; left != 0; left += left < 0 ? 1 : -1) {
    u32 chosen = ~0u;
    for (u32 i = 0; i < symbols; i++) {
      if (left < 0 ? p[i] < 2 : p[i] == 0) continue;
      if (chosen == ~0u) {
        chosen = i;
        continue;
      }
      const u32 cells = 2 * p[i] + (left < 0 ? -1 : 1), cellsOfChosen = 2 * p[chosen] + (left < 0 ? -1 : 1);
      const u64 mine = (u64)counts[i] * cellsOfChosen, its = (u64)counts[chosen] * cells;
      if (left < 0 ? mine < its : mine > its) chosen = i;
    }
    p[chosen] += left < 0 ? -1 : 1;
  }
}

// 4.1.1. Of the probabilities, which end on a whole byte.
static void describe(struct writer *to, const struct table *table) {
  const short *const p = table->probabilities;
  u32 left = 1u << table->accuracy;
  put(to, table->accuracy - LEAST_ACCURACY, 4);
  for (u32 i = 0; left > 0;) {
    // A number from 0 to left + 1; the lowest of them are a bit shorter.
    const u32 bits = highestBit(left + 1) + 1, low = (1u << (bits - 1)) - 1, shorter = (1u << bits) - 2 - left, value = p[i] + 1;
    if (value < shorter) put(to, value, bits - 1);
    else put(to, value > low ? value + shorter : value, bits);
    flush(to);
    left -= p[i] < 0 ? 1 : p[i];
    if (p[i++] != 0) continue;
    u32 zeros = 0;
    while (p[i] == 0) zeros++, i++;
    for (; zeros >= 3; zeros -= 3) {
      put(to, 3, 2);
      flush(to);
    }
    put(to, zeros, 2);
    flush(to);
  }
  align(to);
}

// From the probabilities, the states in the order in which a decoder has them.
static void buildTable(struct table *table) {
  static u8 spread[STATES_MOST];
  static u16 nexts[SYMBOLS_MOST];
  const u32 accuracy = table->accuracy, size = 1u << accuracy, by = (size >> 1) + (size >> 3) + 3;
  const short *const p = table->probabilities;
  u32 high = size, sum = 0;
  for (u32 i = 0; i < table->symbols; i++) {
    nexts[i] = sum;
    const u32 cells = p[i] < 0 ? 1 : p[i];
    if (p[i] < 0) spread[--high] = i;
    if (cells > 0) {
      // Of states from size to 2 * size - 1, as many bits are given out as bring it below twice the number of cells.
      const u32 most = cells == 1 ? accuracy : accuracy - highestBit(cells - 1);
      table->steps[i] = (struct step){(most << 16) - (cells << most), (int)sum - (int)cells};
    }
    sum += cells;
  }
  for (u32 i = 0, at = 0; i < table->symbols; i++) {
    for (int left = p[i]; left > 0; left--) {
      spread[at] = i;
      do at = (at + by) & (size - 1);
      while (at >= high);
    }
  }
  for (u32 i = 0; i < size; i++) table->states[nexts[spread[i]]++] = size + i;
}

// Of one symbol, over and over: it takes no bits.
static void buildSingle(struct table *table, u32 symbol) {
  table->accuracy = 0;
  table->symbols = symbol + 1;
  for (u32 i = 0; i <= symbol; i++) table->probabilities[i] = i == symbol;
  table->steps[symbol] = (struct step){0, 0};
  table->states[0] = 0;
}

// Of all that is counted, in 256ths of a bit, or IMPOSSIBLE.
static u32 costOf(const struct table *table, const u32 *counts, u32 symbols) {
  u32 cost = 0;
  for (u32 i = 0; i < symbols; i++) {
    if (counts[i] == 0) continue;
    if (i >= table->symbols || table->probabilities[i] == 0) return IMPOSSIBLE;
    const u32 cells = table->probabilities[i] < 0 ? 1 : table->probabilities[i];
    cost += counts[i] * (256 * table->accuracy - logarithms[cells]);
  }
  return cost;
}

// The state of a symbol that is encoded first, and so decoded last: it takes no bits.
static u32 firstState(const struct table *table, u32 symbol) {
  const struct step step = table->steps[symbol];
  const u32 bits = (step.bits + (1 << 15)) >> 16;
  return table->states[(((bits << 16) - step.bits) >> bits) + step.first];
}

static INLINE u32 encode(struct writer *to, const struct table *table, u32 state, u32 symbol) {
  const struct step step = table->steps[symbol];
  const u32 bits = (state + step.bits) >> 16;
  put(to, state & ((1u << bits) - 1), bits);
  return table->states[(state >> bits) + step.first];
}
