/**
 * Tells the character set of names that do not say which one they are in.
 *
 * Each candidate reads the same bytes, and the reading is weighed in bits: how unlikely such a text is as the name of a file, -log2
 * of a rough probability. Bits of one reading can be set against those of another, because both explain every byte: two letters of
 * Cyrillic at 5 bits each against one ideograph at 10 or 14. All names of an archive are weighed together. One short name may be
 * read in several ways; three names hardly ever.
 */
import { codepage, isControl, isPrivate, type Codepage } from "./codepages.ts";
import { HANGUL, HANS, HANT, KANJI } from "./frequent.ts";

export interface Detected {
  /** As encodingName() writes it. */
  readonly encoding: string;
  /** Every other reading, where it differs at all, is at least four thousand times less likely. */
  readonly confident: boolean;
}

/** The costs of what a set is used to write; in bits. */
interface Script {
  /** Bits against the set itself: what is packed with it is rarer. CP437 has none, since zip's own text names it (APPNOTE, D.1). */
  readonly prior: number;
  cost(unit: number, lead: number, trail: number): number;
  /** What it costs that a letter of this script stands beside an ASCII letter. */
  readonly besideAscii: number;
  /** What it costs that one letter of this script follows another. */
  readonly besideOwn: number;
}

const CONFIDENT = 12; // bits: 2^12 = 4,096 to 1
/** Bytes that are weighed at most: more would tell nothing more, and a million names may come. */
const SAMPLE_BYTES = 4 * 1024;

// Costs that hold in every set. Where a set has no character for a byte it is no more than unlikely: a name may have been cut off, or
// come from elsewhere.
const UNREADABLE = 20;
const CONTROL = 18;
const SYMBOL = 16;
const ASCII_LETTER = 5; // log2 of the 36 letters and digits
const ASCII_OTHER = 6;
/** A capital behind a small letter, as in "wORD": what a wrong reading of Cyrillic or Latin often looks like. */
const CAPITAL_INSIDE = 8;

/** The letters beyond ASCII that a language writes, the frequent ones first. One word with two of them tells more than any single letter does. */
const WESTERN = ["äüößÄÜÖé", "éèàêçôùâîûëïœÉÀÈæü", "áóíñéúÑüÁ¿¡ÚÓÉÍ", "àèéùòìÈ", "åäöøæéØÅÄÖÆü", "ëéïèöüê"];
const BEYOND_CP437 = ["ãçáéíóõêâàúôÁÉÓÇÚ", "ðþáéíóúýöæÞÍÁ"];
const CENTRAL = ["łąężśćóńźŁŚŻŹĆ", "áíéěšřžýčůúťďňóŠČŘŽÚ", "áéóőöíüúűÁÉŐÖ", "áéíčžšýľťúňďôóäŽČŠ", "čšžćđŠČŽ", "ăâîşţŢŞ", "äüößÄÜÖ"];
/** Russian, with the letters of its neighbours behind it. */
const CYRILLIC = "оеаинтсрвлкмдпуяыьгзібчйхжшюцїщєэфъё";
/** What is written beside letters, in any language. */
const MARKS = new Set(units("’–—°ªº«»€©®“”…·¿¡²³½№´§\u00a0"));
const MARK = 11;
/** What the neighbours write: names of people and places. */
const foreign = new Set(units([...WESTERN, ...BEYOND_CP437].join("")));
const FOREIGN = 10;

/** Who writes in which set. A set with several languages is weighed once with each. */
const WRITERS: readonly (readonly [encoding: string, script: Script])[] = [
  ["CP437", noText(12)],
  ...WESTERN.map((letters) => ["CP437", latin(letters, 0)] as const),
  ...[...WESTERN, ...BEYOND_CP437].map((letters) => ["CP850", latin(letters, 2)] as const),
  ...[...WESTERN, ...BEYOND_CP437].map((letters) => ["windows-1252", latin(letters, 4)] as const),
  ...CENTRAL.map((letters) => ["CP852", latin(letters, 6)] as const),
  ["CP866", cyrillic(5)],
  ["windows-1251", cyrillic(6)],
  ["KOI8-R", cyrillic(8)],
  ["GBK", ideographs(HANS, 4, { levels: [0xb0, 0xd7, 0xf7], trail: 0xa1 })],
  ["Big5", ideographs(HANT, 4, { levels: [0xa4, 0xc6, 0xf9], trail: 0x40 })],
  ["Shift_JIS", ideographs(KANJI, 4, { levels: [0x88, 0x97, 0xea], trail: 0x40, kana: true })],
  ["EUC-JP", ideographs(KANJI, 9, { levels: [0xb0, 0xcf, 0xf4], trail: 0xa1, kana: true })],
  ["EUC-KR", ideographs(HANGUL, 4, { levels: [0xb0, 0xc8, 0xfd], trail: 0xa1, second: 20 })],
];

/** The set in which the names, taken together, are the most likely text. Names in ASCII say nothing; with none but those it is CP437. */
export function detectCharset(names: readonly Uint8Array[]): Detected {
  const sample = sampleOf(names);
  const readings = WRITERS.map(([name, script]) => {
    const page = codepage(name);
    return { name, page, bits: sample.reduce((sum, part) => sum + weigh(part, page, script), script.prior) };
  }).sort((a, b) => a.bits - b.bits);
  const best = readings[0]!;
  // CP437 and CP850 share most accents: two sets that give the same text leave no doubt about the text.
  const rival = readings.find(({ page }) => page !== best.page && sample.some((part) => readAs(part, page) !== readAs(part, best.page)));
  return { encoding: best.name, confident: rival === undefined || rival.bits - best.bits >= CONFIDENT };
}

/** Which of two readings of one name is the more likely one where the others are in `encoding`: as UTF-8, or in that. */
export function isRatherUtf8(bytes: Uint8Array, text: string, encoding: string): boolean {
  const page = codepage(encoding);
  const scripts = WRITERS.filter(([name]) => name === encoding).map(([, script]) => script);
  const least = (weighed: (script: Script) => number): number => Math.min(...scripts.map(weighed));
  return least((script) => weighUnits(units(text), script)) < least((script) => weigh(bytes, page, script));
}

/** The parts of the paths that are not ASCII, each once: a folder with a thousand files in it is no evidence a thousand times. */
function sampleOf(names: readonly Uint8Array[]): Uint8Array[] {
  const parts = new Map<string, Uint8Array>();
  let size = 0;
  for (const name of names) {
    for (let start = 0; start < name.length && size < SAMPLE_BYTES;) {
      // A slash is a slash in all these sets: no character of theirs has the byte 0x2F in it. A backslash is not.
      const slash = name.indexOf(0x2f, start);
      const part = name.subarray(start, Math.min(slash < 0 ? name.length : slash, start + SAMPLE_BYTES - size));
      start += part.length + 1;
      if (!part.some((byte) => byte > 0x7f)) continue;
      const key = Buffer.from(part).toString("latin1");
      if (parts.has(key)) continue;
      parts.set(key, part);
      size += part.length;
    }
    if (size >= SAMPLE_BYTES) break;
  }
  return [...parts.values()];
}

function readAs(part: Uint8Array, page: Codepage): string {
  let text = "";
  eachUnit(part, page, (unit) => (text += String.fromCharCode(unit)));
  return text;
}

/** Calls `visit` for every character; 0 stands for a byte that is none. */
function eachUnit(bytes: Uint8Array, page: Codepage, visit: (unit: number, lead: number, trail: number) => void): void {
  for (let at = 0; at < bytes.length; at++) {
    const lead = bytes[at]!;
    const trail = bytes[at + 1] ?? 0;
    const pair = lead < 0x80 ? 0 : (page.pair?.(lead, trail) ?? 0);
    if (pair !== 0) at++;
    visit(pair !== 0 ? pair : lead < 0x80 ? lead : page.singles[lead - 0x80]!, lead, pair === 0 ? 0 : trail);
  }
}

function weigh(part: Uint8Array, page: Codepage, script: Script): number {
  const weight = new Weight(script);
  eachUnit(part, page, (unit, lead, trail) => weight.add(unit, lead, trail));
  return weight.bits;
}

/** The same for text whose bytes belong to another set. */
function weighUnits(text: readonly number[], script: Script): number {
  const weight = new Weight(script);
  for (const unit of text) weight.add(unit, 0, 0);
  return weight.bits;
}

/** What stood before: whether two neighbours belong together is half of the evidence. */
type Kind = "none" | "ascii" | "own";

class Weight {
  bits = 0;
  #before: Kind = "none";
  #wasSmall = false;
  readonly #script: Script;

  constructor(script: Script) {
    this.#script = script;
  }

  add(unit: number, lead: number, trail: number): void {
    const script = this.#script;
    if (unit === 0) {
      this.bits += UNREADABLE;
      this.#before = "none";
      return;
    }
    const letter = String.fromCharCode(unit);
    const small = letter.toUpperCase();
    const isSmall = small !== letter;
    const isLetter = isSmall || letter.toLowerCase() !== letter || (unit > 0x7f && /\p{L}/u.test(letter));
    const kind: Kind = !isLetter ? "none" : unit < 0x80 ? "ascii" : "own";
    this.bits += unit < 0x80 ? costOfAscii(unit, isLetter) : isControl(unit) || isPrivate(unit) ? CONTROL : script.cost(unit, lead, trail);
    if (kind === "own" && this.#before === "own") this.bits += script.besideOwn;
    if (kind !== "none" && this.#before !== "none" && kind !== this.#before) this.bits += script.besideAscii;
    // Only where one of the two is of this script: the case of plain ASCII is the same in every reading.
    if (isLetter && !isSmall && letter.toLowerCase() !== letter && this.#wasSmall && (kind === "own" || this.#before === "own")) this.bits += CAPITAL_INSIDE;
    this.#before = kind;
    this.#wasSmall = isSmall;
  }
}

function costOfAscii(unit: number, isLetter: boolean): number {
  if (isLetter || (unit >= 0x30 && unit <= 0x39)) return ASCII_LETTER;
  return isControl(unit) ? CONTROL : ASCII_OTHER;
}

function units(text: string): number[] {
  return Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
}

/** An alphabet of 128 signs at most, one byte each. `step` bits more for each letter than for the one before it. */
function alphabet(letters: string, first: number, step: number, neighbours: Omit<Script, "cost">): Script {
  const ranks = new Map(units(letters).map((unit, rank) => [unit, first + rank * step]));
  return {
    ...neighbours,
    cost(unit) {
      const letter = String.fromCharCode(unit);
      const small = letter.toLowerCase().charCodeAt(0);
      const bits = ranks.get(unit) ?? (ranks.has(small) ? ranks.get(small)! + 2 : undefined);
      if (bits !== undefined) return bits;
      if (MARKS.has(unit)) return MARK;
      return foreign.has(unit) ? FOREIGN : /\p{L}/u.test(letter) ? 13 : SYMBOL;
    },
  };
}

/** Bytes that are no text in any language, at one bit more than the 7 of pure chance. What reads worse than that is no reading. */
function noText(prior: number): Script {
  return { prior, besideAscii: 0, besideOwn: 0, cost: () => 8 };
}

/** Letters with accents stand among ASCII letters, seldom side by side. 5 bits: of thirty letters one has an accent. */
function latin(letters: string, prior: number): Script {
  return alphabet(letters, 5, 0.35, { prior, besideAscii: 0, besideOwn: 3 });
}

/** Fills whole words. 3 bits for the first letter, which is 11 in 100, and 9 for the last. */
function cyrillic(prior: number): Script {
  return alphabet(CYRILLIC, 3, 0.17, { prior, besideAscii: 9, besideOwn: 0 });
}

interface Ideographs {
  /** First and last lead byte of the standard's level 1, the frequent characters; last one of level 2. */
  readonly levels: readonly [number, number, number];
  /** The least second byte in both of them. */
  readonly trail: number;
  readonly kana?: boolean;
  /** Bits of a character of level 2. */
  readonly second?: number;
}

/**
 * A script of thousands of characters, two bytes each. log2(how many there are / how much of a text they make up): about 470
 * frequent ones make up 70 % (9.5 bits), 3,000 to 5,000 others 28 % (13.5), level 2 has as many, for 1 % (18), and what the
 * code pages of Windows added is rarer still (22).
 */
function ideographs(frequent: string, prior: number, { levels: [first, last, end], trail: least, kana = false, second = 18 }: Ideographs): Script {
  const known = new Set(units(frequent));
  return {
    prior, besideAscii: 4, besideOwn: 0,
    cost(unit, lead, trail) {
      if (known.has(unit)) return 9.5;
      // Kana: 85 characters of each kind, a quarter of a text; the half-width ones are single bytes.
      if (unit >= 0x3041 && unit <= 0x30fe) return kana ? 8 : SYMBOL;
      if (unit >= 0xff61 && unit <= 0xff9f) return 8;
      // Brackets and other marks, and the wide forms of ASCII.
      if ((unit >= 0x3000 && unit <= 0x301f) || (unit >= 0xff01 && unit <= 0xff5e)) return MARK + 1;
      if (!/[\p{Script=Han}\p{Script=Hangul}]/u.test(String.fromCharCode(unit))) return lead === 0 && foreign.has(unit) ? FOREIGN : SYMBOL;
      if (lead === 0) return 13.5; // read as UTF-8, which has no levels
      if (trail < least || lead < first || lead > end) return 22;
      return lead <= last ? 13.5 : second;
    },
  };
}
