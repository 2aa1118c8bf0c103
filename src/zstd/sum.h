// XXH64 with the seed 0 (xxhash_spec.md), whose lower half is a frame's checksum (3.1.1). Needs wasm.h.

static const u64 PRIME1 = 0x9e3779b185ebca87, PRIME2 = 0xc2b2ae3d27d4eb4f, PRIME3 = 0x165667b19e3779f9, PRIME4 = 0x85ebca77c2b2ae63, PRIME5 = 0x27d4eb2f165667c5;
enum { STRIPE = 32 };

static inline u64 rotate(u64 value, u32 by) { return value << by | value >> (64 - by); }
static inline u64 mixed(u64 lane, u64 word) { return rotate(lane + word * PRIME2, 31) * PRIME1; }

struct sum {
  u64 lanes[4];
};

static struct sum beginSum(void) { return (struct sum){{PRIME1 + PRIME2, PRIME2, 0, -PRIME1}}; }

// Whole stripes. Where they end.
static const u8 *addStripes(struct sum *sum, const u8 *byte, const u8 *end) {
  u64 lane0 = sum->lanes[0], lane1 = sum->lanes[1], lane2 = sum->lanes[2], lane3 = sum->lanes[3];
  for (; end - byte >= STRIPE; byte += STRIPE) {
    lane0 = mixed(lane0, *(const any64 *)byte);
    lane1 = mixed(lane1, *(const any64 *)(byte + 8));
    lane2 = mixed(lane2, *(const any64 *)(byte + 16));
    lane3 = mixed(lane3, *(const any64 *)(byte + 24));
  }
  *sum = (struct sum){{lane0, lane1, lane2, lane3}};
  return byte;
}

// Of `length` bytes in all, those from `byte` on are in no stripe.
static u32 endSum(const struct sum *sum, const u8 *byte, u64 length) {
  u64 hash = PRIME5;
  if (length >= STRIPE) {
    const u64 *const lanes = sum->lanes;
    hash = rotate(lanes[0], 1) + rotate(lanes[1], 7) + rotate(lanes[2], 12) + rotate(lanes[3], 18);
    for (u32 i = 0; i < 4; i++) hash = (hash ^ mixed(0, lanes[i])) * PRIME1 + PRIME4;
  }
  hash += length;
  const u8 *const end = byte + length % STRIPE;
  for (; end - byte >= 8; byte += 8) hash = rotate(hash ^ mixed(0, *(const any64 *)byte), 27) * PRIME1 + PRIME4;
  for (; end - byte >= 4; byte += 4) hash = rotate(hash ^ *(const any32 *)byte * PRIME1, 23) * PRIME2 + PRIME3;
  for (; byte < end; byte++) hash = rotate(hash ^ *byte * PRIME5, 11) * PRIME1;
  hash = (hash ^ hash >> 33) * PRIME2;
  hash = (hash ^ hash >> 29) * PRIME3;
  return hash ^ hash >> 32;
}
