import { describe, expect, it } from "vitest";
import { bareEntry } from "../../src/core/bare-entry.ts";
import { keptEntry } from "../../src/core/kept-entry.ts";
import { UnzipxError } from "../../src/errors.ts";
import type { Entry } from "../../src/formats/contract.ts";

const FILE: Entry = {
  path: "a/b", type: "file", size: 5, packedSize: undefined, mtime: 1_700_000_000_000, mode: 0o644, linkTarget: undefined, method: "", crc32: undefined, encrypted: false, comment: undefined, refusal: undefined,
};

describe("keptEntry()", () => {
  it.each<[string, Partial<Entry>]>([
    ["a file", {}],
    ["a time with a fraction", { mtime: 1_700_000_000_123 }],
    ["a time before 1970", { mtime: -86_400_000 }],
    ["a time beyond 2038", { mtime: 5_000_000_000_000 }],
    ["a time of one tick before a second", { mtime: -1 }],
    ["the time 0", { mtime: 0 }],
    ["no time", { mtime: undefined }],
    ["a size of more than 32 bits", { size: 2 ** 40 }],
    ["no size and no mode", { size: undefined, mode: undefined }],
    ["a folder", { type: "directory", path: "a/", size: 0 }],
    ["a link", { type: "symlink", linkTarget: "../x", size: 0 }],
    ["a compressed size", { packedSize: 3 }],
    ["a method", { method: "LZMA" }],
    ["a checksum of 0", { crc32: 0 }],
    ["something encrypted", { encrypted: true, cipher: "AES-256" }],
    ["a comment", { comment: "" }],
    ["an owner", { owner: { uid: 0, gid: 0, user: "root" } }],
    ["a name with escapes", { escaped: true }],
    ["a refusal", { refusal: new UnzipxError("AMBIGUOUS", "Refused an entry: for a test") }],
  ])("tells of %s what bareEntry() tells", (_, change) => {
    const entry = { ...FILE, ...change };
    expect(bareEntry(keptEntry(entry))).toEqual(bareEntry(entry));
  });
});
