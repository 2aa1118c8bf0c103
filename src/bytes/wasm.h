// What the sources in C have in common.

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long i64;
// At any address.
typedef u16 __attribute__((aligned(1))) any16;
typedef u32 __attribute__((aligned(1))) any32;
typedef u64 __attribute__((aligned(1))) any64;
typedef u64 __attribute__((vector_size(16), aligned(1))) any128;

#define EXPORT(name) __attribute__((export_name(#name)))
#define INLINE inline __attribute__((always_inline))
