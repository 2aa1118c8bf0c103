/**
 * What the engine's thread and whoever uses it say to each other. Bytes lie in shared memory in both directions, messages only
 * say where; so the engine, which cannot wait for a promise, waits by Atomics.wait until there is room or input.
 */
import type { PlainError } from "../errors.ts";
import type { Segment } from "../formats/contract.ts";

/** A file that the engine sees, put together from parts of open files and from bytes. */
export interface SourceFile {
  readonly name: string;
  readonly segments: readonly Segment[];
}

export interface EngineStart {
  readonly shared: SharedArrayBuffer;
}

export type EngineRequest =
  /** 7-Zip, over these files. */
  | { readonly kind: "7zip"; readonly words: readonly string[]; readonly files: readonly SourceFile[] }
  /** A file of xz from standard input, whose blocks have no filter but LZMA2: by ourselves, and by these words where that cannot be. */
  | { readonly kind: "xz"; readonly words: readonly string[]; readonly files: readonly SourceFile[] }
  /** Each block is told as a file that is called by its number. `isAlone`: nothing else is decoded meanwhile, so this may be farther ahead. */
  | { readonly kind: "blocks"; readonly blocks: readonly LzmaBlock[]; readonly isAlone: boolean };

/** A stream of LZMA or LZMA2, as it lies in a 7z. */
export interface LzmaBlock {
  readonly method: "lzma" | "lzma2";
  /** As in 7z. */
  readonly properties: Uint8Array;
  readonly packed: readonly Segment[];
  /** Bytes of its content. */
  readonly size: number;
}

/** What happens while the engine runs, in order. */
export type EngineEvent =
  | { readonly kind: "open"; readonly path: string }
  /** Content of the open file; when none is open, standard output. */
  | { readonly kind: "data"; /** Where it lies in the slot. */ readonly start: number; length: number }
  | { readonly kind: "close" }
  | { readonly kind: "symlink"; readonly path: string; readonly target: string }
  /** A file that it looked for and that is not there: most often the next volume. */
  | { readonly kind: "missing"; readonly name: string }
  /** The system cannot read the archive: whatever the engine makes of that is no damage. */
  | { readonly kind: "unreadable"; readonly error: PlainError }
  | { readonly kind: "error"; readonly text: string }
  | { readonly kind: "exit"; readonly code: number };

export type FromEngine =
  /** The data of all its events lies in one slot; undefined: there is none. */
  | { readonly kind: "batch"; readonly slot: number | undefined; readonly events: readonly EngineEvent[] }
  /** This input slot may be filled. */
  | { readonly kind: "need"; readonly slot: number }
  /** The instance is lost. */
  | { readonly kind: "crash"; readonly why: string };

/** So far a decoder is ahead: it waits less for who makes many small files, and later does not have to be waited for. */
export const OUTPUT_SLOTS = 12;
/** Where several are at work. 7-Zip's LZMA gives what is in its dictionary at once, 4 MiB and more: with less room than that it would wait for us each time. */
export const FEW_SLOTS = 8;
export const OUTPUT_SLOT_BYTES = 1024 * 1024;
export const INPUT_SLOTS = 2;
export const INPUT_SLOT_BYTES = 256 * 1024;

/** Numbers in the first bytes of the shared memory. */
export const CONTROL = {
  /** Output slots that may be written. */
  FREE: 0,
  /** Grows with what is read and told: the engine lives. */
  PROGRESS: 1,
  /** 1 while it waits for us. */
  WAITING: 2,
  /** For each input slot: bytes in it; INPUT_END; 0 while it is empty. */
  INPUT: 3,
} as const;
export const INPUT_END = -1;

const CONTROL_BYTES = 4096;
export const SHARED_BYTES = CONTROL_BYTES + INPUT_SLOTS * INPUT_SLOT_BYTES + OUTPUT_SLOTS * OUTPUT_SLOT_BYTES;

export function controlOf(shared: SharedArrayBuffer): Int32Array {
  return new Int32Array(shared, 0, CONTROL_BYTES / 4);
}

export function inputSlot(shared: SharedArrayBuffer, slot: number): Uint8Array {
  return new Uint8Array(shared, CONTROL_BYTES + slot * INPUT_SLOT_BYTES, INPUT_SLOT_BYTES);
}

export function outputSlot(shared: SharedArrayBuffer, slot: number): Uint8Array {
  return new Uint8Array(shared, CONTROL_BYTES + INPUT_SLOTS * INPUT_SLOT_BYTES + slot * OUTPUT_SLOT_BYTES, OUTPUT_SLOT_BYTES);
}
