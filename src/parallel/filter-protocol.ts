/** What a filter's thread and the main thread say to each other. Decoded bytes lie in a ring of shared memory, only their place travels. */
import type { PlainError } from "../errors.ts";

export const SLOT_BYTES = 512 * 1024;
/** Large files take longer to decode, and small ones to write, and both come many at a time: what is decoded ahead among the one keeps both threads at work among the other. */
export const SLOTS = 32;

/** So many pieces of input are sent that nobody has asked for yet: who reads a pipe is heard seldom while files are written. */
export const INPUT_AHEAD = 16;

/** Places in FilterStart.counts: pieces of input that the decoder took; chunks that were put into the ring; rows of work that were done; 1 while one is being done; 1 when all is decoded, and nothing was wrong with it. */
export const TAKEN = 0;
export const MADE = 1;
export const WORKED = 2;
export const WORKING = 3;
export const OVER = 4;
export const COUNTS = 5;

export interface FilterStart {
  readonly filter: string;
  readonly ring: SharedArrayBuffer;
  /** As in DecodeOptions. */
  readonly memory: number;
  /** To be looked at without waiting for a message. */
  readonly counts: SharedArrayBuffer;
  readonly lenient: boolean;
  /** The input, when it is a file: read over there. */
  readonly fd: number | undefined;
}

/** What went wrong with one piece of work, by its number among those that came together. */
export interface WorkFailure {
  readonly number: number;
  readonly error: PlainError;
}

export type FromFilter =
  | { readonly kind: "chunk"; readonly slot: number; readonly length: number; /** Bytes of input read so far, from a file. */ readonly read: number }
  | { readonly kind: "more" } // wants the next piece of input
  | { readonly kind: "worked"; readonly failures: readonly WorkFailure[] } // in the order in which work came
  | { readonly kind: "warn"; readonly error: PlainError }
  | { readonly kind: "error"; readonly error: PlainError }
  | { readonly kind: "end" };

export type ToFilter =
  | { readonly kind: "work"; readonly work: readonly unknown[] } // what is to be done with bytes in the ring before their slot is free
  | { readonly kind: "free"; readonly slot: number }
  | { readonly kind: "input"; readonly bytes: Uint8Array | undefined }; // undefined: the input is over
