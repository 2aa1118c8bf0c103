/** Blocks of a 7z that are LZMA or LZMA2 and nothing else, decoded by ourselves; told as 7-Zip tells of files. */
import { readSegments, sizeOf } from "../bytes/segments.ts";
import { fromSystem, toPlain } from "../errors.ts";
import type { Segment } from "../formats/contract.ts";
import { Damage } from "../lzma/damage.ts";
import { canDecodeLzma, lzmaDecoder, type Source } from "../lzma/decoder.ts";
import { dictionaryOf } from "../lzma/properties.ts";
import type { EngineEvent, LzmaBlock } from "./protocol.ts";

/** Read at once. */
const AHEAD_BYTES = 256 * 1024;

/** Who hears of it. */
export interface Telling {
  event(event: Exclude<EngineEvent, { readonly kind: "data" }>): void;
  /** Of the open file; valid during the call only. */
  data(bytes: Uint8Array): void;
}

/** Whether all were decoded to their ends. */
export function decodeBlocks(blocks: readonly LzmaBlock[], telling: Telling): boolean {
  if (!canDecodeLzma()) return false; // none of them is told, and so all are left to 7-Zip
  lzmaDecoder().sum(false);
  let isWhole = true;
  blocks.forEach((block, number) => {
    telling.event({ kind: "open", path: String(number) });
    try {
      decodeBlock(block, telling);
    } catch (error) {
      isWhole = false;
      telling.event({ kind: "error", text: `${Damage.of(error).line}\n` });
    }
    telling.event({ kind: "close" });
  });
  return isWhole;
}

function decodeBlock({ method, properties, packed, size }: LzmaBlock, telling: Telling): void {
  const source = new Packed(packed, telling);
  const write = (bytes: Uint8Array): void => telling.data(bytes);
  if (method === "lzma") return lzmaDecoder().lzma(properties, source, size, write);
  const dictionary = dictionaryOf(properties);
  if (dictionary === undefined) throw new Damage("METHOD");
  const { content } = lzmaDecoder().lzma2(source, dictionary, write, size);
  if (content !== size) throw new Damage("DATA");
  if (source.read(new Uint8Array(1)) > 0) throw new Damage("BEHIND");
}

/** Read as it is needed. */
class Packed implements Source {
  readonly #segments: readonly Segment[];
  readonly #telling: Telling;
  readonly #ahead: Uint8Array;
  #position = 0;
  #at = 0;
  #end = 0;

  constructor(segments: readonly Segment[], telling: Telling) {
    this.#segments = segments;
    this.#ahead = new Uint8Array(Math.min(AHEAD_BYTES, sizeOf(segments)));
    this.#telling = telling;
  }

  read(into: Uint8Array): number {
    if (this.#at === this.#end) this.#fill();
    const part = this.#ahead.subarray(this.#at, Math.min(this.#end, this.#at + into.length));
    into.set(part);
    this.#at += part.length;
    return part.length;
  }

  #fill(): void {
    try {
      this.#end = readSegments(this.#segments, this.#ahead, this.#position);
    } catch (error) {
      this.#telling.event({ kind: "unreadable", error: toPlain(fromSystem(error, "read", "read the archive")) });
      this.#end = 0;
    }
    this.#position += this.#end;
    this.#at = 0;
  }
}
