/**
 * LZMA and LZMA2 (DOC/lzma-specification.txt of the LZMA SDK; LZMA2's chunks as its decoders read them, since there is no paper), in WebAssembly: it takes about
 * as long as native xz does. All of it is synchronous, for threads that may wait.
 */
import { growTo, instantiate, type WasmMemory } from "../bytes/webassembly.ts";
import { CODE } from "./code.ts";
import { Damage } from "./damage.ts";
import { propertiesOf, type Properties } from "./properties.ts";

/** Where packed bytes come from. */
export interface Source {
  /** Puts up to as many bytes as there is room for into `into`. Returns how many; 0 at the end. */
  read(into: Uint8Array): number;
}

/** Is given what comes out. The bytes are valid during the call. */
export type Write = (bytes: Uint8Array) => void;

/** What lzma.c exports; addresses and lengths in bytes. */
interface Code {
  readonly memory: WasmMemory;
  input(): number;
  window(): number;
  position(): number;
  code(): number;
  used(): number;
  isWithin(): number;
  open(size: number, dictionary: number): void;
  rewind(): void;
  forget(): void;
  reset(lc: number, lp: number, pb: number): void;
  begin(): number;
  shift(length: number): number;
  store(from: number, length: number): void;
  run(length: number, isLast: number, count: number): number;
  crc64Begin(): void;
  crc64(from: number, length: number): void;
  crc64End(): bigint;
}

/** As in lzma.c. */
const [REACHED, END_MARK, WANTS_INPUT] = [0, 2, 3];
const INPUT_BYTES = 1 << 16;
/** Handed on at once: that is still in the processor's cache then. */
const STEP_BYTES = 256 * 1024;
/** A smaller circle would be handed on in small pieces; behind it copies run on for some bytes (OVERRUN in lzma.c). */
const LEAST_WINDOW = 1 << 20;
const SLACK = 32;
/** More than any memory of WebAssembly has. */
const MOST_WINDOW = 2 ** 32 - 64;
/** The properties of LZMA: lc, lp and pb in one byte, and 4 bytes for the dictionary. */
const PROPERTIES = 5;
const LEAST_DICTIONARY = 4096;
/** LZMA2 allows for no more of lc and lp together. */
const MOST_LITERAL_BITS = 4;
/** The range coder's beginning. */
const BEGIN_BYTES = 5;

export class LzmaDecoder {
  readonly #code: Code;
  readonly #input: number;
  readonly #window: number;
  #bytes: Uint8Array;
  #size = 0;
  #sums = false;

  constructor() {
    this.#code = instantiate(CODE) as Code;
    this.#input = this.#code.input();
    this.#window = this.#code.window();
    this.#bytes = new Uint8Array(this.#code.memory.buffer);
  }

  /** From now on, the content is summed as it comes out, or it is not. */
  sum(isWanted: boolean): void {
    this.#sums = isWanted;
    if (isWanted) this.#code.crc64Begin();
  }

  /** CRC-64, as xz has it. */
  get crc64(): bigint {
    return BigInt.asUintN(64, this.#code.crc64End());
  }

  /** All chunks up to the end mark, which is read as well. More than `most` bytes of content are damage. Throws Damage. */
  lzma2(source: Source, dictionary: number, write: Write, most = Infinity): { readonly packed: number; readonly content: number } {
    this.#open(dictionary, most);
    const code = this.#code;
    const header = new Uint8Array(5);
    let [packed, content] = [1, 0];
    let isBegun = false;
    let bits: Properties | undefined;
    for (;;) {
      const control = this.#fill(source, header.subarray(0, 1))[0]!;
      if (control === 0) return { packed, content };
      const isStored = control < 0x80;
      if (isStored && control > 2) throw new Damage("DATA");
      // Stored: 1 begins a new dictionary. Compressed: 0x80 goes on, 0xa0 begins a new state, 0xc0 with new properties, 0xe0 with a new dictionary.
      if (isStored ? control === 1 : control >= 0xe0) {
        code.forget();
        isBegun = true;
      } else if (!isBegun) throw new Damage("DATA");
      const sizes = this.#fill(source, header.subarray(0, isStored ? 2 : 4));
      const count = (isStored ? 0 : (control & 0x1f) << 16) + sizes[0]! * 0x100 + sizes[1]! + 1;
      content += count;
      if (content > most) throw new Damage("DATA");
      if (isStored) {
        if (control === 1) bits = undefined;
        this.#store(source, count, write);
        packed += 3 + count;
        continue;
      }
      const length = sizes[2]! * 0x100 + sizes[3]! + 1;
      packed += 5 + length;
      if (control >= 0xc0) {
        packed += 1;
        const properties = this.#fill(source, header.subarray(0, 1))[0]!;
        bits = propertiesOf(properties);
        if (bits === undefined || bits.lc + bits.lp > MOST_LITERAL_BITS) throw new Damage("DATA");
        code.reset(bits.lc, bits.lp, bits.pb);
        } else if (bits === undefined) throw new Damage("DATA");
      else if (control >= 0xa0) code.reset(bits.lc, bits.lp, bits.pb);
      if (length < BEGIN_BYTES) throw new Damage("DATA");
      this.#fill(source, this.#inputRoom(0, length));
      if (code.begin() !== 0) throw new Damage("DATA");
      for (let left = count; left > 0; ) {
        const [result, made] = this.#step(length, true, left, write);
        if (result !== REACHED) throw new Damage("DATA");
        left -= made;
      }
      if (code.used() !== length || code.code() !== 0 || code.isWithin() !== 0) throw new Damage("DATA");
    }
  }

  /** A stream of LZMA with `size` bytes of content, and perhaps an end mark. `properties` as in 7z. Throws Damage; "BEHIND" where all came out, and more is there. */
  lzma(properties: Uint8Array, source: Source, size: number, write: Write): void {
    const bits = propertiesOf(properties[0] ?? 0xff);
    if (properties.length !== PROPERTIES || bits === undefined) throw new Damage("METHOD");
    const code = this.#code;
    this.#open(Math.max(LEAST_DICTIONARY, Buffer.from(properties).readUInt32LE(1)), size);
    code.reset(bits.lc, bits.lp, bits.pb);
    this.#fill(source, this.#inputRoom(0, BEGIN_BYTES));
    if (code.begin() !== 0) throw new Damage("DATA");
    let length = BEGIN_BYTES;
    let isLast = false;
    const more = (): void => {
      const kept = code.shift(length);
      const read = source.read(this.#inputRoom(kept, INPUT_BYTES - kept));
      isLast = read === 0;
      length = kept + read;
    };
    for (let left = size; left > 0; ) {
      const [result, made] = this.#step(length, isLast, left, write);
      left -= made;
      if (result === WANTS_INPUT && isLast) throw new Damage("END");
      if (result === WANTS_INPUT) more();
      else if (result !== REACHED) throw new Damage("DATA");
    }
    if (code.used() > length) throw new Damage("END");
    while (!isLast) more();
    this.#assertEnd(length);
  }

  /** Behind the content of LZMA: the coder is at its end, or an end mark follows, and then nothing is left. */
  #assertEnd(length: number): void {
    const code = this.#code;
    if (code.isWithin() !== 0) throw new Damage("DATA");
    const isOver = code.code() === 0;
    if (isOver && code.used() === length) return;
    this.#room(1);
    const isMarked = code.run(length, 1, 1) === END_MARK && code.code() === 0;
    if (isMarked && code.used() === length) return;
    throw new Damage(isOver || isMarked ? "BEHIND" : "DATA");
  }

  #open(dictionary: number, most: number): void {
    this.#size = Math.min(Math.max(dictionary, LEAST_WINDOW) + SLACK, most + SLACK, MOST_WINDOW);
    this.#code.open(this.#size, dictionary);
  }

  /** Decodes up to `most` bytes, and hands them on: how that ended, and how many they were. */
  #step(length: number, isLast: boolean, most: number, write: Write): readonly [result: number, made: number] {
    const at = this.#position;
    const count = Math.min(most, this.#size - at, STEP_BYTES);
    this.#room(count);
    const result = this.#code.run(length, isLast ? 1 : 0, count);
    return [result, this.#handOn(at, write)];
  }

  #store(source: Source, count: number, write: Write): void {
    this.#fill(source, this.#inputRoom(0, count));
    for (let done = 0; done < count; ) {
      const at = this.#position;
      const length = Math.min(count - done, this.#size - at);
      this.#room(length);
      this.#code.store(done, length);
      this.#handOn(at, write);
      done += length;
    }
  }

  #handOn(at: number, write: Write): number {
    const code = this.#code;
    const made = this.#position - at;
    if (made > 0) {
      if (this.#sums) code.crc64(at, made);
      write(this.#bytes.subarray(this.#window + at, this.#window + at + made));
    }
    if (at + made === this.#size) code.rewind();
    return made;
  }

  #inputRoom(from: number, length: number): Uint8Array {
    return this.#bytes.subarray(this.#input + from, this.#input + from + length);
  }

  /** Fills all of it. */
  #fill(source: Source, into: Uint8Array): Uint8Array {
    for (let at = 0; at < into.length; ) {
      const read = source.read(into.subarray(at));
      if (read === 0) throw new Damage("END");
      at += read;
    }
    return into;
  }

  /** The circle only takes the memory that it comes to. */
  #room(count: number): void {
    const wanted = this.#window + this.#position + count + SLACK;
    if (wanted <= this.#bytes.length) return;
    const { memory } = this.#code;
    if (!growTo(memory, wanted, this.#window + this.#size + SLACK)) throw new Damage("MEMORY");
    this.#bytes = new Uint8Array(memory.buffer);
  }

  /** WebAssembly's numbers have signs. */
  get #position(): number {
    return this.#code.position() >>> 0;
  }
}

let ofThread: LzmaDecoder | undefined;

/** The decoder of this thread. */
export function lzmaDecoder(): LzmaDecoder {
  return (ofThread ??= new LzmaDecoder());
}

/** Whether there can be one: there are processors without what its WebAssembly asks for. */
export function canDecodeLzma(): boolean {
  try {
    lzmaDecoder();
    return true;
  } catch {
    return false;
  }
}
