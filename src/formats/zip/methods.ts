/** The compression methods of zip, by number (APPNOTE 4.4.5). */

export const STORE = 0;
export const DEFLATE = 8;
export const ZSTD = 93;

const NAMES = new Map<number, string>([
  [STORE, "store"], [1, "shrink"], [2, "reduce1"], [3, "reduce2"], [4, "reduce3"], [5, "reduce4"], [6, "implode"], [DEFLATE, "deflate"],
  [9, "deflate64"], [10, "dcl-implode"], [12, "bzip2"], [14, "lzma"], [16, "cmpsc"], [18, "terse"], [19, "lz77"], [20, "zstd-old"],
  [ZSTD, "zstd"], [94, "mp3"], [95, "xz"], [96, "jpeg"], [97, "wavpack"], [98, "ppmd"], [99, "aes"],
]);

export function methodName(method: number): string {
  return NAMES.get(method) ?? `method ${method}`;
}

/** Neither store nor deflate, and decoded all the same, by foreign.ts: shrink, implode, deflate64, bzip2, lzma, zstd, xz, ppmd. */
export const FOREIGN_METHODS: ReadonlySet<number> = new Set([1, 6, 9, 12, 14, ZSTD, 95, 98]);
