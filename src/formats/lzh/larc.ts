/** lzs and lz5, LArc's methods: no codes, only bytes and matches, whose places are those of a ring and not distances. */
import type { Bits } from "./bits.ts";
import { MATCH, type Tokens } from "./tokens.ts";

/** A ring of 2 KiB, written from 17 bytes before its end on. A bit tells bytes from matches: 11 bits of place, 4 of length from 2 on. */
export class Lzs implements Tokens {
  readonly #bits: Bits;
  distance = 0;

  constructor(bits: Bits) {
    this.#bits = bits;
  }

  next(position: number): number {
    if (this.#bits.take(1) === 1) return this.#bits.take(8);
    this.distance = distanceTo(this.#bits.take(11), position - 17, 2048);
    return MATCH + this.#bits.take(4) + 2;
  }
}

/** A ring of 4 KiB, written from 18 bytes before its end on. A byte of flags, the lowest bit first, for eight tokens. */
export class Lz5 implements Tokens {
  static readonly #START = 4096 - 18;
  readonly #bits: Bits;
  /** The flags that are left, and a 1 above them. */
  #flags = 1;
  distance = 0;

  constructor(bits: Bits) {
    this.#bits = bits;
  }

  /** What lies in front of the content: every byte 13 times, all bytes up and down, zeros and spaces. */
  static past(): Uint8Array {
    const ring = new Uint8Array(4096); // the last 18 bytes are zeros as well
    const [up, down, zeros] = [256 * 13, 256 * 13 + 256, 256 * 13 + 512];
    for (let byte = 0; byte < 256; byte++) {
      ring.fill(byte, byte * 13, (byte + 1) * 13);
      ring[up + byte] = byte;
      ring[down + byte] = 255 - byte;
    }
    ring.fill(0x20, zeros + 128, Lz5.#START);
    return Buffer.concat([ring.subarray(Lz5.#START), ring.subarray(0, Lz5.#START)]);
  }

  next(position: number): number {
    if (this.#flags === 1) this.#flags = this.#bits.take(8) | 0x100;
    const isByte = this.#flags & 1;
    this.#flags >>>= 1;
    const low = this.#bits.take(8);
    if (isByte === 1) return low;
    // low 8 bits of the place, high 4, and 4 of length from 3 on
    const high = this.#bits.take(4);
    this.distance = distanceTo((high << 8) | low, position - 18, 4096);
    return MATCH + this.#bits.take(4) + 3;
  }
}

/** From a place in the ring to the place where byte `at` will be written, which is `at` modulo the ring's size: 1 to that size. */
function distanceTo(place: number, at: number, ring: number): number {
  return ((((at - 1 - place) % ring) + ring) % ring) + 1;
}
