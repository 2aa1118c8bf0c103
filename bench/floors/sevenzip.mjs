/**
 * The least that a program in Node can take to test a 7z whose blocks are of LZMA or LZMA2 alone: two threads decode a block after the other with the program's own
 * decoder, the largest first, and hold what comes out against its checksums. No entry is looked at, and no limit kept.
 *
 *   node bench/floors/sevenzip.mjs t ARCHIVE.7z
 */
import { fstatSync, openSync, readSync } from "node:fs";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { crc32 } from "node:zlib";
import { codecs } from "./parts.mjs";

const [, script, , archive] = process.argv;
const START_HEADER_BYTES = 32;

const shared = isMainThread ? new SharedArrayBuffer(4) : workerData;
const next = new Int32Array(shared);
if (isMainThread) new Worker(script, { argv: process.argv.slice(2), workerData: shared });

const { decodeHeader, dictionaryOf, lzmaDecoder, lzmaOf, storedHeader } = await codecs();
const fd = openSync(archive);
const blocks = headerOf().blocks.sort((one, other) => other.size - one.size);
for (let number = Atomics.add(next, 0, 1); number < blocks.length; number = Atomics.add(next, 0, 1)) check(blocks[number]);

function headerOf() {
  let { bytes } = storedHeader([{ fd, offset: 0, length: fstatSync(fd).size }], Infinity);
  for (;;) {
    const header = decodeHeader(bytes, Infinity);
    if (header.kind === "plain") return header;
    const pieces = [];
    decode(header.block, (piece) => pieces.push(Buffer.from(piece)));
    bytes = Buffer.concat(pieces);
  }
}

function decode(block, write) {
  const { method, properties } = lzmaOf(block);
  let at = START_HEADER_BYTES + block.position;
  let left = block.packSizes[0];
  const source = {
    read(into) {
      const read = readSync(fd, into, 0, Math.min(into.length, left), at);
      at += read;
      left -= read;
      return read;
    },
  };
  if (method === "lzma") lzmaDecoder().lzma(properties, source, block.size, write);
  else lzmaDecoder().lzma2(source, dictionaryOf(properties), write, block.size);
}

/** Where contents end, their checksums are compared. */
function check(block) {
  let [number, left, sum] = [0, block.sizes[0], 0];
  decode(block, (piece) => {
    for (let at = 0; at < piece.length; ) {
      const part = piece.subarray(at, at + left);
      sum = crc32(part, sum);
      at += part.length;
      left -= part.length;
      if (left > 0) continue;
      if (sum !== block.sums[number]) throw new Error(`checksum of content ${number} of a block`);
      number += 1;
      [left, sum] = [block.sizes[number], 0];
    }
  });
  if (number !== block.sizes.length) throw new Error("a block ends too soon");
}
