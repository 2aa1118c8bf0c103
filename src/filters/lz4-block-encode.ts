/**
 * Packs one block of lz4 (lz4_Block_format.md): a row of sequences, each some literals and a match.
 *
 * Two searches: the last place of each hash (levels 0 to 2, as of lz4(1)), or all earlier places of it, up to a number (3 to 9).
 */

const LEAST_MATCH = 4;
const FARTHEST = 0xffff;
/** "The last 5 bytes are always literals", and the last match starts at least 12 bytes before the end. */
const LAST_LITERALS = 5;
const LAST_MATCH = 12;

const HASH_BITS = 16;
/** After so many misses in a row (a power of two) each further step is one byte longer: what does not shrink is passed quickly. */
const PATIENCE_BITS = 6;

/** In the frame format's block size: the bytes are stored as they are. */
const STORED = 0x8000_0000;

// One set per thread, for all its blocks.
const table = new Int32Array(1 << HASH_BITS);
let chain: Uint16Array | undefined;
let room = new Uint8Array(0);

/** The block as the frame format has it, with its size in front; valid until the next call. */
export function encodeLz4Block(block: Uint8Array, level: number): Uint8Array {
  // Literals only, the worst there is: a byte of length for every 255, and the token.
  const most = 4 + block.length + Math.ceil(block.length / 255) + 16;
  if (room.length < most) room = new Uint8Array(most);
  const end = level < 3 ? packFast(block) : packThorough(block, 1 << (level - 1));
  const shrinks = end - 4 < block.length;
  if (!shrinks) room.set(block, 4);
  const length = shrinks ? end - 4 : block.length;
  new DataView(room.buffer).setUint32(0, shrinks ? length : length + STORED, true);
  return room.subarray(0, 4 + length);
}

/** Where the packed block ends in `room`. */
function packFast(block: Uint8Array): number {
  const view = viewOf(block);
  const lastStart = block.length - LAST_MATCH;
  // An empty place says 0, which is a place like any other: what is found there is compared before it is used.
  table.fill(0);
  let at = 1;
  let anchor = 0;
  let out = 4;
  let misses = 1 << PATIENCE_BITS;
  while (at <= lastStart) {
    const bytes = view.getInt32(at, true);
    const hash = hashOf(bytes);
    let match = table[hash]!;
    table[hash] = at;
    if (at - match > FARTHEST || view.getInt32(match, true) !== bytes) {
      at += misses++ >>> PATIENCE_BITS;
      continue;
    }
    while (at > anchor && match > 0 && block[at - 1] === block[match - 1]) {
      at -= 1;
      match -= 1;
    }
    const length = lengthOfMatch(block, view, at, match);
    out = putSequence(block, anchor, at, out, at - match, length);
    at += length;
    anchor = at;
    misses = 1 << PATIENCE_BITS;
    if (at <= lastStart) table[hashOf(view.getInt32(at - 2, true))] = at - 2;
  }
  return putLiterals(block, anchor, out);
}

/** Looks at up to `depth` earlier places, and takes the longest match; unless the next byte's is longer still. */
function packThorough(block: Uint8Array, depth: number): number {
  const view = viewOf(block);
  const lastStart = block.length - LAST_MATCH;
  table.fill(-1);
  /** How far back the place before lies that has the same hash; 0 = none within reach. By the lowest 16 bits of the place. */
  const back = (chain ??= new Uint16Array(FARTHEST + 1));
  let entered = 0;
  let found = 0;

  /** The length of the longest match at `at`, 0 = none; `found` is its place. Enters all places before. */
  const search = (at: number): number => {
    for (; entered <= at; entered++) {
      const hash = hashOf(view.getInt32(entered, true));
      const before = table[hash]!;
      const distance = entered - before;
      back[entered & FARTHEST] = before < 0 || distance > FARTHEST ? 0 : distance;
      table[hash] = entered;
    }
    let best = LEAST_MATCH - 1;
    let place = at;
    const bytes = view.getInt32(at, true);
    for (let tries = depth; tries > 0; tries--) {
      const distance = back[place & FARTHEST]!;
      place -= distance;
      if (distance === 0 || at - place > FARTHEST) break;
      // The byte behind the best so far tells most of them apart.
      if (block[place + best] !== block[at + best] || view.getInt32(place, true) !== bytes) continue;
      const length = lengthOfMatch(block, view, at, place);
      if (length <= best) continue;
      best = length;
      found = place;
      if (at + best >= block.length - LAST_LITERALS) break;
    }
    return best < LEAST_MATCH ? 0 : best;
  };

  let anchor = 0;
  let out = 4;
  for (let at = 0; at <= lastStart; ) {
    let length = search(at);
    if (length === 0) {
      at += 1;
      continue;
    }
    let match = found;
    while (at < lastStart) {
      const next = search(at + 1);
      if (next <= length) break;
      at += 1;
      length = next;
      match = found;
    }
    out = putSequence(block, anchor, at, out, at - match, length);
    at += length;
    anchor = at;
  }
  return putLiterals(block, anchor, out);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** 2654435761 is the prime next to 2^32 divided by the golden ratio: it spreads neighbours far apart. */
function hashOf(bytes: number): number {
  return Math.imul(bytes, 2654435761) >>> (32 - HASH_BITS);
}

/** How far the bytes at both places agree, of which four are known to. */
function lengthOfMatch(block: Uint8Array, view: DataView, at: number, match: number): number {
  const limit = block.length - LAST_LITERALS;
  let end = at + LEAST_MATCH;
  let other = match + LEAST_MATCH;
  while (end + 4 <= limit && view.getInt32(end, true) === view.getInt32(other, true)) {
    end += 4;
    other += 4;
  }
  while (end < limit && block[end] === block[other]) {
    end += 1;
    other += 1;
  }
  return end - at;
}

/** Token, literals from `anchor` to `at`, and the match; returns where the next sequence goes. */
function putSequence(block: Uint8Array, anchor: number, at: number, start: number, offset: number, length: number): number {
  const literals = at - anchor;
  const more = length - LEAST_MATCH;
  let out = start + 1;
  room[start] = (Math.min(literals, 15) << 4) | Math.min(more, 15);
  if (literals >= 15) out = putLength(literals - 15, out);
  if (literals > 32) room.set(block.subarray(anchor, at), out);
  else for (let i = 0; i < literals; i++) room[out + i] = block[anchor + i]!; // a view would cost more than so few bytes
  out += literals;
  room[out++] = offset & 0xff;
  room[out++] = offset >>> 8;
  return more >= 15 ? putLength(more - 15, out) : out;
}

/** The last sequence has no match. */
function putLiterals(block: Uint8Array, anchor: number, start: number): number {
  const literals = block.length - anchor;
  let out = start + 1;
  room[start] = Math.min(literals, 15) << 4;
  if (literals >= 15) out = putLength(literals - 15, out);
  room.set(block.subarray(anchor), out);
  return out + literals;
}

/** Bytes of 255 while there is so much left, and the rest. */
function putLength(left: number, start: number): number {
  let out = start;
  for (; left >= 255; left -= 255) room[out++] = 255;
  room[out++] = left;
  return out;
}
