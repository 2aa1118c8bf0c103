// Rows of tags of eight bits, each with the slot that was filled last as its head. Needs wasm.h.
#ifdef __wasm_simd128__
#include <wasm_simd128.h>
#endif

// Which slots of a row have the tag, a bit for each.
static inline u64 slotsWith(u32 tag, const u8 *row, u32 width) {
  u64 found = 0;
#ifdef __wasm_simd128__
  v128_t wanted = wasm_i8x16_splat(tag);
  for (u32 i = 0; i < width; i += 16) found |= (u64)wasm_i8x16_bitmask(wasm_i8x16_eq(wasm_v128_load(row + i), wanted)) << i;
#else
  const u64 ones = 0x0101010101010101;
  for (u32 i = 0; i < width; i += 8) {
    u64 differing = *(const u64 *)(row + i) ^ tag * ones;
    u64 equal = ~(((differing & 127 * ones) + 127 * ones) | differing) & ones << 7; // the highest bit of each byte that is 0
    found |= ((equal >> 7) * 0x0102040810204080 >> 56) << i; // brings the bits together
  }
#endif
  return found;
}

// With the lowest `by` of its `width` bits on top.
static inline u64 rotated(u64 mask, u32 by, u32 width) { return (mask >> by | mask << (-by & (width - 1))) & ~(u64)0 >> (64 - width); }
