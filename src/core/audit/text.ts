/** Characters in names, comments and link targets that make text look like another one. */

// eslint-disable-next-line no-control-regex
const PLAIN = /^[\u0020-\u007e]*$/;
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;
/** In comments lines may end. */
// eslint-disable-next-line no-control-regex
const CONTROL_BUT_LINES = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;
const BIDI = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
/** Direction marks alone stand in honest names of right-to-left scripts; these turn text around. */
export const TURNING = /[\u202a-\u202e\u2066-\u2069]/g;
const INVISIBLE = /[\u00ad\u180e\u200b\u2060-\u2064\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/u;
/** Joiners, where they join nothing: Arabic, Persian and Indic writing needs them, and so do emoji. */
const LOOSE_JOINER = /(?<![\p{sc=Arab}\p{sc=Syrc}\p{sc=Deva}\p{sc=Beng}\p{sc=Guru}\p{sc=Gujr}\p{sc=Orya}\p{sc=Taml}\p{sc=Telu}\p{sc=Knda}\p{sc=Mlym}\p{sc=Sinh}\p{sc=Mymr}\p{sc=Khmr}\p{sc=Mong}\p{Extended_Pictographic}\p{Emoji_Modifier}\p{M}\ufe0f])[\u200c\u200d]/u;
/** The tags of a flag (of Scotland, say) belong to it. */
const FLAG = /\u{1f3f4}[\u{e0020}-\u{e007f}]+/gu;

export type TextOddity = "control-character" | "bidi-control" | "invisible-character" | "mixed-script";

export function* oddText(text: string, kind: "name" | "comment"): Generator<TextOddity> {
  if (PLAIN.test(text)) return;
  if ((kind === "name" ? CONTROL : CONTROL_BUT_LINES).test(text)) yield "control-character";
  if (BIDI.test(text) && (text.match(TURNING) !== null || !/[\p{sc=Hebr}\p{sc=Arab}\p{sc=Syrc}\p{sc=Thaa}]/u.test(text))) yield "bidi-control";
  const rest = text.replace(FLAG, "");
  if (INVISIBLE.test(rest) || LOOSE_JOINER.test(rest)) yield "invisible-character";
  if (kind === "name" && mixesScripts(text)) yield "mixed-script";
}

/** Cyrillic, Greek and Armenian letters that are taken for Latin ones, and those (UTS 39, the part that looks the same in common type). */
const TWINS = new Map([
  ..."аa еe оo рp сc уy хx іi јj ѕs һh ԁd ԛq ԝw ӏl ѵv ԍg АA ВB ЕE КK МM НH ОO РP СC ТT ХX УY ІI ЈJ ЅS ԌG ԚQ ԜW ѴV ӀI ҮY".split(" "),
  ..."οo ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX ϹC ϲc ϳj".split(" "),
  ..."օo հh ոn սu ցg ՕO ՏS ԼL".split(" "),
].map((pair) => [[...pair][0]!, [...pair][1]!] as const));

const WORD = /[\p{L}\p{M}]+/gu;
const LATIN = /\p{sc=Latn}/u;
const OTHER = /[\p{sc=Cyrl}\p{sc=Grek}\p{sc=Armn}]/u;

/** Whether a word is Latin but for letters that only look so, or an extension is made of such alone. */
function mixesScripts(name: string): boolean {
  for (const [word] of name.matchAll(WORD)) {
    if (OTHER.test(word) && LATIN.test(word) && [...word].some((letter) => TWINS.has(letter))) return true;
  }
  const extension = /\.([^./\\]+)$/.exec(name)?.[1];
  return extension !== undefined && OTHER.test(extension) && asLatin(extension) !== undefined;
}

/** The text in the Latin letters that it looks like; undefined where a letter looks like none. */
function asLatin(text: string): string | undefined {
  let latin = "";
  for (const letter of text) {
    const twin = TWINS.get(letter) ?? (/[\u0020-\u007e]/.test(letter) ? letter : undefined);
    if (twin === undefined) return undefined;
    latin += twin;
  }
  return latin;
}
