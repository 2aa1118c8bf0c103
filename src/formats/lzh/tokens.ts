/** What the packed data of every method is made of. */

/** A token from here on is a match: this number and its length. Below it is the byte itself. */
export const MATCH = 256;
/** No match of any method is longer: lh2 and lh3 have the largest number, 285, with 8 bits more (285 + 255 - 256 + 3). */
export const LONGEST_MATCH = 287;
/** lh1 to lhx leave out matches of fewer than three bytes, which cost more than the bytes themselves. */
export const SHORTEST_MATCH = 3;

export interface Tokens {
  /**
   * Takes the next token; `position` is how many bytes of content came before it.
   * @throws {UnzipxError} BAD_DATA for codes that mean nothing, and behind the end of the packed data
   */
  next(position: number): number;
  /** Of the match that next() gave, from 1 on: how far back it lies. Not further than the method's window. */
  readonly distance: number;
}
