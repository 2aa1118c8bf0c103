/** Deflate's encoder (RFC 1951), in WebAssembly. All of it is synchronous, for threads that may wait. What comes out depends on no processor and no version of Node. */
import { instantiate, type WasmMemory } from "../bytes/webassembly.ts";
import { CODE } from "./code.ts";
import { CODE as PLAIN_CODE } from "./plain-code.ts";

/** What deflate.c exports; addresses and lengths in bytes. */
interface Code {
  readonly memory: WasmMemory;
  input(): number;
  output(): number;
  deflate(from: number, to: number, level: number, isLast: number): number;
}

/** The farthest that a match reaches back, in bytes (2). */
export const WINDOW = 1 << 15;
/** The most bytes that one call packs. */
export const MOST = 1 << 20;

interface Encoder {
  readonly code: Code;
  readonly input: Uint8Array;
  readonly output: Uint8Array;
}

let ofThread: Encoder | undefined;

function encoder(): Encoder {
  let code: Code;
  try {
    code = instantiate(CODE) as Code;
  } catch {
    code = instantiate(PLAIN_CODE) as Code; // a processor without vectors
  }
  const memory = new Uint8Array(code.memory.buffer);
  return { code, input: memory.subarray(code.input()), output: memory.subarray(code.output()) };
}

export interface Part {
  /** What precedes the content in its stream; of more than WINDOW bytes, the last ones count. */
  readonly before?: Uint8Array | undefined;
  /** Else it ends with an empty stored block, and so on a whole byte (3.2.4). */
  readonly isLast?: boolean;
}

/** A stream, or a part of one, of up to MOST bytes of content; level 0 (stored) to 9. The bytes are valid until the next call on this thread. */
export function deflate(content: Uint8Array, level: number, { before = new Uint8Array(0), isLast = true }: Part = {}): Uint8Array {
  if (!(level >= 0 && level <= 9)) throw new RangeError(`deflate at level ${level}: there are 0 to 9`);
  if (content.length > MOST) throw new RangeError(`deflate ${content.length} bytes: at most ${MOST} at once`);
  const { code, input, output } = (ofThread ??= encoder());
  const window = before.subarray(Math.max(0, before.length - WINDOW));
  input.set(window);
  input.set(content, window.length);
  return output.subarray(0, code.deflate(window.length, window.length + content.length, level, isLast ? 1 : 0));
}
