/**
 * The least that a program in Node can take to unpack a tar, or one in a filter, with no limit, no rule for names and no way back: decoded into memory that holds
 * all of it, xz's blocks by both threads and everything else by one, while both create files, of which each takes some that lie ready.
 *
 *   node bench/floors/tar.mjs ARCHIVE.tar[.gz|.zst|.xz] FOLDER     beside a .tar.zst, which tells no size, lies the tar that is in it
 */
import { fstatSync, openSync, readSync, statSync } from "node:fs";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { crc32, createGunzip } from "node:zlib";
import { codecs, create, giveTimes, inflate } from "./parts.mjs";

const [, script, archive, folder] = process.argv;
const STATE_BYTES = 32;
/** Places in the state: the next file, the next block, bytes that are decoded from the start on. */
const [FILE, BLOCK, DECODED] = [0, 1, 2];
/** Files that a thread takes at a time. */
const TURN = 16;

const fd = openSync(archive);
const { size } = fstatSync(fd);
const DECODERS = { gz: gunzip, zst: unzstd, xz: unxz };
const decode = DECODERS[archive.split(".").at(-1)] ?? readAll;
const blocks = decode === unxz ? blocksOfXz() : undefined;

const total = blocks?.at(-1).end ?? sizeOfTar();
/** Most blocks; of each, 1 when it is decoded. */
const COUNTS = 1024;
const memory = isMainThread ? new SharedArrayBuffer(STATE_BYTES + COUNTS * 4 + total) : workerData;
const state = new Int32Array(memory, 0, STATE_BYTES / 4);
const done = new Int32Array(memory, STATE_BYTES, COUNTS);
const bytes = Buffer.from(memory, STATE_BYTES + COUNTS * 4);
/** So many of the first blocks are known to be decoded. */
let ready = 0;

// The main thread decodes: what goes wrong there ends the other one, which may be waiting.
if (isMainThread) new Worker(script, { argv: process.argv.slice(2), workerData: memory });
if (isMainThread || blocks !== undefined) await decode();
giveTimes(work());

function sizeOfTar() {
  if (decode === unzstd) return statSync(archive.slice(0, -".zst".length)).size;
  if (decode === readAll) return size;
  // RFC 1952, 2.3.1: a gzip member ends with the size of its content.
  const end = Buffer.alloc(4);
  readSync(fd, end, 0, 4, size - 4);
  return end.readUInt32LE();
}

function tell(length) {
  Atomics.store(state, DECODED, length);
  Atomics.notify(state, DECODED);
}

function readAll() {
  readSync(fd, bytes, 0, size, 0);
  tell(size);
}

function whole() {
  const packed = Buffer.alloc(size);
  readSync(fd, packed, 0, size, 0);
  return packed;
}

function gunzip() {
  const packed = whole();
  let [out, sum] = [0, 0];
  inflate(createGunzip(), packed, (content) => {
    sum = crc32(content, sum);
    bytes.set(content, out);
    tell((out += content.length));
  });
  if (packed.readUInt32LE(size - 8) !== sum) throw new Error("its checksum does not match");
}

async function unzstd() {
  const { decodeZstd } = await codecs();
  async function* input() {
    yield whole();
  }
  let out = 0;
  for await (const content of decodeZstd(input(), { memory: Infinity, lenient: false, warn() {} })) {
    bytes.set(content, out);
    tell((out += content.length));
  }
}

/** Each thread takes the next block until there is none. */
async function unxz() {
  const { blockOf, lzmaDecoder } = await codecs();
  const headerSize = Buffer.alloc(1);
  for (let number = Atomics.add(state, BLOCK, 1); number < blocks.length; number = Atomics.add(state, BLOCK, 1)) {
    const { place, start, end } = blocks[number];
    readSync(fd, headerSize, 0, 1, place);
    const header = Buffer.alloc((headerSize[0] + 1) * 4);
    readSync(fd, header, 0, header.length, place);
    let [at, out] = [place + header.length, start];
    const source = {
      read(into) {
        const read = readSync(fd, into, 0, into.length, at);
        at += read;
        return read;
      },
    };
    const decoder = lzmaDecoder();
    decoder.sum(true); // CRC-64, which xz has
    decoder.lzma2(source, blockOf(header.subarray(1, -4)).dictionary, (content) => {
      bytes.set(content, out);
      out += content.length;
    }, end - start);
    Atomics.store(done, number, 1);
    Atomics.notify(done, number);
  }
}

/** Where each lies, and its content, by the index at the end (https://tukaani.org/xz/xz-file-format.txt, 4) of a file with one stream. */
function blocksOfXz() {
  const footer = Buffer.alloc(12);
  readSync(fd, footer, 0, 12, size - 12);
  const index = Buffer.alloc((footer.readUInt32LE(4) + 1) * 4);
  readSync(fd, index, 0, index.length, size - 12 - index.length);
  let at = 1;
  const number = () => {
    for (let [value, unit] = [0, 1]; ; unit *= 128) {
      const byte = index[at++];
      value += (byte & 127) * unit;
      if (byte < 128) return value;
    }
  };
  const found = [];
  let [place, start] = [12, 0];
  for (let left = number(); left > 0; left--) {
    const [packed, content] = [number(), number()];
    found.push({ place, start, end: start + content });
    place += Math.ceil(packed / 4) * 4;
    start += content;
  }
  return found;
}

/** Until so much is decoded. */
function waitFor(length) {
  if (blocks === undefined) {
    for (let decoded = Atomics.load(state, DECODED); decoded < Math.min(length, total); decoded = Atomics.load(state, DECODED)) Atomics.wait(state, DECODED, decoded);
    return;
  }
  for (let number = ready; number < blocks.length && blocks[number].start < length; number++) {
    while (Atomics.load(done, number) === 0) Atomics.wait(done, number, 0);
    ready = number + 1;
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
  let mine = Atomics.add(state, FILE, TURN);
  let until = mine + TURN;
  let long = "";
  for (let at = 0; ; ) {
    waitFor(at + 512);
    if (bytes[at] === 0) return folders;
    const length = Number.parseInt(textAt(at + 124, 12), 8);
    const type = String.fromCharCode(bytes[at + 156]);
    waitFor(at + 512 + length);
    if (type === "L") {
      long = bytes.latin1Slice(at + 512, at + 511 + length);
    } else {
      if (type === "0" && number++ === mine) {
        const prefix = bytes[at + 345] === 0 ? "" : `${textAt(at + 345, 155)}/`;
        create(`${folder}/${long || prefix + textAt(at, 100)}`, bytes.subarray(at + 512, at + 512 + length), folders);
        if (++mine === until) {
          mine = Atomics.add(state, FILE, TURN);
          until = mine + TURN;
        }
      }
      long = "";
    }
    at += 512 + Math.ceil(length / 512) * 512;
  }
}
