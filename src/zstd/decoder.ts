/** The blocks of zstd frames (RFC 8878), in WebAssembly: it takes little longer than native zstd does. All of it is synchronous. */
import { growTo, instantiate, type WasmMemory } from "../bytes/webassembly.ts";
import { UnzipxError } from "../errors.ts";
import { CODE } from "./code.ts";

/** What zstd.c exports; addresses and lengths in bytes, `at` counts from the window's beginning. */
interface Code {
  readonly memory: WasmMemory;
  prepare(): void;
  input(): number;
  window(): number;
  open(reach: number): void;
  wrap(length: number): void;
  block(length: number, at: number, most: number): number;
  store(length: number, at: number): void;
  fill(length: number, at: number): void;
  sumBegin(): void;
  sum(at: number, length: number): void;
  sumEnd(): number;
}

/** Block_Type, 3.1.1.2.2. */
export const RAW = 0;
export const RLE = 1;
export const COMPRESSED = 2;

/** 3.1.1.2.3: no block holds more content, nor is it longer. */
export const MOST_CONTENT = 128 * 1024;

/** As in zstd.c. */
const SLACK = 64;
/** Handed on at once: as much as a filter's thread hands over in one piece; 256 KiB, each of which wakes two threads, cost a tenth of a run. */
const STEP_BYTES = 512 * 1024;
/** A smaller circle would be handed on in small pieces. */
const LEAST_WINDOW = 1 << 20;
/** Of the reference decoder, too. */
const MOST_WINDOW = 2 ** 31;
/** A decoder that took more memory is not kept. */
const MOST_KEPT = 16 << 20;

export class ZstdDecoder {
  readonly #what: string;
  readonly #code: Code;
  readonly #input: number;
  readonly #window: number;
  #bytes: Uint8Array;
  /** Of the circle: a window, and room for the next block in one piece. */
  #size = 0;
  #mostContent = 0;
  /** Where the next byte goes, and from where on nothing was taken yet. */
  #at = 0;
  #taken = 0;

  /** `what` is being decoded, for the messages. */
  constructor(what: string) {
    this.#what = what;
    this.#code = instantiate(CODE) as Code;
    this.#code.prepare();
    this.#input = this.#code.input();
    this.#window = this.#code.window();
    this.#bytes = new Uint8Array(this.#code.memory.buffer);
  }

  /** Begins a frame: how far back its matches may reach, and how long its content is, if that is known. Throws MEMORY. */
  open(window: number, size = Infinity): void {
    if (window > MOST_WINDOW) throw this.#memory();
    this.#mostContent = Math.min(MOST_CONTENT, window);
    this.#size = Math.min(Math.max(window, LEAST_WINDOW), size) + MOST_CONTENT + 2 * SLACK;
    this.#at = this.#taken = 0;
    // Never farther than what the circle holds when it begins anew.
    this.#code.open(Math.min(window, size));
    this.#code.sumBegin();
  }

  /** Puts bytes of the next block at `at` of its packed data, of which there are MOST_CONTENT at most. */
  put(bytes: Uint8Array, at: number): void {
    this.#bytes.set(bytes, this.#input + at);
  }

  /** Decodes the block that was put, of `size` as its header has it. How much content it has. Throws BAD_DATA, MEMORY. */
  block(type: number, size: number): number {
    this.#room();
    const made = this.#decode(type, size);
    this.#at += made;
    return made;
  }

  #decode(type: number, size: number): number {
    const code = this.#code;
    if (type !== COMPRESSED) {
      if (type === RAW) code.store(size, this.#at);
      else code.fill(size, this.#at);
      return size;
    }
    let made: number;
    try {
      made = code.block(size, this.#at, this.#mostContent);
    } catch (cause) {
      throw this.#damaged(cause);
    }
    if (made < 0) throw this.#damaged();
    return made;
  }

  /** Whether what was made has to be taken before the next block. */
  get isFull(): boolean {
    return this.#at - this.#taken >= STEP_BYTES || !this.#hasRoom;
  }

  /** The content that was not taken yet, valid until the next block. It is summed where that is wanted. */
  take(isSummed: boolean): Uint8Array {
    const [from, length] = [this.#taken, this.#at - this.#taken];
    if (isSummed) this.#code.sum(from, length);
    if (!this.#hasRoom) {
      this.#code.wrap(this.#at);
      this.#at = 0;
    }
    this.#taken = this.#at;
    return this.#bytes.subarray(this.#window + from, this.#window + from + length);
  }

  /** The checksum of what was taken of this frame: the lower half of XXH64 (3.1.1). */
  get sum(): number {
    return this.#code.sumEnd() >>> 0;
  }

  get isLarge(): boolean {
    return this.#bytes.length > MOST_KEPT;
  }

  get #hasRoom(): boolean {
    return this.#at + MOST_CONTENT + SLACK <= this.#size;
  }

  /** The circle only takes the memory that it comes to. */
  #room(): void {
    const wanted = this.#window + this.#at + MOST_CONTENT + SLACK;
    if (wanted <= this.#bytes.length) return;
    const { memory } = this.#code;
    if (!growTo(memory, wanted, this.#window + this.#size)) throw this.#memory();
    this.#bytes = new Uint8Array(memory.buffer);
  }

  #damaged(cause?: unknown): UnzipxError {
    return new UnzipxError("BAD_DATA", `Cannot read ${this.#what}: the compressed data is damaged`, cause === undefined ? {} : { cause });
  }

  #memory(): UnzipxError {
    return new UnzipxError("MEMORY", `Cannot read ${this.#what}: its decoder needs more memory than there is for it`);
  }
}
