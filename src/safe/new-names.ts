/**
 * Names of which each is certainly new: what a Plan would find out with a place for each, in a tenth of the time and of the memory. Of a name that is
 * in doubt it says no more than that: a Plan has to tell what becomes of it.
 */
import { isOrdinary } from "./path.ts";

/** Slots; a power of two. */
const LEAST = 1024;
/** Where so many that a name could have are taken, somebody may have made the names for it: of four slots one is free. */
const MOST_PROBES = 128;
/** Odd, and without a pattern in their bits: Knuth's for multiplicative hashing, and one of MurmurHash3. */
const [MULTIPLY, MIX] = [0x9e3779b1, 0x85ebca6b];

export class NewNames {
  /** In their order, those of folders with a slash at the end. */
  readonly taken: string[] = [];
  readonly #maxDepth: number;
  /** With all above them, as they are written. */
  readonly #folders = new Set<string>([""]);
  /** For each name a pair of hashes, which accident gives no two of them; 0 and 0: the slot is free. */
  #slots = new Int32Array(2 * LEAST);
  #count = 0;
  readonly #seed = [random(), random()] as const;
  /** The hashes of what #hash() was given last. */
  #low = 0;
  #high = 0;
  /** The folder of the last file, with its slash, and the hashes of that. */
  #lately = "";
  #latelyLow = this.#seed[0];
  #latelyHigh = this.#seed[1];

  constructor(maxDepth: number) {
    this.#maxDepth = maxDepth;
  }

  /**
   * Takes the name of a file or folder, and those of the folders above it, unless something about it is in doubt: not ordinary, there already (but for a
   * folder of just this name), equal to another one where the case does not count, or with a file for a folder. After the first that is, no more is to be asked.
   */
  take(path: string, isFolder: boolean): boolean {
    const hasSlash = path.endsWith("/");
    const plain = hasSlash ? path.slice(0, -1) : path;
    if ((hasSlash && !isFolder) || !isOrdinary(plain, this.#maxDepth)) return false;
    if (!(isFolder ? this.#enter(plain) : this.#put(plain))) return false;
    this.taken.push(isFolder && !hasSlash ? `${path}/` : path);
    return true;
  }

  /** A file, in a folder that may be new. */
  #put(plain: string): boolean {
    const start = plain.lastIndexOf("/") + 1;
    if (this.#lately.length !== start || !plain.startsWith(this.#lately)) {
      if (!this.#enter(plain.slice(0, Math.max(0, start - 1)))) return false;
      this.#lately = plain.slice(0, start);
      [this.#low, this.#high] = this.#seed;
      this.#hash(plain, 0, start);
      this.#latelyLow = this.#low;
      this.#latelyHigh = this.#high;
    }
    this.#low = this.#latelyLow;
    this.#high = this.#latelyHigh;
    this.#hash(plain, start, plain.length);
    return this.#add();
  }

  /** A folder that may be there already. */
  #enter(folder: string): boolean {
    if (this.#folders.has(folder)) return true;
    if (!this.#enter(folder.slice(0, Math.max(0, folder.lastIndexOf("/"))))) return false;
    this.#folders.add(folder);
    [this.#low, this.#high] = this.#seed;
    this.#hash(folder, 0, folder.length);
    return this.#add();
  }

  /** Goes on from the hashes so far: of an ordinary path, so in ASCII, with capitals as small letters. */
  #hash(path: string, start: number, end: number): void {
    let low = this.#low;
    let high = this.#high;
    for (let at = start; at < end; at++) {
      const code = path.charCodeAt(at);
      const folded = code >= 0x41 && code <= 0x5a ? code | 0x20 : code;
      low = Math.imul(low ^ folded, MULTIPLY);
      high = Math.imul(((high << 13) | (high >>> 19)) + folded, MIX);
    }
    this.#low = low;
    this.#high = high;
  }

  /** False where the hashes are there already, or nearly so many that look like them. */
  #add(): boolean {
    if (4 * this.#count >= 3 * (this.#slots.length / 2)) this.#grow();
    const low = this.#low === 0 && this.#high === 0 ? 1 : this.#low;
    if (!put(this.#slots, low, this.#high)) return false;
    this.#count += 1;
    return true;
  }

  #grow(): void {
    const larger = new Int32Array(2 * this.#slots.length);
    for (let at = 0; at < this.#slots.length; at += 2) {
      const [low, high] = [this.#slots[at]!, this.#slots[at + 1]!];
      if (low !== 0 || high !== 0) put(larger, low, high, Infinity);
    }
    this.#slots = larger;
  }
}

/** False: the pair is there, or no slot is free within reach. */
function put(slots: Int32Array, low: number, high: number, mostProbes = MOST_PROBES): boolean {
  // Pairs, so all places are even; and steps of a length of their own, without which the taken slots would gather. The lowest bits of a product know only the lowest of what went in.
  const mask = slots.length - 2;
  const step = high | 1;
  let place = low ^ (low >>> 16) ^ (high >>> 7);
  for (let probe = 0; probe < mostProbes; probe++, place = (place + step) | 0) {
    const at = (place << 1) & mask;
    if (slots[at] === 0 && slots[at + 1] === 0) {
      slots[at] = low;
      slots[at + 1] = high;
      return true;
    }
    if (slots[at] === low && slots[at + 1] === high) return false;
  }
  return false;
}

function random(): number {
  return (Math.random() * 2 ** 32) | 0;
}
