/**
 * Raw deflate (RFC 1951) that is there as a whole, inflated on the calling thread into memory that is used again. Node's inflateRawSync() sets up a stream and a
 * buffer for each call, which for small files is more work than the data are. What comes in pieces, src/deflate/inflation.ts inflates.
 */
import type { Zlib } from "node:zlib";
import { nodeZlib } from "./node-modules.ts";

/** What Node's zlib streams work with. Undocumented, the same from Node 8 to 26 (minizlib uses it too); without it the functions below do it Node's way. */
interface Handle {
  onerror: (message: string, errno: number, code: string) => void;
  reset(): void;
  writeSync(flush: number, input: Uint8Array, inputStart: number, inputLength: number, output: Uint8Array, outputStart: number, outputLength: number): void;
}

/** Bytes that went in and came out. */
interface Moved {
  readonly read: number;
  readonly written: number;
}

class Coder {
  readonly #handle: Handle;
  /** Bytes that are left: of the room, of the input. */
  readonly #left: Uint32Array;
  #error: NodeJS.ErrnoException | undefined;

  private constructor(handle: Handle, left: Uint32Array) {
    this.#handle = handle;
    this.#left = left;
    handle.onerror = (message, errno, code) => {
      this.#error = Object.assign(new Error(message), { errno, code });
    };
  }

  static of(stream: Zlib): Coder | undefined {
    const { _handle: handle, _writeState: left } = stream as Zlib & { readonly _handle?: Partial<Handle>; readonly _writeState?: unknown };
    if (typeof handle?.writeSync !== "function" || typeof handle.reset !== "function" || !(left instanceof Uint32Array) || left.length < 2) return undefined;
    return new Coder(handle as Handle, left);
  }

  /** All of an input; where `output` is full afterwards it may have been too small. Throws as zlib would. */
  run(input: Uint8Array, output: Uint8Array): Moved {
    this.#handle.reset();
    this.#handle.writeSync(nodeZlib().constants.Z_FINISH, input, 0, input.length, output, 0, output.length);
    const error = this.#error;
    this.#error = undefined;
    if (error !== undefined) throw error;
    return { read: input.length - this.#left[1]!, written: output.length - this.#left[0]! };
  }
}

// One for a thread; undefined: not asked for yet.
let inflater: Coder | false | undefined;
let room = Buffer.allocUnsafeSlow(64 * 1024);

function roomOf(length: number): Buffer {
  if (room.length < length) room = Buffer.allocUnsafeSlow(Math.ceil(length * 1.5));
  return room.subarray(0, length);
}

/**
 * Inflates one stream whole. The bytes are valid until the next call on this thread; `consumed` of the packed ones were the stream.
 * Throws ERR_BUFFER_TOO_LARGE where there are more than `most` of them, and zlib's errors.
 */
export function inflateRaw(packed: Uint8Array, most: number): { readonly bytes: Uint8Array; readonly consumed: number } {
  inflater ??= Coder.of(nodeZlib().createInflateRaw()) ?? false;
  if (inflater === false) {
    const { buffer, engine } = nodeZlib().inflateRawSync(packed, { chunkSize: Math.max(64, most), maxOutputLength: Math.max(1, most), info: true }) as unknown as { buffer: Buffer; engine: Zlib };
    return { bytes: buffer, consumed: engine.bytesWritten };
  }
  // One byte more: only then does zlib say whether the stream was at its end.
  const output = roomOf(most + 1);
  const { read, written } = inflater.run(packed, output);
  if (written > most) throw Object.assign(new RangeError(`more than ${most} bytes`), { code: "ERR_BUFFER_TOO_LARGE" });
  return { bytes: output.subarray(0, written), consumed: read };
}
