/** What the decoders share: bytes that must be there, and what may lie behind the last frame (member, stream). */
import type { BlockReader } from "../bytes/block-reader.ts";
import { UnzipxError } from "../errors.ts";
import type { DecodeOptions } from "../formats/contract.ts";
import { isText, judgeBehind, MOST_SHOWN, type BehindOptions } from "./behind.ts";

/** The next `length` bytes, valid until the reader is asked again; TRUNCATED when they are not there. */
export async function need(reader: BlockReader, length: number, what: string): Promise<Buffer> {
  const bytes = reader.tryTake(length) ?? (await reader.take(length));
  if (bytes === undefined) throw truncated(what);
  return Buffer.from(bytes.buffer, bytes.byteOffset, length);
}

/**
 * Where the next frame would begin, and `start` is none. Behind the last one padding with zeros is usual (tapes), of anything
 * else judgeBehind() decides; in front of the first one it is an error.
 */
export async function endOf(reader: BlockReader, start: Uint8Array, frames: number, name: string, options: DecodeOptions & BehindOptions): Promise<void> {
  if (frames === 0) {
    throw new UnzipxError("BAD_HEADER", `Cannot read the ${name} data: it does not begin like ${name}`, { found: start.length === 0 ? "nothing" : Buffer.from(start).toString("hex") });
  }
  const offset = reader.position;
  let size = 0;
  let isZero = true;
  let text = true;
  let shown: Uint8Array = new Uint8Array(0);
  for await (const piece of reader.rest()) {
    size += piece.length;
    if (shown.length < MOST_SHOWN) shown = Buffer.concat([shown, piece.subarray(0, MOST_SHOWN)]);
    isZero &&= piece.every((byte) => byte === 0);
    text &&= isText(piece);
  }
  if (!isZero) judgeBehind({ name, offset, size, start: shown, isText: text }, options);
}

export function checkSum(what: string, expected: number, found: number): void {
  if (expected === found) return;
  throw new UnzipxError("BAD_CHECKSUM", `Cannot read ${what}: its checksum does not match, so its content is damaged`, { expected: hex(expected), found: hex(found) });
}

export function checkSize(what: string, expected: number, found: number): void {
  if (expected === found) return;
  throw new UnzipxError("BAD_SIZE", `Cannot read ${what}: its content is not as long as it says`, { expected: `${expected} bytes`, found: `${found} bytes` });
}

export function truncated(what: string): UnzipxError {
  return new UnzipxError("TRUNCATED", `Cannot read ${what}: it is cut off`);
}

/** `state` says what is wrong, as in "a match reaches back to before the data". */
export function damaged(what: string, state: string): UnzipxError {
  return new UnzipxError("BAD_DATA", `Cannot read ${what}: it is damaged, ${state}`);
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, "0");
}
