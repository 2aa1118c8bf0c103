/** The policies about what is there already, without those that ask. */
export const OVERWRITES: readonly [overwrite: string, code: number, isKept: boolean, besides: readonly string[]][] = [
  ["always", 0, false, []], ["never", 0, true, []], ["newer", 0, true, []], ["rename", 0, true, ["a (1)"]], ["fail", 5, true, []],
];
