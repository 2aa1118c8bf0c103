/** Whether compressing a large file is worth its time. */
import { deflateRawSync } from "node:zlib";
import { readUpTo } from "../bytes/read-file.ts";
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
    const packed = deflateRawSync(sample.subarray(0, read), { level: 1, chunkSize: SAMPLE + 64 });
    if (packed.length < read * (1 - WORTH_IT)) return true;
  }
  return false;
}
