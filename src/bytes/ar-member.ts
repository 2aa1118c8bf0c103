/** The header of one member of an ar archive (ar(5)), for those who list the members and those who want one of them (deb). */
import { UnzipxError } from "../errors.ts";

/** "!<arch>\n" */
export const AR_MAGIC: readonly number[] = [0x21, 0x3c, 0x61, 0x72, 0x63, 0x68, 0x3e, 0x0a];
export const AR_HEADER = 60;

export interface ArMember {
  /** As it stands in its field, without the spaces behind it; bytes as latin1. */
  readonly name: string;
  /** Seconds since 1970. */
  readonly mtime: number;
  readonly mode: number;
  /** Bytes behind the header; one more follows where this is odd. */
  readonly size: number;
}

/** A header of 60 bytes that was found at `position`. Throws BAD_HEADER where a field is no number: the size decides where the next header is. */
export function decodeArMember(header: Uint8Array, position: number): ArMember {
  const text = Buffer.from(header.buffer, header.byteOffset, header.byteLength).toString("latin1");
  const bad = (why: string, found: string): UnzipxError =>
    new UnzipxError("BAD_HEADER", `Cannot read the ar archive: the header at ${position} ${why}`, { found });
  if (text.slice(58) !== "`\n") throw bad("does not end like one", Buffer.from(header.subarray(58)).toString("hex"));
  const name = text.slice(0, 16).trimEnd();
  // Symbol tables and the table of long names leave the other fields blank, and Microsoft's tools write a time of -1.
  const number = (what: string, from: number, to: number, digits: RegExp, radix: number): number => {
    const field = text.slice(from, to).trimEnd();
    if (!digits.test(field)) throw bad(`has a ${what} that is no number`, field);
    return field === "" ? 0 : parseInt(field, radix);
  };
  const size = text.slice(48, 58).trimEnd();
  if (!/^[0-9]+$/.test(size)) throw bad("has a size that is no number", size);
  number("user", 28, 34, /^(-1|[0-9]*)$/, 10);
  number("group", 34, 40, /^(-1|[0-9]*)$/, 10);
  return { name, mtime: number("time", 16, 28, /^-?[0-9]*$/, 10), mode: number("mode", 40, 48, /^[0-7]*$/, 8), size: Number(size) };
}
