/** What our inflater makes of streams, in pieces of any length, against Node's zlib: of whole ones, and of damaged ones. */
import { readFileSync } from "node:fs";
import { constants, deflateRawSync, inflateRawSync, type InputType } from "node:zlib";
import { describe, expect, it, vi } from "vitest";
import { startInflation, type Inflation } from "../../src/deflate/inflation.ts";
import { mixture, noise } from "../helpers/filters.ts";

const ROOM = 512 * 1024;
const TEXT = readFileSync(new URL("../../src/deflate/inflate.c", import.meta.url));

/** The same numbers every time. */
function numbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function inflater(): Inflation {
  const inflation = startInflation();
  if (inflation === undefined) throw new Error("there is no WebAssembly");
  return inflation;
}

interface Inflated {
  readonly bytes: Buffer;
  readonly consumed: number;
  readonly error: string | undefined;
}

/** By ours, in pieces of the lengths that `next` gives. Each chunk has to stay as it was until the next but one is asked for. */
function ours(packed: Uint8Array, next: () => number, inflation = inflater()): Inflated {
  const chunks: Buffer[] = [];
  let before: Uint8Array | undefined;
  let error: string | undefined;
  try {
    for (let at = 0; at < packed.length && !inflation.isOver; ) {
      const piece = packed.subarray(at, at + next());
      at += piece.length;
      for (const chunk of inflation.push(piece)) {
        expect(chunk.length).toBeGreaterThan(0);
        if (before !== undefined) expect(Buffer.compare(before, chunks.at(-1)!)).toBe(0);
        chunks.push(Buffer.from(chunk));
        before = chunk;
      }
    }
    inflation.end();
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException;
    error = `${code}: ${message}`;
  }
  return { bytes: Buffer.concat(chunks), consumed: inflation.consumed, error };
}

function zlibs(packed: Uint8Array): Inflated {
  try {
    const { buffer, engine } = inflateRawSync(packed as InputType, { info: true } as object) as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
    return { bytes: buffer, consumed: engine.bytesWritten, error: undefined };
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException;
    return { bytes: Buffer.alloc(0), consumed: 0, error: `${code}: ${message}` };
  }
}

/** zlib tells two of them apart. */
function sameWords(error: string | undefined): string | undefined {
  return error?.replace(/invalid (literal\/length|distance) code$/, "invalid literal/length or distance code");
}

function content(random: (below: number) => number): Buffer {
  const length = 1 + random(random(5) === 0 ? 200_000 : 3000);
  switch (random(6)) {
    case 0: return Buffer.alloc(length, random(256));
    case 1: return noise(length, random(1000));
    case 2: {
      const pattern = noise(1 + random(40), random(1000));
      return Buffer.from(Buffer.alloc(length, pattern).map((byte) => (random(60) === 0 ? random(256) : byte)));
    }
    case 3: return TEXT.subarray(random(TEXT.length / 2)).subarray(0, length);
    case 4: return mixture(length);
    default: return Buffer.from(noise(length, random(1000)).map((byte) => 31 - Math.clz32(byte + 1)));
  }
}

/** With every kind of block, code and window that zlib makes. */
function packed(bytes: Buffer, random: (below: number) => number): Buffer {
  const { Z_DEFAULT_STRATEGY: usual, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED } = constants;
  return deflateRawSync(bytes, { level: random(10), strategy: [usual, usual, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED][random(6)]!, memLevel: 1 + random(9), windowBits: 9 + random(7) });
}

describe("inflation", () => {
  it("gives what zlib gives, in pieces of any length, and says how many packed bytes the stream has", () => {
    const random = numbers(1);
    for (let round = 0; round < 600; round++) {
      const bytes = content(random);
      const stream = Buffer.concat([packed(bytes, random), noise(random(3) * 20)]);
      const most = [1, 3, 300, 5000, Infinity][random(5)]!;
      const { bytes: found, consumed, error } = ours(stream, () => 1 + (most === Infinity ? stream.length : random(most)));
      expect([round, error, consumed, Buffer.compare(found, bytes)]).toEqual([round, undefined, zlibs(stream).consumed, 0]);
    }
  });

  it("refuses what zlib refuses, in the same words, and nothing else", () => {
    const random = numbers(2);
    const seen = new Set<string>();
    for (let round = 0; round < 6000; round++) {
      let stream: Buffer = Buffer.from(packed(content(random), random).subarray(0, 4000));
      if (random(3) > 0) for (let times = 1 + random(3); times > 0; times--) stream[random(Math.min(stream.length, random(2) === 0 ? 60 : 4000))]! ^= 1 << random(8);
      else {
        stream = noise(1 + random(400), round);
        stream[0] = (stream[0]! & ~7) | [0, 2, 4, 4, 5, 6][random(6)]!;
      }
      const wanted = zlibs(stream);
      const found = ours(stream, () => 1 + random(stream.length));
      const error = sameWords(wanted.error);
      seen.add(error ?? "");
      // Where zlib sees in the last bits that no code begins like this, and where it waits for more, is its own affair.
      if (error !== found.error && [error, found.error].includes("Z_BUF_ERROR: unexpected end of file") && error !== undefined && found.error !== undefined) continue;
      expect([round, found.error]).toEqual([round, error]);
      if (error === undefined) expect([found.consumed, Buffer.compare(found.bytes, wanted.bytes)]).toEqual([wanted.consumed, 0]);
    }
    expect([...seen].filter((error) => error !== "").length).toBeGreaterThan(9);
  });

  it("of a stream that is cut off anywhere gives what is certain, and says that it is not at its end", () => {
    const bytes = Buffer.concat([TEXT.subarray(0, 3000), noise(500), Buffer.alloc(2000)]);
    const stream = deflateRawSync(bytes);
    for (let length = 0; length < stream.length; length++) {
      const { bytes: found, error } = ours(stream.subarray(0, length), () => 100);
      expect([length, error, Buffer.compare(found, bytes.subarray(0, found.length))]).toEqual([length, "Z_BUF_ERROR: unexpected end of file", 0]);
    }
  });

  it("keeps nothing back that has come whole: whoever flushes is heard at once", () => {
    const inflation = inflater();
    const bytes = Buffer.from("a line that somebody waits for\n");
    const flushed = deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
    for (let times = 0; times < 3; times++) expect(Buffer.concat([...inflation.push(flushed)].map((chunk) => Buffer.from(chunk)))).toEqual(bytes);
    expect(inflation.isOver).toBe(false);
  });

  it("goes on over many chunks, with matches from the one before", () => {
    const bytes = Buffer.concat(Array.from({ length: 40 }, (_, i) => Buffer.concat([noise(30_000, i % 3), Buffer.alloc(ROOM / 8 + i, "abc")])));
    for (const length of [100, 65_536, 1 << 22]) {
      const { bytes: found, error } = ours(deflateRawSync(bytes, { level: 9 }), () => length);
      expect([error, Buffer.compare(found, bytes)]).toEqual([undefined, 0]);
    }
  });

  it("leaves each chunk as it was until the next but one is asked for, also where matches go beyond its end", () => {
    const bytes = Buffer.alloc(5_000_000, noise(1013));
    for (const length of [300, 4000, 1 << 22]) {
      const { bytes: found, error } = ours(deflateRawSync(bytes), () => length);
      expect([error, Buffer.compare(found, bytes)]).toEqual([undefined, 0]);
    }
  });

  it("begins anew with another stream, whatever became of the one before", () => {
    const inflation = inflater();
    const stream = deflateRawSync(TEXT);
    for (const first of [stream, stream.subarray(0, 1000), Buffer.from("07ff", "hex")]) {
      inflation.restart();
      ours(first, () => 777, inflation);
      inflation.restart();
      expect(inflation.consumed).toBe(0);
      const { bytes, consumed } = ours(stream, () => 777, inflation);
      expect([Buffer.compare(bytes, TEXT), consumed]).toEqual([0, stream.length]);
    }
    // A distance into the stream before is none.
    inflation.restart();
    const reaching = deflateRawSync(TEXT.subarray(0, 2000), { dictionary: TEXT.subarray(0, 2000) });
    expect(ours(reaching, () => 100, inflation).error).toBe("Z_DATA_ERROR: invalid distance too far back");
  });

  it("several go on side by side", () => {
    const [one, other] = [inflater(), inflater()];
    const [text, noisy] = [deflateRawSync(TEXT), deflateRawSync(mixture(50_000))];
    const found: [Buffer[], Buffer[]] = [[], []];
    for (let at = 0; at < Math.max(text.length, noisy.length); at += 500) {
      for (const chunk of one.push(text.subarray(at, at + 500))) found[0].push(Buffer.from(chunk));
      for (const chunk of other.push(noisy.subarray(at, at + 500))) found[1].push(Buffer.from(chunk));
    }
    expect([Buffer.compare(Buffer.concat(found[0]), TEXT), Buffer.compare(Buffer.concat(found[1]), mixture(50_000))]).toEqual([0, 0]);
  });

  it("is left to Node where there is no WebAssembly", async () => {
    vi.resetModules();
    vi.stubGlobal("WebAssembly", undefined);
    try {
      expect((await import("../../src/deflate/inflation.ts")).startInflation()).toBeUndefined();
    } finally {
      vi.unstubAllGlobals();
      vi.resetModules();
    }
  });
});
