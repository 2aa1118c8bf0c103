/** One block of bzip2, decoded: a job that any thread runs. */
import { decodeBlock } from "../filters/bzip2-block.ts";
import type { Block } from "../formats/contract.ts";

export interface BlockJob {
  readonly kind: "block";
  /** As the parameters of decodeBlock(), in shared memory. */
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly end: number;
  readonly into: SharedArrayBuffer;
}

export function runBlock({ bytes, at, end, into }: BlockJob): Block {
  return decodeBlock(bytes, at, end, into);
}
