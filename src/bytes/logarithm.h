// Logarithms to the base 2. Needs wasm.h.

static inline u32 highestBit(u32 n) { return 31 - __builtin_clz(n); }

// In 256ths, of up to 2^30. Bit by bit, that of a square is twice as large: slow, for tables.
static inline u32 logarithm(u32 n) {
  u64 x = (u64)n << (30 - highestBit(n));
  u32 result = highestBit(n);
  for (u32 bit = 0; bit < 8; bit++) {
    x = x * x >> 30;
    result = 2 * result + (x >> 31);
    x >>= x >> 31;
  }
  return result;
}
