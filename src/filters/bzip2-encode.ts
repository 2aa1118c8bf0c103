/** bzip2, as streams of a few blocks each: bzip2(1) and all that follow it read any number of streams as one. */
import type { Bytes, EncodeOptions } from "../formats/contract.ts";
import { encodeOnEngines } from "./engine-encode.ts";

/** Input for one stream: handing it to an engine and back costs nothing against the work on so much. */
const STREAM = 3_600_000;
/** A block holds 19 bytes less than its name says. Cut at round numbers, each stream would end in a tiny block of its own. */
const SPARE = 20;

/** The level is that of bzip2(1): blocks of 100 to 900 kB. Level 0 is taken for 1. */
export function encodeBzip2(input: Bytes, options: EncodeOptions): AsyncGenerator<Uint8Array> {
  const level = Math.max(1, options.level);
  const block = level * 100_000;
  return encodeOnEngines(input, options, {
    type: "bzip2",
    size: Math.floor(STREAM / block) * (block - SPARE),
    // The sort takes up to ten bytes for one of a block, and the engine itself some 40 MB.
    workspace: (40 << 20) + 10 * block,
    // 7-Zip's own level 9 sorts seven times over, for a thousandth of the size: one pass, and the size of a block, is all a level sets here.
    switches: () => ["-mx5", `-md=${level * 100}k`, "-mpass=1"],
  });
}
