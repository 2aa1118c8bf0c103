/** Numbers that look random and are the same on every machine: all that a run does follows from its seed. */
export interface Random {
  /** 0 to `below` - 1. */
  int(below: number): number;
  /** True in `share` of all cases. */
  chance(share: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** Small numbers more often than large ones: 1 to `most`. */
  few(most: number): number;
  bytes(length: number): Buffer;
}

/** sfc32 (Chris Doty-Humphrey, PractRand), started from a hash of the words. */
export function randomOf(...words: readonly (string | number)[]): Random {
  let [a, b, c, d] = hash(words.join("\0"));
  const next = (): number => {
    const sum = (a + b + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let i = 0; i < 12; i++) next();
  const int = (below: number): number => Math.floor((next() / 2 ** 32) * below);
  return {
    int,
    chance: (share) => next() / 2 ** 32 < share,
    pick: (from) => from[int(from.length)]!,
    few(most) {
      let count = 1;
      while (count < most && next() % 2 === 0) count += 1;
      return count;
    },
    bytes: (length) => Buffer.from(Array.from({ length }, () => next() & 0xff)),
  };
}

/** FNV-1a four times over, each from another start. */
function hash(text: string): [number, number, number, number] {
  const one = (start: number): number => {
    let sum = start;
    for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193);
    return sum | 0;
  };
  return [one(0x811c9dc5), one(0x9e3779b9), one(0x7f4a7c15), 1];
}
