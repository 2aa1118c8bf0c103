// The lowest `length` bits, up to 16, in the other order: the codes of deflate begin with their highest bit, its numbers with their lowest (RFC 1951, 3.1.1).
static u32 reversed(u32 code, u32 length) {
  code = (code & 0x5555) << 1 | (code >> 1 & 0x5555);
  code = (code & 0x3333) << 2 | (code >> 2 & 0x3333);
  code = (code & 0x0f0f) << 4 | (code >> 4 & 0x0f0f);
  code = (code & 0x00ff) << 8 | code >> 8;
  return code >> (16 - length);
}
