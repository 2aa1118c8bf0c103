/** One tar header block. tar-stream decodes its fields; what it takes on trust is checked here. */
import headers from "tar-stream/headers.js";
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

export function decodeHeader(block: Uint8Array, position: number): TarHeader {
  const bad = (why: string): UnzipxError =>
    new UnzipxError("BAD_HEADER", `Cannot read the tar archive: the header at ${position} ${why}`);
  if (!checksumFits(block)) throw bad("has a wrong checksum");
  // tar-stream adds unsigned bytes only; a signed sum that fits was accepted above, so it is given one it can agree to.
  const fields = decodeFields(block);
  if (!fields) throw bad("is empty");
  const size = readNumber(block, 124, 12);
  if (size === undefined) throw bad("has a size that is no number");
  if (size < 0) throw bad("has a negative size");
  if (size > Number.MAX_SAFE_INTEGER) throw bad("has a size larger than any file can be");
  return {
    name: fields.name,
    ownName: fields.name === "" || block[0] === 0 ? "" : fields.name,
    hasDevice: fields.devmajor > 0 || fields.devminor > 0,
    linkName: fields.linkname ?? "",
    // NUL is the regular file of v7 tar.
    type: block[156] === 0 ? "0" : String.fromCharCode(block[156]!),
    size,
    mode: (readNumber(block, 100, 8) ?? 0) & 0o7777,
    mtime: readNumber(block, 136, 12) ?? 0,
    isV7: block[257] === 0,
  };
}

function decodeFields(block: Uint8Array): ReturnType<typeof headers.decode> | undefined {
  try {
    return headers.decode(block, "latin1", true);
  } catch {
    const copy = Buffer.from(block);
    let sum = 8 * 0x20;
    for (let i = 0; i < 512; i++) if (i < 148 || i >= 156) sum += copy[i]!;
    copy.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
    return headers.decode(copy, "latin1", true);
  }
}

/**
 * A numeric field: octal digits between optional spaces and a terminator, or base-256 (GNU) when the top bit is set.
 * undefined for anything else: parseInt would take "12x" for 12.
 */
function readNumber(block: Uint8Array, offset: number, length: number): number | undefined {
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
