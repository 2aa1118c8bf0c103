/**
 * The least that a program in Node can take to unpack a tar or tar.gz, with no limit, no rule for names and no way back: one thread decodes into memory that holds
 * all of it, and both create files, of which each takes some that lie ready.
 *
 *   node bench/floors/tar.mjs ARCHIVE.tar[.gz] FOLDER
 */
import { fstatSync, openSync, readSync, statSync } from "node:fs";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { crc32, createGunzip } from "node:zlib";
import { create, giveTimes, inflate } from "./parts.mjs";

const [, script, archive, folder] = process.argv;
const STATE_BYTES = 16;
/** Places in the state: bytes that are decoded, the next file, 1 when all is decoded. */
const [DECODED, NEXT, DONE] = [0, 1, 2];
/** Files that a thread takes at a time. */
const TURN = 16;

const memory = isMainThread ? new SharedArrayBuffer(STATE_BYTES + sizeOfTar()) : workerData;
const state = new Int32Array(memory, 0, 3);
const bytes = Buffer.from(memory, STATE_BYTES);

// The main thread decodes: what goes wrong there ends the other one, which may be waiting.
if (isMainThread) {
  new Worker(script, { argv: process.argv.slice(2), workerData: memory });
  decode();
}
giveTimes(work());

/** RFC 1952, 2.3.1: a gzip member ends with the size of its content. */
function sizeOfTar() {
  const { size } = statSync(archive);
  if (!archive.endsWith(".gz")) return size;
  const end = Buffer.alloc(4);
  readSync(openSync(archive), end, 0, 4, size - 4);
  return end.readUInt32LE();
}

function decode() {
  const fd = openSync(archive);
  const { size } = fstatSync(fd);
  const tell = (length) => {
    Atomics.store(state, DECODED, length);
    Atomics.notify(state, DECODED);
  };
  if (!archive.endsWith(".gz")) {
    readSync(fd, bytes, 0, size, 0);
    Atomics.store(state, DONE, 1);
    return tell(size);
  }
  const packed = Buffer.alloc(size);
  readSync(fd, packed);
  let [out, sum] = [0, 0];
  inflate(createGunzip(), packed, (content, isLast) => {
    sum = crc32(content, sum);
    bytes.set(content, out);
    out += content.length;
    if (isLast) Atomics.store(state, DONE, 1);
    tell(out);
  });
  if (packed.readUInt32LE(size - 8) !== sum) throw new Error("its checksum does not match");
}

function waitFor(length) {
  for (;;) {
    const decoded = Atomics.load(state, DECODED);
    if (decoded >= length || Atomics.load(state, DONE) === 1) return;
    Atomics.wait(state, DECODED, decoded);
  }
}

function textAt(at, most) {
  let end = at;
  while (end < at + most && bytes[end] !== 0) end++;
  return bytes.latin1Slice(at, end);
}

/** Makes files until none is left; the folders that were made for them. */
function work() {
  const folders = new Set();
  let number = 0;
  let mine = Atomics.add(state, NEXT, TURN);
  let until = mine + TURN;
  let long = "";
  for (let at = 0; ; ) {
    waitFor(at + 512);
    if (bytes[at] === 0) return folders;
    const size = Number.parseInt(textAt(at + 124, 12), 8);
    const type = String.fromCharCode(bytes[at + 156]);
    waitFor(at + 512 + size);
    if (type === "L") {
      long = bytes.latin1Slice(at + 512, at + 511 + size);
    } else {
      if (type === "0" && number++ === mine) {
        const prefix = bytes[at + 345] === 0 ? "" : `${textAt(at + 345, 155)}/`;
        create(`${folder}/${long || prefix + textAt(at, 100)}`, new Uint8Array(memory, STATE_BYTES + at + 512, size), folders);
        if (++mine === until) {
          mine = Atomics.add(state, NEXT, TURN);
          until = mine + TURN;
        }
      }
      long = "";
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
}
