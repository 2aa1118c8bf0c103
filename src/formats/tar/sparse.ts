/** Sparse files in a tar: GNU's own type "S", and the three ways of putting a map into pax records (0.0, 0.1, 1.0). */
import type { BlockReader } from "../../bytes/block-reader.ts";
import { holeOf } from "../../bytes/zeros.ts";
import { UnzipxError } from "../../errors.ts";
import { readOctal } from "./index.ts";

/** A stretch of data in the file; everything between the stretches is a hole. */
interface Stretch {
  readonly offset: number;
  readonly length: number;
}

export interface SparseMap {
  /** Of the file, holes included. */
  readonly size: number;
  readonly stretches: readonly Stretch[];
  /** Bytes of the map that stand in front of the data, inside the entry's size. */
  readonly mapBytes: number;
}

const BLOCK = 512;
/** As Go: no honest file has a map of more than a megabyte. */
const MAP_BYTES = 1024 * 1024;

function bad(why: string): UnzipxError {
  return new UnzipxError("BAD_HEADER", `Cannot read the tar archive: the map of a sparse file ${why}`);
}

/** Old GNU: 4 stretches in the header from 386 on, a flag at 482 that more follow, the real size at 483; then blocks of 21. */
export async function readOldGnuMap(header: Uint8Array, reader: BlockReader): Promise<SparseMap> {
  const stretches: Stretch[] = [];
  const add = (block: Uint8Array, at: number, most: number): void => {
    for (let i = 0; i < most; i++, at += 24) {
      if (block[at] === 0) return;
      stretches.push({ offset: octal(block, at), length: octal(block, at + 12) });
    }
  };
  add(header, 386, 4);
  const size = octal(header, 483);
  for (let more = header[482] !== 0, read = 0; more; read += BLOCK) {
    if (read > MAP_BYTES) throw bad("is larger than any file needs");
    const block = await reader.take(BLOCK);
    if (block === undefined) throw new UnzipxError("TRUNCATED", "Cannot read the tar archive: it is cut off inside the map of a sparse file");
    add(block, 0, 21);
    more = block[504] !== 0;
  }
  return { size, stretches, mapBytes: 0 };
}

function octal(block: Uint8Array, at: number): number {
  if ((block[at]! & 0x80) !== 0) {
    let value = 0;
    for (let i = 4; i < 12; i++) value = value * 256 + block[at + i]!;
    return value;
  }
  const value = readOctal(block, at, 12);
  if (value === undefined) throw bad("holds a number that is none");
  return value;
}

/** `text` gives a pax record; `pairs` the offsets and lengths of version 0.0, whose keys repeat. */
export async function readPaxMap(
  text: (key: string) => string | undefined, pairs: readonly string[], packedSize: number, reader: BlockReader,
): Promise<SparseMap> {
  const size = numberOf(text("GNU.sparse.realsize") ?? text("GNU.sparse.size") ?? "");
  if (text("GNU.sparse.major") === "1") return readMapInData(size, packedSize, reader);
  const map = text("GNU.sparse.map");
  const numbers = (map === undefined ? pairs : map === "" ? [] : map.split(",")).map(numberOf);
  const stretches = inPairs(numbers);
  const count = text("GNU.sparse.numblocks");
  if (count !== undefined && numberOf(count) !== stretches.length) throw bad(`has ${stretches.length} stretches, and says that there are ${count.slice(0, 20)}`);
  return { size, stretches, mapBytes: 0 };
}

/** Version 1.0: decimal numbers, one a line, in front of the data and padded to a block: how many stretches, then each. */
async function readMapInData(size: number, packedSize: number, reader: BlockReader): Promise<SparseMap> {
  const numbers: number[] = [];
  let line = "";
  let mapBytes = 0;
  while (numbers.length === 0 || numbers.length < 1 + 2 * numbers[0]!) {
    if (mapBytes + BLOCK > Math.min(packedSize, MAP_BYTES)) throw bad("is larger than its entry, or than any file needs");
    const block = await reader.take(BLOCK);
    if (block === undefined) throw new UnzipxError("TRUNCATED", "Cannot read the tar archive: it is cut off inside the map of a sparse file");
    mapBytes += BLOCK;
    for (const byte of block) {
      if (byte === 0x0a) {
        if (!line.startsWith("#")) numbers.push(numberOf(line)); // libarchive allows comments
        line = "";
        if (numbers.length === 1 + 2 * numbers[0]!) break;
      } else if ((line += String.fromCharCode(byte)).length > 20) {
        throw bad("holds a number that is none");
      }
    }
  }
  return { size, stretches: inPairs(numbers.slice(1)), mapBytes };
}

function numberOf(text: string): number {
  const number = /^[0-9]{1,16}$/.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(number)) throw bad("holds a number that is none");
  return number;
}

function inPairs(numbers: readonly number[]): Stretch[] {
  if (numbers.length % 2 !== 0) throw bad("has an offset without a length");
  return Array.from({ length: numbers.length / 2 }, (_, i) => ({ offset: numbers[2 * i]!, length: numbers[2 * i + 1]! }));
}

/** Every stretch behind the one before it and inside the file, and together as long as the data. */
export function checkMap({ size, stretches }: SparseMap, dataBytes: number): void {
  let end = 0;
  let sum = 0;
  for (const { offset, length } of stretches) {
    if (offset < end || offset + length > size) throw bad("has stretches that overlap or lie outside the file");
    end = offset + length;
    sum += length;
  }
  if (sum !== dataBytes) throw bad(`speaks of ${sum} bytes of data, and there are ${dataBytes}`);
}

/** The file's content: holes as views of ZEROS, data in the pieces it arrives in; `taken` counts the data. */
export async function* expand({ size, stretches }: SparseMap, reader: BlockReader, taken: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (const { offset, length } of stretches) {
    yield* holeOf(offset - at);
    for await (const piece of reader.pieces(length)) {
      taken(piece.length);
      yield piece;
    }
    at = offset + length;
  }
  yield* holeOf(size - at);
}
