/**
 * Names that were seen, by two hashes of 32 bits, for whoever can bear to hear of a new one that it may have been seen: of a million names, once in thirty million
 * times. 11 to 21 bytes for a name, and 32 for a moment while it grows, where a Set of V8's takes up to 40, and 60. It never says of a name that it is new when it was
 * asked for that before, whatever it said then.
 */

const FIRST = 1 << 10;
/** Names of somebody who knows the hashes may all meet in one place: then nobody waits, and no name is new any more. By chance that many never do. */
const MOST_TRIES = 1024;
/** V8's sets hold no more either. */
const MOST = 2 ** 24 - 2;

export class SeenNames {
  /** Pairs of hashes, in number a power of two; 0 and 0: free. */
  #table: Uint32Array;
  #count = 0;

  /** `expected`: how many names there may be, for which no room then has to be made later. */
  constructor(expected = 0) {
    let pairs = FIRST;
    while (isFull(expected, pairs) && pairs < MOST) pairs *= 2;
    this.#table = new Uint32Array(2 * pairs);
  }

  /** Of names in ASCII case does not count; of others comes what they have in common with those they are equal to. False: it was seen, or one with its hashes was, or there is no telling. */
  add(name: string): boolean {
    if (this.#count === MOST) return false; // for good: not all that come are recorded
    let one = 0x2f6e_2b1d;
    let two = 0x1b87_3593;
    for (let at = 0; at < name.length; at++) {
      const code = name.charCodeAt(at);
      const letter = code | ((((0x40 - code) & (code - 0x5b)) >>> 26) & 0x20); // capitals as small ones
      one = Math.imul(((one << 5) | (one >>> 27)) ^ letter, 0x9e37_79b1);
      two = Math.imul(((two << 11) | (two >>> 21)) ^ letter, 0x85eb_ca77);
    }
    one = Math.imul(one ^ (one >>> 15) ^ name.length, 0xc2b2_ae3d);
    two = Math.imul(two ^ (two >>> 13) ^ one, 0x27d4_eb2f);
    one = (one ^ (one >>> 16)) >>> 0;
    two = (two ^ (two >>> 16)) >>> 0;
    const found = put(this.#table, one, one === 0 && two === 0 ? 1 : two, MOST_TRIES);
    if (found !== "put") {
      if (found === "no room") this.#count = MOST;
      return false;
    }
    this.#count += 1;
    if (isFull(this.#count, this.#table.length / 2)) this.#grow();
    return true;
  }

  /** From three quarters full to less than half. */
  #grow(): void {
    const before = this.#table;
    this.#table = new Uint32Array(2 * before.length);
    for (let at = 0; at < before.length; at += 2) {
      if (before[at] !== 0 || before[at + 1] !== 0) put(this.#table, before[at]!, before[at + 1]!, MOST);
    }
  }
}

function isFull(names: number, pairs: number): boolean {
  return names * 4 > pairs * 3;
}

/** Tries `most` places. Nothing in the loop is left out in most of its turns: what V8 meets later it compiles all anew for, and whoever calls it. */
function put(table: Uint32Array, one: number, two: number, most: number): "put" | "there" | "no room" {
  const mask = table.length - 1;
  let next = (one << 1) & mask;
  for (let left = most; left > 0; ) {
    const at = next;
    const first = table[at]!;
    const second = table[at + 1]!;
    next = (at + 2) & mask;
    left -= 1;
    if ((first | second) === 0) {
      table[at] = one;
      table[at + 1] = two;
      return "put";
    }
    if (((first ^ one) | (second ^ two)) === 0) return "there";
  }
  return "no room";
}
