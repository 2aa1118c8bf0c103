/** Holes of sparse files, in a form that every consumer of bytes understands and the writer recognises. */

/** A hole is given out as views of this: data to whoever only reads, a place to leave empty for the writer. */
export const ZEROS = new Uint8Array(256 * 1024);

export function isHole(chunk: Uint8Array): boolean {
  return chunk.buffer === ZEROS.buffer;
}

export function* holeOf(length: number): Generator<Uint8Array> {
  for (let left = length; left > 0; left -= ZEROS.length) yield left < ZEROS.length ? ZEROS.subarray(0, left) : ZEROS;
}
