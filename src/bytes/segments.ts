/** A row of byte ranges, read as if it were one file. */
import { readSync } from "node:fs";
import type { Segment } from "../formats/contract.ts";

export function sizeOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, segment) => sum + lengthOf(segment), 0);
}

/** Reads into `into` from `position` on, across segments; fewer bytes only at the end. */
export function readSegments(segments: readonly Segment[], into: Uint8Array, position: number): number {
  let start = 0; // of the segment, in the whole
  let done = 0;
  for (const segment of segments) {
    const length = lengthOf(segment);
    const at = position + done - start;
    if (done < into.length && at < length) {
      const wanted = Math.min(into.length - done, length - at);
      const read = "bytes" in segment ? copy(segment.bytes.subarray(at, at + wanted), into, done) : readSync(segment.fd, into, done, wanted, segment.offset + at);
      done += read;
      if (read < wanted) return done; // the file became shorter while we read
    }
    start += length;
  }
  return done;
}

/** The bytes from `start` to `end`, which have to be there. */
export function sliceSegments(segments: readonly Segment[], start: number, end: number): Segment[] {
  let before = 0;
  return segments.flatMap((segment): Segment[] => {
    const [from, to] = [Math.max(0, start - before), Math.min(lengthOf(segment), end - before)];
    before += lengthOf(segment);
    if (from >= to) return [];
    return ["bytes" in segment ? { bytes: segment.bytes.subarray(from, to) } : { fd: segment.fd, offset: segment.offset + from, length: to - from }];
  });
}

function lengthOf(segment: Segment): number {
  return "bytes" in segment ? segment.bytes.length : segment.length;
}

function copy(bytes: Uint8Array, into: Uint8Array, at: number): number {
  into.set(bytes, at);
  return bytes.length;
}
