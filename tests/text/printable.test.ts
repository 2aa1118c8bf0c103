import { describe, expect, it } from "vitest";
import { printable, printableJson } from "../../src/text/printable.ts";

describe("printable() escapes", () => {
  const attacks: [attack: string, text: string, shown: string][] = [
    ["an escape sequence that clears the screen", "\x1b[2J", "\\x1b[2J"],
    ["an escape sequence that sets the title", "\x1b]0;owned\x07", "\\x1b]0;owned\\x07"],
    ["a clipboard write (OSC 52)", "\x1b]52;c;ZXZpbA==\x1b\\", "\\x1b]52;c;ZXZpbA==\\x1b\\"],
    ["a question the terminal would answer (DA)", "\x1b[c", "\\x1b[c"],
    ["C1's one-byte CSI", "\x9b31m", "\\x9b31m"],
    ["every other C1 control", "\x80\x85\x90\x9d\x9f", "\\x80\\x85\\x90\\x9d\\x9f"],
    ["a carriage return that overwrites the line", "evil\rgood", "evil\\x0dgood"],
    ["a backspace", "a\bb", "a\\x08b"],
    ["a newline that would fake a second line", "a\nunzipx: done", "a\\x0aunzipx: done"],
    ["a tab", "a\tb", "a\\x09b"],
    ["a NUL", "a\0b", "a\\x00b"],
    ["DEL", "a\x7fb", "a\\x7fb"],
    ["line and paragraph separators", "a\u2028b\u2029c", "a\\u2028b\\u2029c"],
    ["the right-to-left override that shows exe.txt as txt.exe", "invoice\u202etxt.exe", "invoice\\u202etxt.exe"],
    ["every other bidirectional control", "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u2066\u2067\u2068\u2069", "\\u061c\\u200e\\u200f\\u202a\\u202b\\u202c\\u202d\\u2066\\u2067\\u2068\\u2069"],
    ["zero-width spaces and joiners between letters", "a\u200bb\u200cc\u200dd\ufeffe", "a\\u200bb\\u200cc\\u200dd\\ufeffe"],
    ["a soft hyphen", "ad\u00admin", "ad\\xadmin"],
    ["half a surrogate pair, either half", "a\ud800b\udc00c", "a\\ud800b\\udc00c"],
    ["tags, of which a whole invisible text can be made", "a\u{e0041}\u{e007f}b", "a\\u{e0041}\\u{e007f}b"],
    ["a variation selector behind a letter", "a\ufe0fb\u{e0100}", "a\\ufe0fb\\u{e0100}"],
    ["letters that are not shown", "a\u115fb\u3164c\uffa0d\u034fe", "a\\u115fb\\u3164c\\uffa0d\\u034fe"],
    ["interlinear annotation marks", "\ufff9a\ufffab\ufffb", "\\ufff9a\\ufffab\\ufffb"],
  ];
  for (const [attack, text, shown] of attacks) it(attack, () => expect(printable(text)).toBe(shown));
});

describe("printable() keeps", () => {
  const innocent: [what: string, text: string][] = [
    ["plain names", "photos/2024 (1)/IMG_0001.jpg"],
    ["accents, composed and combining", "naïve/nai\u0308ve"],
    ["scripts that run right to left", "שלום/مرحبا.txt"],
    ["East Asian names", "文書/資料.txt"],
    ["emoji", "🙂"],
    ["emoji variation selectors", "☂\ufe0f"],
    ["emoji made of several, which joiners hold together", "👩\u200d👩\u200d👧"],
    ["keycaps", "1\ufe0f\u20e3"],
    ["a profession with a skin tone", "👩🏽\u200d🚒"],
    ["flags", "🇨🇭"],
    ["characters beyond the first plane", "𝒳𓀀"],
    ["a backslash", "a\\x1b"],
    ["a no-break space", "a\u00a0b"],
    ["nothing", ""],
  ];
  for (const [what, text] of innocent) it(what, () => expect(printable(text)).toBe(text));
});

it("printable() leaves no character that moves a cursor, whatever comes in", () => {
  const all = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).join(" ");
  // eslint-disable-next-line no-control-regex
  expect(printable(all)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
});

it("printableJson() escapes the same, and changes no value", () => {
  const names = ["\x9b31m", "a\u2028b\u202ec", "\u{e0041}", "\x7f", "\ud800", "plain 🙂", 'quote " and \n'];
  const json = printableJson(JSON.stringify({ names }, undefined, 2));
  // eslint-disable-next-line no-control-regex
  expect(json).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e]|\u{e0041}/u);
  expect(JSON.parse(json)).toEqual({ names });
});
