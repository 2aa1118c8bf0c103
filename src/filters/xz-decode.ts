/** The streams of an xz file, decoded by engines, and what lies behind them. */
import { BlockReader } from "../bytes/block-reader.ts";
import { crc32 } from "../bytes/crc32.ts";
import type { Bytes, DecodeOptions } from "../formats/contract.ts";
import { XZ_MAGIC } from "../lzma/magic.ts";
import { judgeBehind, Tail } from "./behind.ts";
import { decodePieces, enginesFor } from "./decode-pieces.ts";
import { cutXz } from "./xz-cut.ts";

const WHAT = "the xz data";

export async function* decodeXz(input: Bytes, options: DecodeOptions): AsyncGenerator<Uint8Array> {
  const tail = new Tail();
  const behind = (): void => {
    const found = tail.behind("xz", endOfStreams(tail.bytes));
    // The engine has said that something is there: even zeros, where the format allows for multiples of four bytes only (2.2).
    judgeBehind(found ?? { name: "xz", offset: undefined, size: undefined, start: new Uint8Array(0), isText: false }, options);
  };
  const { memory, threads } = options;
  const reader = new BlockReader(tail.watch(input), WHAT);
  try {
    yield* decodePieces({ type: "xz", what: WHAT, engines: enginesFor(threads) }, (start, room) => cutXz(reader, { start, room, memory, behind }));
  } finally {
    await reader.close();
  }
}

/** 2.1.2: CRC-32 of the next two fields, backward size, flags, magic. */
const FOOTER = 12;

/** Behind the first stream that is followed by no other one, as an index; undefined when no end is among these bytes. */
function endOfStreams(bytes: Buffer): number | undefined {
  for (let end = bytes.indexOf("YZ") + 2; end >= 2; end = bytes.indexOf("YZ", end) + 2) {
    const start = end - FOOTER;
    if (start < 0 || crc32(bytes.subarray(start + 4, end - 2)) !== bytes.readUInt32LE(start)) continue;
    let next = end;
    while (bytes[next] === 0) next++;
    if (!XZ_MAGIC.every((byte, i) => bytes[next + i] === byte)) return end;
  }
  return undefined;
}
