/** What the floors have in common. */
import { closeSync, constants, futimesSync, mkdirSync, openSync, utimesSync, writeSync } from "node:fs";
import { dirname } from "node:path";

const STEP = 256 << 10;

/** The program's own, of what Node has none: the module that bundleCodecs() makes, which the benchmark names. */
export function codecs() {
  const module = process.env.FLOOR_CODECS;
  if (module === undefined) throw new Error("FLOOR_CODECS is not set: see bench/codecs.mjs");
  return import(module);
}

/** With its folder, where this thread has not made that before: `folders` are those that it did. */
export function create(path, content, folders) {
  const parent = dirname(path);
  if (!folders.has(parent)) {
    folders.add(parent);
    mkdirSync(parent, { recursive: true });
  }
  const fd = openSync(path, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o644);
  writeSync(fd, content, 0, content.length);
  futimesSync(fd, 1.7e9, 1.7e9);
  closeSync(fd);
}

/** Of the folders that a thread made, when it is done; the other one may still be at work in them, which costs no less. */
export function giveTimes(folders) {
  for (const folder of folders) utimesSync(folder, 1.7e9, 1.7e9);
}

const FINISH = 4;

/** All of it at once through one of zlib's streams, into `into`, which has room for it. */
export function inflateWhole({ _handle: handle, _writeState: left }, packed, into) {
  handle.reset();
  handle.writeSync(FINISH, packed, 0, packed.length, into, 0, into.length);
  return into.subarray(0, into.length - left[0]);
}

/** All of it through one of zlib's streams, below its events, and without a buffer for each piece. `each` gets a piece, and whether it is the last. */
export function inflate({ _handle: handle, _writeState: left }, packed, each) {
  const chunk = Buffer.alloc(STEP);
  let at = 0;
  do {
    handle.writeSync(0, packed, at, packed.length - at, chunk, 0, STEP);
    at = packed.length - left[1];
    each(chunk.subarray(0, STEP - left[0]), left[0] > 0);
  } while (left[0] === 0);
}
