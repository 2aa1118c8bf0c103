/** xz, as streams of one block each, which xz(1) and all that follow it read as one. */
import type { Bytes, EncodeOptions } from "../formats/contract.ts";
import { encodeOnEngines } from "./engine-encode.ts";

/** Bytes of the dictionary by level: those of the presets of xz(1). */
const DICTIONARIES = [256 << 10, 1 << 20, 2 << 20, 4 << 20, 4 << 20, 8 << 20, 8 << 20, 16 << 20, 32 << 20, 64 << 20];
const LEAST_DICTIONARY = 1 << 16;

/**
 * Nothing of one stream can be found again in the next, so streams are three dictionaries long, as those of "xz -T"; and
 * no shorter than this: measured against 24 MiB, streams of 12 MB cost 12 % of the size.
 */
const LEAST_STREAM = 24 << 20;

/** The level is a preset of xz(1): the dictionary, and how hard matches are looked for. */
export function encodeXz(input: Bytes, options: EncodeOptions): AsyncGenerator<Uint8Array> {
  const { level } = options;
  const dictionary = DICTIONARIES[level]!;
  return encodeOnEngines(input, options, {
    size: Math.max(3 * dictionary, LEAST_STREAM),
    // The search tree takes 11.5 bytes for one of the dictionary. So there are 8 engines at once at level 6, 2 at level 8, 1 at level 9.
    workspace: 12 * dictionary,
    // 7-Zip changes from its fast search to its thorough one from 4 to 5, xz from 3 to 4. A dictionary larger than the content is no use to anybody.
    switches: (length) => [`-mx${level === 4 ? 5 : Math.max(1, level)}`, `-md=${Math.min(dictionary, roundedUp(length))}b`],
  });
}

/** To a power of two: what decoders are sure to know (5.3.1 knows half steps as well). */
function roundedUp(length: number): number {
  return Math.max(LEAST_DICTIONARY, 2 ** Math.ceil(Math.log2(length)));
}
