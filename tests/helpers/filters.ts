/** Filters by themselves: bytes in, and what came out or went wrong. */
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { UnzipxError, type ErrorCode } from "../../src/errors.ts";
import type { Blocks, Filter } from "../../src/formats/contract.ts";
import { inChunks } from "./build.ts";

export interface Decoded {
  readonly content: Buffer;
  readonly code: ErrorCode | undefined;
  readonly error: UnzipxError | undefined;
  readonly notes: readonly string[];
}

export interface DecodeSettings {
  readonly chunk?: number;
  readonly memory?: number;
  readonly lenient?: boolean;
  readonly threads?: number;
  readonly blocks?: Blocks | undefined;
}

/** `chunk` is how many bytes arrive at a time; each chunk is overwritten when the next one is asked for, as the contract allows. */
export async function decode(filter: Filter, bytes: Uint8Array, { chunk = Infinity, memory = 0, lenient = false, threads = 1, blocks }: DecodeSettings = {}): Promise<Decoded> {
  const pieces: Buffer[] = [];
  const notes: string[] = [];
  let error: UnzipxError | undefined;
  try {
    for await (const piece of filter.decode(shortLived(bytes, chunk), { memory, lenient, threads, blocks: blocks && (async () => blocks), warn: (note) => void notes.push(note.message) })) {
      pieces.push(Buffer.from(piece));
      // Whoever writes an empty chunk has forgotten something.
      expect(piece.length).toBeGreaterThan(0);
    }
  } catch (thrown) {
    if (!(thrown instanceof UnzipxError)) throw thrown;
    error = thrown;
  }
  return { content: Buffer.concat(pieces), code: error?.code, error, notes };
}

async function* shortLived(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) {
    const chunk = new Uint8Array(bytes.subarray(at, Math.min(bytes.length, at + size)));
    yield chunk;
    chunk.fill(0xee);
  }
}

/** The text of good data; fails when there was anything to say about it. */
export async function textOf(filter: Filter, bytes: Uint8Array, options: { chunk?: number; memory?: number } = {}): Promise<string> {
  const { content, error, notes } = await decode(filter, bytes, options);
  expect([error?.message, notes]).toEqual([undefined, []]);
  return content.toString("latin1");
}

/** The lengths that were accepted without an error or a note, of all that are shorter than the whole. */
export async function acceptedCuts(filter: Filter, bytes: Uint8Array, step = 1): Promise<number[]> {
  const accepted: number[] = [];
  for (let length = 0; length < bytes.length; length += step) {
    const { code, notes } = await decode(filter, bytes.subarray(0, length));
    if (code === undefined && notes.length === 0) accepted.push(length);
  }
  return accepted;
}

/** Flips every bit (or every `step`th); the positions of those bytes where other content came out without a word. */
export async function silentFlips(filter: Filter, bytes: Uint8Array, step = 1): Promise<number[]> {
  const whole = (await decode(filter, bytes)).content;
  const silent = new Set<number>();
  for (let bit = 0; bit < bytes.length * 8; bit += step) {
    const changed = new Uint8Array(bytes);
    changed[bit >>> 3]! ^= 1 << (bit & 7);
    const { content, code, notes } = await decode(filter, changed);
    if (code === undefined && notes.length === 0 && !content.equals(whole)) silent.add(bit >>> 3);
  }
  return [...silent];
}

/** Whether a consumer that stops early, and an error, both let the input go. */
export async function letsGo(filter: Filter, bytes: Uint8Array): Promise<boolean> {
  let ended = 0;
  try {
    for await (const _ of filter.decode(inChunks(bytes, 100, () => (ended += 1)), { memory: 0, warn: () => {} })) break;
  } catch (error) {
    expect(error).toBeInstanceOf(UnzipxError);
  }
  return ended === 1;
}

export function fixture(path: string): Buffer {
  return readFileSync(new URL(`../../fixtures/${path}`, import.meta.url));
}

/** Bytes that nothing can shrink, always the same. */
export function noise(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0, state = seed; at < length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

/** What compresses well and repeats itself at many distances, with something between that does not. */
export function mixture(length: number): Buffer {
  const parts: Buffer[] = [];
  for (let size = 0, at = 0; size < length; at++) {
    const part = at % 7 === 6 ? noise(1000, at) : Buffer.from(`Line ${at} of ${at % 13}: what is said again and again ${"=".repeat(at % 50)}\n`.repeat(1 + (at % 5)));
    parts.push(part);
    size += part.length;
  }
  return Buffer.concat(parts).subarray(0, length);
}

export function u32(value: number): Buffer {
  const field = Buffer.alloc(4);
  field.writeUInt32LE(value);
  return field;
}

/** A skippable frame, as lz4 and zstd have it. */
export function skippable(content: Uint8Array, kind = 0): Buffer {
  return Buffer.concat([u32(0x184d2a50 + kind), u32(content.length), content]);
}
