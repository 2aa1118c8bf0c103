/**
 * The least that a program in Node can take for a row: only the calls that nobody can do without, on one thread, with no check, no limit and no way back. Half of it, and
 * the start of Node, is what two cores could reach if nothing else had to be done. Where a goal lies below that, it cannot be reached.
 *
 *   node bench/floor.mjs TREE.zip FOLDER     FOLDER: on a tmpfs, it must not be there
 */
import { closeSync, constants, fstatSync, futimesSync, mkdirSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { spawnSync } from "node:child_process";
import { crc32, deflateRawSync, inflateRawSync } from "node:zlib";

const ROUNDS = 5;
const BLOCK = 1 << 20;
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
} else if (part !== "start of Node") {
  work(PARTS[part]);
}

function measure() {
  for (const name of Object.keys(PARTS)) {
    const found = Array.from({ length: ROUNDS }, () => {
      const started = process.hrtime.bigint();
      const { status } = spawnSync(process.execPath, [script, archive, folder, name], { stdio: "inherit" });
      if (status !== 0) throw new Error(`${name}: exit ${status}`);
      const wall = Number(process.hrtime.bigint() - started) / 1e9;
      rmSync(folder, { recursive: true, force: true });
      return wall;
    });
    const walls = found.sort((a, b) => a - b);
    process.stdout.write(`${name.padEnd(56)}${walls[ROUNDS >> 1].toFixed(2)} s   (${walls[0].toFixed(2)} – ${walls.at(-1).toFixed(2)})\n`);
  }
}

function work(each) {
  const fd = openSync(archive);
  const buffer = Buffer.alloc(64 << 20);
  for (const file of entriesOf(fd)) {
    const wanted = 30 + file.name.length + 64 + file.packedSize;
    const length = readSync(fd, buffer, 0, Math.min(wanted, buffer.length), file.offset);
    each(file, buffer.subarray(0, length));
  }
}

/** Files only; the folders are made. */
function entriesOf(fd) {
  const { size } = fstatSync(fd);
  const tail = Buffer.alloc(Math.min(size, 65_557));
  readSync(fd, tail, 0, tail.length, size - tail.length);
  const end = tail.lastIndexOf("PK\x05\x06", undefined, "latin1");
  const directory = Buffer.alloc(tail.readUInt32LE(end + 12));
  readSync(fd, directory, 0, directory.length, tail.readUInt32LE(end + 16));
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
