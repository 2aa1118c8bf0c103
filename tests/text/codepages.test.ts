import { describe, expect, it } from "vitest";
import { chosenEncoding, codepage, encodingName } from "../../src/text/codepages.ts";
import { errorOf } from "../helpers/library.ts";

const ALL = ["CP437", "CP850", "CP852", "CP866", "windows-1250", "windows-1251", "windows-1252", "windows-1253", "windows-1258", "KOI8-R", "iso-8859-2", "macintosh", "GBK", "Big5", "Shift_JIS", "EUC-JP", "EUC-KR"];

/** The units of all pairs of bytes, by the two as one number. */
function pairsOf(name: string): number[] {
  const { pair } = codepage(name);
  return Array.from({ length: 0x10000 }, (_, bytes) => (bytes < 0x8000 ? 0 : (pair?.(bytes >> 8, bytes & 0xff) ?? 0)));
}

describe("encodingName()", () => {
  it("knows a set by each of its names, in any case", () => {
    const names = {
      CP437: ["cp437", "IBM437", "437"], CP850: ["cp850"], CP852: ["CP852"], CP866: ["cp866", "ibm866", "866"], Shift_JIS: ["cp932", "sjis", "windows-31j", "SHIFT_JIS"],
      GBK: ["cp936", "gb2312", "gb18030", "gbk"], "EUC-KR": ["cp949", "ks_c_5601-1987", "uhc"], Big5: ["cp950", "big5"], "windows-1251": ["cp1251", "1251"], "windows-1252": ["latin1", "ascii"], "UTF-8": ["utf8"],
    };
    for (const [name, labels] of Object.entries(names)) for (const label of labels) expect(encodingName(label), label).toBe(name);
  });
  it("gives the names that it takes", () => {
    for (const name of ALL) expect(encodingName(name)).toBe(name);
  });
  it("knows none in which ASCII is not ASCII", () => {
    for (const label of ["utf-16", "utf-16be", "iso-2022-jp", "nonsense", "", "cp99999"]) expect(encodingName(label), label).toBeUndefined();
  });
});

describe("chosenEncoding()", () => {
  it("leaves the choice to the names without --encoding, and with auto", () => {
    expect(chosenEncoding(undefined)).toBeUndefined();
    expect(chosenEncoding("auto")).toBeUndefined();
  });
  it("says which sets there are when it knows none of that name", async () => {
    const error = await errorOf(Promise.resolve().then(() => chosenEncoding("klingon")));
    expect(error.code).toBe("USAGE");
    expect(error.details.hint).toContain("Shift_JIS");
  });
});

describe("codepage()", () => {
  it("never makes ASCII out of other bytes, so that no separator or dot can hide", () => {
    for (const name of ALL) {
      const { singles } = codepage(name);
      expect(singles, name).toHaveLength(128);
      expect([...singles, ...pairsOf(name)].filter((unit) => unit !== 0 && unit < 0x80), name).toEqual([]);
    }
  });
  it("gives every byte of a set of 128 letters a character of its own", () => {
    for (const name of ["CP437", "CP850", "CP852", "CP866", "windows-1252", "KOI8-R", "macintosh"]) expect(new Set(codepage(name).singles).size, name).toBe(128);
  });
  it("has the letters where the standards have them", () => {
    const at = (name: string, byte: number): string => String.fromCharCode(codepage(name).singles[byte - 0x80]!);
    expect([at("CP850", 0xc6), at("CP850", 0xb5), at("CP850", 0xd5), at("CP850", 0x9b)].join("")).toBe("ãÁıø");
    expect([at("CP852", 0xa5), at("CP852", 0x88), at("CP852", 0xe7), at("CP852", 0xfb), at("CP852", 0xfd)].join("")).toBe("ąłšűř");
    expect([at("windows-1252", 0x80), at("windows-1252", 0x92), at("windows-1252", 0xe9)].join("")).toBe("€’é");
    expect([at("CP866", 0x80), at("CP866", 0xf1), at("KOI8-R", 0xc1)].join("")).toBe("Аёа");
  });
  it("agrees with TextDecoder on all pairs", () => {
    for (const name of ["GBK", "Big5", "Shift_JIS", "EUC-JP"]) {
      const decoder = new TextDecoder(name, { fatal: true });
      const pairs = pairsOf(name);
      let wrong = 0;
      for (let pair = 0x8140; pair <= 0xfefe; pair += 3) { // each lead byte with a third of its trail bytes
        const bytes = Uint8Array.of(pair >> 8, pair & 0xff);
        if ((pair & 0xff) < 0x40 || (pair & 0xff) === 0xff) continue;
        let text = "";
        try {
          text = decoder.decode(bytes);
        } catch {
          // no character
        }
        const unit = text.length === 1 && text > "\x9f" ? text.charCodeAt(0) : 0;
        if (unit !== pairs[pair]) wrong++;
      }
      expect(wrong, name).toBe(0);
    }
  });
  it("has all 11,172 syllables of Korean in EUC-KR, as Windows does", () => {
    const pairs = pairsOf("EUC-KR");
    const syllables = new Set(pairs.filter((unit) => unit >= 0xac00 && unit <= 0xd7a3));
    expect(syllables.size).toBe(11_172);
    expect(String.fromCharCode(pairs[0x8141]!, pairs[0x8c63]!, pairs[0xc652]!)).toBe("갂똠힣");
  });
});
