import { expect, it } from "vitest";
import { chainOf, formatForName, FORMATS, type WritableFormat } from "../../src/core/create-formats.ts";
import { FILTERS } from "../../src/filters/index.ts";
import { CONTAINERS } from "../../src/formats/index.ts";

it.each([
  ["a.zip", "zip"], ["dir.d/A.ZIP", "zip"], ["book.epub", "zip"], ["x.whl", "zip"], ["a.tar", "tar"], ["a.tar.gz", "tar.gz"], ["a.TGZ", "tar.gz"], ["a.taz", "tar.gz"],
  ["notes.txt.gz", "gz"], ["a.zip.gz", "gz"], ["a.gz.zip", "zip"],
  ["a.tar.bz2", "tar.bz2"], ["a.tbz", "tar.bz2"], ["a.TBZ2", "tar.bz2"], ["a.tar.xz", "tar.xz"], ["a.txz", "tar.xz"], ["a.tar.zst", "tar.zst"], ["a.tzst", "tar.zst"],
  ["a.tar.lz4", "tar.lz4"], ["a.tlz4", "tar.lz4"], ["a.tar.br", "tar.br"], ["a.tbr", "tar.br"],
  ["a.txt.bz2", "bz2"], ["a.txt.xz", "xz"], ["a.txt.zst", "zst"], ["a.txt.lz4", "lz4"], ["a.txt.br", "br"], ["a.7z", "7z"],
])("formatForName() of %s is %s", (name, format) => {
  expect(formatForName(name)).toBe(format);
});

it.each([
  ["a.rar", "unzipx c a.zip INPUT…"], ["d/a.tar.lz", "unzipx c d/a.tar.xz INPUT…"], ["a.tlz", "unzipx c a.tar.xz INPUT…"], ["a.txt.lzma", "unzipx c a.txt.xz INPUT…"],
  ["a.Z", "unzipx c a.gz INPUT…"], ["a.tar.Z", "unzipx c a.tar.gz INPUT…"], ["a.tar.lzo", "unzipx c a.tar.lz4 INPUT…"], ["a.sz", "unzipx c a.lz4 INPUT…"],
  ["a.deb", "unzipx c a.tar INPUT…"], ["a.rpm", "unzipx c a.tar INPUT…"], ["a.cpio", "unzipx c a.tar INPUT…"],
  ...["cab", "iso", "lzh", "arj", "wim", "dmg"].map((extension) => [`a.${extension}`, "unzipx c a.zip INPUT…"]),
])("formatForName() of %s says what to make instead", (name, hint) => {
  expect(() => formatForName(name)).toThrowError(expect.objectContaining({ code: "UNSUPPORTED_FORMAT", details: expect.objectContaining({ hint }) }));
});

it.each(["archive", "-", "a.txt", ".zip", "dir.zip/name", ".gz"])("formatForName() of %s says that the name does not tell", (name) => {
  expect(() => formatForName(name)).toThrowError(expect.objectContaining({ code: "USAGE" }));
});

it("every extension that is only read leads to an error, and every other one to a format that has it", () => {
  for (const { extensions } of [...FILTERS, ...CONTAINERS]) {
    for (const extension of extensions) {
      let format: WritableFormat | undefined;
      try {
        format = formatForName(`a${extension}`);
      } catch (error) {
        expect(error).toMatchObject({ name: "UnzipxError" });
      }
      if (format !== undefined) expect(FORMATS[format].extensions).toContain(extension);
    }
  }
});

it("the chain of a format names its filter and its container, from the outside in", () => {
  expect([chainOf("zip"), chainOf("tar"), chainOf("tar.zst"), chainOf("br")]).toEqual([["zip"], ["tar"], ["zstd", "tar"], ["brotli"]]);
});
