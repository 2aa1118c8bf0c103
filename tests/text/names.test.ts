import { describe, expect, it } from "vitest";
import { detectCharset } from "../../src/text/detect.ts";
import { decodeLegacyNames, decodeName, type DecodedNames } from "../../src/text/names.ts";
import { encode, NAMES, STORED } from "../helpers/legacy-names.ts";
import { errorOf } from "../helpers/library.ts";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const utf8 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const messages = ({ notes }: DecodedNames): string[] => notes.map(({ message }) => message);

/** How many of all groups of `size` names that stand together come out as they were. */
function share(encoding: string, list: readonly string[], size: number): { right: number; wrongButSure: string[] } {
  const wrongButSure: string[] = [];
  let right = 0;
  const groups = list.length - size + 1;
  for (let at = 0; at < groups; at++) {
    const group = list.slice(at, at + size);
    const raw = group.map((name) => encode(name, encoding));
    const decoded = decodeLegacyNames(raw);
    if (decoded.texts.every((text, number) => text === group[number])) right++;
    else if (detectCharset(raw).confident) wrongButSure.push(group.join());
  }
  return { right: right / groups, wrongButSure };
}

describe("decodeLegacyNames() reads what was packed on a system of its time:", () => {
  for (const [encoding, language] of STORED) {
    it(`${language} in ${encoding}`, () => {
      const list = NAMES[language];
      const decoded = decodeLegacyNames(list.map((name) => encode(name, encoding)));
      expect(decoded.texts).toEqual(list);
      expect(decoded.escaped).not.toContain(true);
      const three = share(encoding, list, 3);
      expect(three.right).toBeGreaterThanOrEqual(encoding === "CP852" ? 0.85 : 0.97);
      expect(three.wrongButSure).toEqual([]);
    });
  }

  it("one name alone, mostly, in the sets of a script of their own", () => {
    for (const [encoding, language] of STORED) {
      // Western letters alone say little: there CP437 is assumed, as zip's own text has it.
      if (["CP850", "CP852", "windows-1252"].includes(encoding)) continue;
      expect(share(encoding, NAMES[language], 1).right, `${language} in ${encoding}`).toBeGreaterThanOrEqual(0.95);
    }
  });
});

describe("decodeLegacyNames()", () => {
  it("says nothing of names that are UTF-8 or ASCII", () => {
    expect(decodeLegacyNames([utf8("naïve"), utf8("plain"), utf8("名前 🙂")])).toEqual({ texts: ["naïve", "plain", "名前 🙂"], escaped: [false, false, false], encoding: undefined, notes: [] });
    expect(decodeLegacyNames([])).toEqual({ texts: [], escaped: [], encoding: undefined, notes: [] });
  });

  it("tells which set it took, and how to choose another", () => {
    const decoded = decodeLegacyNames(NAMES.japanese.map((name) => encode(name, "Shift_JIS")));
    expect(decoded.encoding).toBe("Shift_JIS");
    expect(decoded.notes).toMatchObject([{ code: "ODDITY", message: "30 names are in no declared character set: read as Shift_JIS", details: { hint: "--encoding NAME" } }]);
  });

  it("says that it guessed where the names tell too little", () => {
    expect(messages(decodeLegacyNames([bytes(0xf0, 0xf0)]))).toEqual([expect.stringMatching(/^1 name is in no declared character set: read as \S+, which is a guess$/)]);
    expect(messages(decodeLegacyNames([encode("Größe", "windows-1252")]))).toEqual([expect.stringContaining("which is a guess")]);
  });

  it("takes one short Western name for CP437", () => {
    for (const name of ["über", "lorém.txt", "Ölfässer.txt", "señal.doc", "Å.txt"]) expect(decodeLegacyNames([encode(name, "CP437")]).texts).toEqual([name]);
  });

  it("takes bytes that are no text in any language for CP437", () => {
    const all = Array.from({ length: 8 }, (_, row) => Uint8Array.from({ length: 16 }, (__, at) => 0x80 + row * 16 + at));
    expect(decodeLegacyNames(all)).toMatchObject({ encoding: "CP437", escaped: all.map(() => false) });
  });

  it("keeps a character whose second byte is a backslash in one piece", () => {
    expect(decodeLegacyNames(["表示.txt", "ソース.txt", "能力.txt"].map((name) => encode(name, "Shift_JIS"))).texts).toEqual(["表示.txt", "ソース.txt", "能力.txt"]);
  });

  it("reads a name of other names' set as that, though it is UTF-8 by chance", () => {
    const chance = encode("通讯录", "GBK");
    expect(Buffer.from(chance).toString("utf8")).not.toContain("\ufffd");
    expect(decodeLegacyNames([...NAMES.simplified.map((name) => encode(name, "GBK")), chance]).texts.at(-1)).toBe("通讯录");
  });

  it("reads UTF-8 among names of another set as UTF-8", () => {
    const old = NAMES.simplified.map((name) => encode(name, "GBK"));
    expect(decodeLegacyNames([...old, utf8("新建文本文档.txt"), utf8("naïve été")]).texts.slice(-2)).toEqual(["新建文本文档.txt", "naïve été"]);
    expect(decodeLegacyNames([...NAMES.french.map((name) => encode(name, "CP437")), utf8("Été à la mer")]).texts.at(-1)).toBe("Été à la mer");
  });

  it("takes the set that it is told, also for names that are UTF-8, and says nothing of it", () => {
    expect(decodeLegacyNames([encode("通讯录", "GBK"), utf8("plain")], "gbk")).toMatchObject({ texts: ["通讯录", "plain"], encoding: "GBK", notes: [] });
    expect(decodeLegacyNames([utf8("plain")], "gbk").encoding).toBeUndefined();
    expect(decodeLegacyNames([encode("Отчёт", "CP866")], "cp866").texts).toEqual(["Отчёт"]);
    expect(decodeLegacyNames([encode("Отчёт", "CP866")], "auto").texts).toEqual(["Отчёт"]);
  });

  it("writes bytes that mean nothing in the set as %XX, one by one, and tells it", () => {
    const decoded = decodeLegacyNames([bytes(0x8e, 0x91, 0x97, 0xbf, 0xff, 0x2e, 0x83), utf8("plain")], "cp932");
    expect(decoded).toMatchObject({ texts: ["資料%FF.%83", "plain"], escaped: [true, false] });
    expect(messages(decoded)).toEqual(["1 name cannot be read as Shift_JIS in full: bytes are written as %XX"]);
    expect(decodeLegacyNames([bytes(0x61, 0xe9)], "utf-8")).toMatchObject({ texts: ["a%E9"], escaped: [true] });
  });

  it("reads the longer sequences of GB18030 and EUC-JP", () => {
    expect(decodeLegacyNames([bytes(0x90, 0x30, 0x81, 0x30, 0x61)], "gb18030").texts).toEqual(["𐀀a"]);
    expect(decodeLegacyNames([bytes(0x8f, 0xb0, 0xa1)], "euc-jp").texts).toEqual(["丂"]);
    expect(decodeLegacyNames([bytes(0x8f, 0xb0), bytes(0x81, 0x30, 0x81)], "euc-jp").texts).toEqual(["%8F%B0", "%810%81"]);
  });

  it("keeps two names apart that are the same text in a set with doubled characters", () => {
    const [first, second] = decodeLegacyNames([bytes(0x81, 0xca), bytes(0xee, 0xf9)], "cp932").texts; // "￢", twice
    expect(first).toBe("￢");
    expect(second).toBe("%EE%F9");
  });

  it("gives the same name twice the same text", () => {
    const name = encode("写真.txt", "Shift_JIS");
    expect(new Set(decodeLegacyNames([name, name], "cp932").texts).size).toBe(1);
  });

  it("never loses a name, whatever the bytes: all stay different, and none holds U+FFFD", () => {
    let seed = 1;
    const next = (): number => (seed = (seed * 1103515245 + 12345) % 0x80000000) >> 16;
    const raw = [...new Map(Array.from({ length: 3000 }, () => Uint8Array.from({ length: 1 + (next() % 6) }, () => 0x80 + (next() % 0x80))).map((name) => [name.join(), name])).values()];
    for (const encoding of [undefined, "utf-8", "cp437", "gbk", "big5", "cp932", "euc-jp", "cp949", "windows-1253"]) {
      const { texts } = decodeLegacyNames(raw, encoding);
      expect(new Set(texts).size, encoding).toBe(raw.length);
      expect(texts.join(""), encoding).not.toContain("\ufffd");
    }
  });

  it("weighs a bounded part of a great many names", () => {
    const many = Array.from({ length: 50_000 }, (_, at) => encode(`資料/写真${at}.jpg`, "Shift_JIS"));
    const decoded = decodeLegacyNames(many);
    expect(decoded.encoding).toBe("Shift_JIS");
    expect(decoded.texts.at(-1)).toBe("資料/写真49999.jpg");
  });

  it("refuses a set that nobody knows", async () => {
    expect((await errorOf(Promise.resolve().then(() => decodeLegacyNames([bytes(0xe9)], "klingon")))).code).toBe("USAGE");
  });
});

describe("decodeName()", () => {
  it("reads one name as UTF-8, or in the set that is named", () => {
    expect(decodeName(utf8("名前"))).toEqual({ text: "名前", escaped: false });
    expect(decodeName(bytes(0x61, 0xe9), "auto")).toEqual({ text: "a%E9", escaped: true });
    expect(decodeName(encode("Привет", "KOI8-R"), "koi8-r")).toEqual({ text: "Привет", escaped: false });
  });
});
