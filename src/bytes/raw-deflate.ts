/**
 * Raw deflate (RFC 1951) of one small piece after the other: a thread has one inflater and one deflater for a level, and
 * memory of theirs that is used again. Node's *Sync() functions set up a stream and a buffer each time, which for small
 * files is more work than the data are.
 */
import { constants, createDeflateRaw, createInflateRaw, deflateRawSync, inflateRawSync, type Zlib } from "node:zlib";

/** What Node's zlib streams work with. Undocumented, the same from Node 8 to 26 (minizlib uses it too); without it the functions below do it Node's way. */
interface Handle {
  onerror: (message: string, errno: number, code: string) => void;
  reset(): void;
  writeSync(flush: number, input: Uint8Array, inputStart: number, inputLength: number, output: Uint8Array, outputStart: number, outputLength: number): void;
}

/** Takes whole inputs. */
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

  /** Bytes read and written; throws as zlib would. Where `output` is full afterwards it may have been too small. */
  run(input: Uint8Array, output: Uint8Array): { readonly read: number; readonly written: number } {
    this.#handle.reset();
    this.#handle.writeSync(constants.Z_FINISH, input, 0, input.length, output, 0, output.length);
    const error = this.#error;
    this.#error = undefined;
    if (error !== undefined) throw error;
    return { read: input.length - this.#left[1]!, written: output.length - this.#left[0]! };
  }
}

// One of each for a thread; undefined: not asked for yet.
let inflater: Coder | false | undefined;
const deflaters = new Map<number, Coder | false>();
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
  inflater ??= Coder.of(createInflateRaw()) ?? false;
  if (inflater === false) {
    const { buffer, engine } = inflateRawSync(packed, { chunkSize: Math.max(64, most), maxOutputLength: Math.max(1, most), info: true }) as unknown as { buffer: Buffer; engine: Zlib };
    return { bytes: buffer, consumed: engine.bytesWritten };
  }
  // One byte more: only then does zlib say whether the stream was at its end.
  const output = roomOf(most + 1);
  const { read, written } = inflater.run(packed, output);
  if (written > most) throw Object.assign(new RangeError(`more than ${most} bytes`), { code: "ERR_BUFFER_TOO_LARGE" });
  return { bytes: output.subarray(0, written), consumed: read };
}

/** Deflates `content` whole, valid until the next call on this thread; undefined where it does not become smaller. */
export function deflateRaw(content: Uint8Array, level: number): Uint8Array | undefined {
  let deflater = deflaters.get(level);
  if (deflater === undefined) deflaters.set(level, (deflater = Coder.of(createDeflateRaw({ level })) ?? false));
  if (deflater === false) {
    const packed = deflateRawSync(content, { level, chunkSize: content.length + 64 });
    return packed.length < content.length ? packed : undefined;
  }
  const output = roomOf(content.length);
  const { written } = deflater.run(content, output);
  return written < content.length ? output.subarray(0, written) : undefined;
}
