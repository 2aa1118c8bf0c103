/**
 * The least that a program in Node can take to pack a folder with the program's own encoders: both threads look at files, read and encode them, in blocks that each
 * fills for itself, and write what comes of it, in whatever order. That is no archive, but the same work.
 *
 *   node bench/floors/create.mjs gz|zst INPUT MADE     gz: also for a zip, which has the same blocks
 */
import { closeSync, fstatSync, lstatSync, openSync, readdirSync, readSync, writeSync } from "node:fs";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { crc32 } from "node:zlib";
import { codecs } from "./parts.mjs";

const [, script, filter, input, made] = process.argv;
/** Files that a thread takes at a time; of fewer than FEW, parts of a block each. */
const TURN = 16;
const FEW = 1000;
/** Bytes of a block: as the program has them. */
const BLOCK = { gz: 1 << 20, zst: 4 << 20 }[filter];
const WINDOW = 1 << 15;

const shared = isMainThread ? new SharedArrayBuffer(16) : workerData.shared;
/** The next file or part; where the next bytes go. */
const [PART, POSITION] = [0, 1];
const state = new Int32Array(shared);
const fd = openSync(made, isMainThread ? "w" : "r+");
const parts = isMainThread ? partsOf([...walk(input)]) : workerData.parts;
if (isMainThread) new Worker(script, { argv: process.argv.slice(2), workerData: { shared, parts } });
const { deflate, encodeFrame } = await codecs();
pack();

function* walk(folder) {
  lstatSync(folder);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* walk(path);
    else yield path;
  }
}

/** Paths of files; of large ones, the part's beginning and end as well. */
function partsOf(files) {
  if (files.length >= FEW) return files;
  return files.flatMap((path) => {
    const { size } = lstatSync(path);
    return Array.from({ length: Math.ceil(size / BLOCK) }, (_, number) => ({ path, from: number * BLOCK, to: Math.min(size, (number + 1) * BLOCK) }));
  });
}

function pack() {
  const block = Buffer.alloc(BLOCK);
  const before = Buffer.alloc(WINDOW);
  let used = 0;
  const flush = () => {
    const content = block.subarray(0, used);
    if (filter === "gz") crc32(content);
    const packed = filter === "gz" ? deflate(content, 6, { before, isLast: false }) : encodeFrame(content, 6);
    writeSync(fd, packed, 0, packed.length, Atomics.add(state, POSITION, packed.length));
    before.set(content.subarray(-WINDOW));
    used = 0;
  };
  const room = () => {
    if (used === BLOCK) flush();
    return BLOCK - used;
  };
  for (let mine = Atomics.add(state, PART, TURN); mine < parts.length; mine = Atomics.add(state, PART, TURN)) {
    for (const part of parts.slice(mine, mine + TURN)) {
      const one = openSync(part.path ?? part);
      const { from, to } = part.path === undefined ? { from: 0, to: fstatSync(one).size } : part;
      // A header, which packs to next to nothing.
      for (let header = 512; header > 0; ) {
        const length = Math.min(header, room());
        block.fill(0, used, used + length);
        used += length;
        header -= length;
      }
      for (let at = from; at < to; ) {
        const most = Math.min(room(), to - at); // room() may begin anew
        const read = readSync(one, block, used, most, at);
        at += read;
        used += read;
      }
      closeSync(one);
    }
  }
  if (used > 0) flush();
}
