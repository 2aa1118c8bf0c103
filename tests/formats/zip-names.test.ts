/** Names in a zip that carry no mark of their character set: what is made of them, down to the disk. */
import { describe, expect, it } from "vitest";
import { readTar } from "../../src/formats/tar/read.ts";
import type { UnzipxError } from "../../src/errors.ts";
import { list } from "../../src/core/list.ts";
import { EVERYTHING } from "../../src/core/select.ts";
import { DEFAULT_LIMITS } from "../../src/safe/policy.ts";
import { buildTar, buildZip, FLAG_UTF8, inChunks, paxHeader, tarEntry, TAR_END, unicodePathExtra, type ZipItem } from "../helpers/build.ts";
import { sandbox } from "../helpers/cli.ts";
import { encode, NAMES } from "../helpers/legacy-names.ts";
import { errorOf, readOptions, unpack } from "../helpers/library.ts";

const GUESS = /declared character set/;

async function listed(items: readonly ZipItem[], encoding?: string): Promise<{ paths: string[]; warnings: string[]; comment: string | undefined }> {
  const archive = sandbox().file("a.zip", buildZip(items, { comment: encode("資料", "Shift_JIS") }));
  const { entries, comment, summary } = await list(archive, { limits: DEFAULT_LIMITS, selection: EVERYTHING, threads: 1, encoding });
  return { paths: Array.from(entries, ({ path }) => path), warnings: summary.warnings.map(({ message }) => message), comment };
}

describe("zip: names without a mark", () => {
  it("are read together, with one word about it, and end as files of those names", async () => {
    const result = await unpack(buildZip(NAMES.japanese.map((name) => ({ name: encode(name, "Shift_JIS"), content: name }))));
    expect(result).toMatchObject({ code: 0, contents: Object.fromEntries(NAMES.japanese.map((name) => [name, name])) });
    expect(result.warnings).toEqual(["30 names are in no declared character set: read as Shift_JIS"]);
  });

  it("keep their places between marked ones, which are not touched", async () => {
    const old = (name: string): ZipItem => ({ name: encode(name, "CP866") });
    const { paths, warnings } = await listed([
      { name: "first" }, old("Отчёт.doc"), { name: "Ünïcode", flags: FLAG_UTF8 }, old("Протокол.doc"), { name: encode("Фото", "CP866"), extra: unicodePathExtra("Foto", encode("Фото", "CP866")) }, { name: "last" },
    ]);
    expect(paths).toEqual(["first", "Отчёт.doc", "Ünïcode", "Протокол.doc", "Foto", "last"]);
    expect(warnings.filter((text) => GUESS.test(text))).toEqual(["2 names are in no declared character set: read as CP866"]);
  });

  it("make folders where they end with a slash, and not where a character ends with the byte of a backslash", async () => {
    const items: ZipItem[] = ["新しい資料/", "一覧表"].map((name) => ({ name: encode(name, "Shift_JIS") }));
    expect([...(items[1]!.name as Uint8Array)].at(-1)).toBe(0x5c);
    expect(await unpack(buildZip(items), { encoding: "cp932" })).toMatchObject({ code: 0, contents: { "新しい資料/": "", "一覧表": "" } });
  });

  it("are in the set that the user names, without a word; and so is the archive's comment", async () => {
    const { paths, warnings, comment } = await listed([{ name: encode("Übersicht", "windows-1252") }, { name: encode("資料", "Shift_JIS") }], "cp932");
    expect(paths[1]).toBe("資料");
    expect(warnings.filter((text) => GUESS.test(text))).toEqual([]);
    expect(comment).toBe("資料");
  });

  it("that are in no known set are refused with what there is", async () => {
    expect((await errorOf(listed([{ name: encode("é", "CP437") }], "klingon"))).code).toBe("USAGE");
  });

  it("that are UTF-8 are that, without a word", async () => {
    const { paths, warnings } = await listed([{ name: "naïve" }, { name: "名前" }]);
    expect({ paths, warnings }).toEqual({ paths: ["naïve", "名前"], warnings: [] });
  });

  it("are checked as what they were decoded to", async () => {
    expect(await unpack(buildZip([{ name: Buffer.concat([Buffer.from("../"), encode("写真", "Shift_JIS")]), content: "x" }]))).toMatchObject({ code: 6, contents: {} });
  });

  it("never become one place: bytes that mean nothing are written as %XX", async () => {
    const names = [0xfd, 0xfe, 0xff].map((byte) => Uint8Array.of(0x61, byte));
    expect(await unpack(buildZip(names.map((name) => ({ name, content: "x" }))), { encoding: "cp932" })).toMatchObject({ code: 0, contents: { "a%FD": "x", "a%FE": "x", "a%FF": "x" } });
  });
});

describe("tar: names that are no UTF-8", () => {
  async function paths(bytes: Uint8Array, encoding?: string): Promise<{ paths: (string | undefined)[]; notes: string[] }> {
    const notes: UnzipxError[] = [];
    const found: (string | undefined)[] = [];
    for await (const entry of readTar(inChunks(bytes, Infinity), readOptions(notes, { encoding }))) found.push(entry.path, entry.linkTarget);
    return { paths: found.filter((path) => path !== undefined), notes: notes.map(({ message }) => message) };
  }
  const koi8 = encode("Привет", "KOI8-R");

  it("are escaped, as nobody knows the names that follow", async () => {
    expect(await paths(buildTar([{ name: koi8 }]))).toMatchObject({ paths: ["%F0%D2%C9%D7%C5%D4"] });
    expect(await paths(buildTar([{ name: koi8 }]), "auto")).toMatchObject({ paths: ["%F0%D2%C9%D7%C5%D4"] });
  });
  it("are read in the set that the user names, those of links too, without a word", async () => {
    expect(await paths(buildTar([{ name: koi8 }, { name: "l", type: "2", link: koi8 }]), "koi8-r")).toEqual({ paths: ["Привет", "l", "Привет"], notes: [] });
  });
  it("of an extended header stay UTF-8, which is what such a header is in", async () => {
    const bytes = Buffer.concat([paxHeader({ path: "ünï" }), tarEntry({ name: "x" }), paxHeader({ hdrcharset: "BINARY", path: koi8 }), tarEntry({ name: "y" }), TAR_END]);
    expect(await paths(bytes, "koi8-r")).toEqual({ paths: ["ünï", "Привет"], notes: [] });
  });
});
