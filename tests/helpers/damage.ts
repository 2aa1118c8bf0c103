/** Compressed data of many blocks, and what may be wrong with it. */
import { mixture, noise } from "./filters.ts";

/** Blocks of every kind: what shrinks, what does not, and what repeats itself. */
export const content = Buffer.concat([mixture(3_000_000), noise(400_000), mixture(3_000_000), Buffer.alloc(2_500_000, "ab")]);

const PLACES = [0, 0.00001, 0.1, 0.35, 0.5, 0.77, 0.9, 0.99999, 1];

/** One bit changed at each of some places; cut off there; and with something behind. */
export function* damaged(bytes: Buffer): Generator<Buffer> {
  for (const place of PLACES) {
    const at = Math.floor(place * (bytes.length - 1));
    const changed = Buffer.from(bytes);
    changed[at]! ^= 1 << (at % 8);
    yield changed;
    yield bytes.subarray(0, at);
  }
  yield Buffer.concat([bytes, Buffer.alloc(100)]);
  yield Buffer.concat([bytes, Buffer.from("a remark in plain text, of some length")]);
  yield Buffer.concat([bytes, noise(50)]);
  yield Buffer.concat([bytes, bytes.subarray(0, 20_000)]);
}
