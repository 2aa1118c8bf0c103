/**
 * The sorted rotations of a block turned back (Burrows and Wheeler). From each row one is led to the row that begins with the next byte, anywhere in
 * megabytes, and each step waits for memory. So several go at once, from rows here and there, each until it comes to a row where
 * one began; in the end the pieces are put together. It takes a third of the time.
 */

/** Where pieces begin, beside the text's own beginning: at rows so far from each other. */
const PIECES = 256;
/** Of so many rows one after the other is as good. */
const FEW_ROWS = 16 * PIECES;
/** Set in a row where a piece begins. */
const BEGIN = 1 << 31;
/** A row holds its first byte, and above that the next row. */
const BYTE_BITS = 8;
const ROW = 0x7fffffff;
const LANES = 4;

export class Rows {
  readonly #size: number;
  readonly #rows: Int32Array;
  /** What each lane found, one behind the other. */
  readonly #found: Uint8Array;
  /** For each piece where it lies in #found, where it ends, and the row behind it. */
  readonly #pieces = new Int32Array(3 * (PIECES + 2));

  constructor(size: number) {
    this.#size = size;
    this.#rows = new Int32Array(size);
    this.#found = new Uint8Array(LANES * size);
  }

  /** The text whose rotations, sorted, end with the bytes `lasts`, and are at `origin` that text itself; `counts` tells how often each byte occurs, and is used up. */
  turnBack(lasts: Uint8Array, counts: Int32Array, origin: number, text: Uint8Array): void {
    const rows = this.#rows;
    linkRows(lasts, rows, text.length, counts);
    if (text.length < FEW_ROWS) followRows(rows, origin, text);
    else this.#putTogether(origin, text);
  }

  #putTogether(origin: number, text: Uint8Array): void {
    const [rows, found, pieces] = [this.#rows, this.#found, this.#pieces];
    const step = Math.ceil(text.length / PIECES);
    for (let row = 0; row < text.length; row += step) rows[row]! |= BEGIN;
    rows[origin]! |= BEGIN;
    followPieces(rows, { found, size: this.#size, pieces, origin, step, count: text.length });
    // Where the rows lead back to the origin too early, the text repeats itself.
    for (let length = 0, row = origin; length < text.length; ) {
      const piece = 3 * (row === origin ? 0 : row / step + 1);
      const part = found.subarray(pieces[piece], pieces[piece + 1]).subarray(0, text.length - length);
      text.set(part, length);
      length += part.length;
      row = pieces[piece + 2]!;
    }
  }
}

/** Rows are sorted by their first byte, and those with the same one are in the order of the rows of which it is the last one. */
function linkRows(lasts: Uint8Array, rows: Int32Array, count: number, counts: Int32Array): void {
  for (let byte = 0, begin = 0; byte < 256; byte++) {
    const here = counts[byte]!;
    counts[byte] = begin;
    begin += here;
  }
  for (let row = 0; row < count; row++) {
    const byte = lasts[row]!;
    const place = counts[byte]!;
    counts[byte] = place + 1;
    rows[place] = (row << BYTE_BITS) | byte;
  }
}

function followRows(rows: Int32Array, origin: number, text: Uint8Array): void {
  for (let i = 0, row = origin; i < text.length; i++) {
    const cell = rows[row]!;
    text[i] = cell;
    row = cell >>> BYTE_BITS;
  }
}

interface Following {
  readonly found: Uint8Array;
  /** Bytes of `found` for each lane. */
  readonly size: number;
  readonly pieces: Int32Array;
  readonly origin: number;
  readonly step: number;
  readonly count: number;
}

/** Follows the rows from each begin to the next one. All pieces together are no longer than the text, since no two rows lead to the same one. */
function followPieces(rows: Int32Array, { found, size, pieces, origin, step, count }: Following): void {
  const pieceOf = (row: number): number => 3 * (row === origin ? 0 : row / step + 1);
  /** The origin first, then those at each step. */
  let next = -step;
  const take = (at: number): { readonly piece: number; readonly row: number } => {
    const row = next < 0 ? origin : next;
    next += step;
    if (next === origin) next += step;
    pieces[pieceOf(row)] = at;
    return { piece: pieceOf(row), row };
  };
  const end = (piece: number, at: number, row: number): void => {
    pieces[piece + 1] = at;
    pieces[piece + 2] = row;
  };
  const at = new Int32Array(LANES);
  const inPiece = new Int32Array(LANES);
  /** All lanes have found as much. */
  let length = 0;
  for (let lane = 0; lane < LANES; lane++) ({ piece: inPiece[lane], row: at[lane] } = take(lane * size));
  let isNew = (1 << LANES) - 1;
  for (;;) {
    // One step by all: a lane that begins stands at a row that would end it.
    for (let lane = 0; lane < LANES; lane++) {
      const cell = rows[at[lane]!]!;
      found[lane * size + length] = cell;
      at[lane] = (cell & ROW) >>> BYTE_BITS;
    }
    length = followAll(rows, found, size, at, length + 1);
    isNew = 0;
    for (let lane = 0; lane < LANES && next < count; lane++) {
      if (rows[at[lane]!]! >= 0) continue;
      end(inPiece[lane]!, lane * size + length, at[lane]!);
      ({ piece: inPiece[lane], row: at[lane] } = take(lane * size + length));
      isNew |= 1 << lane;
    }
    if (next >= count) break;
  }
  for (let lane = 0; lane < LANES; lane++) {
    let [row, to] = [at[lane]!, lane * size + length];
    for (let cell = rows[row]!; cell >= 0 || (isNew & (1 << lane)) !== 0; cell = rows[row]!) {
      isNew &= ~(1 << lane);
      found[to++] = cell;
      row = (cell & ROW) >>> BYTE_BITS;
    }
    end(inPiece[lane]!, to, row);
  }
}

/** Each lane goes on until one comes to a begin. How much they have found then. */
function followAll(rows: Int32Array, found: Uint8Array, size: number, at: Int32Array, length: number): number {
  let [a, b, c, d] = [at[0]!, at[1]!, at[2]!, at[3]!];
  for (;;) {
    const cellA = rows[a]!;
    const cellB = rows[b]!;
    const cellC = rows[c]!;
    const cellD = rows[d]!;
    if ((cellA | cellB | cellC | cellD) < 0) break;
    found[length] = cellA;
    found[length + size] = cellB;
    found[length + 2 * size] = cellC;
    found[length + 3 * size] = cellD;
    a = cellA >>> BYTE_BITS;
    b = cellB >>> BYTE_BITS;
    c = cellC >>> BYTE_BITS;
    d = cellD >>> BYTE_BITS;
    length++;
  }
  at[0] = a;
  at[1] = b;
  at[2] = c;
  at[3] = d;
  return length;
}
