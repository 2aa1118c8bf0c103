/** Bytes that arrive in chunks of any size, taken in pieces of the size a parser wants, without copying where that can be. */
import { UnzipxError } from "../errors.ts";
import type { Bytes } from "../formats/contract.ts";

export class BlockReader {
  readonly #input: AsyncIterator<Uint8Array>;
  readonly #what: string;
  #chunk: Buffer = Buffer.alloc(0);
  #at = 0;
  /** Bytes taken so far: the position in the stream. */
  position = 0;

  constructor(input: Bytes, what: string) {
    this.#input = input[Symbol.asyncIterator]();
    this.#what = what;
  }

  /** What has arrived; what comes next lies `at` there. For whoever reads it in place and then skips it; valid until something is waited for. */
  get arrived(): Buffer {
    return this.#chunk;
  }

  get at(): number {
    return this.#at;
  }

  /** The next `length` bytes if they have arrived already; valid until the next call. */
  tryTake(length: number): Buffer | undefined {
    const start = this.#at;
    return this.trySkip(length) ? this.#chunk.subarray(start, start + length) : undefined;
  }

  /** As tryTake(), for whoever does not want them. */
  trySkip(length: number): boolean {
    if (this.#chunk.length - this.#at < length) return false;
    this.#at += length;
    this.position += length;
    return true;
  }

  /** The next `length` bytes, or undefined when the input ends exactly here; throws TRUNCATED when it ends in between. */
  async take(length: number): Promise<Buffer | undefined> {
    const ready = this.tryTake(length);
    if (ready !== undefined) return ready;
    const bytes = Buffer.alloc(length);
    let done = 0;
    while (done < length) {
      const piece = await this.#piece(length - done);
      if (piece === undefined) {
        if (done === 0) return undefined;
        throw this.#truncated(length, done);
      }
      bytes.set(piece, done);
      done += piece.length;
    }
    return bytes;
  }

  /** The next `length` bytes in the pieces they arrive in. */
  async *pieces(length: number): AsyncGenerator<Uint8Array> {
    for (let left = length; left > 0; ) {
      const piece = await this.#piece(left);
      if (piece === undefined) throw this.#truncated(length, length - left);
      left -= piece.length;
      yield piece;
    }
  }

  async skip(length: number): Promise<void> {
    if (this.trySkip(length)) return;
    for await (const _ of this.pieces(length));
  }

  /** Whatever comes next, in the pieces it arrives in, to the end of the input. */
  async *rest(): AsyncGenerator<Uint8Array> {
    for (let piece = await this.#piece(Infinity); piece !== undefined; piece = await this.#piece(Infinity)) yield piece;
  }

  /** The next bytes that there are, however many; undefined at the end. */
  piece(): Promise<Uint8Array | undefined> {
    return this.#piece(Infinity);
  }

  /** Of the next `length` bytes those that there are, at least one; undefined at the end. */
  upTo(length: number): Promise<Uint8Array | undefined> {
    return this.#piece(length);
  }

  /** Up to `length` of the next bytes, left where they are; fewer only at the end of the input. */
  async peek(length: number): Promise<Uint8Array> {
    let bytes: Uint8Array = new Uint8Array(0);
    while (bytes.length < length) {
      const piece = await this.#piece(Infinity);
      if (piece === undefined) break;
      // A copy, unless this is all that is wanted: a chunk is valid until the next one is asked for.
      bytes = bytes.length === 0 ? (piece.length >= length ? piece : new Uint8Array(piece)) : Buffer.concat([bytes, piece]);
    }
    this.giveBack(bytes);
    return bytes.subarray(0, length);
  }

  /** Puts bytes that were taken last in front of what comes next. */
  giveBack(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const rest = this.#chunk.subarray(this.#at);
    this.#chunk = rest.length === 0 ? asBuffer(bytes) : Buffer.concat([bytes, rest]);
    this.#at = 0;
    this.position -= bytes.length;
  }

  /** Lets the producer's `finally` blocks run. */
  async close(): Promise<void> {
    await this.#input.return?.();
  }

  async #piece(most: number): Promise<Uint8Array | undefined> {
    while (this.#at === this.#chunk.length) {
      const { done, value } = await this.#input.next();
      if (done === true) return undefined;
      this.#chunk = asBuffer(value);
      this.#at = 0;
    }
    return this.tryTake(Math.min(most, this.#chunk.length - this.#at));
  }

  #truncated(wanted: number, found: number): UnzipxError {
    return new UnzipxError("TRUNCATED", `Cannot read ${this.#what}: it is cut off`, {
      expected: `${wanted} bytes at ${this.position - found}`, found: `${found} bytes`,
    });
  }
}

/** The same bytes: a piece of a Buffer is one as well, and who wants text of it needs no other. */
function asBuffer(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
