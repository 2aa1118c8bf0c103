/** XXH64, the checksum of zstd (https://github.com/Cyan4973/xxHash, doc/xxhash_spec.md), in halves of 32 bits: bigints would take ten times as long. */

// The five primes of the specification.
const P1 = word(0x9e3779b1, 0x85ebca87);
const P2 = word(0xc2b2ae3d, 0x27d4eb4f);
const P3 = word(0x165667b1, 0x9e3779f9);
const P4 = word(0x85ebca77, 0xc2b2ae63);
const P5 = word(0x27d4eb2f, 0x165667c5);
/** Four lanes of 8 bytes. */
const STRIPE = 32;

/** 64 bits, modulo 2^64; changed in place. */
interface Word {
  high: number;
  low: number;
}

/** The hash with the seed 0; the halves are unsigned. */
export function xxh64(bytes: Uint8Array): { readonly high: number; readonly low: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const hash = copy(P5);
  let at = 0;
  if (bytes.length >= STRIPE) {
    // A seed of 0: the lanes begin at P1 + P2, P2, 0, -P1.
    const lanes = [add(copy(P1), P2), copy(P2), word(0, 0), word(~P1.high, -P1.low)];
    const [a, b, c, d] = lanes as [Word, Word, Word, Word];
    for (; at + STRIPE <= bytes.length; at += STRIPE) {
      round(a, view.getInt32(at + 4, true), view.getInt32(at, true));
      round(b, view.getInt32(at + 12, true), view.getInt32(at + 8, true));
      round(c, view.getInt32(at + 20, true), view.getInt32(at + 16, true));
      round(d, view.getInt32(at + 28, true), view.getInt32(at + 24, true));
    }
    set(hash, add(add(add(rotate(copy(a), 1), rotate(copy(b), 7)), rotate(copy(c), 12)), rotate(copy(d), 18)));
    for (const lane of lanes) add(multiply(xor(hash, round(word(0, 0), lane.high, lane.low)), P1), P4);
  }
  add(hash, word(Math.floor(bytes.length / 2 ** 32), bytes.length));
  for (; at + 8 <= bytes.length; at += 8) {
    add(multiply(rotate(xor(hash, round(word(0, 0), view.getInt32(at + 4, true), view.getInt32(at, true))), 27), P1), P4);
  }
  if (at + 4 <= bytes.length) {
    add(multiply(rotate(xor(hash, multiply(word(0, view.getInt32(at, true)), P1)), 23), P2), P3);
    at += 4;
  }
  for (; at < bytes.length; at++) multiply(rotate(xor(hash, multiply(word(0, view.getUint8(at)), P5)), 11), P1);
  multiply(xor(hash, word(0, hash.high >>> 1)), P2); // by 33 to the right
  multiply(xor(hash, word(hash.high >>> 29, (hash.low >>> 29) | (hash.high << 3))), P3); // by 29
  xor(hash, word(0, hash.high)); // by 32
  return { high: hash.high >>> 0, low: hash.low >>> 0 };
}

/** Mixes 8 bytes of input into a lane. */
function round(lane: Word, high: number, low: number): Word {
  input.high = high;
  input.low = low;
  return multiply(rotate(add(lane, multiply(input, P2)), 31), P1);
}

const input = word(0, 0);

function word(high: number, low: number): Word {
  return { high: high | 0, low: low | 0 };
}

function copy({ high, low }: Word): Word {
  return { high, low };
}

function set(to: Word, { high, low }: Word): void {
  to.high = high;
  to.low = low;
}

function add(to: Word, { high, low }: Word): Word {
  const sum = (to.low >>> 0) + (low >>> 0);
  to.low = sum | 0;
  to.high = (to.high + high + (sum > 0xffff_ffff ? 1 : 0)) | 0;
  return to;
}

function xor(to: Word, { high, low }: Word): Word {
  to.high ^= high;
  to.low ^= low;
  return to;
}

/** To the left, by less than 32. */
function rotate(to: Word, by: number): Word {
  const { high, low } = to;
  to.high = (high << by) | (low >>> (32 - by));
  to.low = (low << by) | (high >>> (32 - by));
  return to;
}

function multiply(to: Word, { high, low }: Word): Word {
  // The upper half of low * low, from products of 16 bits by 16.
  const [a, b, c, d] = [to.low >>> 16, to.low & 0xffff, low >>> 16, low & 0xffff];
  const middle = a * d + ((b * d) >>> 16);
  const carry = (middle & 0xffff) + b * c;
  const upper = a * c + Math.floor(middle / 0x1_0000) + Math.floor(carry / 0x1_0000);
  to.high = (upper + Math.imul(to.high, low) + Math.imul(to.low, high)) | 0;
  to.low = Math.imul(to.low, low);
  return to;
}
