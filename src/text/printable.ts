/** Text from an archive, made safe for a terminal. Nothing that an archive can name gets there without passing here. */

// C0 and DEL move the cursor or start an escape sequence, C1 does the same in one byte; line and paragraph separators break
// the line; bidirectional and zero-width characters show a name that is not the name ("exe.txt" for "txt.exe").
// eslint-disable-next-line no-control-regex
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Shows every character that would act on a terminal as its escape: ESC as `\x1b`, RLO as `\u202e`. Emoji stay whole. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character, offset: number) => {
    // A joiner between two pictures makes one of them (a family, a profession): harmless, and wanted.
    if (character === "\u200d" && isPictureBefore(text, offset)) return character;
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

function isPictureBefore(text: string, offset: number): boolean {
  return /(\p{Extended_Pictographic}|\p{Emoji_Modifier}|\ufe0f)$/u.test(text.slice(Math.max(0, offset - 3), offset));
}
