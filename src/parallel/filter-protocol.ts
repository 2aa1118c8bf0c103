/** What a filter's thread and the main thread say to each other. Decoded bytes lie in a ring of shared memory, only their place travels. */
import type { PlainError } from "../errors.ts";

export const SLOT_BYTES = 512 * 1024;
export const SLOTS = 4;

export interface FilterStart {
  readonly filter: string;
  readonly ring: SharedArrayBuffer;
  /** As in DecodeOptions. */
  readonly memory: number;
  /** One number, which goes up with every piece of input that the decoder takes. */
  readonly alive: SharedArrayBuffer;
  readonly lenient: boolean;
  /** The input, when it is a file: read over there. */
  readonly fd: number | undefined;
  /** Where compiled code is kept. */
  readonly compiled: string | undefined;
}

export type FromFilter =
  | { readonly kind: "chunk"; readonly slot: number; readonly length: number; /** Bytes of input read so far, from a file. */ readonly read: number }
  | { readonly kind: "more" } // wants the next piece of input
  | { readonly kind: "warn"; readonly error: PlainError }
  | { readonly kind: "error"; readonly error: PlainError }
  | { readonly kind: "end" };

export type ToFilter =
  | { readonly kind: "free"; readonly slot: number }
  | { readonly kind: "input"; readonly bytes: Uint8Array | undefined }; // undefined: the input is over
