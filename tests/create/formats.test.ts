import { expect, it } from "vitest";
import { formatForName } from "../../src/core/create.ts";

it.each([
  ["a.zip", "zip"], ["dir.d/A.ZIP", "zip"], ["book.epub", "zip"], ["x.whl", "zip"], ["a.tar", "tar"], ["a.tar.gz", "tar.gz"], ["a.TGZ", "tar.gz"], ["a.taz", "tar.gz"],
  ["notes.txt.gz", "gz"], ["a.zip.gz", "gz"], ["a.gz.zip", "zip"],
])("formatForName() of %s is %s", (name, format) => {
  expect(formatForName(name)).toBe(format);
});

it.each([
  ["a.7z", "unzipx c a.zip INPUT…"], ["a.rar", "unzipx c a.zip INPUT…"], ["d/a.tar.xz", "unzipx c d/a.tar.gz INPUT…"], ["a.tbz2", "unzipx c a.tar.gz INPUT…"],
  ["a.txt.zst", "unzipx c a.txt.gz INPUT…"], ["a.deb", "unzipx c a.tar INPUT…"],
])("formatForName() of %s says what to make instead", (name, hint) => {
  expect(() => formatForName(name)).toThrowError(expect.objectContaining({ code: "UNSUPPORTED_FORMAT", details: expect.objectContaining({ hint }) }));
});

it.each(["archive", "-", "a.txt", ".zip", "dir.zip/name", ".gz"])("formatForName() of %s says that the name does not tell", (name) => {
  expect(() => formatForName(name)).toThrowError(expect.objectContaining({ code: "USAGE" }));
});
