/** The engine as an encoder with settings: bytes in, one xz stream out. */
import { UnzipxError } from "../errors.ts";
import type { Bytes } from "../formats/contract.ts";
import { Engine } from "./client.ts";

/** `settings` are switches of 7-Zip (-m…). Throws MEMORY when they ask for more than WebAssembly has, INTERNAL for whatever else fails. */
export async function engineXz(input: Bytes, settings: readonly string[]): Promise<Uint8Array> {
  const engine = Engine.take();
  const pieces: Uint8Array[] = [];
  let said = "";
  try {
    // -p: without it 7-Zip would ask on standard input. The last word stands for the archive's name, which nobody sees.
    for await (const event of engine.run({ words: ["a", "-txz", "-si", "-so", ...settings, "-bd", "-p", "out"], files: [], input, what: "what is to be compressed" })) {
      if (event.kind === "data") pieces.push(new Uint8Array(event.bytes));
      else if (event.kind === "error") said += event.text;
      else if (event.kind === "exit" && event.code !== 0) throw encoderFailed(said, `exit code ${event.code}`);
    }
    return Buffer.concat(pieces);
  } finally {
    await engine.release();
  }
}

/** The error that 7-Zip's error output means, when it was to compress. */
export function encoderFailed(said: string, ending: string): UnzipxError {
  const lines = said.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  const found = [...lines.slice(-3), ending].join("; ");
  if (/allocate|memory|E_OUTOFMEMORY/i.test(said)) return new UnzipxError("MEMORY", "Cannot compress: there is too little memory for this level", { found, hint: "-5 or less" });
  return new UnzipxError("INTERNAL", "Cannot compress: the compressor failed", { found });
}
