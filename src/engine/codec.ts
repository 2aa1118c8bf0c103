/** The engine as a codec: one stream of bytes in, one out. */
import { UnzipxError } from "../errors.ts";
import type { Bytes } from "../formats/contract.ts";
import { Engine } from "./client.ts";
import type { EngineRequest } from "./protocol.ts";
import { troubleOf, unexplained } from "./trouble.ts";

/** "plain-xz": without any filter but LZMA2, and with a check that is known; decoded by ourselves. */
export type EngineCodec = "plain-xz" | "xz" | "lzma";

export interface CodecOptions {
  /** What is being decoded, for the messages. */
  readonly what: string;
  /** Called at the end when bytes follow that are none of its own; throws when that is not borne. Absent: there can be none. */
  readonly behind?: (() => void) | undefined;
}

/**
 * Decodes a whole file of `type`, all of its streams, checksums verified. Ends normally only when it was complete.
 * Each chunk is valid until the next one is asked for.
 */
export async function* engineDecode(type: EngineCodec, input: Bytes, { what, behind }: CodecOptions): AsyncGenerator<Uint8Array> {
  const engine = Engine.take();
  let said = "";
  try {
    // -p: without it 7-Zip would ask on standard input.
    const isPlain = type === "plain-xz";
    const request: EngineRequest = { kind: isPlain ? "xz" : "7zip", words: ["x", "-si", "-so", `-t${isPlain ? "xz" : type}`, "-y", "-p", "-bd"], files: [] };
    for await (const event of engine.run({ request, input, what })) {
      if (event.kind === "data") yield event.bytes;
      else if (event.kind === "error") said += event.text;
      else if (event.kind === "exit" && event.code !== 0) {
        const troubles = said.split("\n").map((line) => troubleOf(line, what, false)).filter((one) => one !== undefined);
        const worst = troubles.find((one) => one.code !== "TRAILING_DATA");
        if (worst !== undefined) throw worst;
        if (troubles.length === 0) throw unexplained(event.code, said, what);
        if (behind === undefined) throw new UnzipxError("BAD_DATA", `Cannot read ${what}: something follows its end`);
        behind();
      }
    }
  } finally {
    await engine.release();
  }
}

/**
 * Encodes `input` as one complete xz stream; `switches` are 7-Zip's, such as "-mx5". Each call has an engine of
 * its own, which `signal` ends. Throws MEMORY when the settings ask for more than WebAssembly has.
 */
export async function engineEncode(input: Bytes, switches: readonly string[], signal?: AbortSignal): Promise<Uint8Array> {
  signal?.throwIfAborted();
  const engine = Engine.take();
  const stop = (): void => void engine.end();
  signal?.addEventListener("abort", stop, { once: true });
  const pieces: Uint8Array[] = [];
  let said = "";
  try {
    for await (const event of engine.run({ request: { kind: "7zip", words: ["a", "-si", "-so", "-txz", ...switches, "-bd", "-p", "out"], files: [] }, input, what: "what is to be compressed", patience: Infinity })) {
      if (event.kind === "data") pieces.push(new Uint8Array(event.bytes));
      else if (event.kind === "error") said += event.text;
      else if (event.kind === "exit" && event.code !== 0) throw failed(said.trim());
    }
    return Buffer.concat(pieces);
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof UnzipxError && error.code === "BAD_DATA" ? failed(error.message) : error;
  } finally {
    signal?.removeEventListener("abort", stop);
    await engine.release();
  }
}

/** The data is what the user gave us: there is nothing bad about it. */
function failed(found: string): UnzipxError {
  if (/allocate|memory|E_OUTOFMEMORY/i.test(found)) return new UnzipxError("MEMORY", "Cannot compress: there is too little memory for this level", { found, hint: "-5 or less" });
  return new UnzipxError("INTERNAL", "Cannot compress with xz: the encoder failed", { found });
}
