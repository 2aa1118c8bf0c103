/** zstd's encoder (RFC 8878), in WebAssembly. All of it is synchronous, for threads that may wait. What comes out depends on no processor and no version of Node. */
import { growTo, instantiate, type WasmMemory } from "../bytes/webassembly.ts";
import { CODE } from "./encode-code.ts";

/** What encode.c exports; addresses and lengths in bytes. */
interface Code {
  readonly memory: WasmMemory;
  layout(length: number, level: number, isStream: number): number;
  begin(hasSum: number): void;
  input(): number;
  output(): number;
  pack(length: number, isLast: number): number;
}

/** The most bytes that encodeFrame() takes. */
export const MOST = 16 << 20;
/** The most bytes that a stream takes at once. */
export const MOST_PART = 1 << 20;

let ofThread: Code | undefined;
/** Of a stream that was closed. */
let idle: Code | undefined;

/**
 * A frame of up to MOST bytes of content, with their number and, unless that is not wanted, a checksum; level 0 to 9.
 * The bytes are valid until the next call on this thread. Throws RangeError where there is no memory.
 */
export function encodeFrame(content: Uint8Array, level: number, { sum = true }: { readonly sum?: boolean } = {}): Uint8Array {
  if (content.length > MOST) throw new RangeError(`zstd of ${content.length} bytes: at most ${MOST} at once`);
  const code = (ofThread ??= instantiate(CODE) as Code);
  begin(code, content.length, level, sum, false);
  return pack(code, content, true);
}

/** A frame in parts, whose size nobody need know beforehand, and without a checksum. Each that is not closed has memory of its own. */
export class FrameStream {
  readonly #code = idle ?? (instantiate(CODE) as Code);

  /** Throws RangeError where there is no memory. */
  constructor(level: number) {
    idle = undefined;
    begin(this.#code, 0, level, false, true);
  }

  /** The next up to MOST_PART bytes of content: what they add to the frame, valid until the next call. Other parts are another frame of the same content. */
  pack(part: Uint8Array, isLast: boolean): Uint8Array {
    if (part.length > MOST_PART) throw new RangeError(`zstd of ${part.length} bytes: at most ${MOST_PART} at once`);
    return pack(this.#code, part, isLast);
  }

  /** Leaves its memory to the next stream: what it gave is not valid any more. */
  close(): void {
    idle = this.#code;
  }
}

function begin(code: Code, length: number, level: number, sum: boolean, isStream: boolean): void {
  if (!(level >= 0 && level <= 9)) throw new RangeError(`zstd at level ${level}: there are 0 to 9`);
  const end = code.layout(length, level, isStream ? 1 : 0);
  if (!growTo(code.memory, end, end)) throw new RangeError(`zstd at level ${level}: out of memory`);
  code.begin(sum ? 1 : 0);
}

function pack(code: Code, content: Uint8Array, isLast: boolean): Uint8Array {
  const memory = new Uint8Array(code.memory.buffer);
  memory.set(content, code.input());
  const output = code.output();
  return memory.subarray(output, output + code.pack(content.length, isLast ? 1 : 0));
}
