/**
 * The least that a program in Node can take for a zip of one huge entry, which one thread has to inflate: that alone, with no checksum, and nothing written.
 *
 *   node bench/floors/inflate.mjs ARCHIVE.zip
 */
import { fstatSync, openSync, readSync } from "node:fs";
import { createInflateRaw } from "node:zlib";
import { inflate } from "./parts.mjs";

const fd = openSync(process.argv[2]);
const archive = Buffer.alloc(fstatSync(fd).size);
readSync(fd, archive);
// In front of the file's entry lies its folder's, which has no content.
const behind = (header) => header + 30 + archive.readUInt16LE(header + 26) + archive.readUInt16LE(header + 28);
let start = 0;
while (archive.readUInt16LE(start + 8) !== 8) start = behind(start);
inflate(createInflateRaw(), archive.subarray(behind(start)), () => {});
