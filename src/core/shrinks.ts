/** Whether compressing a large file is worth its time. */
import { readUpTo } from "../bytes/read-file.ts";
import { deflate } from "../deflate/encoder.ts";
import { BLOCK } from "./pack-job.ts";

const SAMPLE = 16 << 10;
/** A sample that shrinks by less than this part is not worth the time of two programs. */
const WORTH_IT = 0.03;

/** Whether deflate shrinks any of some samples, spread over the file: one a MiB, from 4 to 64. */
export function shrinks(fd: number, size: number): boolean {
  const samples = Math.min(64, Math.max(4, Math.ceil(size / BLOCK)));
  const sample = Buffer.allocUnsafe(SAMPLE);
  for (let i = 0; i < samples; i++) {
    const read = readUpTo(fd, sample, Math.floor((i * Math.max(0, size - SAMPLE)) / (samples - 1)));
    if (deflate(sample.subarray(0, read), 1).length < read * (1 - WORTH_IT)) return true;
  }
  return false;
}
