// The literals of a block (RFC 8878, 3.1.1.3.1), and the Huffman codes that they are written with (4.2). Needs fse.h, sort.h and huffman.h.

enum {
  LONGEST_CODE = 11, // 4.2.1
  WEIGHTS = LONGEST_CODE + 1,
  WEIGHTS_ACCURACY = 6,
  WEIGHTS_DIRECT = 128, // so many can be told four bits each
  ONE_STREAM = 256, // fewer literals are not worth the sizes of four streams
  AT_ONCE = 5, // codes of 11 bits beside 7 bits that are not out yet
};

enum { RAW_LITERALS, RLE_LITERALS, COMPRESSED_LITERALS, TREELESS_LITERALS };

struct codes {
  u32 isThere;
  u8 lengths[256];
  u32 codes[256]; // and above the lower 16 bits their lengths
};

static struct codes lastCodes, freshCodes; // of the last block that had some, and for this one
static u32 literalCounts[256];

// Several tables, since a byte is often that of the place before, whose count would have to be waited for.
static void countLiterals(const u8 *from, u32 n) {
  static u32 others[3][256];
  __builtin_memset(literalCounts, 0, sizeof literalCounts);
  __builtin_memset(others, 0, sizeof others);
  u32 i = 0;
  for (; i + 8 <= n; i += 8) {
    const u64 bytes = *(const any64 *)(from + i);
    literalCounts[bytes & 255]++;
    others[0][bytes >> 8 & 255]++;
    others[1][bytes >> 16 & 255]++;
    others[2][bytes >> 24 & 255]++;
    literalCounts[bytes >> 32 & 255]++;
    others[0][bytes >> 40 & 255]++;
    others[1][bytes >> 48 & 255]++;
    others[2][bytes >> 56]++;
  }
  for (; i < n; i++) literalCounts[from[i]]++;
  for (u32 byte = 0; byte < 256; byte++) literalCounts[byte] += others[0][byte] + others[1][byte] + others[2][byte];
}

// 4.2.1: as the weights have them, the longest codes are the lowest numbers, and of codes as long those of lower symbols.
static void makeCodes(struct codes *codes) {
  u32 counts[WEIGHTS + 1] = {0}, next[WEIGHTS + 1];
  for (u32 i = 0; i < 256; i++) counts[codes->lengths[i]]++;
  u32 longest = LONGEST_CODE;
  while (counts[longest] == 0) longest--;
  for (u32 length = longest, code = 0; length > 0; length--) {
    next[length] = code;
    code = (code + counts[length]) >> 1;
  }
  for (u32 i = 0; i < 256; i++) {
    const u32 length = codes->lengths[i];
    codes->codes[i] = length == 0 ? 0 : next[length]++ | length << 16;
  }
}

// 4.2.1.2: weights with FSE, two states taking turns. The length, or 0 where it is not worth it.
static u32 packWeights(u8 *out, const u8 *weights, u32 n) {
  static struct table table;
  u32 counts[WEIGHTS] = {0}, symbols = 0, distinct = 0, most = 0;
  for (u32 i = 0; i < n; i++) counts[weights[i]]++;
  for (u32 i = 0; i < WEIGHTS; i++) {
    if (counts[i] == 0) continue;
    symbols = i + 1;
    distinct++;
    if (counts[i] > most) most = counts[i];
  }
  if (n < 2 || distinct < 2 || most == 1) return 0;
  u32 accuracy = LEAST_ACCURACY;
  if (n > 64) accuracy = WEIGHTS_ACCURACY;
  normalize(&table, counts, symbols, n, accuracy);
  buildTable(&table);
  struct writer to = {out};
  describe(&to, &table);
  u32 states[2];
  states[(n - 1) & 1] = firstState(&table, weights[n - 1]);
  states[n & 1] = firstState(&table, weights[n - 2]);
  for (u32 i = n - 2; i-- > 0;) {
    states[i & 1] = encode(&to, &table, states[i & 1], weights[i]);
    flush(&to);
  }
  put(&to, states[1] & ((1u << accuracy) - 1), accuracy);
  put(&to, states[0] & ((1u << accuracy) - 1), accuracy);
  put(&to, 1, 1);
  align(&to);
  return to.out - out;
}

// 4.2.1. The length.
static u32 describeCodes(u8 *out, const u8 *lengths) {
  u8 weights[256];
  u32 longest = 0, last = 0;
  for (u32 i = 0; i < 256; i++) {
    if (lengths[i] == 0) continue;
    last = i;
    if (lengths[i] > longest) longest = lengths[i];
  }
  for (u32 i = 0; i < last; i++) weights[i] = lengths[i] == 0 ? 0 : longest + 1 - lengths[i];
  weights[last] = 0; // it is not told, and the other half of a byte
  const u32 packed = packWeights(out + 1, weights, last), direct = (last + 1) / 2;
  if (packed > 0 && packed < 128 && (packed < direct || last > WEIGHTS_DIRECT)) {
    out[0] = packed;
    return 1 + packed;
  }
  if (last > WEIGHTS_DIRECT) return 0; // cannot be told
  out[0] = 127 + last;
  for (u32 i = 0; i < last; i += 2) out[1 + i / 2] = weights[i] << 4 | weights[i + 1];
  return 1 + direct;
}

// Bits, or IMPOSSIBLE.
static u32 literalBits(const u8 *lengths) {
  u32 bits = 0;
  for (u32 i = 0; i < 256; i++) {
    if (literalCounts[i] > 0 && lengths[i] == 0) return IMPOSSIBLE;
    bits += literalCounts[i] * lengths[i];
  }
  return bits;
}

// 4.2.2, from the last to the first.
static __attribute__((noinline)) u8 *putStream(u8 *out, const u8 *from, u32 n, const u32 *codes) {
  struct writer to = {out};
  const u8 *at = from + n;
#define PUT(by) put(&to, codes[at[-(by)]] & 0xffff, codes[at[-(by)]] >> 16);
  for (; (at - from) % AT_ONCE != 0; at--) PUT(1)
  flush(&to);
  for (; at > from; at -= AT_ONCE) {
    PUT(1) PUT(2) PUT(3) PUT(4) PUT(5)
    flush(&to);
  }
#undef PUT
  put(&to, 1, 1);
  align(&to);
  return to.out;
}

static u8 *putStreams(u8 *out, const u8 *from, u32 n, const u32 *codes) {
  if (n < ONE_STREAM) return putStream(out, from, n, codes);
  const u32 part = (n + 3) / 4;
  u8 *at = out + 6;
  for (u32 i = 0; i < 4; i++) {
    u8 *const end = putStream(at, from + i * part, i < 3 ? part : n - 3 * part, codes);
    if (i < 3) *(any16 *)(out + 2 * i) = end - at;
    at = end;
  }
  return at;
}

static u32 plainHeader(u8 *out, u32 type, u32 n) {
  const u32 length = n < 32 ? 1 : n < 4096 ? 2 : 3;
  *(any32 *)out = length == 1 ? type | n << 3 : type | (length == 2 ? 1 : 3) << 2 | n << 4;
  return length;
}

static u32 codedHeaderLength(u32 n) { return n < 1024 ? 3 : n < 16384 ? 4 : 5; }

// The literals section, of `n` that are counted.
static u8 *putLiterals(u8 *out, const u8 *from, u32 n) {
  const u32 plain = plainHeader(out, RAW_LITERALS, n);
  u32 most = 0;
  for (u32 i = 0; i < 256; i++) if (literalCounts[i] > most) most = literalCounts[i];
  freshCodes = lastCodes;
  if (most == n && n > 1) {
    plainHeader(out, RLE_LITERALS, n);
    out[plain] = from[0];
    return out + plain + 1;
  }
  const u32 header = codedHeaderLength(n), jumps = n < ONE_STREAM ? 0 : 6;
  u32 type = RAW_LITERALS, best = plain + n - n / 64, described = 0;
  if (lastCodes.isThere && n > 6) {
    const u32 bits = literalBits(lastCodes.lengths);
    if (bits < IMPOSSIBLE && header + jumps + bits / 8 + 1 < best) {
      best = header + jumps + bits / 8 + 1;
      type = TREELESS_LITERALS;
    }
  }
  if (n >= 32 && most > n / 128 + 4) {
    static u8 lengths[256];
    lengthsOf(lengths, literalCounts, 256, LONGEST_CODE);
    const u32 size = header + jumps + literalBits(lengths) / 8 + 1;
    if (size < best) {
      described = describeCodes(out + header, lengths);
      if (described > 0 && size + described < best) {
        type = COMPRESSED_LITERALS;
        __builtin_memcpy(freshCodes.lengths, lengths, sizeof lengths);
        freshCodes.isThere = 1;
        makeCodes(&freshCodes);
      } else described = 0;
    }
  }
  if (type != RAW_LITERALS) {
    u8 *const end = putStreams(out + header + described, from, n, freshCodes.codes);
    const u32 length = end - out;
    if (length < plain + n) {
      const u32 bits = header == 3 ? 10 : header == 4 ? 14 : 18, format = header == 3 ? (jumps > 0) : header - 2;
      const u64 fields = type | format << 2 | n << 4 | (u64)(length - header) << (4 + bits);
      *(any32 *)out = header == 3 ? (*(any32 *)out & 0xff000000) | (u32)fields : (u32)fields;
      if (header == 5) out[4] = fields >> 32;
      return end;
    }
    freshCodes = lastCodes;
  }
  plainHeader(out, RAW_LITERALS, n);
  __builtin_memcpy(out + plain, from, n);
  return out + plain + n;
}
