/** The header of a 7z, read from its beginning: numbers, bits and bytes. Throws BAD_HEADER where something is not there, or is out of the ordinary. */
import { UnzipxError } from "../../errors.ts";

export class ByteReader {
  readonly #bytes: Uint8Array;
  position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Throws unless so many bytes are left. */
  assert(count: number): void {
    if (count > this.#bytes.length - this.position) throw odd("bytes", this.#bytes.length);
  }

  assertEnd(): void {
    if (this.position !== this.#bytes.length) throw odd("number of bytes behind its end", this.#bytes.length - this.position);
  }

  byte(): number {
    this.assert(1);
    return this.#bytes[this.position++]!;
  }

  expect(value: number): void {
    const found = this.byte();
    if (found !== value) throw odd(`byte where ${value} should be`, found);
  }

  /** As ByteWriter.number() writes it. */
  number(): number {
    const first = this.byte();
    const more = Math.clz32(~(first << 24)); // leading ones
    let value = 0;
    const rest = this.take(more);
    for (let i = more - 1; i >= 0; i--) value = value * 0x100 + rest[i]!;
    if (more < 8) value += (first & (0x7f >> more)) * 2 ** (8 * more);
    if (!Number.isSafeInteger(value)) throw odd("number", value);
    return value;
  }

  uint32(): number {
    this.skip(4);
    const [bytes, at] = [this.#bytes, this.position - 4];
    return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
  }

  /** A bit each, the highest of a byte first. */
  bits(count: number): boolean[] {
    const bytes = this.take(Math.ceil(count / 8));
    return Array.from({ length: count }, (_, i) => (bytes[i >> 3]! & (0x80 >> (i & 7))) !== 0);
  }

  /** Which of `count` things have something: all, or those whose bit is set. Each takes some bytes more. */
  flags(count: number): boolean[] {
    if (this.byte() !== 1) return this.bits(count);
    this.assert(count);
    return Array<boolean>(count).fill(true);
  }

  skip(count: number): void {
    this.assert(count);
    this.position += count;
  }

  take(count: number): Uint8Array {
    this.skip(count);
    return this.#bytes.subarray(this.position - count, this.position);
  }

  rest(): Uint8Array {
    return this.take(this.#bytes.length - this.position);
  }

  since(start: number): Uint8Array {
    return this.#bytes.subarray(start, this.position);
  }
}

export function odd(what: string, found: number): UnzipxError {
  return new UnzipxError("BAD_HEADER", `Cannot read the header of the archive: it has an unusual ${what}`, { found: String(found) });
}
