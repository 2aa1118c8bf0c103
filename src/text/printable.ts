/** Text from an archive, made safe for a terminal. Nothing that an archive can name gets there without passing here. */

// C0 and DEL move the cursor or start an escape sequence, C1 does the same in one byte; line and paragraph separators break
// the line; characters of format (bidirectional, zero-width, tags, annotations) and those that are not shown at all make a name
// look like another one ("exe.txt" for "txt.exe"). Half a surrogate pair is no character.
const unprintable = (): RegExp => /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu; // made when it is needed: V8 asks Unicode's tables for each class
/** ASCII without what could act on anything, "#" and ":" of commands included: most names. */
const QUIET = /^[\x20-\x22\x24-\x39\x3b-\x7e]*$/;

// Whoever runs us may read its own commands from what we print: GitHub Actions "::error::" at the beginning of a line and "##[error]"
// anywhere in it, Azure "##vso[", TeamCity "##teamcity[".
const COMMAND_AT_START = /^(\s*):(?=:)/;
const COMMAND = /##(?=\w*\[)/g;

/** Shows every character that would act on a terminal or on a build service, or not be seen, as its escape: ESC as `\x1b`, RLO as `\u202e`. Emoji stay whole. */
export function printable(text: string): string {
  if (QUIET.test(text)) return text;
  const shown = escaped(text);
  return shown.includes("::") || shown.includes("##") ? shown.replace(COMMAND_AT_START, "$1\\x3a").replace(COMMAND, "#\\x23") : shown;
}

function escaped(text: string): string {
  return text.replace(unprintable(), (character, offset: number) => {
    // A joiner between two pictures makes one of them (a family, a profession), and a selector its colours: harmless, and wanted.
    if ((character === "\u200d" || character === "\ufe0e" || character === "\ufe0f") && isPictureBefore(text, offset)) return character;
    const code = character.codePointAt(0)!;
    return code < 0x100 ? `\\x${hex(code, 2)}` : code < 0x10000 ? `\\u${hex(code, 4)}` : `\\u{${hex(code, 1)}}`;
  });
}

/** The same for JSON, of which not one letter may change its meaning: what JSON.stringify() leaves as it is becomes an escape of JSON. */
export function printableJson(json: string): string {
  const safe = json.includes("##") ? json.replace(COMMAND, "#\\u0023") : json; // there is no "#" but in strings
  return safe.replace(unprintable(), (character) => (character === "\n" ? character : Array.from({ length: character.length }, (_, at) => `\\u${hex(character.charCodeAt(at), 4)}`).join("")));
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}

/** Also a digit, "#" or "*", of which the selector makes a key. */
function isPictureBefore(text: string, offset: number): boolean {
  return /(\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Emoji}|\ufe0f)$/u.test(text.slice(Math.max(0, offset - 2), offset));
}
