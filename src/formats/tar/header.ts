/** One tar header block (POSIX.1-1988 ustar, GNU, v7): nothing of it is taken on trust. */
import { UnzipxError } from "../../errors.ts";
import { checksumFits, readOctal } from "./index.ts";

export interface TarHeader {
  /** Bytes as latin1: the pax and GNU headers, or the reader, say what characters they are. */
  readonly name: string;
  /** Without the ustar prefix in front of it. */
  readonly ownName: string;
  /** Device numbers other than 0. */
  readonly hasDevice: boolean;
  readonly linkName: string;
  /** The type flag as a character: "0", "5", "x", "L" … */
  readonly type: string;
  readonly size: number;
  readonly mode: number;
  /** Seconds. */
  readonly mtime: number;
  /** Neither ustar nor GNU: no magic. */
  readonly isV7: boolean;
}

export function decodeHeader(block: Buffer, position: number): TarHeader {
  const bad = (why: string): UnzipxError =>
    new UnzipxError("BAD_HEADER", `Cannot read the tar archive: the header at ${position} ${why}`);
  if (!checksumFits(block)) throw bad("has a wrong checksum");
  if (block[0] === 0 && isEmpty(block)) throw bad("is empty");
  const size = readNumber(block, 124, 12);
  if (size === undefined) throw bad("has a size that is no number");
  if (size < 0) throw bad("has a negative size");
  if (size > Number.MAX_SAFE_INTEGER) throw bad("has a size larger than any file can be");
  const ownName = text(block, 0, 100);
  return {
    // Only ustar has a second field for it, which stands in front; GNU keeps other things there.
    name: block[345] !== 0 && USTAR.every((byte, at) => block[257 + at] === byte) ? `${text(block, 345, 155)}/${ownName}` : ownName,
    ownName,
    hasDevice: (readNumber(block, 329, 8) ?? 0) > 0 || (readNumber(block, 337, 8) ?? 0) > 0,
    linkName: block[157] === 0 ? "" : text(block, 157, 100),
    // NUL is the regular file of v7 tar.
    type: block[156] === 0 ? "0" : String.fromCharCode(block[156]!),
    size,
    mode: (readNumber(block, 100, 8) ?? 0) & 0o7777,
    mtime: readNumber(block, 136, 12) ?? 0,
    isV7: block[257] === 0,
  };
}

/** The magic with its terminator; GNU's has a space there. */
const USTAR = [...Buffer.from("ustar\0")];

/** A field up to its first NUL, as latin1. */
function text(block: Buffer, start: number, length: number): string {
  let end = start;
  while (end < start + length && block[end] !== 0) end++;
  return block.toString("latin1", start, end);
}

/** Nothing but a checksum, which of nothing is that of eight spaces. */
function isEmpty(block: Uint8Array): boolean {
  return block.every((byte, at) => byte === 0 || (at >= 148 && at < 156));
}

/**
 * A numeric field: octal digits between optional spaces and a terminator, or base-256 (GNU) when the top bit is set.
 * undefined for anything else: parseInt would take "12x" for 12.
 */
export function readNumber(block: Uint8Array, offset: number, length: number): number | undefined {
  const first = block[offset]!;
  if ((first & 0x80) !== 0) {
    let value = BigInt(first & 0x7f);
    for (let i = 1; i < length; i++) value = value * 256n + BigInt(block[offset + i]!);
    const bits = BigInt(length * 8 - 1);
    if ((first & 0x40) !== 0) value -= 1n << bits; // two's complement
    return Number(value);
  }
  return readOctal(block, offset, length);
}
