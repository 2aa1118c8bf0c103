// Sorts numbers by what stands above the lowest 24 bits, in which each may carry a place.

enum {
  PLACE_BITS = 24,
  PLACE = (1 << PLACE_BITS) - 1,
  SMALL = 12, // sorted by insertion
};

static void swap(u64 *a, u64 *b) {
  u64 kept = *a;
  *a = *b;
  *b = kept;
}

static void siftDown(u64 *heap, u32 at, u32 count) {
  u64 moved = heap[at];
  for (u32 child; (child = 2 * at + 1) < count; at = child) {
    if (child + 1 < count && heap[child + 1] > heap[child]) child++;
    if (heap[child] <= moved) break;
    heap[at] = heap[child];
  }
  heap[at] = moved;
}

static void heapSort(u64 *a, u32 count) {
  for (u32 i = count / 2; i-- > 0;) siftDown(a, i, count);
  while (count-- > 1) {
    swap(a, a + count);
    siftDown(a, 0, count);
  }
}

// Puts those below `bound` in front. The loop has no jump but its own, since nobody could foresee it.
static u64 *partition(u64 *from, const u64 *end, u64 bound) {
  for (u64 *at = from; at < end; at++) {
    u64 one = *at;
    *at = *from;
    *from = one;
    from += one < bound;
  }
  return from;
}

static u64 medianOf(u64 a, u64 b, u64 c) {
  u64 least = a < b ? a : b, most = a < b ? b : a;
  return c < least ? least : c > most ? most : c;
}

// Quicksort that gives way to heapsort where its pivots are bad again and again (Musser 1997).
static void quickSort(u64 *a, u64 *end, u32 patience) {
  while (end - a > SMALL) {
    if (patience-- == 0) return heapSort(a, end - a);
    u64 pivot = medianOf(*a, a[(end - a) / 2], end[-1]) & ~(u64)PLACE;
    u64 *low = partition(a, end, pivot), *high = low;
    // Few are less: many may be equal.
    if (low - a <= (end - a) / 8) high = partition(low, end, pivot | PLACE);
    if (low - a < end - high) {
      quickSort(a, low, patience);
      a = high;
    } else {
      quickSort(high, end, patience);
      end = low;
    }
  }
  for (u64 *next = a + 1; next < end; next++) {
    u64 one = *next, *at = next;
    for (; at > a && at[-1] > one; at--) *at = at[-1];
    *at = one;
  }
}

static void sort(u64 *a, u32 count) {
  quickSort(a, a + count, 2 * (32 - __builtin_clz(count)));
}
