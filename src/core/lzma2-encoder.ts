/** LZMA2 by whoever is there: the native 7za, which uses two threads for one block, or else 7-Zip in WebAssembly. */
import { engineEncode } from "../engine/codec.ts";
import { UnzipxError } from "../errors.ts";
import { lzma2OfXz, type Lzma2 } from "../formats/sevenzip/lzma2-of-xz.ts";
import { find7za, run7za } from "./native-7za.ts";

export interface EncoderOptions {
  /** 1 to 9. */
  readonly level: number;
  readonly threads: number;
  /** Only the engine in WebAssembly, which is the same everywhere: the native ones are of several versions. */
  readonly portable: boolean;
  readonly signal: AbortSignal | undefined;
  /** For tests; default: the one of the package 7zip-bin. */
  readonly program?: string | undefined;
}

export interface Lzma2Encoder {
  /** Bytes of content that one run takes, at most. */
  readonly blockBytes: number;
  /** Bytes that one run needs, with its content, roughly. */
  readonly memory: number;
  /** `taken` hears of each piece that went in, once. */
  encode(pieces: readonly Uint8Array[], taken: (bytes: number) => void): Promise<Lzma2>;
  /** Ends what is still under way. */
  close(): Promise<void>;
}

/** Sizes of the dictionary by level: those of 7-Zip 16.02 from level 5 on, and larger ones below, where they were of 64 KiB to 4 MiB. They are told to both encoders, whose own differ. */
const DICTIONARY = [0, 1, 2, 4, 8, 16, 32, 64, 64, 64].map((mebibytes) => mebibytes << 20);
/** Nothing is found again across the border of a block: four dictionaries are as 7-Zip cuts. */
const blockOf = (dictionary: number): number => Math.min(Math.max(4 * dictionary, 16 << 20), 128 << 20);
/** Of the match finder, for each byte of the dictionary (7-Zip: LzmaEnc.c, "bt4"). */
const MEMORY_FACTOR = 11.5;

export function lzma2Encoder({ level, threads, portable, signal: given, program }: EncoderOptions): Lzma2Encoder {
  const over = new AbortController();
  const signal = given === undefined ? over.signal : AbortSignal.any([given, over.signal]);
  const underWay = new Set<Promise<unknown>>();
  const dictionary = DICTIONARY[level]!;
  const blockBytes = blockOf(dictionary);
  /** null: to be looked for. */
  let native: string | undefined | null = portable ? undefined : (program ?? null);

  const toXz = async (pieces: readonly Uint8Array[], size: number, taken: (bytes: number) => void): Promise<Uint8Array> => {
    // The dictionary is what a decoder has to have room for: not more than there is to refer to.
    const needed = Math.min(dictionary, Math.max(1 << 12, 2 ** Math.ceil(Math.log2(size))));
    const method = [`x=${level}`, `0=lzma2:d=${needed}b`];
    const told = new Set<Uint8Array>(); // the second encoder begins anew
    const tell = (piece: Uint8Array): void => {
      if (!told.has(piece)) taken(piece.length);
      told.add(piece);
    };
    if (native === null) native = find7za();
    if (native !== undefined) {
      // One thread or two give the same bytes from level 5 on, where the second one looks for matches; below, it would cut.
      const xz = await run7za({ program: native, method: [...method, `mt=${level < 5 ? 1 : Math.min(2, threads)}`], pieces, taken: tell, signal });
      if (xz !== undefined) return xz;
      native = undefined;
    }
    const input = async function* () {
      for (const piece of pieces) {
        yield piece;
        tell(piece);
      }
    };
    return engineEncode(input(), [...method, "mt=1"].map((one) => `-m${one}`), signal);
  };

  return {
    blockBytes,
    memory: blockBytes + MEMORY_FACTOR * dictionary,
    async encode(pieces, taken) {
      const size = pieces.reduce((sum, piece) => sum + piece.length, 0);
      const running = toXz(pieces, size, taken);
      underWay.add(running);
      const lzma2 = lzma2OfXz(await running.finally(() => underWay.delete(running)));
      if (lzma2.size === size) return lzma2;
      throw new UnzipxError("INTERNAL", "Cannot use what the compressor wrote: it is not all that it was given", { expected: `${size} bytes`, found: `${lzma2.size} bytes` });
    },
    async close() {
      over.abort();
      await Promise.allSettled(underWay);
    },
  };
}
