/** Names of entries that do not say which character set they are in, turned into text without losing any of them. */
import { UnzipxError } from "../errors.ts";
import { decodeUtf8, decodeUtf8Escaping, isAscii } from "./charset.ts";
import { chosenEncoding, codepage } from "./codepages.ts";
import { detectCharset, isRatherUtf8 } from "./detect.ts";

export interface DecodedName {
  readonly text: string;
  /** Bytes that mean nothing in the character set were written as %XX: another entry may be called just so. */
  readonly escaped: boolean;
}

export interface DecodedNames {
  /** In the order of the names. */
  readonly texts: readonly string[];
  readonly escaped: readonly boolean[];
  /** The set that names were read in; undefined: all of them are UTF-8, or ASCII. */
  readonly encoding: string | undefined;
  /** What is worth a word about the choice. */
  readonly notes: readonly UnzipxError[];
}

/**
 * Decodes the names of an archive that carry no mark of their character set; pass all of them, for each is evidence for the others.
 *
 * With `encoding` every name is read in that set. Without it, or with "auto": when all names are UTF-8 they are taken for that, since
 * no other text is by chance. Otherwise the set is detected; and a name that is UTF-8 all the same, which two or three ideographs
 * may well be, is read as whatever makes more sense beside the others. No two different names come out equal.
 * @throws {UnzipxError} USAGE when `encoding` is none that is known
 */
export function decodeLegacyNames(raw: readonly Uint8Array[], encoding?: string): DecodedNames {
  const asked = chosenEncoding(encoding);
  const utf8 = raw.map(decodeUtf8);
  const odd = raw.filter((_, at) => utf8[at] === undefined);
  if (asked === undefined && odd.length === 0) return { texts: utf8 as string[], escaped: raw.map(() => false), encoding: undefined, notes: [] };
  const detected = asked === undefined ? detectCharset(odd) : undefined;
  const chosen = asked ?? detected!.encoding;
  let read = 0;
  const names = raw.map((bytes, at): DecodedName => {
    const text = utf8[at];
    if (text !== undefined && (isAscii(bytes) || (detected !== undefined && isRatherUtf8(bytes, text, chosen)))) return { text, escaped: false };
    read++;
    return decodeIn(bytes, chosen);
  });
  const apart = keepApart(raw, names);
  const escaped = apart.map((name) => name.escaped);
  return {
    texts: apart.map(({ text }) => text), escaped,
    encoding: read === 0 ? undefined : chosen,
    notes: notesOn(read, escaped.filter(Boolean).length, chosen, detected?.confident),
  };
}

/**
 * Decodes one name of a format that is read in order, where the other names are not known yet: in `encoding`, or as UTF-8.
 * @throws {UnzipxError} USAGE when `encoding` is none that is known
 */
export function decodeName(bytes: Uint8Array, encoding?: string): DecodedName {
  return decodeIn(bytes, chosenEncoding(encoding) ?? "UTF-8");
}

function decodeIn(bytes: Uint8Array, encoding: string): DecodedName {
  if (encoding === "UTF-8") {
    const text = decodeUtf8(bytes);
    return text === undefined ? { text: decodeUtf8Escaping(bytes), escaped: true } : { text, escaped: false };
  }
  const page = codepage(encoding);
  let text = "";
  let escaped = false;
  for (let at = 0; at < bytes.length; at++) {
    const lead = bytes[at]!;
    const pair = lead < 0x80 || at + 1 === bytes.length ? 0 : (page.pair?.(lead, bytes[at + 1]!) ?? 0);
    const unit = pair !== 0 ? pair : lead < 0x80 ? lead : page.singles[lead - 0x80]!;
    const longer = unit === 0 && lead !== 0 ? page.longer?.(bytes, at) : undefined;
    if (longer !== undefined) {
      text += longer.text;
      at += longer.length - 1;
    } else if (unit === 0 && lead !== 0) {
      text += escapeOf(lead);
      escaped = true;
    } else {
      text += String.fromCharCode(unit);
      if (pair !== 0) at++;
    }
  }
  return { text, escaped };
}

function escapeOf(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}

/** Shift_JIS and Big5 have a few characters twice. Of two names that differ in nothing else, the later one is written in %XX. */
function keepApart(raw: readonly Uint8Array[], names: readonly DecodedName[]): DecodedName[] {
  const first = new Map<string, number>();
  return names.map((name, at) => {
    const before = first.get(name.text);
    if (before === undefined) first.set(name.text, at);
    if (before === undefined || Buffer.compare(raw[before]!, raw[at]!) === 0) return name;
    return { text: Array.from(raw[at]!, (byte) => (byte < 0x80 ? String.fromCharCode(byte) : escapeOf(byte))).join(""), escaped: true };
  });
}

function notesOn(read: number, escaped: number, encoding: string, confident: boolean | undefined): UnzipxError[] {
  const notes: UnzipxError[] = [];
  const names = (count: number): string => (count === 1 ? "1 name" : `${count} names`);
  // Nothing to tell where the user chose, nor where CP437 is, which is what zip's own text says of names without a mark.
  if (confident !== undefined && read > 0 && !(confident && encoding === "CP437")) {
    const is = read === 1 ? "is" : "are";
    notes.push(new UnzipxError("ODDITY", `${names(read)} ${is} in no declared character set: read as ${encoding}${confident ? "" : ", which is a guess"}`, { hint: "--encoding NAME" }));
  }
  if (escaped > 0) notes.push(new UnzipxError("ODDITY", `${names(escaped)} cannot be read as ${encoding} in full: bytes are written as %XX`, { hint: "--encoding NAME" }));
  return notes;
}
