/**
 * Raw deflate (RFC 1951) inflated as it comes, on the calling thread, by WebAssembly of our own: text in five eighths of zlib's time. Node's streams take twice the processor time of what they
 * inflate, in fresh buffers and in going to other threads and back.
 */
import { compile, instanceOf, type WasmMemory } from "../bytes/webassembly.ts";
import { CODE } from "./inflate-code.ts";

/** What inflate.c exports; addresses and lengths in bytes. */
interface Code {
  readonly memory: WasmMemory;
  input(): number;
  output(half: number): number;
  begin(): void;
  inflate(input: number, length: number, output: number, room: number): number;
  used(): number;
  made(): number;
}

/** As in inflate.c. */
const [NEEDS_ROOM, ENDED] = [1, 2];
const WINDOW = 32 * 1024;
const MOST_INPUT = 256 * 1024;
const ROOM = 512 * 1024;

/** What is wrong, by what inflate() returns: in zlib's words, which people look for. */
const DAMAGE = [
  "", "", "", "invalid block type", "invalid stored block lengths", "too many length or distance symbols", "invalid code lengths set", "invalid bit length repeat",
  "invalid code -- missing end-of-block", "invalid literal/lengths set", "invalid distances set", "invalid literal/length or distance code", "invalid distance too far back",
];

/** A stream that comes in pieces. */
export interface Inflation {
  /** What a piece inflates to. A chunk is valid until the next but one is asked for, so that it may be written meanwhile. Throws as node:zlib does, with Z_DATA_ERROR. */
  push(piece: Uint8Array): Generator<Uint8Array>;
  /** Nothing more comes: throws where the stream is not at its end, with Z_BUF_ERROR. */
  end(): void;
  /** What comes next is another stream. */
  restart(): void;
  /** The stream ended, perhaps within a piece. */
  readonly isOver: boolean;
  /** Packed bytes of the stream so far. */
  readonly consumed: number;
}

let compiled: object | undefined;

/** Undefined where WebAssembly is not to be had: then Node's own streams have to do. */
export function startInflation(): Inflation | undefined {
  try {
    return new Inflater(instanceOf((compiled ??= compile(CODE))) as Code);
  } catch {
    return undefined;
  }
}

class Inflater implements Inflation {
  readonly #code: Code;
  readonly #bytes: Uint8Array;
  readonly #input: number;
  readonly #halves: readonly [number, number];
  #half = 0;
  /** Where the next byte goes, and from where on nothing was handed on yet. */
  #at: number;
  #from: number;
  /** Input that says too little by itself: it lies in front of what comes next. */
  #left = 0;
  #used = 0;
  isOver = false;

  constructor(code: Code) {
    this.#code = code;
    this.#bytes = new Uint8Array(code.memory.buffer);
    this.#input = code.input();
    this.#halves = [code.output(0), code.output(1)];
    this.#at = this.#from = this.#halves[0];
    code.begin();
  }

  get consumed(): number {
    return this.isOver ? this.#used : this.#used + this.#left;
  }

  *push(piece: Uint8Array): Generator<Uint8Array> {
    for (let at = 0; at < piece.length && !this.isOver; at += MOST_INPUT) yield* this.#push(piece.subarray(at, at + MOST_INPUT));
  }

  *#push(piece: Uint8Array): Generator<Uint8Array> {
    const code = this.#code;
    this.#bytes.set(piece, this.#input + this.#left);
    const length = this.#left + piece.length;
    for (let from = 0, result = NEEDS_ROOM; result === NEEDS_ROOM; ) {
      result = code.inflate(this.#input + from, length - from, this.#at, this.#full - this.#at);
      from += code.used();
      this.#used += code.used();
      this.#at += code.made();
      if (result > ENDED) throw Object.assign(new Error(DAMAGE[result]), { code: "Z_DATA_ERROR" });
      this.isOver = result === ENDED;
      this.#left = length - from;
      // Before anything is handed on: whoever asks for no more goes on with what is left of this piece.
      if (result !== NEEDS_ROOM && !this.isOver) this.#bytes.copyWithin(this.#input, this.#input + from, this.#input + length);
      for (;;) {
        const isFull = this.#at >= this.#full;
        const start = this.#from;
        this.#from = isFull ? this.#full : this.#at;
        if (this.#from > start) yield this.#bytes.subarray(start, this.#from);
        if (!isFull) break;
        this.#turn(); // only now: until the next chunk was asked for, the one before this may still be written
        if (result === NEEDS_ROOM) break;
      }
    }
  }

  /** Where the half ends that is being filled. */
  get #full(): number {
    return this.#halves[this.#half]! + ROOM;
  }

  /** On to the other half, with the window in front of it, and with what went beyond this one: chunks are as long as others expect, and begin where words do. */
  #turn(): void {
    const full = this.#full;
    this.#half = 1 - this.#half;
    this.#from = this.#halves[this.#half]!;
    this.#bytes.copyWithin(this.#from - WINDOW, full - WINDOW, this.#at);
    this.#at = this.#from + (this.#at - full);
  }

  end(): void {
    if (!this.isOver) throw Object.assign(new Error("unexpected end of file"), { code: "Z_BUF_ERROR" });
  }

  restart(): void {
    this.#code.begin();
    this.isOver = false;
    this.#used = this.#left = 0;
    if (this.#at >= this.#full) this.#turn(); // nobody asked for more
    this.#from = this.#at;
  }
}
