/** Runs of bzip2: four equal bytes are followed by one that tells how many more there are. */

/** What a call of next() makes at most. */
const PIECE_BYTES = 256 * 1024;
const RUN = 4;
const NONE = -1;

/** The content that `text`, with its runs, stands for, piece by piece: of a block that is all runs it is fifty times as long. Each piece is valid until the next one. */
export class Runs {
  readonly #text: Uint8Array;
  readonly #piece = new Uint8Array(PIECE_BYTES);
  #at = 0;
  #byte = NONE;
  #run = 0;

  constructor(text: Uint8Array) {
    this.#text = text;
  }

  /** The number that the last run needs is missing; to be asked at the end. */
  get isCutOff(): boolean {
    return this.#run === RUN;
  }

  next(): Uint8Array | undefined {
    const [text, piece] = [this.#text, this.#piece];
    let [at, byte, run, length] = [this.#at, this.#byte, this.#run, 0];
    for (const most = piece.length - 0xff; at < text.length && length < most; at++) {
      const next = text[at]!;
      if (run === RUN) {
        piece.fill(byte, length, length + next);
        length += next;
        byte = NONE;
        run = 0;
        continue;
      }
      run = next === byte ? run + 1 : 1;
      byte = next;
      piece[length++] = next;
    }
    this.#at = at;
    this.#byte = byte;
    this.#run = run;
    return length === 0 ? undefined : piece.subarray(0, length);
  }
}
