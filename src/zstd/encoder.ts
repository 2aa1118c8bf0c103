/** zstd's encoder (RFC 8878), in WebAssembly. All of it is synchronous, for threads that may wait. What comes out depends on no processor and no version of Node. */
import { growTo, instantiate, type WasmMemory } from "../bytes/webassembly.ts";
import { CODE } from "./encode-code.ts";

/** What encode.c exports; addresses and lengths in bytes. */
interface Code {
  readonly memory: WasmMemory;
  layout(length: number, level: number): number;
  input(): number;
  output(): number;
  encode(length: number): number;
}

/** The most bytes that one frame holds here. */
export const MOST = 16 << 20;

let ofThread: Code | undefined;

/** A frame of up to MOST bytes of content, with their number and a checksum; level 0 to 9. The bytes are valid until the next call on this thread. Throws RangeError where there is no memory. */
export function encodeFrame(content: Uint8Array, level: number): Uint8Array {
  if (!(level >= 0 && level <= 9)) throw new RangeError(`zstd at level ${level}: there are 0 to 9`);
  if (content.length > MOST) throw new RangeError(`zstd of ${content.length} bytes: at most ${MOST} at once`);
  const code = (ofThread ??= instantiate(CODE) as Code);
  const end = code.layout(content.length, level);
  if (!growTo(code.memory, end, end)) throw new RangeError(`zstd at level ${level}: no memory`);
  const memory = new Uint8Array(code.memory.buffer);
  memory.set(content, code.input());
  const output = code.output();
  return memory.subarray(output, output + code.encode(content.length));
}
