/**
 * The least that a program in Node can take for a zip: only the calls that nobody can do without, with no limit, no rule for names and no way back, on two
 * threads that take every other file. Where a goal lies below that, it cannot be reached.
 *
 *   node bench/floors/zip.mjs x|t|l ARCHIVE.zip FOLDER     FOLDER: where x makes its files
 */
import { fstatSync, openSync, readSync, writeSync } from "node:fs";
import { isMainThread, Worker } from "node:worker_threads";
import { crc32, createInflateRaw } from "node:zlib";
import { create, giveTimes, inflateWhole } from "./parts.mjs";

const [, script, work, archive, folder] = process.argv;
const LINES = 1000;
const inflater = createInflateRaw();
let room = Buffer.alloc(1 << 20);

const WORK = {
  x() {
    const folders = new Set();
    everyOther((file, bytes) => create(`${folder}/${file.name}`, checked(file, bytes), folders));
    giveTimes(folders);
  },
  t: () => everyOther((file, bytes) => void checked(file, bytes)),
  l: () => list(openSync(archive)),
};
WORK[work]();

function everyOther(each) {
  const fd = openSync(archive);
  const files = entriesOf(fd);
  if (isMainThread) new Worker(script, { argv: process.argv.slice(2) });
  let buffer = Buffer.alloc(4 << 20);
  for (let at = isMainThread ? 0 : 1; at < files.length; at += 2) {
    const file = files[at];
    const wanted = 30 + file.name.length + 64 + file.packedSize;
    if (wanted > buffer.length) buffer = Buffer.alloc(wanted);
    each(file, buffer.subarray(0, readSync(fd, buffer, 0, wanted, file.offset)));
  }
}

function directoryOf(fd) {
  const { size } = fstatSync(fd);
  const tail = Buffer.alloc(Math.min(size, 65_557));
  readSync(fd, tail, 0, tail.length, size - tail.length);
  const end = tail.lastIndexOf("PK\x05\x06", undefined, "latin1");
  const zip64 = tail.lastIndexOf("PK\x06\x06", undefined, "latin1");
  const [length, start] = zip64 < 0 ? [tail.readUInt32LE(end + 12), tail.readUInt32LE(end + 16)] : [Number(tail.readBigUInt64LE(zip64 + 40)), Number(tail.readBigUInt64LE(zip64 + 48))];
  const directory = Buffer.alloc(length);
  readSync(fd, directory, 0, length, start);
  return directory;
}

function list(fd) {
  const directory = directoryOf(fd);
  const two = (value) => String(value).padStart(2, "0");
  let lines = [];
  const flush = () => {
    writeSync(1, lines.join(""));
    lines = [];
  };
  for (let at = 0; at < directory.length; ) {
    const nameLength = directory.readUInt16LE(at + 28);
    const [time, date] = [directory.readUInt16LE(at + 12), directory.readUInt16LE(at + 14)];
    const when = `${1980 + (date >> 9)}-${two((date >> 5) & 15)}-${two(date & 31)} ${two(time >> 11)}:${two((time >> 5) & 63)}`;
    lines.push(`${String(directory.readUInt32LE(at + 24)).padStart(12)} ${String(directory.readUInt32LE(at + 20)).padStart(12)} ${when} ${directory.toString("latin1", at + 46, at + 46 + nameLength)}\n`);
    if (lines.length === LINES) flush();
    at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  flush();
}

/** Files only. */
function entriesOf(fd) {
  const directory = directoryOf(fd);
  const files = [];
  for (let at = 0; at < directory.length; ) {
    const nameLength = directory.readUInt16LE(at + 28);
    const name = directory.toString("latin1", at + 46, at + 46 + nameLength);
    if (!name.endsWith("/")) files.push({ name, method: directory.readUInt16LE(at + 10), crc32: directory.readUInt32LE(at + 16), packedSize: directory.readUInt32LE(at + 20), size: directory.readUInt32LE(at + 24), offset: directory.readUInt32LE(at + 42) });
    at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return files;
}

function checked(file, bytes) {
  const { method, packedSize, size } = file;
  const start = 30 + bytes.readUInt16LE(26) + bytes.readUInt16LE(28);
  const packed = bytes.subarray(start, start + packedSize);
  if (size >= room.length) room = Buffer.alloc(size + 1);
  const content = method === 0 ? packed : inflateWhole(inflater, packed, room.subarray(0, size + 1));
  if (crc32(content) !== file.crc32) throw new Error(`${file.name}: its checksum does not match`);
  return content;
}
