// Needs sort.h.

enum { SYMBOL_BITS = 9 };

// Lengths of Huffman codes, none above `longest`, of two or more symbols: in place, as by Moffat and Katajainen (1995), with frequencies that are halved until they fit.
static void makeLengths(u8 *to, const u32 *counted, u32 n, u32 longest) {
  static u64 leaves[1 << SYMBOL_BITS];
  static u32 nodes[1 << SYMBOL_BITS];
  for (u32 shift = 0;; shift++) {
    for (u32 i = 0; i < n; i++) {
      u32 weight = counted[i] >> shift;
      leaves[i] = (((u64)(weight > 0 ? weight : 1) << SYMBOL_BITS) + n - 1 - i) << PLACE_BITS; // of equals, the later ones get the longer codes: so lengths change less often
    }
    sort(leaves, n);
    for (u32 i = 0; i < n; i++) nodes[i] = leaves[i] >> (PLACE_BITS + SYMBOL_BITS);
    // Weights, and in their place the parent of each node that was used.
    u32 leaf = 0, root = 0;
    for (u32 next = 0; next < n - 1; next++) {
      u32 weight = 0;
      for (u32 child = 0; child < 2; child++) {
        if (leaf >= n || (root < next && nodes[root] < nodes[leaf])) {
          weight += nodes[root];
          nodes[root++] = next;
        } else weight += nodes[leaf++];
      }
      nodes[next] = weight;
    }
    // Depths of the inner nodes.
    nodes[n - 2] = 0;
    for (u32 i = n - 2; i-- > 0;) nodes[i] = nodes[nodes[i]] + 1;
    // On each level, what is no inner node is a leaf; the rarest are the deepest.
    u32 depth = 0, open = 1, inner = n - 1, symbol = n;
    for (; open > 0; depth++) {
      u32 used = 0;
      for (; inner > 0 && nodes[inner - 1] == depth; inner--) used++;
      for (u32 left = open - used; left > 0; left--) to[n - 1 - (leaves[--symbol] >> PLACE_BITS & ((1 << SYMBOL_BITS) - 1))] = depth;
      open = 2 * used;
    }
    if (depth - 1 <= longest) return;
  }
}

// Lengths for what is counted; two symbols at the least, as some readers expect.
static inline void lengthsOf(u8 *to, const u32 *counted, u32 n, u32 longest) {
  u32 used[1 << SYMBOL_BITS], counts[1 << SYMBOL_BITS], count = 0;
  u8 lengths[1 << SYMBOL_BITS];
  for (u32 i = 0; i < n; i++) {
    to[i] = 0;
    if (counted[i] == 0) continue;
    used[count] = i;
    counts[count++] = counted[i];
  }
  for (u32 i = 0; count < 2; i++) {
    if (counted[i] > 0) continue;
    used[count] = i;
    counts[count++] = 1;
  }
  makeLengths(lengths, counts, count, longest);
  for (u32 i = 0; i < count; i++) to[used[i]] = lengths[i];
}
