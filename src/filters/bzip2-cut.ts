/**
 * bzip2 data cut at the beginnings of its blocks, which lie at any bit and are found by their mark. Each piece gets a beginning of its
 * own (primer), so that all between is as it was, streams that end in it too; and an end, so that its decoder verifies that the cut
 * was right. Of a mark that only looks like one, inside a block, a piece fails: then takeBack() gives all that is not done, to be decoded in order.
 */
import type { Room } from "../bytes/room.ts";
import type { Bytes } from "../formats/contract.ts";
import { Bits, bitsAt, CHECKSUM_BITS, END_MARK, MARK_BITS, nextMark, primer, PRIMER_CONTENT, withBlock } from "./bzip2-bits.ts";
import type { Piece, Start } from "./decode-pieces.ts";

/** A piece has at least so many bytes; sending one off takes as long as decoding some kilobytes. */
const LEAST_BYTES = 64 * 1024;
/** And may hold at least so much content, in units of 100 kB: what fits into the ring of an engine. */
const LEAST_CONTENT = 18;
/** The longest block: 900,000 symbols of 20 bits, and its tables. Where no mark is for so long, there are no blocks. */
const MOST_BYTES = 3 << 20;
/** Cuts come before so much waits for one, or marks are not what they seem. */
const MOST_WAITING = 3 * MOST_BYTES;
/** Behind a mark: a checksum; of the end, what fills up the byte; of a further stream "BZh9" and a mark. */
const LOOK_BYTES = 4 + 1 + 4 + 6;

/** Where a piece begins. */
interface Begin {
  /** Bits of its first byte that are not its own. */
  readonly phase: number;
  /** Checksum of the stream so far. */
  readonly sum: number;
  /** 1 to 9; undefined: it is the beginning of the data. */
  readonly level: number | undefined;
}

interface Open {
  readonly begin: Begin;
  /** The last one may end within a byte, which is the first one of the next piece; undefined: it takes the input as it comes. */
  readonly bytes: Uint8Array | undefined;
  readonly isLast: boolean;
}

export class Bzip2Cutter {
  readonly #input: AsyncIterator<Uint8Array>;
  /** Started and not done. */
  readonly #open: Open[] = [];
  #begin: Begin = { phase: 0, sum: 0, level: undefined };
  /** From the beginning of the next piece on. */
  #bytes = Buffer.allocUnsafeSlow(1 << 20);
  #length = 0;
  #failed: { readonly error: unknown } | undefined;

  constructor(input: Bytes) {
    this.#input = input[Symbol.asyncIterator]();
  }

  /** Starts all pieces, one after the other. The last one is what follows the last cut, with all that lies behind the data: `behind` judges that. */
  async run(start: Start, room: Room, behind: () => void): Promise<void> {
    let more = true;
    let level = 0;
    let sum = 0;
    let content = 0;
    /** Bits that were looked at. */
    let seen = 0;
    for (let isOver = false; more && !isOver; ) {
      more = await this.#read();
      if (level === 0) level = levelAt(this.#bytes.subarray(0, this.#length), 0);
      isOver = level === 0 && this.#length >= LOOK_BYTES;
      while (!isOver) {
        const mark = nextMark(this.#bytes, seen, this.#length - LOOK_BYTES);
        if (mark === undefined) break;
        const { at, isEnd } = mark;
        seen = at + MARK_BITS;
        if (isEnd) {
          level = levelAt(this.#bytes, Math.ceil((seen + CHECKSUM_BITS) / 8));
          isOver = level === 0;
          sum = 0;
          continue;
        }
        if (content >= LEAST_CONTENT && at >= 8 * LEAST_BYTES) {
          const next: Begin = { phase: at % 8, sum, level };
          const cut = this.#cut(at, next);
          seen -= at - next.phase;
          content = 0;
          await room.take(cut.bytes!.length);
          await start(this.#piece(cut, room, next));
        }
        sum = withBlock(sum, bitsAt(this.#bytes, seen, CHECKSUM_BITS));
        content += level;
      }
      isOver ||= this.#length - seen / 8 > MOST_BYTES || this.#length > MOST_WAITING;
    }
    if (more) await room.take(Infinity); // until all others are done: what it took of the input could not be taken back
    const last: Open = { begin: this.#begin, bytes: more ? undefined : this.#bytes.subarray(0, this.#length), isLast: true };
    this.#open.push(last);
    const bytes = last.bytes === undefined ? this.#rest() : of(last.bytes);
    await start({ input: primed(this.#begin, bytes), skip: skipOf(this.#begin), behind });
  }

  /** Whether it is the last piece that is at work now: nothing can be taken back then. */
  get isLast(): boolean {
    return this.#open[0]?.isLast === true;
  }

  /** All from the first piece on that is not done, as one stream of bytes; `skip` as of a piece. To be called when run() has ended. */
  takeBack(): { readonly input: Bytes; readonly skip: number } {
    const [first] = this.#open;
    const begin = first?.begin ?? this.#begin;
    return { input: primed(begin, this.#all()), skip: skipOf(begin) };
  }

  async close(): Promise<void> {
    await this.#input.return?.();
  }

  /** More of the input behind what is there; false at its end. */
  async #read(): Promise<boolean> {
    try {
      const { done, value } = await this.#input.next();
      if (done === true) return false;
      if (this.#length + value.length > this.#bytes.length) {
        const larger = Buffer.allocUnsafeSlow(2 * (this.#length + value.length));
        larger.set(this.#bytes.subarray(0, this.#length));
        this.#bytes = larger;
      }
      this.#bytes.set(value, this.#length);
      this.#length += value.length;
      return true;
    } catch (error) {
      this.#failed = { error };
      throw error;
    }
  }

  /** What lies in front of bit `at` is one piece; from there on it is the next. */
  #cut(at: number, next: Begin): Open {
    const cut: Open = { begin: this.#begin, bytes: new Uint8Array(this.#bytes.subarray(0, at >>> 3)), isLast: false };
    this.#bytes.copyWithin(0, at >>> 3, this.#length);
    this.#length -= at >>> 3;
    this.#begin = next;
    this.#open.push(cut);
    return cut;
  }

  #piece({ begin, bytes }: Open, room: Room, { phase, sum }: Begin): Piece {
    const end = new Bits(this.#bytes[0], phase).add(END_MARK, MARK_BITS).add(sum >>> 0, CHECKSUM_BITS).bytes();
    return {
      input: primed(begin, of(bytes!, end)),
      skip: skipOf(begin),
      done: () => {
        this.#open.shift();
        room.give(bytes!.length);
      },
    };
  }

  async *#all(): AsyncGenerator<Uint8Array> {
    for (const { bytes, isLast } of this.#open) if (bytes !== undefined && !isLast) yield bytes;
    yield* this.#rest();
  }

  /** What was read and not cut, and what is not read yet. */
  async *#rest(): AsyncGenerator<Uint8Array> {
    yield this.#bytes.subarray(0, this.#length);
    if (this.#failed !== undefined) throw this.#failed.error;
    for (;;) {
      const { done, value } = await this.#input.next();
      if (done === true) return;
      yield value;
    }
  }
}

async function* of(...pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

function skipOf({ level }: Begin): number {
  return level === undefined ? 0 : PRIMER_CONTENT;
}

/** `bytes`, with a beginning in front that leads there. */
async function* primed({ phase, sum, level }: Begin, bytes: Bytes): AsyncGenerator<Uint8Array> {
  if (level === undefined) return yield* bytes;
  let head: Uint8Array | undefined = primer(level, sum, phase).bytes();
  for await (const chunk of bytes) {
    if (head === undefined || chunk.length === 0) {
      yield chunk;
      continue;
    }
    if (phase > 0) head[head.length - 1]! |= chunk[0]! & (0xff >>> phase);
    yield head;
    yield chunk.subarray(phase > 0 ? 1 : 0);
    head = undefined;
  }
}

/** The level of the stream that begins at byte `at`: "BZh" and a digit from 1 to 9, and a mark; 0: none does. */
function levelAt(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== 0x42 || bytes[at + 1] !== 0x5a || bytes[at + 2] !== 0x68 || nextMark(bytes, 8 * (at + 4), at + 10)?.at !== 8 * (at + 4)) return 0;
  const level = bytes[at + 3]! - 0x30;
  return level >= 1 && level <= 9 ? level : 0;
}
