/** The methods by their names, and the loop that all of them share. */
import { copyMatch } from "../../bytes/lz-copy.ts";
import { UnzipxError } from "../../errors.ts";
import { Lh1, Lh2 } from "./adaptive-huffman.ts";
import { Bits, type Refill } from "./bits.ts";
import { Lz5, Lzs } from "./larc.ts";
import { Lh3 } from "./lh3.ts";
import { StaticHuffman } from "./static-huffman.ts";
import { LONGEST_MATCH, MATCH, type Tokens } from "./tokens.ts";

interface Method {
  /** How far back a match may lie, in bytes. */
  readonly window: number;
  readonly tokens: (bits: Bits) => Tokens;
  /** What a match finds that lies in front of the content: as long as the window; spaces where nothing is said. */
  readonly past?: () => Uint8Array;
}

function staticHuffman(windowBits: number, positionCountBits: number): Method {
  return { window: 2 ** windowBits, tokens: (bits) => new StaticHuffman(bits, windowBits, positionCountBits) };
}

const METHODS: ReadonlyMap<string, Method> = new Map([
  ["lh1", { window: 4096, tokens: (bits: Bits) => new Lh1(bits) }],
  ["lh2", { window: 8192, tokens: (bits: Bits) => new Lh2(bits) }],
  ["lh3", { window: 8192, tokens: (bits: Bits) => new Lh3(bits) }],
  ["lh4", staticHuffman(13, 4)], // of its own it is 12, with the same codes
  ["lh5", staticHuffman(13, 4)],
  ["lh6", staticHuffman(15, 5)],
  ["lh7", staticHuffman(16, 5)],
  ["lhx", staticHuffman(19, 5)],
  ["lzs", { window: 2048, tokens: (bits: Bits) => new Lzs(bits) }],
  ["lz5", { window: 4096, tokens: (bits: Bits) => new Lz5(bits), past: Lz5.past }],
]);

const STORED = new Set(["lh0", "lz4", "pm0"]);

export function isKnown(method: string): boolean {
  return STORED.has(method) || METHODS.has(method);
}

/** What a program that writes words of 32 bits has to fill up. All that is known fill up the last byte only. */
const MOST_PADDING = 3;

/** Bytes that are handed on at a time. */
const CHUNK = 256 * 1024;

/**
 * Decodes an entry of `size` bytes; each chunk is valid until the next one is asked for.
 * @throws {UnzipxError} BAD_DATA, BAD_SIZE
 */
export function* decode(method: string, refill: Refill, size: number): Generator<Uint8Array> {
  const found = METHODS.get(method);
  if (found === undefined) yield* copied(refill, size);
  else yield* decoded(found, new Bits(refill), size);
}

function* copied(refill: Refill, size: number): Generator<Uint8Array> {
  const block = new Uint8Array(Math.min(CHUNK, size + 1));
  let done = 0;
  for (let length = refill(block); length > 0; length = refill(block)) {
    done += length;
    if (done > size) break;
    yield block.subarray(0, length);
  }
  if (done !== size) throw new UnzipxError("BAD_SIZE", "Cannot extract an entry: its content is not as long as its header says", { expected: `${size} bytes`, found: done > size ? "more" : `${done} bytes` });
}

function* decoded({ window, tokens: make, past }: Method, bits: Bits, size: number): Generator<Uint8Array> {
  const tokens = make(bits);
  // The window, and what is new behind it: a match is always one copy inside one array. The last one may go beyond the chunk.
  const out = new Uint8Array(window + Math.min(CHUNK, size) + LONGEST_MATCH);
  if (past === undefined) out.fill(0x20, 0, window);
  else out.set(past());
  let at = window;
  let before = -window; // position in the content = before + at
  while (before + at < size) {
    const stop = Math.min(window + CHUNK, size - before);
    while (at < stop) {
      const token = tokens.next(before + at);
      if (token < MATCH) out[at++] = token;
      else at = copyMatch(out, at, tokens.distance, token - MATCH);
    }
    if (before + at > size) throw new UnzipxError("BAD_SIZE", "Cannot extract an entry: its packed data holds more than its header says", { expected: `${size} bytes` });
    yield out.subarray(window, at);
    out.copyWithin(0, at - window, at);
    before += at - window;
    at = window;
  }
  if (bits.left() > MOST_PADDING) throw new UnzipxError("BAD_SIZE", "Cannot extract an entry: its packed data goes on behind its content", { expected: `${size} bytes` });
}
