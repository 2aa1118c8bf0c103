/**
 * The least that a program in Node can take for a zip of one huge entry, which one thread has to inflate: that alone, with no checksum, and nothing written.
 *
 *   node bench/floors/inflate.mjs ARCHIVE.zip
 */
import { fstatSync, openSync, readSync } from "node:fs";
import { createInflateRaw } from "node:zlib";

const STEP = 256 << 10;
const fd = openSync(process.argv[2]);
const archive = Buffer.alloc(fstatSync(fd).size);
readSync(fd, archive);
// In front of the file's entry lies its folder's, which has no content.
const behind = (header) => header + 30 + archive.readUInt16LE(header + 26) + archive.readUInt16LE(header + 28);
let start = 0;
while (archive.readUInt16LE(start + 8) !== 8) start = behind(start);
const packed = archive.subarray(behind(start));
const { _handle: handle, _writeState: left } = createInflateRaw();
const chunk = Buffer.alloc(STEP);
let at = 0;
do {
  handle.writeSync(0, packed, at, packed.length - at, chunk, 0, STEP);
  at = packed.length - left[1];
} while (left[0] === 0);
