/** bzip2's blocks on worker threads, which start with the first one. */
import { RESULT_BYTES } from "../filters/bzip2-block.ts";
import { SLACK } from "../filters/bzip2-header.ts";
import type { Block, Blocks } from "../formats/contract.ts";
import { Pool } from "../parallel/pool.ts";
import type { Job } from "./jobs.ts";

/** Each takes some 25 MB, with the blocks that wait, and what writes cannot follow more of them. */
const MOST_THREADS = 4;

/** Blocks travel in shared memory, which serves again without being sent back. */
export function blocksOn(threads: number): Blocks & { close(): Promise<void> } {
  const width = Math.min(threads, MOST_THREADS);
  let pool: Pool<Job> | undefined;
  /** Memory that no job has. */
  const inputs: Uint8Array[] = [];
  const outputs: SharedArrayBuffer[] = [];
  return {
    width,
    async decode(data, at) {
      const [end, length] = [data.length, data.length + SLACK];
      const found = inputs.findIndex((one) => one.length >= length);
      const bytes = found < 0 ? new Uint8Array(new SharedArrayBuffer(length)) : inputs.splice(found, 1)[0]!;
      if (found < 0) inputs.pop(); // too small
      bytes.set(data);
      const into = outputs.pop() ?? new SharedArrayBuffer(RESULT_BYTES);
      pool ??= new Pool<Job>(width);
      try {
        return await pool.run<Block>({ kind: "block", bytes, at, end, into });
      } catch (error) {
        outputs.push(into);
        throw error;
      } finally {
        inputs.push(bytes);
      }
    },
    free(content) {
      outputs.push(content.buffer as SharedArrayBuffer);
    },
    async close() {
      await pool?.close();
    },
  };
}
