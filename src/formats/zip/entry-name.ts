/** What an entry is called: by its header, by its Unicode path field, or by both, and then they have to mean the same. */
import { crc32 } from "../../bytes/crc32.ts";
import { UnzipxError } from "../../errors.ts";
import { decodeCp437, decodeUtf8, decodeUtf8Escaping, isAscii } from "../../text/charset.ts";
import type { DecodedName } from "../../text/names.ts";
import type { CentralRecord } from "./central-directory.ts";

const FLAG_UTF8 = 0x800;

export interface EntryName {
  /** Undefined where the entry does not say what its name is in: only all such names together tell. */
  readonly name: DecodedName | undefined;
  /** What the Unicode path field holds, where it is what the name was taken from. */
  readonly unicode: Buffer | undefined;
  /** What is odd and changes nothing. */
  readonly oddity: UnzipxError | undefined;
  /** Two names for one entry. */
  readonly conflict: { readonly expected: string; readonly found: string } | undefined;
}

/**
 * The name, where the entry says what it is in (APPNOTE 4.4.17 and appendix D): UTF-8 by bit 11, or by the Unicode path field (4.6.9).
 * By the text a name without either is in CP437; in the files it is in whatever the writer's system used.
 */
export function entryName({ name: raw, flags, extra }: CentralRecord): EntryName {
  if (extra.unicodePath.length === 0) return headerName(raw, flags);
  // A tool that renamed the entry and knew nothing of this field left a checksum that no longer fits.
  const fitting = extra.unicodePath.filter((field) => fitsName(field, raw));
  const first = fitting[0];
  const text = first === undefined ? undefined : decodeUtf8(first.subarray(5));
  if (first === undefined || text === undefined) {
    const own = headerName(raw, flags);
    const why = first === undefined ? "belongs to another name" : "is no UTF-8";
    return { ...own, oddity: own.oddity ?? new UnzipxError("ODDITY", `The Unicode path field of an entry ${why}, so it is not used`) };
  }
  const name = { text, escaped: false };
  const unicode = first.subarray(5);
  const other = fitting.find((field) => !field.equals(first));
  if (other !== undefined) return { name, unicode, oddity: undefined, conflict: { expected: `"${text}" (first Unicode path field)`, found: `"${other.toString("utf8", 5)}" (another one)` } };
  const header = decodeUtf8(raw);
  const shown = header ?? decodeCp437(raw);
  if (isSameName(raw, header, text)) return { name, unicode, oddity: undefined, conflict: undefined };
  // Writers put an ASCII rendering into the header for readers that know nothing else: the field says what is meant.
  // Where the header could have said it, and says something else, there are two names.
  if (header !== undefined && !isPlaceholder(raw) && (!isAscii(raw) || isAscii(unicode) || (flags & FLAG_UTF8) !== 0)) {
    return { name, unicode, oddity: undefined, conflict: { expected: `"${shown}" (header)`, found: `"${text}" (Unicode path field)` } };
  }
  return { name, unicode, conflict: undefined, oddity: new UnzipxError("ODDITY", `An entry has two names, and its Unicode path field is taken, not "${shown}"`, { entry: text }) };
}

/** 1 version, 1; 4 CRC-32 of the header's name. */
export function fitsName(field: Buffer, raw: Uint8Array): boolean {
  return field.length >= 6 && field[0] === 1 && field.readUInt32LE(1) === crc32(raw);
}

/** Nothing but control characters: nobody calls a file so. */
function isPlaceholder(raw: Uint8Array): boolean {
  return raw.every((byte) => byte < 0x20);
}

/**
 * Whether the header's name may be the same text in some character set. What no set uses as a part of a character is compared: dots,
 * slashes and digits lie below every second byte of Shift_JIS, GBK and Big5.
 */
function isSameName(raw: Buffer, header: string | undefined, text: string): boolean {
  if (header !== undefined) return header === text || header.normalize("NFC") === text.normalize("NFC");
  const skeleton = (name: string): string => name.replace(/[^./0-9]/g, "");
  return !isAscii(Buffer.from(text)) && skeleton(raw.toString("latin1")) === skeleton(text);
}

function headerName(raw: Buffer, flags: number): EntryName {
  let name: DecodedName | undefined;
  let oddity: UnzipxError | undefined;
  if (isAscii(raw)) name = { text: raw.toString("latin1"), escaped: false };
  else if ((flags & FLAG_UTF8) !== 0) {
    const text = decodeUtf8(raw);
    name = text === undefined ? { text: decodeUtf8Escaping(raw), escaped: true } : { text, escaped: false };
    if (text === undefined) oddity = new UnzipxError("ODDITY", "A name is marked as UTF-8 and is not: its other bytes are written as %XX");
  }
  return { name, unicode: undefined, oddity, conflict: undefined };
}
