/** XXH32, the checksum of lz4 (https://github.com/Cyan4973/xxHash, doc/xxhash_spec.md). */

// The five primes of the specification, as signed numbers for Math.imul.
const P1 = 0x9e3779b1 | 0;
const P2 = 0x85ebca77 | 0;
const P3 = 0xc2b2ae3d | 0;
const P4 = 0x27d4eb2f;
const P5 = 0x165667b1;
/** Four lanes of 4 bytes. */
const STRIPE = 16;

/** The hash of bytes that come in pieces, with the seed 0. */
export class Xxh32 {
  // A seed of 0: the lanes begin at seed + P1 + P2, seed + P2, seed, seed - P1.
  #a = (P1 + P2) | 0;
  #b = P2;
  #c = 0;
  #d = -P1 | 0;
  /** Bytes so far; only its lower 32 bits go into the hash. */
  #length = 0;
  /** What does not fill a stripe yet. */
  readonly #rest = new Uint8Array(STRIPE);
  #restLength = 0;

  update(bytes: Uint8Array): void {
    this.#length += bytes.length;
    let at = 0;
    if (this.#restLength > 0) {
      at = Math.min(STRIPE - this.#restLength, bytes.length);
      this.#rest.set(bytes.subarray(0, at), this.#restLength);
      this.#restLength += at;
      if (this.#restLength < STRIPE) return;
      this.#stripes(this.#rest, 0, STRIPE);
    }
    const end = at + Math.floor((bytes.length - at) / STRIPE) * STRIPE;
    this.#stripes(bytes, at, end);
    this.#rest.set(bytes.subarray(end));
    this.#restLength = bytes.length - end;
  }

  /** Of everything so far, unsigned. */
  digest(): number {
    // Below one stripe the lanes were never used, and their place takes seed + P5.
    let hash = this.#length < STRIPE ? P5 : (rotate(this.#a, 1) + rotate(this.#b, 7) + rotate(this.#c, 12) + rotate(this.#d, 18)) | 0;
    hash = (hash + this.#length) | 0;
    const view = new DataView(this.#rest.buffer);
    let at = 0;
    for (; at + 4 <= this.#restLength; at += 4) hash = Math.imul(rotate((hash + Math.imul(view.getInt32(at, true), P3)) | 0, 17), P4);
    for (; at < this.#restLength; at++) hash = Math.imul(rotate((hash + Math.imul(view.getUint8(at), P5)) | 0, 11), P1);
    hash = Math.imul(hash ^ (hash >>> 15), P2);
    hash = Math.imul(hash ^ (hash >>> 13), P3);
    return (hash ^ (hash >>> 16)) >>> 0;
  }

  #stripes(bytes: Uint8Array, start: number, end: number): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let [a, b, c, d] = [this.#a, this.#b, this.#c, this.#d];
    for (let at = start; at < end; at += STRIPE) {
      a = Math.imul(rotate((a + Math.imul(view.getInt32(at, true), P2)) | 0, 13), P1);
      b = Math.imul(rotate((b + Math.imul(view.getInt32(at + 4, true), P2)) | 0, 13), P1);
      c = Math.imul(rotate((c + Math.imul(view.getInt32(at + 8, true), P2)) | 0, 13), P1);
      d = Math.imul(rotate((d + Math.imul(view.getInt32(at + 12, true), P2)) | 0, 13), P1);
    }
    [this.#a, this.#b, this.#c, this.#d] = [a, b, c, d];
  }
}

/** The hash of bytes that are there at once. */
export function xxh32(bytes: Uint8Array): number {
  const hash = new Xxh32();
  hash.update(bytes);
  return hash.digest();
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}
