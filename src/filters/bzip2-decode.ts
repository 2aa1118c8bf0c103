/** The streams of a bzip2 file, decoded by engines, and what lies behind them. */
import { nodeCrypto } from "../bytes/node-modules.ts";
import { engineDecode } from "../engine/codec.ts";
import { UnzipxError } from "../errors.ts";
import type { Bytes, DecodeOptions } from "../formats/contract.ts";
import { judgeBehind, Tail } from "./behind.ts";
import { Bzip2Cutter } from "./bzip2-cut.ts";
import { behindStart, decodePieces, enginesFor } from "./decode-pieces.ts";

const WHAT = "the bzip2 data";

export async function* decodeBzip2(input: Bytes, options: DecodeOptions): AsyncGenerator<Uint8Array> {
  const tail = new Tail();
  const behind = (): void => {
    const found = tail.behind("bzip2", endOfStreams(tail.bytes));
    if (found !== undefined) judgeBehind(found, { ...options, bearsRemarks: true });
  };
  const watched = tail.watch(input);
  const engines = enginesFor(options.threads);
  if (engines < 2) return yield* engineDecode("bzip2", watched, { what: WHAT, behind });
  const cutter = new Bzip2Cutter(watched);
  let given = new Given();
  try {
    try {
      const cut: Parameters<typeof decodePieces>[1] = (start, room) => cutter.run((piece) => start({ ...piece, done: () => void ((given = new Given()), piece.done?.()) }), room, behind);
      for await (const chunk of decodePieces({ type: "bzip2", what: WHAT, engines }, cut)) {
        given.add(chunk);
        yield chunk;
      }
      return;
    } catch (error) {
      if (cutter.isLast) throw error;
    }
    // Damage, or a cut where there was none to be made: whatever is wrong shows where everything is decoded in order.
    const { input: rest, skip } = cutter.takeBack();
    yield* given.behind(behindStart(engineDecode("bzip2", rest, { what: WHAT, behind }), skip));
  } finally {
    await cutter.close();
  }
}

/** What was handed on of the piece that is at work: decoded in order it has to begin with the same bytes, or there are two readings. */
class Given {
  readonly #hash = nodeCrypto().createHash("sha256");
  #length = 0;

  add(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    this.#length += chunk.length;
  }

  async *behind(input: Bytes): AsyncGenerator<Uint8Array> {
    const again = nodeCrypto().createHash("sha256");
    let left = this.#length;
    let isSame = left === 0;
    for await (const chunk of input) {
      if (isSame) {
        yield chunk;
        continue;
      }
      const part = chunk.subarray(0, left);
      again.update(part);
      left -= part.length;
      if (left > 0) continue;
      isSame = again.digest().equals(this.#hash.digest());
      if (!isSame) break;
      if (part.length < chunk.length) yield chunk.subarray(part.length);
    }
    if (!isSame) throw new UnzipxError("BAD_DATA", `Cannot read ${WHAT}: a block is damaged, and reads differently from its beginning on`, { hint: "--threads 1" });
  }
}

/** The digits of the square root of pi: behind them stand 32 bits of checksum, and what fills up the byte. */
const END_HIGH = 0x177245;
const END_LOW = 0x385090;

/** Behind the last stream that is followed by no other one, as an index; undefined when no end is among these bytes. Streams end at any bit. */
function endOfStreams(bytes: Uint8Array): number | undefined {
  let end: number | undefined;
  let [high, low] = [0, 0];
  for (let at = 0; at < bytes.length; at++) {
    for (let bit = 7; bit >= 0; bit--) {
      high = ((high << 1) | (low >>> 23)) & 0xffffff;
      low = ((low << 1) | ((bytes[at]! >>> bit) & 1)) & 0xffffff;
      if (high !== END_HIGH || low !== END_LOW) continue;
      end = at + 1 + Math.ceil((32 - bit) / 8);
      if (!isStart(bytes, end)) return end;
    }
  }
  return end;
}

/** "BZh" and a digit from 1 to 9. */
function isStart(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0x42 && bytes[at + 1] === 0x5a && bytes[at + 2] === 0x68 && bytes[at + 3]! >= 0x31 && bytes[at + 3]! <= 0x39;
}
