/** Compressed data that was cut into pieces, each of them a whole file to the engine: decoded by several engines at once, given in order. */
import { nextTurn } from "../bytes/clock.ts";
import { Room } from "../bytes/room.ts";
import { engineDecode } from "../engine/codec.ts";
import type { Bytes } from "../formats/contract.ts";

export interface Piece {
  readonly input: Bytes;
  /** Bytes that its decoder's dictionary takes; absent: next to none. */
  readonly memory?: number;
  /** The decoder of our own reads it. */
  readonly isPlain: boolean;
  /** As in CodecOptions; absent: nothing may follow. */
  readonly behind?: (() => void) | undefined;
}

export interface PiecesOptions {
  readonly type: "xz";
  readonly what: string;
  /** At once. */
  readonly engines: number;
}

/** Resolves when an engine is at work on the piece. */
export type Start = (piece: Piece) => Promise<void>;

/** Each engine has some 20 MB of its own. */
const MOST_ENGINES = 8;
/** Decoded bytes that wait for their turn, of all pieces together. A block of xz -6 has 24 MiB. */
const AHEAD = 12 << 20;
/** Compressed bytes that were read and not yet decoded. */
const READ_AHEAD = 16 << 20;
/** Of the dictionaries of all pieces together; one piece is always. */
const DICTIONARIES = 256 << 20;

export function enginesFor(threads: number | undefined): number {
  return Math.min(threads ?? 1, MOST_ENGINES);
}

/**
 * What the pieces hold, in the order in which `cut` starts them. `cut` is run beside, and ends with the last piece; what it throws is
 * thrown behind the pieces that it started. What it reads ahead it takes from `room`, which is closed when nobody wants more. Each chunk is valid until the next one is asked for.
 */
export async function* decodePieces({ type, what, engines }: PiecesOptions, cut: (start: Start, room: Room) => Promise<void>): AsyncGenerator<Uint8Array> {
  const free = new Room(engines);
  const dictionaries = new Room(DICTIONARIES);
  const room = new Room(READ_AHEAD);
  const ahead = new Room(AHEAD);
  const spare: Uint8Array[] = [];
  const lanes: Lane[] = [];
  let wake = (): void => {};
  let ended: { readonly error?: unknown } | undefined;
  const start: Start = async (piece) => {
    const { memory = 0 } = piece;
    await free.take(1);
    await dictionaries.take(memory);
    const freed = (): void => {
      free.give(1);
      dictionaries.give(memory);
    };
    lanes.push(new Lane(engineDecode(piece.isPlain ? `plain-${type}` : type, piece.input, { what, behind: piece.behind }), { ahead, spare, free: freed }));
    wake();
  };
  const cutting = cut(start, room).then(() => (ended = {}), (error: unknown) => (ended = { error })).then(() => wake());
  try {
    for (;;) {
      const [lane] = lanes;
      if (lane !== undefined) {
        yield* lane.take();
        lanes.shift();
      } else if (ended === undefined) {
        await new Promise<void>((resolve) => (wake = resolve));
      } else {
        if ("error" in ended) throw ended.error;
        return;
      }
    }
  } finally {
    free.close();
    dictionaries.close();
    room.close();
    ahead.close();
    await Promise.all(lanes.map((lane) => lane.close()));
    await cutting;
  }
}

interface Shared {
  readonly ahead: Room;
  /** Buffers to be used again. */
  readonly spare: Uint8Array[];
  free(): void;
}

/** One piece: before its turn what comes out is kept, as far as there is room; from then on it is handed through. */
class Lane {
  readonly #chunks: AsyncGenerator<Uint8Array>;
  readonly #shared: Shared;
  readonly #kept: Uint8Array[] = [];
  readonly #fetching: Promise<void>;
  #isOn = false;
  #isDone = false;
  /** Not copied, since nobody asks for a further one before it is taken. */
  #last: Uint8Array | undefined;

  constructor(decoded: AsyncGenerator<Uint8Array>, shared: Shared) {
    this.#chunks = decoded;
    this.#shared = shared;
    this.#fetching = this.#fetch();
    this.#fetching.catch(() => {}); // told when its turn comes
  }

  async *take(): AsyncGenerator<Uint8Array> {
    this.#isOn = true;
    this.#shared.ahead.wake();
    yield* this.#giveKept();
    await this.#fetching;
    yield* this.#giveKept();
    if (this.#last !== undefined) yield this.#last;
    if (!this.#isDone) {
      yield* this.#chunks;
      this.#shared.free();
    }
  }

  async close(): Promise<void> {
    this.#isOn = true;
    await this.#fetching.catch(() => {});
    await this.#chunks.return(undefined);
  }

  async #fetch(): Promise<void> {
    const { ahead, spare, free } = this.#shared;
    while (!this.#isOn) {
      const { done, value } = await this.#chunks.next();
      if (done === true) {
        this.#isDone = true;
        return free();
      }
      await ahead.take(value.length, () => this.#isOn);
      if (this.#isOn) {
        ahead.give(value.length);
        this.#last = value;
        return;
      }
      const found = spare.findIndex(({ buffer }) => buffer.byteLength >= value.length);
      const copy = found < 0 ? Buffer.allocUnsafeSlow(value.length) : new Uint8Array(spare.splice(found, 1)[0]!.buffer, 0, value.length);
      copy.set(value);
      this.#kept.push(copy);
    }
  }

  async *#giveKept(): AsyncGenerator<Uint8Array> {
    for (let chunk = this.#kept.shift(); chunk !== undefined; chunk = this.#kept.shift()) {
      yield chunk;
      await nextTurn(); // what is kept comes without waiting, and meanwhile no engine would be heard
      this.#shared.ahead.give(chunk.length);
      this.#shared.spare.push(chunk);
    }
  }
}
