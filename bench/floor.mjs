/**
 * The least that a program in Node can take for a row: only the calls that nobody can do without, with no check, no limit and no way back; on one thread, and on two that
 * take every other file. Where a goal lies below that, it cannot be reached.
 *
 *   node bench/floor.mjs TREE.zip FOLDER     FOLDER: on a tmpfs, it must not be there
 */
import { closeSync, constants, fstatSync, futimesSync, mkdirSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { spawnSync } from "node:child_process";
import { isMainThread, Worker } from "node:worker_threads";
import { crc32, deflateRawSync, inflateRawSync } from "node:zlib";

const ROUNDS = 5;
const BLOCK = 1 << 20;
const TWO = " on two threads";
const LIST = "list as text (l)";
const [, script, archive, folder, part] = process.argv;

/** What each part does with an entry, by its name. */
const PARTS = {
  "start of Node": () => {},
  "read and inflate": (file, bytes) => void contentOf(file, bytes),
  "read, inflate and checksum (t)": (file, bytes) => void checked(file, bytes),
  "create files of that content (x, stored)": (file) => create(file, Buffer.alloc(file.size)),
  "all of that (x)": (file, bytes) => create(file, checked(file, bytes)),
  "read, inflate, deflate at level 6 (c, and the reading)": (file, bytes) => {
    const content = contentOf(file, bytes);
    for (let at = 0; at < content.length; at += BLOCK) deflateRawSync(content.subarray(at, at + BLOCK), { level: 6, chunkSize: BLOCK });
  },
};

if (archive === undefined || folder === undefined) {
  process.stderr.write("node bench/floor.mjs TREE.zip FOLDER\n");
  process.exitCode = 2;
} else if (part === undefined) {
  measure();
} else if (part === LIST) {
  list(openSync(archive));
} else if (part.endsWith(TWO)) {
  if (isMainThread) new Worker(script, { argv: process.argv.slice(2) });
  work(PARTS[part.slice(0, -TWO.length)], isMainThread ? 0 : 1, 2);
} else if (part !== "start of Node") {
  work(PARTS[part], 0, 1);
}

function measure() {
  const names = Object.keys(PARTS);
  for (const name of [...names, ...names.slice(2).map((one) => one + TWO), LIST]) {
    const found = Array.from({ length: ROUNDS }, () => {
      const started = process.hrtime.bigint();
      const { status } = spawnSync(process.execPath, [script, archive, folder, name], { stdio: ["ignore", name === LIST ? "ignore" : "inherit", "inherit"] });
      if (status !== 0) throw new Error(`${name}: exit ${status}`);
      const wall = Number(process.hrtime.bigint() - started) / 1e9;
      rmSync(folder, { recursive: true, force: true });
      return wall;
    });
    const walls = found.sort((a, b) => a - b);
    process.stdout.write(`${name.padEnd(72)}${walls[ROUNDS >> 1].toFixed(2)} s   (${walls[0].toFixed(2)} – ${walls.at(-1).toFixed(2)})\n`);
  }
}

function work(each, first, step) {
  const fd = openSync(archive);
  const buffer = Buffer.alloc(64 << 20);
  const files = entriesOf(fd);
  for (let at = first; at < files.length; at += step) {
    const file = files[at];
    const wanted = 30 + file.name.length + 64 + file.packedSize;
    const length = readSync(fd, buffer, 0, Math.min(wanted, buffer.length), file.offset);
    each(file, buffer.subarray(0, length));
  }
}

function directoryOf(fd) {
  const { size } = fstatSync(fd);
  const tail = Buffer.alloc(Math.min(size, 65_557));
  readSync(fd, tail, 0, tail.length, size - tail.length);
  const end = tail.lastIndexOf("PK\x05\x06", undefined, "latin1");
  const directory = Buffer.alloc(tail.readUInt32LE(end + 12));
  readSync(fd, directory, 0, directory.length, tail.readUInt32LE(end + 16));
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
    if (lines.length === 1000) flush();
    at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  flush();
}

/** Files only; the folders are made. */
function entriesOf(fd) {
  const directory = directoryOf(fd);
  const files = [];
  const folders = new Set();
  for (let at = 0; at < directory.length; ) {
    const nameLength = directory.readUInt16LE(at + 28);
    const name = directory.toString("latin1", at + 46, at + 46 + nameLength);
    if (!name.endsWith("/")) files.push({ name, method: directory.readUInt16LE(at + 10), crc32: directory.readUInt32LE(at + 16), packedSize: directory.readUInt32LE(at + 20), size: directory.readUInt32LE(at + 24), offset: directory.readUInt32LE(at + 42) });
    folders.add(dirname(name));
    at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  for (const name of folders) mkdirSync(join(folder, name), { recursive: true });
  return files;
}

function contentOf({ method, packedSize, size }, bytes) {
  const start = 30 + bytes.readUInt16LE(26) + bytes.readUInt16LE(28);
  const packed = bytes.subarray(start, start + packedSize);
  return method === 0 ? packed : inflateRawSync(packed, { chunkSize: Math.max(64, size + 1) });
}

function checked(file, bytes) {
  const content = contentOf(file, bytes);
  if (crc32(content) !== file.crc32) throw new Error(`${file.name}: its checksum does not match`);
  return content;
}

function create({ name }, content) {
  const fd = openSync(`${folder}/${name}`, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o644);
  writeSync(fd, content, 0, content.length);
  futimesSync(fd, 1.7e9, 1.7e9);
  closeSync(fd);
}
