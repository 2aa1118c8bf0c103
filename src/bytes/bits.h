// Bits that go out lowest first. Needs wasm.h.
struct writer {
  u8 *out;
  u64 bits; // those that are not out yet
  u32 count; // fewer than eight after flush(), and never more than 64
};

static INLINE void put(struct writer *to, u64 value, u32 count) {
  to->bits |= value << to->count;
  to->count += count;
}

static INLINE void flush(struct writer *to) {
  *(any64 *)to->out = to->bits;
  to->out += to->count >> 3;
  to->bits >>= to->count & ~7u;
  to->count &= 7;
}

// To the next whole byte.
static INLINE void align(struct writer *to) {
  to->count = (to->count + 7) & ~7u;
  flush(to);
}
