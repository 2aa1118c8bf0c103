// Reads what most records of a zip's central directory are (APPNOTE 4.3.12), plain: no extra fields but times and owners, an ASCII name, sizes of 32 bits. There may be a
// million: by JavaScript, which begins slowly and makes objects, it takes four times as long and more than twice the memory. For WebAssembly.
//
// Of a record that is not certain to be plain nothing is said: readEntry() in entry.ts looks at it, which would say the same of the plain ones. Whatever the bytes say,
// nothing outside this memory can be read or written.
//
// plain-code.ts holds what scripts/wasm.mjs makes of this file.

#include "../../bytes/wasm.h"

enum {
  WINDOW = 1 << 20,
  SIGNATURE = 0x02014b50,
  FIXED = 46, // bytes of a record in front of its name
  LOCAL_HEADER = 30,
  LOCAL_SIGNATURE = 0x04034b50,
  DESCRIPTOR = 0x8,
  MOST_FLAGS = 0xfff,
  MAX32 = 0xffffffff,
  STORE = 0,
  DEFLATE = 8,
  // How hard deflate tried, that a data descriptor follows, and that the name is in UTF-8 (4.4.4).
  HARMLESS_FLAGS = 0x2 | 0x4 | 0x8 | 0x800,
  // 4.4.2.2; 19 for OS X
  UNIX = 3,
  DARWIN = 19,
  DOS_DIRECTORY = 0x10,
  FORMAT = 0170000,
  FOLDER = 0040000,
  FILE = 0100000,
  MODES = 07777,
  TIMESTAMP = 0x5455,
  OWNERS = 0x7875,
  // The most that a local extra field and a data descriptor take.
  UNKNOWN_ROOM = 0xffff + 24,
};

// As plain-entries.ts reads it.
typedef struct {
  u32 size, packed, crc, offset, seconds;
  // Where in this memory it lies.
  u32 name;
  // Length of the name, flags from bit 16 on, and DEFLATED.
  u32 how;
  // Permission bits; 0: the record tells none; and IS_FOLDER.
  u32 mode;
} Row;

#define DEFLATED (1u << 28)
#define IS_FOLDER (1u << 12)

static u8 bytes[WINDOW];
static Row *rows;
static u32 count, most;
// Where the next name goes.
static u8 *names;
// The last time of MS-DOS that was asked for, and what it is since 1970; whether somebody has to say that.
static u32 dosTime, dosSeconds, isTold, isAsking;

extern u8 __heap_base;

// Of an entry that has one behind it, or else the directory at `end`.
static INLINE double limitOf(u32 entry, double end) { return entry + 1 < count && rows[entry + 1].offset < end ? rows[entry + 1].offset : end; }

static INLINE u32 read16(const u8 *at) { return *(const any16 *)at; }
static INLINE u32 read32(const u8 *at) { return *(const any32 *)at; }

EXPORT(window) u8 *window(void) { return bytes; }
EXPORT(count) u32 countOf(void) { return count; }
EXPORT(rows) Row *rowsOf(void) { return rows; }
// The end of the memory that is used.
EXPORT(used) u8 *used(void) { return names; }
EXPORT(asked) u32 asked(void) { return isAsking; }

// For so many entries at most.
EXPORT(begin) void begin(u32 entries) {
  rows = (Row *)(((u32)&__heap_base + 15) & ~15u);
  names = (u8 *)(rows + entries);
  most = entries;
}

// What MS-DOS's date (upper half) and time (lower half) mean.
EXPORT(tell) void tell(u32 dos, u32 seconds) {
  dosTime = dos;
  dosSeconds = seconds;
  isTold = 1;
}

// A byte of flags, of which bits 0 to 2 stand for a time each.
static INLINE u32 isTimestamp(const u8 *at, u32 length) { return length <= 13 && (length & 3) == 1 && at[0] <= 7 && ((at[0] & 1) == 0 || length >= 5); }

// 1 version, 1; 1 length of the owner's number, the number; the same of the group.
static INLINE u32 areOwners(const u8 *at, u32 length) {
  if (length < 3 || at[0] != 1) return 0;
  const u32 owner = at[1];
  return length >= owner + 3 && length == 3 + owner + at[2 + owner];
}

// Whether there is nothing but timestamps and owners, and each has the form it should. `time`: where the first time of change lies; 0: there is none.
static u32 areExtraPlain(const u8 *at, const u8 *end, const u8 **time) {
  *time = 0;
  while (end - at >= 4) {
    const u32 id = read16(at), length = read16(at + 2);
    at += 4;
    if (length > (u32)(end - at)) return 0;
    if (id == TIMESTAMP) {
      if (!isTimestamp(at, length)) return 0;
      if (*time == 0 && (at[0] & 1) != 0) *time = at + 1;
    } else if (id != OWNERS || !areOwners(at, length)) return 0;
    at += length;
  }
  return at == end;
}

// One record, which lies whole at `from`, with a name of `nameLength` bytes; 0: it may be anything, or there is something to ask.
static INLINE u32 read(const u8 *from, u32 nameLength, u32 extraLength) {
  const u32 flags = read16(from + 8), method = read16(from + 10), crc = read32(from + 16), packed = read32(from + 20), size = read32(from + 24), offset = read32(from + 42);
  if ((flags & ~HARMLESS_FLAGS) != 0 || (method != STORE && method != DEFLATE) || (crc == 0 && size > 0)) return 0;
  if (packed == MAX32 || size == MAX32 || offset == MAX32 || (method == STORE && packed != size) || (size == 0 && packed > 2) || nameLength == 0) return 0;
  const u8 *const name = from + FIXED;
  const u32 last = name[nameLength - 1];
  const u32 isFolder = last == '/';
  const u32 attributes = read32(from + 38), format = attributes >> 16 & FORMAT;
  const u32 isUnix = from[5] == UNIX || from[5] == DARWIN;
  if (isFolder && size > 0) return 0;
  if (format != 0 && !(isUnix && format == (isFolder ? FOLDER : FILE))) return 0;
  if (format == 0 && !isFolder && (last == '\\' || (attributes & DOS_DIRECTORY) != 0)) return 0;
  const u8 *time;
  if (!areExtraPlain(name + nameLength, name + nameLength + extraLength, &time)) return 0;
  u32 above = 0;
  for (u32 i = 0; i < nameLength; i++) above |= names[i] = name[i];
  if (above > 0x7f) return 0;
  u32 seconds;
  if (time != 0) {
    seconds = read32(time);
  } else {
    const u32 dos = read16(from + 14) << 16 | read16(from + 12);
    if (!isTold || dos != dosTime) {
      isAsking = 1;
      return 0;
    }
    seconds = dosSeconds;
  }
  rows[count++] = (Row){
    size, packed, crc, offset, seconds, (u32)names, nameLength | flags << 16 | (method == DEFLATE ? DEFLATED : 0),
    (isUnix ? attributes >> 16 & MODES : 0) | (isFolder ? IS_FOLDER : 0),
  };
  names += nameLength;
  return 1;
}

// In the place of an entry that is not plain: so all have the numbers that they have in the directory.
EXPORT(skip) void skip(void) {
  if (count < most) rows[count++] = (Row){0};
}

// The records of the window from `at` up to the first that is not plain, or does not lie whole in front of `end`, or is one more than `limit`. Returns where that is.
// Behind what is used there has to be memory for all names. asked(): the next one may be plain, if tell() says what its time means.
EXPORT(scan) u32 scan(u32 at, u32 end, u32 limit) {
  isAsking = 0;
  for (; limit > 0 && count < most && end - at >= FIXED; limit--) {
    const u8 *const from = bytes + at;
    const u32 nameLength = read16(from + 28), extraLength = read16(from + 30);
    // 32 - length of the comment, 34 - disk
    if (read32(from) != SIGNATURE || read32(from + 32) != 0 || nameLength + extraLength > end - at - FIXED || !read(from, nameLength, extraLength)) break;
    at += FIXED + nameLength + extraLength;
  }
  return at;
}

// Whether the entries lie in their order and without reaching into each other, and leave no more room than what is around their data may take, up to `end`: then there is nothing to say about that.
EXPORT(isInOrder) u32 isInOrder(double end) {
  for (u32 i = 0; i < count; i++) {
    const double least = (double)rows[i].offset + LOCAL_HEADER + (rows[i].how & 0xffff) + rows[i].packed;
    const double limit = limitOf(i, end);
    if (least > limit || limit - least > UNKNOWN_ROOM) return 0;
  }
  return 1;
}

// Whether nothing has to be said of the local header (4.3.7) at `from`, which lies in front of `last`, and of what is around the data: it is plain, says what the record does, and the next one follows at once.
static INLINE u32 agrees(u32 entry, const u8 *from, const u8 *last, double end) {
  const Row row = rows[entry];
  const u32 flags = row.how >> 16 & MOST_FLAGS, nameLength = row.how & 0xffff;
  if (last - from < LOCAL_HEADER || read32(from) != LOCAL_SIGNATURE || (flags & DESCRIPTOR) != 0) return 0;
  const u32 extraLength = read16(from + 28);
  if (read16(from + 6) != flags || read16(from + 8) != (row.how & DEFLATED ? DEFLATE : STORE) || read16(from + 26) != nameLength) return 0;
  if (read32(from + 14) != row.crc || read32(from + 18) != row.packed || read32(from + 22) != row.size) return 0;
  if ((double)row.offset + LOCAL_HEADER + nameLength + extraLength + row.packed != limitOf(entry, end)) return 0;
  if (LOCAL_HEADER + nameLength + extraLength > (u32)(last - from)) return 0;
  const u8 *const name = from + LOCAL_HEADER, *const central = (const u8 *)row.name, *time;
  for (u32 i = 0; i < nameLength; i++) if (name[i] != central[i]) return 0;
  return areExtraPlain(name + nameLength, name + nameLength + extraLength, &time);
}

// The first entry from `entry` on whose header somebody has to look at, or that does not lie in the window, of which `length` bytes are filled. The header of `entry` begins at `from` of them.
EXPORT(agreeing) u32 agreeing(u32 entry, u32 from, u32 length, double end) {
  const u32 base = rows[entry].offset;
  for (; entry < count && rows[entry].offset >= base; entry++) {
    const u32 behind = rows[entry].offset - base;
    if (behind > length || from > length - behind || !agrees(entry, bytes + from + behind, bytes + length, end)) break;
  }
  return entry;
}
