/** bzip2 (as bzip2(1) 1.0.8 reads it; there is no paper), in WebAssembly. All of it is synchronous, for threads that may wait. */
import { instantiate, type WasmMemory } from "../bytes/webassembly.ts";
import { CODE } from "./code.ts";

/** What encode.c exports; addresses and lengths in bytes. */
interface Code {
  readonly memory: WasmMemory;
  input(): number;
  output(): number;
  isEmpty(): number;
  begin(level: number): void;
  take(from: number, to: number): number;
  block(): number;
  end(): number;
}

/** As in encode.c. */
const INPUT_BYTES = 1 << 16;

let ofThread: Code | undefined;

/** One complete stream, whose blocks hold up to `level` (1 to 9) times 100,000 bytes. */
export function encodeBzip2Stream(content: Uint8Array, level: number): Uint8Array {
  const code = (ofThread ??= instantiate(CODE) as Code);
  const memory = new Uint8Array(code.memory.buffer);
  const [input, output] = [code.input(), code.output()];
  const pieces: Uint8Array[] = [];
  const took = (length: number): void => void pieces.push(memory.slice(output, output + length));
  code.begin(level);
  for (let at = 0; at < content.length; at += INPUT_BYTES) {
    const part = content.subarray(at, at + INPUT_BYTES);
    memory.set(part, input);
    for (let from = 0; from < part.length; ) {
      from = code.take(from, part.length);
      if (from < part.length) took(code.block());
    }
  }
  if (code.isEmpty() === 0) took(code.block());
  took(code.end());
  return Buffer.concat(pieces);
}
