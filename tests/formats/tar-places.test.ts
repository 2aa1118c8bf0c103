/** Two entries of a tar for one place, links to whatever they may lead to, names of every kind: what becomes of each, by exit code, files and errors. */
import { describe, expect, it } from "vitest";
import { buildTar, paxHeader, type TarItem } from "../helpers/build.ts";
import { unpack } from "../helpers/library.ts";

type Parts = readonly (TarItem | Uint8Array)[];
type Row = readonly [parts: Parts, code: number, contents: Record<string, string>, failures?: Record<string, string>];

const file = (name: string, content = name): TarItem => ({ name, content });
const folder = (name: string): TarItem => ({ name, type: "5", mode: 0o755 });
const symlink = (name: string, link: string): TarItem => ({ name, type: "2", link });
const hard = (name: string, link: string): TarItem => ({ name, type: "1", link });

const TABLES: Record<string, Record<string, Row>> = {
  "two entries for one place": {
    "a file that comes again: the last one counts": [[file("a", "1"), file("a", "2")], 0, { a: "2" }],
    "a folder that comes again": [[folder("d/"), file("d/a"), folder("d/")], 0, { "d/": "", "d/a": "d/a" }],
    "a folder in a file's place is refused": [[file("a"), folder("a/")], 6, { a: "a" }, { "a/": "COLLISION" }],
    "a file in a folder's place is refused": [[folder("a/"), file("a")], 6, { "a/": "" }, { a: "COLLISION" }],
    "a symlink in a file's place is refused": [[file("b"), file("a"), symlink("a", "b")], 6, { a: "a", b: "b" }, { a: "COLLISION" }],
    "a file in a symlink's place is refused, and not written through it": [[file("b"), symlink("a", "b"), file("a")], 6, { a: "-> b", b: "b" }, { a: "COLLISION" }],
    "another symlink in a symlink's place is refused": [[file("b"), symlink("a", "b"), symlink("a", "c")], 6, { a: "-> b", b: "b" }, { a: "COLLISION" }],
    "a hard link in a file's place is refused": [[file("b"), file("a"), hard("a", "b")], 6, { a: "a", b: "b" }, { a: "COLLISION" }],
    "a file in a hard link's place is refused, and not written into what it leads to": [[file("b"), hard("a", "b"), file("a")], 6, { a: "b", b: "b" }, { a: "COLLISION" }],
  },
  "hard links": {
    "to a file of the archive, also to one that comes later": [[hard("a", "b"), file("b"), hard("c", "b")], 0, { a: "b", b: "b", c: "b" }],
    "to another hard link": [[file("b"), hard("s", "b"), hard("a", "s")], 0, { a: "b", b: "b", s: "b" }],
    "to a symlink are that symlink": [[file("b"), symlink("s", "b"), hard("a", "s")], 0, { a: "-> b", b: "b", s: "-> b" }],
    "to a folder are refused": [[folder("d/"), hard("a", "d")], 6, { "d/": "" }, { a: "UNSAFE_LINK" }],
    "to themselves are refused": [[hard("a", "a")], 6, {}, { a: "UNSAFE_LINK" }],
    "to themselves where a file was are refused": [[file("a"), hard("a", "a")], 6, { a: "a" }, { a: "COLLISION" }],
    "to each other are refused": [[hard("a", "b"), hard("b", "a")], 6, {}, { a: "UNSAFE_LINK", b: "UNSAFE_LINK" }],
    "to nothing are refused": [[hard("a", "missing")], 6, {}, { a: "UNSAFE_LINK" }],
  },
  names: {
    "of the root are the target itself": [[folder("."), folder("./"), file("./b", "b")], 0, { b: "b" }],
    "with . and empty parts are the same without": [[file("a//b", "b"), file("c/./d", "d")], 0, { "a/": "", "a/b": "b", "c/": "", "c/d": "d" }],
    "with a backslash keep it": [[file("a\\b", "b")], 0, { "a\\b": "b" }],
    "that would lead out where a backslash separates are refused": [[file("..\\b")], 6, {}, { "..\\b": "UNSAFE_PATH" }],
    "that are empty, or the root of the system, or a file at the target, are refused, and others come": [
      [file("", "x"), folder("/"), file("."), file(".."), file("b")], 6, { b: "b" }, { "": "UNSAFE_PATH", "/": "UNSAFE_PATH", ".": "UNSAFE_PATH", "..": "UNSAFE_PATH" },
    ],
    "with a NUL are refused": [[paxHeader({ path: "a\0b" }), file("own")], 6, {}, { "a\0b": "AMBIGUOUS" }],
    "that are no text are escaped, and two that would be one are refused": [
      [{ name: Buffer.from([0x61, 0xff]), content: "1" }, file("a%FF", "2")], 6, { "a%FF": "1" }, { "a%FF": "COLLISION" },
    ],
  },
};

for (const [what, rows] of Object.entries(TABLES)) {
  describe(`tar: ${what}`, () => {
    for (const [name, [parts, code, contents, failures = {}]] of Object.entries(rows)) {
      it.skipIf(process.platform === "win32" && name.includes("backslash"))(name, async () => {
        const result = await unpack(buildTar(parts));
        expect({ code: result.code, contents: result.contents, failures: result.failures }).toEqual({ code, contents, failures });
      });
    }
  });
}
