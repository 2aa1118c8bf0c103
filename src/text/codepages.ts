/**
 * Character sets older than Unicode, as tables: which bytes stand for which character.
 *
 * The tables come out of Node's TextDecoder, but names are not decoded with it. It has no code pages of DOS; it takes bytes that
 * mean nothing for control characters in some sets (EUC-KR), and reads windows-1252 as ISO 8859-1 in Node 20; and it tells only
 * that a name is wrong, not where. With a table each wrong byte can be kept as %XX, in one pass and at a bounded cost.
 */
import { TextDecoder } from "node:util";
import { UnzipxError } from "../errors.ts";
import { CP437 } from "./charset.ts";

export interface Codepage {
  /** As people write it, and as --encoding takes it. */
  readonly name: string;
  /** UTF-16 units of the bytes from 0x80 on; 0 = none. Bytes below are ASCII in every set here. */
  readonly singles: Uint16Array;
  /** The UTF-16 unit of two bytes, the first one from 0x80 on; 0 = none. Absent in a set that has only single bytes. */
  readonly pair?: (lead: number, trail: number) => number;
  /** The character of a longer sequence that begins at `at`, and how many bytes it has. */
  readonly longer?: (bytes: Uint8Array, at: number) => { text: string; length: number } | undefined;
}

/** CP850, "Multilingual": CP437 with more letters in place of box drawings. */
const CP850 =
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u00ad±‗¾¶§÷¸°¨·¹³²■\u00a0";
/** CP852, "Latin II": Polish, Czech, Hungarian and their neighbours. */
const CP852 =
  "ÇüéâäůćçłëŐőîŹÄĆÉĹĺôöĽľŚśÖÜŤťŁ×čáíóúĄąŽžĘę¬źČş«»░▒▓│┤ÁÂĚŞ╣║╗╝Żż┐└┴┬├─┼Ăă╚╔╩╦╠═╬¤đĐĎËďŇÍÎě┘┌█▄ŢŮ▀ÓßÔŃńňŠšŔÚŕŰýÝţ´\u00ad˝˛ˇ˘§÷¸°¨˙űŘř■\u00a0";
/** windows-1252 from 0x80 to 0x9F; ISO 8859-1 from there on. Its five empty places are control characters, as in every decoder. */
const WINDOWS_1252 = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ";

/** Names that TextDecoder does not know, and what they are called here. */
const ALIASES = new Map([
  ["cp437", "CP437"], ["ibm437", "CP437"], ["437", "CP437"], ["cp850", "CP850"], ["ibm850", "CP850"], ["850", "CP850"],
  ["cp852", "CP852"], ["ibm852", "CP852"], ["852", "CP852"], ["cp932", "shift_jis"], ["932", "shift_jis"], ["cp936", "gbk"], ["936", "gbk"],
  ["cp949", "euc-kr"], ["949", "euc-kr"], ["uhc", "euc-kr"], ["cp950", "big5"], ["950", "big5"], ["cp866", "ibm866"], ["866", "ibm866"],
  ...["1250", "1251", "1252", "1253", "1254", "1255", "1256", "1257", "1258"].map((number) => [number, `windows-${number}`] as const),
]);
/** How the sets are written that WHATWG's list has in small letters only. */
const WRITTEN = new Map([
  ["utf-8", "UTF-8"], ["gbk", "GBK"], ["gb18030", "GBK"], ["big5", "Big5"], ["shift_jis", "Shift_JIS"], ["euc-jp", "EUC-JP"], ["euc-kr", "EUC-KR"],
  ["ibm866", "CP866"], ["koi8-r", "KOI8-R"], ["koi8-u", "KOI8-U"],
]);
const IN_PAIRS = new Set(["GBK", "Big5", "Shift_JIS", "EUC-JP", "EUC-KR"]);

/** The one name of a character set that has many ("cp932", "sjis", "windows-31j" → "Shift_JIS"); undefined for one that is not known here. */
export function encodingName(label: string): string | undefined {
  const plain = label.trim().toLowerCase();
  const alias = ALIASES.get(plain) ?? plain;
  if (/^CP\d+$/.test(alias)) return alias;
  try {
    const { encoding } = new TextDecoder(alias);
    // In these a byte below 0x80 is not always the ASCII character: a "/" would have another meaning, or none.
    return /^(utf-16|iso-2022)/.test(encoding) ? undefined : (WRITTEN.get(encoding) ?? encoding);
  } catch {
    return undefined;
  }
}

/**
 * What --encoding stands for: a name as encodingName() writes it; undefined where the set is to be detected.
 * @throws {UnzipxError} USAGE when it is none that is known
 */
export function chosenEncoding(label: string | undefined): string | undefined {
  if (label === undefined || label.toLowerCase() === "auto") return undefined;
  const known = encodingName(label);
  if (known !== undefined) return known;
  throw new UnzipxError("USAGE", `Cannot read names in "${label}": no such character set is known`, {
    hint: "--encoding auto, UTF-8, CP437, CP850, CP852, CP866, windows-1251, windows-1252, KOI8-R, GBK, Big5, Shift_JIS, EUC-JP, EUC-KR",
  });
}

const made = new Map<string, Codepage>();

/** The tables of a set, by the name that encodingName() gives. They are made as they are needed: all of them would take 50 ms. */
export function codepage(name: string): Codepage {
  let page = made.get(name);
  if (page === undefined) made.set(name, (page = make(name)));
  return page;
}

function make(name: string): Codepage {
  if (name === "CP437") return { name, singles: units(CP437) };
  if (name === "CP850") return { name, singles: units(CP850) };
  if (name === "CP852") return { name, singles: units(CP852) };
  if (name === "windows-1252") return { name, singles: units(WINDOWS_1252 + latin1(0xa0, 0xff)) };
  const decoder = new TextDecoder(name === "CP866" ? "ibm866" : name, { fatal: true });
  const singles = Uint16Array.from({ length: 128 }, (_, at) => unitOf(decoder, Uint8Array.of(0x80 + at)));
  if (!IN_PAIRS.has(name)) return { name, singles };
  // What ICU makes of bytes that stand alone in no variant of these sets are control and private characters: 0xA0 and 0xFF, mostly.
  for (let at = 0; at < 128; at++) if (isControl(singles[at]!) || isPrivate(singles[at]!)) singles[at] = 0;
  const pair = pairsOf(name);
  if (name === "EUC-KR") return { name, singles, pair: withCp949(pair) };
  if (name === "GBK") return { name, singles, pair, longer: fourBytes };
  return name === "EUC-JP" ? { name, singles, pair, longer: threeBytes } : { name, singles, pair };
}

function units(text: string): Uint16Array {
  return Uint16Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
}

function latin1(first: number, last: number): string {
  return Buffer.from(Array.from({ length: last - first + 1 }, (_, at) => first + at)).toString("latin1");
}

/** The one UTF-16 unit that the bytes stand for, or 0. */
function unitOf(decoder: TextDecoder, bytes: Uint8Array): number {
  try {
    const text = decoder.decode(bytes);
    return text.length === 1 ? text.charCodeAt(0) : 0;
  } catch {
    return 0;
  }
}

const FIRST_TRAIL = 0x40;
const LAST_TRAIL = 0xfe;

/** The pairs of a set: all that begin with one byte are decoded with one call, when the first of them is met. */
function pairsOf(name: string): (lead: number, trail: number) => number {
  const decoder = new TextDecoder(name);
  const rows: (Uint16Array | undefined)[] = [];
  return (lead, trail) => {
    if (trail < FIRST_TRAIL || trail > LAST_TRAIL) return 0;
    return (rows[lead] ??= rowOf(decoder, lead))[trail - FIRST_TRAIL]!;
  };
}

function rowOf(decoder: TextDecoder, lead: number): Uint16Array {
  // Line feeds keep the pairs apart; there are two, since a byte that misses its second one may swallow the first of them.
  const bytes = Uint8Array.from({ length: 4 * (LAST_TRAIL - FIRST_TRAIL + 1) }, (_, at) => [lead, FIRST_TRAIL + (at >> 2), 0x0a, 0x0a][at & 3]!);
  const pieces = decoder.decode(bytes).split(/\n+/);
  return Uint16Array.from({ length: LAST_TRAIL - FIRST_TRAIL + 1 }, (_, at) => {
    const unit = pieces[at]!.length === 1 ? pieces[at]!.charCodeAt(0) : 0;
    return unit > 0x9f && unit !== 0xfffd ? unit : 0;
  });
}

/**
 * Windows' CP949 adds to EUC-KR the 8,822 syllables that KS X 1001 leaves out: in the order of Unicode (U+AC00 to U+D7A3), into
 * the pairs that were free. These are the trail bytes A-Z, a-z and 0x81 to 0xFE, but only up to 0xA0 from the lead byte 0xA1 on.
 */
function withCp949(standard: (lead: number, trail: number) => number): (lead: number, trail: number) => number {
  let added: Uint16Array | undefined;
  return (lead, trail) => {
    if (lead >= 0xa1 && trail >= 0xa1) return standard(lead, trail);
    added ??= cp949(standard);
    return added[(lead << 8) | trail]!;
  };
}

function cp949(standard: (lead: number, trail: number) => number): Uint16Array {
  const known = new Set<number>(); // rows 0xB0 to 0xC8 of KS X 1001 are its 2,350 syllables
  for (let lead = 0xb0; lead <= 0xc8; lead++) for (let trail = 0xa1; trail <= LAST_TRAIL; trail++) known.add(standard(lead, trail));
  const added = new Uint16Array(0x10000);
  let syllable = 0xac00;
  for (let lead = 0x81; lead <= 0xc6; lead++) {
    for (let trail = 0x41; trail <= (lead < 0xa1 ? LAST_TRAIL : 0xa0); trail++) {
      if ((trail > 0x5a && trail < 0x61) || (trail > 0x7a && trail < 0x81)) continue;
      while (known.has(syllable)) syllable++;
      if (syllable > 0xd7a3) return added;
      added[(lead << 8) | trail] = syllable++;
    }
  }
  return added;
}

/** GB18030's sequences of four bytes: all of Unicode that GBK leaves out. */
function fourBytes(bytes: Uint8Array, at: number): { text: string; length: number } | undefined {
  const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;
  const isLead = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x81 && byte <= 0xfe;
  if (!isLead(bytes[at]) || !isDigit(bytes[at + 1]) || !isLead(bytes[at + 2]) || !isDigit(bytes[at + 3])) return undefined;
  return longerWith("gb18030", bytes.subarray(at, at + 4));
}

/** JIS X 0212 in EUC-JP: 0x8F and two bytes. */
function threeBytes(bytes: Uint8Array, at: number): { text: string; length: number } | undefined {
  return bytes[at] === 0x8f && at + 3 <= bytes.length && bytes[at + 1]! >= 0xa1 && bytes[at + 2]! >= 0xa1 ? longerWith("euc-jp", bytes.subarray(at, at + 3)) : undefined;
}

const decoders = new Map<string, TextDecoder>();

function longerWith(label: string, bytes: Uint8Array): { text: string; length: number } | undefined {
  let decoder = decoders.get(label);
  if (decoder === undefined) decoders.set(label, (decoder = new TextDecoder(label, { fatal: true })));
  try {
    const text = decoder.decode(bytes);
    return text.includes("\ufffd") ? undefined : { text, length: bytes.length };
  } catch {
    return undefined;
  }
}

export function isControl(unit: number): boolean {
  return unit < 0x20 || (unit >= 0x7f && unit <= 0x9f);
}

export function isPrivate(unit: number): boolean {
  return unit >= 0xe000 && unit <= 0xf8ff;
}
